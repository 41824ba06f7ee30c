"""Keeps where the sources of one connection contradict each other, for their owner to decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from django.utils import timezone

from portfolio.engine import money
from portfolio.engine.edits import Layer, Leg
from portfolio.engine.tellings import Telling
from portfolio.engine.witnesses import Verdict
from portfolio.models import Connection, RawRecord, WitnessConflict
from portfolio.selectors.edit_layers import written
from portfolio.services.witness_tellings import Decided

Decision, Why = WitnessConflict.Decision, WitnessConflict.Why
_COLUMNS = ["key", "why", "told", "difference", "found_at", "decision", "decided_at", "decided_by"]


def decided(raws: Collection[RawRecord]) -> dict[int, Decided]:
    """What the owner said of these records."""
    rows = WitnessConflict.objects.filter(raw_record__in=raws).exclude(decision=Decision.OPEN)
    return {
        row.raw_record_id: Decided(same_as=row.key)
        if row.decision == Decision.SAME
        else Decided(apart=frozenset({row.key}))
        for row in rows
    }


def keep(
    connection: Connection,
    raws: Sequence[RawRecord],
    verdicts: Mapping[str, Verdict],
    tellings: Mapping[str, Telling],
) -> None:
    """Lists what contradicts until a person decides; what does not any more, is not listed."""
    against = {raw.pk: v for raw in raws if (v := verdicts.get(str(raw.pk))) is not None and v.why}
    known = {row.raw_record_id: row for row in WitnessConflict.objects.filter(raw_record__in=raws)}
    gone = [row.pk for pk, row in known.items() if pk not in against and not row.decision]
    WitnessConflict.objects.filter(pk__in=gone).delete()
    stronger = {telling.key: telling for telling in tellings.values()}
    fresh: list[WitnessConflict] = []
    changed: list[WitnessConflict] = []
    for pk, verdict in against.items():
        row = known.get(pk) or WitnessConflict(
            owner_id=connection.owner_id, connection=connection, raw_record_id=pk
        )
        if _tell(row, verdict, tellings[str(pk)], stronger[verdict.key]):
            (fresh if row.pk is None else changed).append(row)
    WitnessConflict.objects.bulk_create(fresh)
    WitnessConflict.objects.bulk_update(changed, _COLUMNS)


def _tell(row: WitnessConflict, verdict: Verdict, told: Telling, known: Telling) -> bool:
    """Gives a row what is so now; whether it is news, to be decided anew."""
    whole = verdict.why == Why.TIME
    now = {
        "key": verdict.key,
        "why": verdict.why,
        "told": written(_layer(told)),
        "difference": _sums(told) if whole else _less(_sums(told), _sums(known)),
        "decision": Decision.OPEN,
    }
    if all(getattr(row, name) == value for name, value in now.items()):
        return False
    for name, value in now.items():
        setattr(row, name, value)
    row.found_at, row.decided_at, row.decided_by = timezone.now(), None, None
    return True


def _layer(told: Telling) -> Layer:
    event = told.event
    legs = tuple(
        Leg(m.wallet, m.asset, m.amount, m.role, event.occurred_at) for m in event.movements
    )
    return Layer(told.key, event.kind, event.occurred_at, legs)


def _sums(told: Telling) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for moved in told.event.movements:
        sums[moved.asset] = money.add(sums.get(moved.asset, money.ZERO), moved.amount)
    return {asset: money.plain(amount) for asset, amount in sorted(sums.items()) if amount}


def _less(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    left = {}
    for asset in sorted(one.keys() | other.keys()):
        less = money.negate(money.parse(other.get(asset, "0")))
        amount = money.add(money.parse(one.get(asset, "0")), less)
        if amount:
            left[asset] = money.plain(amount)
    return left
