"""What happened to an account, and ending the sessions that are not wanted."""

from __future__ import annotations

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import AuthenticatedRequest
from accounts.services import audit


@login_required
@require_safe
def audit_log(request: AuthenticatedRequest) -> HttpResponse:
    """Lists the events of the account, latest first; ``before`` asks for older ones."""
    before = request.GET.get("before", "")
    if before and not before.isdecimal():
        raise Http404
    page = audit.page(request.user, before=int(before) if before else None)
    here = reverse("accounts:audit-log")
    context = {
        "events": page.events,
        "older_url": f"{here}?before={page.older}" if page.older else "",
        "newer_url": here if before else "",
    }
    return render(request, "accounts/audit_log.html", context)


@login_required
@require_POST
def end_session(request: AuthenticatedRequest, session_id: int) -> HttpResponse:
    """Signs one of the person's other browsers out."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    if session.is_current():
        raise Http404
    get_adapter().end_sessions([session])
    messages.success(request, _("The session is ended."))
    return redirect("usersessions_list")
