"""Reading request parameters, with Bitget's own complaints."""

from collections.abc import Mapping

from sandbox.exchanges.bitget.errors import BitgetError, empty, wrong
from sandbox.generate.prices import DAY


def number(params: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None if it was not sent. May raise BitgetError."""
    text = params.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise wrong(name)
    return int(text)


def limit(params: Mapping[str, str], default: int, maximum: int) -> int:
    """How many rows are wanted. May raise BitgetError."""
    value = number(params, "limit")
    if value is None:
        return default
    if not 1 <= value <= maximum:
        raise wrong("limit")
    return value


def window(params: Mapping[str, str], days: int) -> tuple[int, int]:
    """Start and end, which must both be there. May raise BitgetError."""
    start, end = number(params, "startTime"), number(params, "endTime")
    if start is None or end is None:
        raise empty("startTime" if start is None else "endTime")
    if end < start:
        raise wrong("endTime")
    if end - start > days * DAY:
        text = f"startTime and endTime interval cannot be greater than {days} days"
        raise BitgetError("00001", text)
    return start, end


def one_of(params: Mapping[str, str], name: str, words: tuple[str, ...], default: str = "") -> str:
    """A word out of a list. May raise BitgetError."""
    value = params.get(name, default)
    if not value:
        raise empty(name)
    if value not in words:
        raise wrong(name)
    return value
