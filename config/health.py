"""/healthz and /readyz: answered before anything that needs a session, a host name or TLS."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from config import heartbeats

OK = "ok"


class HealthMiddleware:
    """Stands first: a probe comes from inside, by address, over plain HTTP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return readyz()
        return self.get_response(request)


def readyz() -> JsonResponse:
    """200 when every part answers, else 503; the answer names each part and what is missing."""
    parts = {"database": _database(), "redis": _redis(), **_processes()}
    ready = all(state == OK for state in parts.values())
    answer = JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)
    answer["Cache-Control"] = "no-store"
    # Django would log each "not yet" as an error of the site; whoever asks sees what is missing.
    setattr(answer, "_has_been_logged", True)  # noqa: B010
    return answer


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:  # its text may hold the address; the log of the database has the reason
        connection.close()
        return "does not answer"
    return OK


def _redis() -> str:
    try:
        heartbeats.client(settings.REDIS_URL).ping()
    except redis.RedisError:
        return "does not answer"
    return OK


def _processes() -> dict[str, str]:
    roles: tuple[heartbeats.Role, ...] = ("worker", "beat")
    try:
        heard = {role: heartbeats.is_alive(role, settings.REDIS_URL) for role in roles}
    except redis.RedisError:
        return {role: "unknown without Redis" for role in roles}
    return {role: OK if heard[role] else "not heard of lately" for role in roles}
