"""Which minutes' prices the worths of transactions rest on; kept as rows that wait to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection as database

from portfolio.engine.identities import Identities, order
from portfolio.engine.legs import Worth
from portfolio.engine.moments import Width, floor
from portfolio.engine.own_prices import OWN
from portfolio.engine.pricing import REFERENCE, Pair
from portfolio.models import PriceSeries

BATCH = 1000
# About as many new ones wait at once. The next are found when these are answered: worths are worked
# out again then.
MOST = 20_000
# A market by source and what its codes stand for, and by the codes themselves.
Name = tuple[str, str, str]


class MomentNeeds:
    """Collects the needs of one person's history; a need that is known already changes nothing."""

    def __init__(self, known: Identities) -> None:
        self._known = known
        self._markets: Mapping[Name, Pair] | None = None
        self._rows: set[tuple[Name, datetime]] = set()
        self._new = 0

    def note(self, at: datetime, worths: Iterable[Worth]) -> None:
        """Takes down the markets that these worths rest on, where no minute's price is known."""
        for worth in worths:
            if worth.found is None:
                continue
            for step in worth.found.steps:
                quote = step.quote
                if quote.source not in (REFERENCE, OWN) and not _is_fine(quote.at, at):
                    self._add(quote.name, floor(at, Width.MINUTE))

    def store(self) -> None:
        """Keeps what was noted since."""
        names = [name for name, _ in self._rows]
        pairs = [self._codes()[name] for name in names]
        with database.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO portfolio_momentprice (source, asset, currency, width, at)
                SELECT source, asset, currency, %s, at
                FROM UNNEST(%s::text[], %s::text[], %s::text[], %s::timestamptz[])
                    AS need(source, asset, currency, at)
                ON CONFLICT DO NOTHING
                """,
                [
                    Width.MINUTE.value,
                    [source for _, _, source in names],
                    [asset for asset, _ in pairs],
                    [currency for _, currency in pairs],
                    [minute for _, minute in self._rows],
                ],
            )
            self._new += cursor.rowcount
        self._rows = set()

    def _add(self, name: Name, minute: datetime) -> None:
        if len(self._rows) >= BATCH:
            self.store()
        if name in self._codes() and self._new < MOST:
            self._rows.add((name, minute))

    def _codes(self) -> Mapping[Name, Pair]:
        """What each market is called where it trades: a quote names what its codes stand for."""
        if self._markets is None:
            rows = PriceSeries.objects.exclude(asset="").exclude(source=REFERENCE)
            pairs = sorted(
                (self._read(source, (asset, currency)), source, (asset, currency))
                for source, asset, currency in rows.values_list("source", "asset", "currency")
            )
            # Of two names of one market the one that counts comes last.
            pairs.sort(key=lambda told: order(told[0], told[2]))
            self._markets = {(*read, source): pair for read, source, pair in pairs}
        return self._markets

    def _read(self, source: str, pair: Pair) -> Pair:
        return (self._known.of(source, pair[0]), self._known.of(source, pair[1]))


def _is_fine(seen: datetime, at: datetime) -> bool:
    """Whether a quote is the close of the moment's own minute."""
    return seen - Width.MINUTE.length <= at < seen
