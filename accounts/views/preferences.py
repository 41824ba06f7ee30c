"""The page where a person chooses how figures and times are shown."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.adapter import client_ip
from accounts.forms import PreferencesForm
from accounts.http import AuthenticatedRequest
from accounts.services import preferences


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: AuthenticatedRequest) -> HttpResponse:
    """Shows the choices, and stores them."""
    now = {name: getattr(request.user, name) for name in preferences.FIELDS}
    form = PreferencesForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        preferences.save(user=request.user, ip_address=client_ip(request), **form.cleaned_data)
        messages.success(request, _("Your preferences are saved."))
        return redirect("accounts:settings")
    return render(request, "accounts/settings.html", {"form": form})
