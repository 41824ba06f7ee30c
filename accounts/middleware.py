"""What happens around every request of a signed-in person."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class TimeZoneMiddleware:
    """Activates the signed-in user's time zone for the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "UTC")
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)


class SessionActivityMiddleware:
    """Notes when a session was last used, for the list of sessions.

    At most once a minute: pages that follow live work ask every other second, and allauth's own
    middleware writes to the database each time.
    """

    STAMP, SECONDS = "activity_noted_at", 60

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get(self.STAMP, 0) >= self.SECONDS:
                UserSession.objects.create_from_request(request)
                request.session[self.STAMP] = now
        return self.get_response(request)
