"""Notices: the list, marking as read, and which of them go by mail."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio.forms import NoticeSettingsForm
from portfolio.models import Notice
from portfolio.selectors import notices as selector
from portfolio.services import notices as service
from portfolio.views.access import Request


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists what was told, latest first; ``before`` asks for older notices."""
    before = request.GET.get("before", "")
    if before and not before.isdecimal():
        raise Http404
    page = selector.page(request.user, before=int(before) if before else None)
    here = reverse("portfolio:notice-list")
    context = {
        "notices": page.notices,
        "older_url": f"{here}?before={page.older}" if page.older else "",
        "newer_url": here if before else "",
    }
    return render(request, "portfolio/notices/index.html", context)


@login_required
@require_POST
def read(request: Request, notice_id: int) -> HttpResponse:
    """Marks one notice as read."""
    notice = get_object_or_404(Notice.objects.of(request.user), pk=notice_id)
    service.mark_read(user=request.user, notice_id=notice.pk)
    return redirect("portfolio:notice-list")


@login_required
@require_POST
def read_all(request: Request) -> HttpResponse:
    """Marks all notices as read."""
    service.mark_read(user=request.user)
    return redirect("portfolio:notice-list")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request) -> HttpResponse:
    """Shows which kinds go by mail, and stores the choice."""
    # All boxes unticked post nothing: no reason to show the form anew.
    data = request.POST if request.method == "POST" else None
    form = NoticeSettingsForm(data, initial={"mailed": selector.mailed(request.user)})
    if form.is_valid():
        service.save_settings(user=request.user, mailed=form.cleaned_data["mailed"])
        messages.success(request, _("Your notifications are saved."))
        return redirect("portfolio:notice-settings")
    return render(request, "portfolio/notices/settings.html", {"form": form})
