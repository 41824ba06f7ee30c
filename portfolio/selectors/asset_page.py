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
from portfolio.selectors.lots import INCOME, LotsPage
from portfolio.selectors.valuation import valued

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
class Worths:
    """What happened to the asset, in the reporting currency at the prices of then.

    ``cost`` is the average cost of what is held, None where some of it is not known; ``gaps`` are
    movements of unknown worth, left out of the other sums.
    """

    cost: Decimal | None
    realised: Decimal
    income: Decimal
    fees: Decimal
    gaps: int


@dataclass(frozen=True, slots=True)
class AssetPage:
    """One asset over all wallets, with what moved it."""

    places: AssetPlaces
    row: AssetRow
    first_at: datetime | None
    last_at: datetime | None
    totals: tuple[KindTotal, ...]
    is_summed: bool  # False while the totals are behind the records
    worths: Worths | None  # None before anything was worked out
    lots: LotsPage

    @property
    def unrealised(self) -> Decimal | None:
        """What the holding is worth less what it cost; None where either is unknown."""
        if self.worths is None or self.worths.cost is None or self.row.value is None:
            return None
        return money.add(self.row.value, money.negate(self.worths.cost))

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
    ends = _ends(places, user.reporting_currency)
    return AssetPage(
        places=places,
        row=row(places, user.reporting_currency),
        first_at=ends.first_at,
        last_at=ends.last_at,
        totals=_totals(places),
        is_summed=ends.is_summed,
        worths=ends.worths,
        lots=lots.page(places, size=SHOWN_LOTS),
    )


def row(places: AssetPlaces, currency: str) -> AssetRow:
    """The asset by wallet; what is marked as spam is shown too."""
    worth = valued(places.everything, currency, places.known)
    rows = [one for one in (*worth.rows, *worth.spam) if one.asset == places.asset]
    return replace(asset_row(places.asset, rows, worth.total), name=places.name)


@dataclass(frozen=True, slots=True)
class _Ends:
    """What one query tells: first and last movement, how fresh the sums are, and worths."""

    first_at: datetime | None
    last_at: datetime | None
    is_summed: bool
    worths: Worths | None


def _ends(places: AssetPlaces, currency: str) -> _Ends:
    values = {**places.arrays(), "currency": currency, "named": places.asset}
    with database.cursor() as cursor:
        cursor.execute(_ENDS, values)
        first_at, last_at, is_summed, days, cost, unknown, *sums = cursor.fetchone()
    worths = Worths(None if unknown else cost, *sums) if days else None
    return _Ends(first_at, last_at, is_summed, worths)


_ENDS = """
    WITH sums AS (
        SELECT * FROM portfolio_dailysum
        WHERE owner_id = %(owner)s AND asset = %(named)s AND currency = %(currency)s
    ), last AS (SELECT DISTINCT ON (source) cost, quantity FROM sums ORDER BY source, "on" DESC)
    SELECT ends.first, ends.last,
           COALESCE((SELECT computed_at IS NOT NULL AND stale_from IS NULL
                     FROM portfolio_valuationstate WHERE owner_id = %(owner)s), FALSE),
           whole.days, cost.whole, cost.unknown,
           whole.realised, whole.income, whole.fees, whole.gaps
    FROM (
        SELECT MIN(first) AS first, MAX(last) AS last
        FROM UNNEST(%(connections)s::uuid[], %(codes)s::text[]) place (connection, code)
        CROSS JOIN LATERAL (
            SELECT (SELECT MIN(occurred_at) FROM portfolio_posting
                    WHERE owner_id = %(owner)s AND connection_id = place.connection
                      AND asset = place.code AND counts) AS first,
                   (SELECT MAX(occurred_at) FROM portfolio_posting
                    WHERE owner_id = %(owner)s AND connection_id = place.connection
                      AND asset = place.code AND counts) AS last
        ) each
    ) ends, (
        SELECT COUNT(*) AS days, SUM(realised) AS realised, SUM(income) AS income,
               SUM(fees) AS fees, SUM(gaps) AS gaps
        FROM sums
    ) whole, (
        SELECT SUM(cost) AS whole, COUNT(*) FILTER (WHERE cost IS NULL) AS unknown FROM last
    ) cost
"""


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
