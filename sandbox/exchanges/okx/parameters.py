"""Reading request parameters, with OKX's own complaints."""

from collections.abc import Mapping

from sandbox.exchanges.okx.errors import missing, wrong

MOST = 100


def number(params: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None where it was not sent. May raise OkxError."""
    text = params.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise wrong(name)
    return int(text)


def limit(params: Mapping[str, str], most: int = MOST) -> int:
    """How many rows are wanted; no more than an answer holds. May raise OkxError."""
    wanted = number(params, "limit")
    if wanted == 0:
        raise wrong("limit")
    return min(wanted or MOST, most)


def required(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. May raise OkxError."""
    value = params.get(name, "")
    if not value:
        raise missing(name)
    return value
