"""Serves made-up rows as Binance serves its lists below /sapi, and walks them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from portfolio.exchanges.types import ExchangeClient, StreamSpec
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2023, 4, 1, tzinfo=UTC)
SAPI = "/binance/sapi/v1"
DAY = 86_400_000


@dataclass(frozen=True)
class Served:
    """One list: its path, the longest stretch it may be asked for, how its pages are asked for.

    With ``cuts`` a longer stretch is not refused but cut off at its end; without ``page`` there are
    no pages, and what is over the limit is missing. A value ``int`` or ``str`` in ``row`` is made
    anew for each.
    """

    path: str
    time: str
    days: int
    cuts: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    page: str = "current"
    size: str = "size"
    most: int = 100
    begin: str = "startTime"
    at: str = "rows"


def served(stub: Stub, rule: Served, moments: list[int]) -> set[tuple[str, str]]:
    """Serve a row for each moment; gives what tells them apart."""
    rows = [_row(rule, number, at) for number, at in enumerate(moments)]
    stub.answers(f"{SAPI}/{rule.path}", lambda asked: _answer(rule, rows, asked))
    return {(json.dumps(row, sort_keys=True), str(row[rule.time])) for row in rows}


def _row(rule: Served, number: int, at: int) -> dict[str, Any]:
    made = {name: kind(1_000 + number) for name, kind in rule.row.items() if isinstance(kind, type)}
    return {**rule.row, **made, rule.time: at}


def _answer(rule: Served, rows: list[dict[str, Any]], asked: Asked) -> Reply:
    said = asked.parameters
    assert all(said[name] == value for name, value in rule.asked.items())
    begin, end = int(said[rule.begin]), int(said["endTime"])
    if rule.cuts:
        begin = max(begin, end - rule.days * DAY)
    elif end - begin > rule.days * DAY:
        return Reply('{"code":-1127,"msg":"too long"}', 400)
    found = [row for row in reversed(rows) if begin <= row[rule.time] <= end]
    size = int(said[rule.size]) if rule.size else rule.most
    assert size <= rule.most
    start = (int(said[rule.page]) - 1) * size if rule.page else 0
    return Reply(json.dumps({rule.at: found[start : start + size], "total": len(found)}))


def walked(client: ExchangeClient, stream: StreamSpec) -> set[Any]:
    """Walk a stream to its end; the bodies by time, or the ids of trades."""
    found: dict[str, str] = {}
    times: dict[str, str] = {}
    cursor: dict[str, Any] = {}
    while True:
        page = client.fetch_page(stream, cursor, now=NOW)
        for record in page.records:
            found[record.external_id] = json.dumps(json.loads(record.body), sort_keys=True)
            times[record.external_id] = str(int(record.occurred_at.timestamp() * 1000))
        cursor = page.cursor
        if page.is_last:
            break
    if stream.key.startswith("margin-trades"):
        return set(found)
    return {(body, times[ident]) for ident, body in found.items()}
