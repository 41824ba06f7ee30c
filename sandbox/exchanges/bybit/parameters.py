"""Reading request parameters, and pages of a list that is newest first."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.exchanges.base import Call
from sandbox.exchanges.bybit.errors import BybitError, wrong
from sandbox.generate.bybit_records import Entry
from sandbox.generate.prices import DAY

Params = Mapping[str, str]


def number(params: Params, name: str) -> int | None:
    """A whole number, or None if it was not sent. May raise BybitError."""
    text = params.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise wrong(name)
    return int(text)


def required(params: Params, name: str, among: tuple[str, ...] = ()) -> str:
    """A parameter that must be there, and one of a few words if so. May raise BybitError."""
    value = params.get(name, "")
    if not value or (among and value not in among):
        raise wrong(name)
    return value


def limit(params: Params, default: int, maximum: int) -> int:
    """How many rows are wanted; more than the most is refused. May raise BybitError."""
    value = number(params, "limit")
    if value is None:
        return default
    if not 1 <= value <= maximum:
        raise wrong("limit")
    return value


def window(call: Call, days: int, default_days: int) -> tuple[int, int]:
    """Start and end in milliseconds of a stretch that may not be longer. May raise BybitError."""
    start, end = number(call.params, "startTime"), number(call.params, "endTime")
    return _stretch(call, start, end, days, default_days)


def window_of_seconds(call: Call, days: int) -> tuple[int, int]:
    """The funding wallet's log takes whole seconds, both or neither. May raise BybitError."""
    start, end = number(call.params, "createTimeFrom"), number(call.params, "createTimeTo")
    if (start is None) != (end is None):
        raise wrong("createTimeFrom and createTimeTo must be used together")
    if start is None or end is None:
        return call.now_ms - days * DAY, call.now_ms
    return _stretch(call, start * 1000, end * 1000 + 999, days, days)


def _stretch(
    call: Call, start: int | None, end: int | None, days: int, default_days: int
) -> tuple[int, int]:
    if start is None and end is None:
        end = call.now_ms
    if start is None:
        start = (end or 0) - default_days * DAY
    if end is None:
        end = start + default_days * DAY
    if end < start:
        raise BybitError(10001, "startTime should be less than endTime")
    if end - start > days * DAY + 1_000:
        raise BybitError(
            10001, f"The time range between startTime and endTime cannot exceed {days} days"
        )
    return start, end


def seconds(stretch: tuple[int, int]) -> tuple[int, int]:
    """What endpoints make of a stretch that look at whole seconds only."""
    start, end = stretch
    return start // 1000 * 1000, end // 1000 * 1000


def horizon(stretch: tuple[int, int], oldest: int) -> tuple[int, int]:
    """Refuse what is older than an endpoint serves. May raise BybitError."""
    if stretch[0] < oldest:
        raise BybitError(10001, "Only data of the last 2 years can be queried")
    return stretch


def entries(call: Call, kept: Sequence[Entry], stretch: tuple[int, int]) -> list[Entry]:
    """The records of a stretch, newest first, without those that a fault delivers late."""
    inside = [e for e in kept if stretch[0] <= e.ms <= stretch[1]]
    return list(reversed(call.punctual((_name(e), e.ms, e) for e in inside)))


def _name(entry: Entry) -> str:
    return str(entry.row.get("tradeId") or entry.row.get("execId") or entry.seq)


def page(call: Call, found: Sequence[Entry], size: int, *, encoded: bool) -> dict[str, Any]:
    """One page from the cursor on. The last page has a cursor too; what it opens is empty.

    Some endpoints percent-encode their cursors, others use base64. May raise BybitError.
    """
    start = _place(found, call.params.get("cursor", ""), encoded=encoded)
    rows = call.page(found, start, size) if start < len(found) else []
    token = ""
    if rows:
        last = rows[-1].seq
        token = f"{last}%3A1%2C{last}%3A1" if encoded else _base64(last)
    return {"nextPageCursor": token, "rows": [entry.row for entry in rows]}


def _base64(seq: int) -> str:
    return base64.b64encode(str(seq).encode()).decode()


def _place(found: Sequence[Entry], cursor: str, *, encoded: bool) -> int:
    """Where the records after the one that a cursor names begin."""
    if not cursor:
        return 0
    try:
        text = cursor.partition(":")[0] if encoded else base64.b64decode(cursor).decode()
        seq = int(text)
    except ValueError:
        raise BybitError(10001, "cursor is invalid") from None
    return next((at for at, entry in enumerate(found) if entry.seq < seq), len(found))
