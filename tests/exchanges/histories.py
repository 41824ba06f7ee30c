"""Made-up histories behind a stub, and walks over all of them with the real client."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.types import ExchangeClient, Page, StreamSpec
from tests.exchanges.stub import Asked, Reply

_DAY = 86_400_000


def moments(now: datetime, back: timedelta, count: int, *, crowd: int = 7) -> list[int]:
    """Milliseconds before ``now``, oldest first: spread, at one time, and in the last hours."""
    chance, end = random.Random(count), to_ms(now) - 1000
    first = end - back // timedelta(milliseconds=1) + 1000
    spread = [chance.randrange(first, end) for _ in range(count - 3 * crowd)]
    crowds = [moment for moment in spread[:2] for _ in range(crowd)]
    latest = [end - 3_600_000 + step // 2 for step in range(crowd)]
    return sorted([*spread, *crowds, *latest])


Row = dict[str, Any]


def within(
    rows: list[Row], time: str, start: str, end: str, *, unit: int = 1
) -> Callable[[Asked], list[Row]]:
    """Pick the rows of the stretch that is asked for, newest first, both ends inclusive."""

    def pick(asked: Asked) -> list[Row]:
        begin = int(asked.parameters[start]) * unit
        until = int(asked.parameters[end]) * unit + unit - 1
        found = [row for row in rows if begin <= int(float(row[time]) * unit) <= until]
        return sorted(found, key=lambda row: float(row[time]), reverse=True)

    return pick


def paged(
    pick: Callable[[Asked], list[Row]],
    wrap: Callable[[list[Row]], Any],
    *,
    limit: str,
    most: int,
    page: str = "",
) -> Callable[[Asked], Reply]:
    """Answer with a page of what is picked, or with as many of it as are asked for."""

    def reply(asked: Asked) -> Reply:
        size = int(asked.parameters[limit])
        assert size <= most, asked
        at = (int(asked.parameters[page]) - 1) * size if page else 0
        return Reply(json.dumps(wrap(pick(asked)[at : at + size])))

    return reply


def walk(
    client: ExchangeClient, stream: StreamSpec, now: datetime, cursor: dict[str, Any] | None = None
) -> tuple[dict[str, str], Page]:
    """Follow ``stream`` until it is up to date; every page is asked for twice, as after a kill."""
    found: dict[str, str] = {}
    at = cursor or {}
    for _ in range(5000):
        page, again = (client.fetch_page(stream, at, now=now) for _ in range(2))
        assert page.records == again.records
        assert page.cursor == again.cursor
        for record in page.records:
            assert found.setdefault(record.external_id, record.body) == record.body
        at = json.loads(json.dumps(page.cursor))
        if page.is_last:
            return found, page
    raise AssertionError("the walk does not end")


def whole(client: ExchangeClient, stream: StreamSpec, now: datetime) -> dict[str, str]:
    """Walk twice over, the second time from where the first has ended: nothing comes to it."""
    found, page = walk(client, stream, now)
    again, _ = walk(client, stream, now, page.cursor)
    assert again.items() <= found.items()
    return found
