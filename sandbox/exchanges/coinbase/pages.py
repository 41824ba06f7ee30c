"""How Coinbase pages: after a named resource on the older API, by an opaque cursor on the newer."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from sandbox.exchanges.base import Call
from sandbox.exchanges.coinbase.errors import invalid
from sandbox.generate.coinbase import Entry, Row


def newest_first(call: Call, entries: Sequence[Entry]) -> list[Entry]:
    """Entries, the newest first, without those that a fault delivers late."""
    rows = call.punctual((entry.group, entry.time_ms, entry) for entry in entries)
    return list(reversed(rows))


def size(call: Call, default: int, largest: int) -> int:
    """How many rows are asked for. May raise CoinbaseError."""
    text = call.params.get("limit", "") or str(default)
    if not text.isdigit():
        raise invalid("limit is invalid")
    return min(int(text) or default, largest)


def after_resource(call: Call, rows: Sequence[tuple[str, Row]]) -> dict[str, Any]:
    """A page of the older API: rows as (id, row), from the one after ``starting_after`` on."""
    limit, after = size(call, 25, 100), call.params.get("starting_after", "")
    names = [name for name, _ in rows]
    if after and after not in names:
        raise invalid("starting_after is invalid")
    start = names.index(after) + 1 if after else 0
    page = call.page(rows, start, limit)
    ended = not page or page[-1][0] == names[-1]
    following = None if ended else page[-1][0]
    uri = f"{call.path}?limit={limit}&starting_after={following}" if following else None
    return {
        "pagination": {
            "ending_before": None,
            "starting_after": after or None,
            "previous_ending_before": None,
            "next_starting_after": following,
            "limit": limit,
            "order": "desc",
            "previous_uri": None,
            "next_uri": uri,
        },
        "data": [row for _, row in page],
    }


def by_cursor(call: Call, rows: Sequence[tuple[str, Row]], limit: int) -> tuple[list[Row], str]:
    """A page of the brokerage: rows as (id, row), and the cursor of the next page or nothing.

    The cursor names the last row that was given, so that new rows do not shift it.
    """
    names = [name for name, _ in rows]
    start = _position(call.params.get("cursor", ""), names)
    page = call.page(rows, start, limit)
    ended = not page or page[-1][0] == names[-1]
    cursor = "" if ended else base64.b64encode(page[-1][0].encode()).decode()
    return [row for _, row in page], cursor


def _position(cursor: str, names: Sequence[str]) -> int:
    if not cursor:
        return 0
    try:
        return names.index(base64.b64decode(cursor, validate=True).decode()) + 1
    except (binascii.Error, ValueError) as error:
        raise invalid("cursor is invalid") from error
