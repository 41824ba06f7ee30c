"""What requests of signed-in people need: their time zone, and the last sign of their session."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import timedelta

from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.adapter import client_ip

Handler = Callable[[HttpRequest], HttpResponse]
# allauth's own middleware writes with four statements on every request, polls included.
SEEN_EVERY = timedelta(minutes=2)


class TimeZoneMiddleware:
    """Activates the signed-in user's time zone for the request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "UTC")
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)


class SessionActivityMiddleware:
    """Keeps for the list of sessions when and from where each was last used."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            _seen(request)
        return self.get_response(request)


def _seen(request: HttpRequest) -> None:
    now = timezone.now()
    UserSession.objects.filter(
        session_key=request.session.session_key, last_seen_at__lt=now - SEEN_EVERY
    ).update(
        last_seen_at=now,
        ip=client_ip(request),
        user_agent=request.headers.get("user-agent", "")[:HTTP_USER_AGENT_MAX_LENGTH],
    )
