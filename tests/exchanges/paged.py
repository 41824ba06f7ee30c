"""Walks of a real client over a stub: pages are kept as a sync engine would keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, PostingRole
from portfolio.exchanges import registry
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec


@dataclass
class Walked:
    """What a walk has found, and where it stands."""

    records: dict[str, FetchedRecord] = field(default_factory=dict)
    cursor: dict[str, Any] = field(default_factory=dict)
    covered: list[tuple[datetime, datetime]] = field(default_factory=list)
    unserved: list[tuple[datetime, datetime]] = field(default_factory=list)
    pages: int = 0

    @property
    def ids(self) -> set[str]:
        """The exchange's names of what was found."""
        return set(self.records)


def walk(
    client: ExchangeClient,
    stream: StreamSpec,
    now: datetime,
    walked: Walked | None = None,
    *,
    twice: bool = False,
    limit: int = 4000,
) -> Walked:
    """Go on until the stream is up to date; ``twice`` asks for every page again."""
    kept = walked or Walked()
    for _ in range(limit):
        for _ in range(2 if twice else 1):
            page = client.fetch_page(stream, kept.cursor, now=now)
            for record in page.records:
                known = kept.records.setdefault(record.external_id, record)
                assert known == record, "one name, two records"
        kept.cursor = json.loads(json.dumps(page.cursor))
        kept.covered += [page.covered] if page.covered else []
        kept.unserved += [page.unserved] if page.unserved else []
        kept.pages += 1
        if page.is_last:
            return kept
    raise AssertionError("the walk does not end")


def told(exchange: str, stream: StreamSpec, record: FetchedRecord | str) -> Event:
    """What a record says, where it says something."""
    text = record if isinstance(record, str) else record.body
    event = registry.normalise(exchange, stream, text)
    assert event is not None
    return event


def moved(*events: Event) -> dict[tuple[str, str, str], Decimal]:
    """The sums of what events move, by wallet, asset and "fee" or ""."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for event in events:
        for m in event.movements:
            place = (m.wallet, m.asset, "fee" if m.role is PostingRole.FEE else "")
            sums[place] = sums.get(place, Decimal(0)) + m.amount
    return {place: amount for place, amount in sums.items() if amount}


def keys(events: Iterable[Event]) -> set[str]:
    """The transactions that events tell of."""
    return {event.key for event in events}
