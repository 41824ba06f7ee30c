"""Reading request parameters, with BingX's own complaints."""

from collections.abc import Mapping

from sandbox.exchanges.bingx.errors import BingXError, bad_parameter


def number(params: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None if it was not sent. May raise BingXError."""
    text = params.get(name)
    if text in (None, ""):
        return None
    if not text.lstrip("-").isdigit():
        raise bad_parameter(name)
    return int(text)


def limit(params: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    """How many rows are wanted; more than there may be are cut. May raise BingXError."""
    value = number(params, name)
    if value is None:
        return default
    if value < 1:
        raise bad_parameter(name)
    return min(value, maximum)


def required(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. May raise BingXError."""
    value = params.get(name, "")
    if not value:
        raise bad_parameter(name)
    return value


def window(
    params: Mapping[str, str], now_ms: int, days: int, names: tuple[str, str]
) -> tuple[int, int]:
    """Start and end, both inclusive; what is not sent is ``days`` before the other."""
    start, end = (number(params, name) for name in names)
    end = now_ms if end is None else end
    start = end - days * 86_400_000 if start is None else start
    if start > end:
        raise BingXError(100400, "startTime is later than endTime")
    return start, end
