"""Wallets from which more went out than had come in: the beginning of their history is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection as database
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.selectors.daily_totals import first_unsummed, start_of
from portfolio.selectors.finder import Found, on_day
from portfolio.selectors.risk import Risk

CAUSE = "negative"
TITLE = gettext_lazy("More went out than had come in")
WORDS = gettext_lazy(
    "At the end of some day the ledger holds less than nothing: coins were sold or sent whose "
    "arrival is not among the records, so that their cost is not known."
)
FIX = gettext_lazy("See the wallet and asset")
WEIGHT = Decimal("0.5")
# Wallets that can owe nothing; a margin or unified account below zero is a loan.
OWE_NOTHING = ("account", "earn", "funding", "savings", "spot", "staking")
# Less than this, of the largest balance, is rounding.
_DUST = Decimal("0.00000001")
_ROUNDING = Decimal("0.0000000001")

# Days are summed already, but those since something changed. A day counts at its end: within it,
# exchanges date the two sides of one event apart.
_STATEMENT = """
    WITH days AS (
        SELECT connection_id, wallet, asset, "on" AS day, SUM(came + went) AS moved
        FROM portfolio_dailytotal
        WHERE owner_id = %(owner)s AND wallet = ANY(%(wallets)s) AND "on" < %(unsummed)s
        GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT connection_id, wallet, asset, (occurred_at AT TIME ZONE 'UTC')::date, SUM(amount)
        FROM portfolio_posting
        WHERE owner_id = %(owner)s AND wallet = ANY(%(wallets)s) AND counts
          AND occurred_at >= %(since)s
        GROUP BY 1, 2, 3, 4
    )
    SELECT DISTINCT ON (connection_id, wallet, asset)
           connection_id, c.exchange, c.environment, wallet, asset, balance, day
    FROM (
        SELECT connection_id, wallet, asset, day,
               SUM(moved) OVER (PARTITION BY connection_id, wallet, asset ORDER BY day) AS balance,
               MAX(ABS(moved)) OVER (PARTITION BY connection_id, wallet, asset) AS largest
        FROM days
    ) balances
    JOIN portfolio_connection c ON c.id = connection_id
    WHERE balance < -GREATEST(%(dust)s, largest * %(rounding)s) AND c.backfilled_at IS NOT NULL
    ORDER BY connection_id, wallet, asset, balance, day
"""

Row = tuple[UUID, str, str, str, str, Decimal, date]


def find(user: User) -> Iterable[Found]:
    """Each such wallet and asset at its lowest, by the ends of days."""
    rows = _rows(user.pk)
    risk = Risk(user, {row[4] for row in rows})
    return [
        _found(row, risk)
        for row in rows
        if not risk.is_spam(row[4], exchange=row[1], environment=row[2])
    ]


def _rows(owner_id: int) -> list[Row]:
    unsummed = first_unsummed(owner_id)
    asked: dict[str, int | list[str] | Decimal | date] = {
        "owner": owner_id,
        "unsummed": unsummed,
        "since": start_of(unsummed),
        "wallets": list(OWE_NOTHING),
        "dust": _DUST,
        "rounding": _ROUNDING,
    }
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT, asked)
        found: list[Row] = cursor.fetchall()
    return found


def _found(row: Row, risk: Risk) -> Found:
    connection, exchange, environment, wallet, asset, balance, on = row
    url = reverse("portfolio:proof-place", args=[connection])
    return Found(
        subject=f"{connection}:{wallet}:{asset}",
        url=f"{url}?{urlencode({'wallet': wallet, 'asset': asset})}",
        asset=asset,
        quantity=balance,
        value=risk.value(asset, balance, exchange=exchange, environment=environment),
        connection_id=connection,
        data={"wallet": wallet, "on": on.isoformat()},
    )


def line(data: Mapping[str, str]) -> str:
    """The wallet, and when it was lowest."""
    day = on_day(data["on"])
    return _("Wallet {wallet}, lowest at the end of {day}.").format(wallet=data["wallet"], day=day)
