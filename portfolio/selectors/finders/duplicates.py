"""Transactions that may be one and the same: told by two connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection as database
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.models import Connection, DataGrade, Finding
from portfolio.selectors.finder import Found, in_time, is_first_of_day
from portfolio.selectors.risk import Risk

CAUSE = "duplicate"
TITLE = gettext_lazy("Possibly counted twice")
WORDS = gettext_lazy(
    "Two connections tell of the same amount of the same asset within seconds. That is one event "
    "told twice, or two that are alike: only you can know. Nothing is done by itself."
)
FIX = gettext_lazy("Compare")
WEIGHT = Decimal("0.5")
WITHIN = 5  # seconds

# The first look of a day reads all history; the others these last days, and what is known already.
LATELY = timedelta(days=40)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# Each amount beside the one before it of the same asset and size.
_STATEMENT = """
    WITH looked_at AS (
        SELECT * FROM portfolio_posting WHERE owner_id = %(owner)s AND occurred_at >= %(since)s
        UNION ALL
        SELECT * FROM portfolio_posting
        WHERE owner_id = %(owner)s AND transaction_id = ANY(%(known)s) AND occurred_at < %(since)s
    )
    SELECT first_id, pairs.id, first_parts, parts, asset, amount, occurred_at, name,
           c.exchange, c.environment, connection_id
    FROM (
        SELECT p.*, LAG(id) OVER alike AS first_id, LAG(parts) OVER alike AS first_parts,
               LAG(connection_id) OVER alike AS first_connection,
               LAG(occurred_at) OVER alike AS first_at, LAG(told_by) OVER alike AS name
        FROM (
            SELECT p.transaction_id AS id, p.connection_id, p.asset, p.amount, p.occurred_at,
                   o.exchange, o.environment, COALESCE(NULLIF(o.label, ''), o.exchange) AS told_by,
                   COUNT(*) OVER (PARTITION BY p.transaction_id) AS parts
            FROM looked_at p JOIN portfolio_connection o ON o.id = p.connection_id
            WHERE p.counts AND p.role = 'principal' AND p.amount <> 0
              AND p.raw_record_id IS NOT NULL
        ) p
        -- By their names, so that the same is found whatever was booked first.
        WINDOW alike AS (
            PARTITION BY environment, asset, amount
            ORDER BY occurred_at, told_by, exchange, connection_id, id
        )
    ) pairs
    JOIN portfolio_connection c ON c.id = connection_id
    WHERE first_connection <> connection_id
      AND occurred_at - first_at <= make_interval(secs => %(within)s)
    ORDER BY occurred_at, pairs.id, asset
"""


@dataclass(frozen=True, slots=True)
class _Pair:
    """One amount that two transactions share."""

    first: int
    second: int
    first_parts: int  # amounts of the transaction, fees left out
    second_parts: int
    asset: str
    amount: Decimal
    at: datetime
    name: str  # of the connection that told the first
    exchange: str
    environment: str
    connection_id: UUID


def find(user: User) -> Iterable[Found]:
    """One finding per pair of transactions all of whose amounts are alike."""
    if Connection.objects.of(user).count() < 2:
        return []
    shared: dict[tuple[int, int], list[_Pair]] = defaultdict(list)
    for pair in _pairs(user):
        shared[pair.first, pair.second].append(pair)
    twins = [pairs[0] for pairs in shared.values() if _is_whole(pairs)]
    risk = Risk(user, {pair.asset for pair in twins})
    return [_found(pair, risk) for pair in twins]


def _is_whole(pairs: list[_Pair]) -> bool:
    return pairs[0].first_parts == pairs[0].second_parts == len(pairs)


def _pairs(user: User) -> list[_Pair]:
    since = _BEGINNING if _must_read_all(user) else timezone.now() - LATELY
    asked: dict[str, int | datetime | list[int]] = {
        "owner": user.pk,
        "within": WITHIN,
        "since": since,
        "known": _known(user),
    }
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT, asked)
        return [_Pair(*row) for row in cursor.fetchall()]


def _must_read_all(user: User) -> bool:
    """Once a day, and when a whole history has come since the last look."""
    looked = DataGrade.objects.filter(owner=user, as_of__lte=OuterRef("backfilled_at"))
    fresh = Connection.objects.of(user).filter(Exists(looked))
    return is_first_of_day(user) or fresh.exists()


def _known(user: User) -> list[int]:
    """The transactions of the pairs that are told of."""
    rows = Finding.objects.of(user).filter(cause=CAUSE, closed_at__isnull=True)
    subjects = rows.values_list("subject", flat=True)
    return [int(part) for subject in subjects for part in subject.split(":")]


def _found(pair: _Pair, risk: Risk) -> Found:
    return Found(
        subject=f"{pair.first}:{pair.second}",
        url=reverse("portfolio:transaction-detail", args=[pair.second]),
        asset=pair.asset,
        quantity=pair.amount,
        value=risk.value(
            pair.asset, pair.amount, exchange=pair.exchange, environment=pair.environment
        ),
        connection_id=pair.connection_id,
        data={"at": pair.at.isoformat(), "other": pair.name, "first": str(pair.first)},
    )


def line(data: Mapping[str, str]) -> str:
    """When, and which other connection tells of it."""
    return _("{at}; {other} tells of the same.").format(at=in_time(data["at"]), other=data["other"])
