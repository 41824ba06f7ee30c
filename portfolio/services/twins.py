"""Notices an account that is connected twice, where the exchange does not tell which it is."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portfolio.models import Connection, RawRecord
from portfolio.services import notices

Status = Connection.Status
LOOKED_AT = 200
ENOUGH = 3


def look(connection: Connection) -> None:
    """Compares a connection whose history is in with its owner's others at the exchange."""
    others = Connection.objects.filter(
        owner=connection.owner_id,
        exchange=connection.exchange,
        environment=connection.environment,
        backfilled_at__isnull=False,
    ).exclude(pk=connection.pk)
    for other in others:
        is_told = bool(connection.account_uid and other.account_uid)
        if not is_told and _are_one(connection, other):
            _tell(connection, other)


def _are_one(one: Connection, other: Connection) -> bool:
    """Whether they have the same records, or the few there are and the same balances.

    Records count as the same with the same id and text: the two sides of a trade between two
    accounts share an id, but not all they say.
    """
    latest = one.raw_records.order_by("-occurred_at", "-id").select_related("stream")[:LOOKED_AT]
    records = list(latest)
    same = sum(_has(other, record) for record in records)
    if same >= ENOUGH:
        return True
    return same == len(records) > 0 and _balances(one) == _balances(other) != {}


def _has(other: Connection, record: RawRecord) -> bool:
    return other.raw_records.filter(
        stream__key=record.stream.key, external_id=record.external_id, body=record.body
    ).exists()


def _balances(connection: Connection) -> dict[tuple[str, str], object]:
    rows = connection.holdings.exclude(reported__isnull=True).exclude(reported=0)
    return {
        (wallet, asset): n for wallet, asset, n in rows.values_list("wallet", "asset", "reported")
    }


def _tell(connection: Connection, other: Connection) -> None:
    message = _(
        "“{name}” and “{other}” are the same account: they have the same records. All of it counts "
        "twice. Remove one of them with its history."
    ).format(name=connection, other=other)
    first, second = sorted([str(connection.pk), str(other.pk)])
    key = f"{notices.Kind.TWIN}:{first}:{second}"
    notices.tell(connection, notices.Kind.TWIN, message, key=key, other=other)
