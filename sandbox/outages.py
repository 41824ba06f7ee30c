"""Troubles on the way: what strikes in front of an exchange, and what becomes of its answer."""

import time
from collections.abc import Callable, Mapping

from sandbox.faults import Fault
from sandbox.http import Response, html_response

MEGABYTE = 1_000_000


def in_front(faults: Mapping[str, Fault]) -> Response | None:
    """What is answered before the exchange hears of the request, if anything."""
    if "timeout" in faults:
        time.sleep(faults["timeout"].option("seconds", 30))
        return Response(504, b"", drop=True)
    if "server_error" in faults:
        fault = faults["server_error"]
        response = html_response(fault.option("status", 502), "Bad Gateway")
        for name, option in (("Retry-After", "retry_after"), ("Location", "location")):
            if option in fault.options:
                response.headers[name] = str(fault.options[option])
        return response
    if "answer" in faults:
        fault = faults["answer"]
        body = fault.text("body").encode()
        return Response(fault.option("status", 200), body, {"Content-Type": "application/json"})
    return None


def spoil(response: Response, faults: Mapping[str, Fault]) -> None:
    """Change an answer on its way back as the faults say."""
    for kind, change in _CHANGES.items():
        if kind in faults and not response.drop:
            change(response, faults[kind])


def _lose(response: Response, fault: Fault) -> None:
    time.sleep(fault.option("seconds", 0))
    response.drop = True


def _reset(response: Response, fault: Fault) -> None:
    response.reset = True


def _drip(response: Response, fault: Fault) -> None:
    response.pause = fault.option("pause_ms", 100) / 1000


def _announce_more(response: Response, fault: Fault) -> None:
    response.missing = 100


def _call_compressed(response: Response, fault: Fault) -> None:
    response.headers["Content-Encoding"] = "gzip"


def _html(response: Response, fault: Fault) -> None:
    page = html_response(200, "Just a moment...")
    response.status, response.body, response.headers = page.status, page.body, page.headers


def _cut(response: Response, fault: Fault) -> None:
    response.body = response.body[: len(response.body) * 2 // 3]


def _empty(response: Response, fault: Fault) -> None:
    response.status, response.body = 200, b""


def _null(response: Response, fault: Fault) -> None:
    response.status, response.body = 200, b"null"


def _wrong_type(response: Response, fault: Fault) -> None:
    response.headers["Content-Type"] = "text/html"


def _pad(response: Response, fault: Fault) -> None:
    response.body = b" " * (fault.option("megabytes", 8) * MEGABYTE) + response.body


_CHANGES: Mapping[str, Callable[[Response, Fault], None]] = {
    "html": _html,
    "cut_json": _cut,
    "empty_body": _empty,
    "json_null": _null,
    "wrong_type": _wrong_type,
    "large_page": _pad,
    "broken_gzip": _call_compressed,
    "short_body": _announce_more,
    "reset": _reset,
    "slow_drip": _drip,
    "lost_answer": _lose,
}
