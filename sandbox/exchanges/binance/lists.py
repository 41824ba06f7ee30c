"""How the lists below /sapi are asked for and answered: spans of time, pages with numbers."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.accounts import Key
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, invalid_data
from sandbox.exchanges.binance.parameters import limit, number
from sandbox.generate.binance import Row
from sandbox.generate.prices import DAY

# By path: what answers, the weight, and a third member where it is counted per account.
Endpoints = dict[str, tuple[Callable[[Call, Key], object], int] | tuple[Any, int, bool]]


def span(call: Call, days: int, *, default_days: int, first: str = "startTime") -> tuple[int, int]:
    """Start and end of a request of at most so many days. May raise BinanceError."""
    start, end = number(call.params, first), number(call.params, "endTime")
    if end is None:
        end = call.now_ms if start is None else min(start + default_days * DAY, call.now_ms)
    if start is None:
        start = end - default_days * DAY
    if end < start:
        raise invalid_data(first)
    if end - start > days * DAY:
        text = f"More than {days * 24} hours between {first} and endTime."
        raise BinanceError(-1127, text)
    return start, end


def between(rows: Sequence[Row], time: str, start: int, end: int) -> list[Row]:
    """The rows of a stretch of time, in its order."""
    return sorted((r for r in rows if start <= r[time] <= end), key=lambda r: int(r[time]))


def page_of(call: Call, rows: list[Row], names: tuple[str, str]) -> dict[str, Any]:
    """One page, newest first, with the number of all rows; ``names``: of the id, of the time."""
    ident, time = names
    found = call.punctual((f"{row.get(ident)}{row[time]}", row[time], row) for row in rows)
    found.reverse()
    size = limit(call.params, "size", 10, 100)
    current = limit(call.params, "current", 1, 1_000)
    page = call.page(found, (current - 1) * size, size)
    return {"rows": page, "total": len(found) + min(call.overlap, len(found))}
