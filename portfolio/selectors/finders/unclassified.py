"""Transactions told in words of the exchange that Coffer does not know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection as database
from django.db.models import Count
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.names import fit
from portfolio.engine.types import TransactionKind
from portfolio.models import Transaction
from portfolio.selectors.finder import Found
from portfolio.selectors.risk import Risk

CAUSE = "unclassified"
TITLE = gettext_lazy("Not understood")
WORDS = gettext_lazy(
    "The exchange tells of these in words that Coffer does not know. Their amounts count, but "
    "whether they are income, a cost or a move only you can say: reclassify them."
)
FIX = gettext_lazy("See the transactions")
WEIGHT = Decimal("0.5")
_WORD = 150  # of what names a finding

_STATEMENT = """
    SELECT t.connection_id, c.exchange, c.environment, COALESCE(t.detail->>'type', ''), p.asset,
           COALESCE(SUM(ABS(p.amount)), 0), SUM(p.amount)
    FROM portfolio_transaction t
    JOIN portfolio_connection c ON c.id = t.connection_id
    LEFT JOIN portfolio_posting p
           ON p.transaction_id = t.id AND p.counts AND p.role = 'principal'
    WHERE t.owner_id = %s AND t.kind = %s AND NOT t.is_replaced
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 4, 5
"""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one word of one connection has moved of one asset, None where it moved nothing."""

    connection_id: UUID
    exchange: str
    environment: str
    word: str
    asset: str | None
    size: Decimal
    total: Decimal | None


def find(user: User) -> Iterable[Found]:
    """One finding per connection and word of the exchange."""
    groups: dict[tuple[UUID, str], list[_Part]] = defaultdict(list)
    for part in _parts(user.pk):
        groups[part.connection_id, part.word].append(part)
    risk = Risk(user, {part.asset for parts in groups.values() for part in parts if part.asset})
    counts = _counts(user)
    return [_found(parts, counts[place], risk) for place, parts in groups.items()]


def _counts(user: User) -> dict[tuple[UUID, str], int]:
    """How many transactions there are of each word."""
    rows = Transaction.objects.of(user).filter(
        kind=TransactionKind.UNCLASSIFIED.value, is_replaced=False
    )
    words = rows.order_by().values_list("connection_id", KT("detail__type"))
    counts: dict[tuple[UUID, str], int] = defaultdict(int)
    for connection_id, word, count in words.annotate(count=Count("pk")):
        counts[connection_id, word or ""] += count
    return counts


def _parts(owner_id: int) -> list[_Part]:
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT, [owner_id, TransactionKind.UNCLASSIFIED.value])
        return [_Part(*row) for row in cursor.fetchall()]


def _found(parts: list[_Part], count: int, risk: Risk) -> Found:
    first = parts[0]
    named = {"kind": TransactionKind.UNCLASSIFIED.value, "connection": str(first.connection_id)}
    values = [
        risk.value(p.asset, p.size, exchange=p.exchange, environment=p.environment)
        for p in parts
        if p.asset
    ]
    known = [value for value in values if value is not None]
    single = len(parts) == 1
    return Found(
        subject=f"{first.connection_id}:{fit(first.word, _WORD)}",
        url=f"{reverse('portfolio:transaction-list')}?{urlencode(named)}",
        asset=first.asset or "" if single else "",
        quantity=first.total if single else None,
        value=money.total(known) if known else None,
        connection_id=first.connection_id,
        data={"word": first.word, "count": str(count)},
    )


def line(data: Mapping[str, str]) -> str:
    """The word, and how often it came."""
    number = int(data["count"])
    return ngettext(
        "“{word}”, in {number} transaction.", "“{word}”, in {number} transactions.", number
    ).format(word=data["word"] or "–", number=number)
