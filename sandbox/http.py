"""Requests and responses, free of any web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl


class BadParameters(Exception):
    """The body or query cannot be read."""


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    @cached_property
    def params(self) -> dict[str, str]:
        """Query and body parameters together. May raise BadParameters."""
        params = dict(parse_qsl(self.query, keep_blank_values=True))
        text = self.body.decode("utf-8", "replace")
        if self.headers.get("content-type", "").startswith("application/json"):
            return params | _json_object(text)
        return params | dict(parse_qsl(text, keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty means an empty one. May raise BadParameters."""
        return _json_object(self.body.decode("utf-8", "replace"))


@dataclass(slots=True)
class Response:
    """One HTTP response, and how it is sent.

    ``drop`` closes the connection without an answer, ``reset`` in the midst of it; ``pause``
    seconds lie between pieces; so many bytes as ``missing`` are announced and never sent.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    reset: bool = False
    pause: float = 0
    missing: int = 0


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a value as compact JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})


def html_response(status: int, title: str) -> Response:
    """The kind of page that a proxy in front of an exchange answers with."""
    body = f"<html><head><title>{status} {title}</title></head><body>{title}</body></html>"
    return Response(status, body.encode(), {"Content-Type": "text/html"})


def _json_object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadParameters(str(error)) from error
    if not isinstance(value, dict):
        raise BadParameters("an object was expected")
    return value
