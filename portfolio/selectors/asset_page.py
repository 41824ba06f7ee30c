"""Reads all that a page says of one asset, apart from its course."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import connection as database

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.types import TransactionKind
from portfolio.selectors import lots
from portfolio.selectors.asset_places import AssetPlaces, asset_places
from portfolio.selectors.dashboard import AssetRow, asset_row
from portfolio.selectors.lots import LotsPage
from portfolio.selectors.valuation import valued

INCOME = (TransactionKind.REWARD, TransactionKind.INTEREST, TransactionKind.AIRDROP)
SHOWN_LOTS = 10


@dataclass(frozen=True, slots=True)
class KindTotal:
    """What one kind of transaction moved of the asset in all; fees are a kind of their own."""

    kind: str  # of the transactions; empty for fees
    came: Decimal
    went: Decimal  # never positive
    number: int  # of postings

    @property
    def net(self) -> Decimal:
        """What is left of it in the balance."""
        return money.add(self.came, self.went)


@dataclass(frozen=True, slots=True)
class AssetPage:
    """One asset over all wallets, with what moved it."""

    places: AssetPlaces
    row: AssetRow
    first_at: datetime | None
    last_at: datetime | None
    totals: tuple[KindTotal, ...]
    is_summed: bool  # False while the totals are behind the records
    lots: LotsPage

    @property
    def income(self) -> Decimal:
        """What came in as rewards, interest and airdrops."""
        return money.total(total.came for total in self.totals if total.kind in INCOME)

    @property
    def fees(self) -> Decimal:
        """What was paid in fees, less rebates; above zero for a cost."""
        fees = (t.net for t in self.totals if t.kind in ("", TransactionKind.FEE))
        return money.negate(money.total(fees))

    @property
    def moved(self) -> Decimal:
        """What all kinds left in the balance."""
        return money.total(total.net for total in self.totals)


def asset_page(user: User, code: str) -> AssetPage:
    """One asset in a fixed number of queries. May raise Holding.DoesNotExist."""
    places = asset_places(user, code)
    first_at, last_at, is_summed = _ends(places)
    return AssetPage(
        places=places,
        row=_row(places, user.reporting_currency),
        first_at=first_at,
        last_at=last_at,
        totals=_totals(places),
        is_summed=is_summed,
        lots=lots.page(places, size=SHOWN_LOTS),
    )


def _row(places: AssetPlaces, currency: str) -> AssetRow:
    """The asset by wallet; what is marked as spam is shown too."""
    worth = valued(places.everything, currency, places.known)
    rows = [row for row in (*worth.rows, *worth.spam) if row.asset == places.asset]
    return replace(asset_row(places.asset, rows, worth.total), name=places.name)


def _ends(places: AssetPlaces) -> tuple[datetime | None, datetime | None, bool]:
    """The first and the last movement, and whether the stored totals are up to date."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT MIN(ends.first), MAX(ends.last),
                   COALESCE((SELECT computed_at IS NOT NULL AND stale_from IS NULL
                             FROM portfolio_valuationstate WHERE owner_id = %(owner)s), FALSE)
            FROM UNNEST(%(connections)s::uuid[], %(codes)s::text[]) place (connection, code)
            CROSS JOIN LATERAL (
                SELECT (SELECT MIN(occurred_at) FROM portfolio_posting
                        WHERE owner_id = %(owner)s AND connection_id = place.connection
                          AND asset = place.code AND counts) AS first,
                       (SELECT MAX(occurred_at) FROM portfolio_posting
                        WHERE owner_id = %(owner)s AND connection_id = place.connection
                          AND asset = place.code AND counts) AS last
            ) ends
            """,
            places.arrays(),
        )
        first_at, last_at, is_summed = cursor.fetchone()
    return first_at, last_at, is_summed


def _totals(places: AssetPlaces) -> tuple[KindTotal, ...]:
    """What moved it by kind, fees apart, in the order in which kinds are listed."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN t.is_fee THEN '' ELSE t.kind END,
                   SUM(t.came * place.factor), SUM(t.went * place.factor), SUM(t.number)
            FROM portfolio_dailytotal t
            JOIN UNNEST(%(connections)s::uuid[], %(codes)s::text[], %(factors)s::numeric[])
                 place (connection, code, factor)
              ON place.connection = t.connection_id AND place.code = t.asset
            WHERE t.owner_id = %(owner)s AND t.asset = ANY(%(codes)s)
            GROUP BY 1
            """,
            places.arrays(),
        )
        found = [KindTotal(kind, came, went, int(n)) for kind, came, went, n in cursor]
    return tuple(sorted(found, key=_order))


_ORDER = [*(kind.value for kind in TransactionKind), ""]


def _order(total: KindTotal) -> int:
    return _ORDER.index(total.kind) if total.kind in _ORDER else len(_ORDER)
