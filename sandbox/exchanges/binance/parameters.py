"""Reading request parameters, with Binance's own complaints."""

from collections.abc import Mapping

from sandbox.exchanges.binance.errors import BinanceError, invalid_data, missing
from sandbox.generate.prices import DAY


def number(params: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None if it was not sent. May raise BinanceError."""
    text = params.get(name)
    if text is None:
        return None
    if not text.lstrip("-").isdigit():
        message = (
            f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
        )
        raise BinanceError(-1100, message)
    return int(text)


def limit(params: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    """How many rows are wanted. May raise BinanceError."""
    value = number(params, name)
    if value is None:
        return default
    if not 1 <= value <= maximum:
        raise invalid_data(name)
    return value


def required(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. May raise BinanceError."""
    value = params.get(name, "")
    if not value:
        raise missing(name)
    return value


def window(params: Mapping[str, str], now_ms: int, days: int) -> tuple[int, int]:
    """Start and end of a history request whose span is limited. May raise BinanceError.

    Without a start it reaches back the whole span from the end; without an end it goes to now.
    """
    end = number(params, "endTime")
    start = number(params, "startTime")
    if end is None:
        end = max(now_ms, start or 0)
    if start is None:
        start = end - days * DAY
    if end < start:
        raise invalid_data("startTime")
    if end - start > days * DAY:
        raise BinanceError(-4047, f"Time interval must be within 0-{days} days")
    return start, end


def switched_on(params: Mapping[str, str], name: str) -> bool:
    """Whether a flag was sent as true."""
    return params.get(name, "").lower() == "true"
