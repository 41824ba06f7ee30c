"""Wallets from which more went out than had come in: the beginning of their history is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection as database
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.selectors.finder import Found, in_time
from portfolio.selectors.risk import Risk

CAUSE = "negative"
TITLE = gettext_lazy("More went out than had come in")
WORDS = gettext_lazy(
    "At some time the ledger holds less than nothing: coins were sold or sent whose arrival is not "
    "among the records, so that their cost is not known."
)
FIX = gettext_lazy("See the wallet and asset")
WEIGHT = Decimal("0.5")
# Wallets that can owe nothing; a margin or unified account below zero is a loan.
OWE_NOTHING = ("account", "earn", "funding", "savings", "spot", "staking")
# Less than this, of the largest balance, is rounding.
_DUST = Decimal("0.00000001")
_ROUNDING = Decimal("0.0000000001")

# What happens at one instant counts as one; exchanges date the two sides of it alike.
_STATEMENT = """
    SELECT DISTINCT ON (connection_id, wallet, asset)
           connection_id, c.exchange, c.environment, wallet, asset, balance, occurred_at
    FROM (
        SELECT p.connection_id, p.wallet, p.asset, p.occurred_at,
               SUM(p.amount) OVER place AS balance,
               MAX(ABS(p.amount)) OVER (PARTITION BY p.connection_id, p.wallet, p.asset) AS largest
        FROM portfolio_posting p
        WHERE p.owner_id = %(owner)s AND p.counts AND p.wallet = ANY(%(wallets)s)
        WINDOW place AS (PARTITION BY p.connection_id, p.wallet, p.asset ORDER BY p.occurred_at)
    ) balances
    JOIN portfolio_connection c ON c.id = connection_id
    WHERE balance < -GREATEST(%(dust)s, largest * %(rounding)s) AND c.backfilled_at IS NOT NULL
    ORDER BY connection_id, wallet, asset, balance, occurred_at
"""

Row = tuple[UUID, str, str, str, str, Decimal, datetime]


def find(user: User) -> Iterable[Found]:
    """Each such wallet and asset at its lowest; one reading of all postings."""
    rows = _rows(user.pk)
    risk = Risk(user, {row[4] for row in rows})
    return [
        _found(row, risk)
        for row in rows
        if not risk.is_spam(row[4], exchange=row[1], environment=row[2])
    ]


def _rows(owner_id: int) -> list[Row]:
    asked: dict[str, int | list[str] | Decimal] = {
        "owner": owner_id,
        "wallets": list(OWE_NOTHING),
        "dust": _DUST,
        "rounding": _ROUNDING,
    }
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT, asked)
        found: list[Row] = cursor.fetchall()
    return found


def _found(row: Row, risk: Risk) -> Found:
    connection, exchange, environment, wallet, asset, balance, at = row
    url = reverse("portfolio:proof-place", args=[connection])
    return Found(
        subject=f"{connection}:{wallet}:{asset}",
        url=f"{url}?{urlencode({'wallet': wallet, 'asset': asset})}",
        asset=asset,
        quantity=balance,
        value=risk.value(asset, balance, exchange=exchange, environment=environment),
        connection_id=connection,
        data={"wallet": wallet, "at": at.isoformat()},
    )


def line(data: Mapping[str, str]) -> str:
    """The wallet, and when it was lowest."""
    at = in_time(data["at"])
    return _("Wallet {wallet}, lowest on {at}.").format(wallet=data["wallet"], at=at)
