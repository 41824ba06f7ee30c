"""Walking a stream of a real client to its end, as a sync engine would."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from portfolio.engine.types import Event
from portfolio.exchanges import registry
from portfolio.exchanges.types import ExchangeClient, Page, StreamSpec


class Round:
    """What the pages of a stream brought: each record once, and what they say of completeness."""

    def __init__(self, client: ExchangeClient, stream: StreamSpec, now: datetime) -> None:
        self.client = client
        self.stream = stream
        self.now = now
        self.bodies: dict[str, str] = {}
        self.pages: list[Page] = []

    def run(self, cursor: dict[str, Any] | None = None, *, limit: int = 3000) -> Round:
        """Ask page after page until the stream is up to date, the cursor stored as JSON."""
        cursor = cursor or {}
        for _ in range(limit):
            page = self.client.fetch_page(self.stream, cursor, now=self.now)
            for record in page.records:
                assert self.bodies.setdefault(record.external_id, record.body) == record.body
            self.pages.append(page)
            cursor = json.loads(json.dumps(page.cursor))
            if page.is_last:
                return self
        raise AssertionError("the stream does not end")

    @property
    def covered(self) -> tuple[datetime, datetime]:
        """The stretch that the last page proves to be complete."""
        covered = self.pages[-1].covered
        assert covered is not None
        return covered

    def events(self, exchange: str) -> list[Event]:
        """What the records say."""
        found = [registry.normalise(exchange, self.stream, body) for body in self.bodies.values()]
        return [event for event in found if event is not None]


def whole(client: ExchangeClient, stream: StreamSpec, now: datetime) -> Round:
    """Walk a stream twice from its beginning, and once more from its end: nothing differs."""
    first, second = (Round(client, stream, now).run() for _ in range(2))
    assert first.bodies == second.bodies
    again = Round(client, stream, now).run(first.pages[-1].cursor)
    assert set(again.bodies) <= set(first.bodies)
    return first


def the(event: Event | None) -> Event:
    """The event, which must be one."""
    assert event is not None
    return event
