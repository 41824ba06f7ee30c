"""Notices a balance that falls with no record of why, once all records should be in.

Measured from the last run that was complete. What happens while streams are fetched is in the
balance before it is in the ledger, and some records come late: so a fall is only told when a later
complete run still cannot explain it. While the history arrives, after a stream failed, and where
some kind of record that could explain it is not served, nothing is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from portfolio.engine import money
from portfolio.engine.falls import falls_short
from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue
from portfolio.models import BalanceMark, Connection, Holding, Stream
from portfolio.services import notices

# How long a record may take to show up in an exchange's lists.
LATE = timedelta(hours=1)
_OUTGOING = [kind.value for kind in set(RecordKind) - {RecordKind.DEPOSITS, RecordKind.REWARDS}]


def look(connection: Connection, *, now: datetime) -> None:
    """Compares all balances after a complete run; call it in the transaction that closes it."""
    if connection.backfilled_at is None or not _could_explain(connection):
        return
    at = Connection.objects.values_list("balances_at", flat=True).get(pk=connection.pk)
    if at is None:
        return
    marks = BalanceMark.objects.filter(holding__connection=connection).in_bulk()
    changed, fallen = [], []
    for holding in connection.holdings.exclude(reported__isnull=True):
        mark = _marked(holding, marks, at)
        if _is_told(connection, mark, marks, now):
            fallen.append(holding)
            mark = _fresh(holding, at)
        if _differs(mark, marks):
            changed.append(mark)
    _store(changed)
    if fallen:
        _tell(connection, fallen, now)


def _could_explain(connection: Connection) -> bool:
    """Whether every kind of record that takes something away is served and was fetched."""
    try:
        capabilities = catalogue.get(connection.exchange).capabilities
    except KeyError:
        return False
    served = {capability.kind for capability in capabilities if capability.available}
    if "ledger" not in served and not served >= {"trades", "deposits", "withdrawals"}:
        return False
    missing = connection.streams.filter(is_hot=True, kind__in=_OUTGOING)
    return not missing.exclude(state=Stream.State.CAUGHT_UP).exists()


def _marked(holding: Holding, marks: Mapping[int, BalanceMark], at: datetime) -> BalanceMark:
    """The mark to keep: the former one while a fall from it is not explained, else a new one."""
    mark = marks.get(holding.pk)
    if mark is None or not _fell(mark, holding):
        return _fresh(holding, at)
    return BalanceMark(
        holding=holding,
        reported=mark.reported,
        quantity=mark.quantity,
        at=mark.at,
        suspected_at=mark.suspected_at or at,
    )


def _fell(mark: BalanceMark, holding: Holding) -> bool:
    reported = holding.reported
    if reported is None or (mark.suspected_at is None and reported >= mark.reported):
        return False
    came_in = money.add(holding.quantity, money.negate(mark.quantity))
    if not falls_short(mark.reported, reported, came_in):
        return False
    # Old records that came in late were in the balance already.
    return falls_short(mark.reported, reported, came_in, happened(holding, mark.at))


def happened(holding: Holding, since: datetime) -> Decimal:
    """What the ledger says moved there after a moment."""
    postings = holding.connection.postings.counted().filter(
        owner=holding.owner_id,
        wallet=holding.wallet,
        asset=holding.asset,
        occurred_at__gt=since,
    )
    total: Decimal | None = postings.aggregate(total=Sum("amount"))["total"]
    return money.ZERO if total is None else total


def _is_told(
    connection: Connection, mark: BalanceMark, marks: Mapping[int, BalanceMark], now: datetime
) -> bool:
    """Whether an earlier run saw it too, long enough ago, and all records since can be read."""
    former = marks.get(mark.holding_id)
    if mark.suspected_at is None or former is None or former.suspected_at is None:
        return False
    if now - mark.suspected_at < LATE:
        return False
    # One that cannot be read might be the explanation.
    unread = connection.raw_records.exclude(problem="").filter(fetched_at__gte=mark.at)
    return not unread.exists()


def _fresh(holding: Holding, at: datetime) -> BalanceMark:
    return BalanceMark(
        holding=holding, reported=holding.reported or money.ZERO, quantity=holding.quantity, at=at
    )


def _differs(mark: BalanceMark, marks: Mapping[int, BalanceMark]) -> bool:
    former = marks.get(mark.holding_id)
    columns = ("reported", "quantity", "suspected_at")
    return former is None or any(getattr(mark, c) != getattr(former, c) for c in columns)


def _store(marks: list[BalanceMark]) -> None:
    BalanceMark.objects.bulk_create(
        marks,
        update_conflicts=True,
        update_fields=["reported", "quantity", "at", "suspected_at"],
        unique_fields=["holding"],
    )


def _tell(connection: Connection, fallen: list[Holding], now: datetime) -> None:
    """Names the holdings; amounts are on the page only."""
    places = [
        _("{asset} in {wallet}").format(asset=holding.asset, wallet=holding.wallet)
        for holding in fallen
    ]
    more = _(" and {number} more").format(number=len(places) - 10) if places[10:] else ""
    message = _(
        "“{name}” reports less than before, and no record explains it: {places}. Look at the "
        "account at the exchange: was it you? If not, change its password and delete its keys. "
        "The differences are listed on the connection’s page."
    ).format(name=connection, places=", ".join(places[:10]) + more)
    key = f"{notices.Kind.BALANCE}:{connection.pk}:{now.isoformat()}"
    notices.tell(connection, notices.Kind.BALANCE, message, key=key)
