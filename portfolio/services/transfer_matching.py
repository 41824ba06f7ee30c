"""Finds transfers among what an owner's connections tell, and keeps the proposals up to date.

Running it again changes nothing. What a person decided stays: accepted movements are left out,
refused and undone pairs are not proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Abs, Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money, transfers
from portfolio.engine.transfers import Finding, Leg, Level, Pair
from portfolio.engine.types import PostingRole
from portfolio.models import Posting, TransferLink
from portfolio.models.fields import ExactDecimalField
from portfolio.selectors.transfer_legs import OpenLegs, decisions, leg_id, open_legs, place
from portfolio.services import daily_sums
from portfolio.services.locks import lock_transfers

Status, How = TransferLink.Status, TransferLink.How
Key = tuple[int, int, str]  # outgoing and incoming transaction, asset
_TOLD = (
    *("sent", "received", "received_asset", "is_part", "status", "level", "reasons"),
    *("occurred_at", "decided_at"),
)


@dataclass(frozen=True, slots=True)
class Matched:
    """What one run changed."""

    accepted: int
    proposed: int
    dropped: int


def match(owner_id: int) -> Matched:
    """Looks for the transfers of one owner among the movements that have none.

    What is certain is accepted, the rest is proposed. The owner waits for none of it: the lock is
    held only while the result is stored, and what was decided meanwhile counts.
    """
    lapsed = _drop_lapsed(owner_id)
    legs = open_legs(owner_id)
    pairs = transfers.match(legs.outgoing, legs.incoming, decisions(owner_id))
    with transaction.atomic():
        lock_transfers(owner_id)
        stored = _store(owner_id, pairs, legs, open_legs(owner_id))
        if stored.accepted or lapsed:
            _note(owner_id, stored.accepted, lapsed)
    return stored


def _note(owner_id: int, accepted: int, lapsed: int) -> None:
    owner = User.objects.get(pk=owner_id)
    if accepted:
        action = gettext_noop("transfers accepted automatically")
        audit.note(user=owner, action=action, number=str(accepted))
    if lapsed:
        action = gettext_noop("transfers dropped, their records changed")
        audit.note(user=owner, action=action, number=str(lapsed))


# --- What no longer holds ---------------------------------------------------------------------


@transaction.atomic
def _drop_lapsed(owner_id: int) -> int:
    """Drops accepted links whose records no longer move what was linked (a failed withdrawal)."""
    lock_transfers(owner_id)
    accepted = TransferLink.objects.filter(owner_id=owner_id, status=Status.ACCEPTED)
    linked = accepted.filter(outgoing=OuterRef("outgoing"), asset=OuterRef("asset"))
    parts = linked.order_by().values("outgoing").annotate(sum=Sum("sent")).values("sum")
    told = accepted.annotate(
        left=_moved("outgoing", "asset"),
        came=_moved("incoming", "received_asset"),
        parts=Subquery(parts),
    )
    gone = told.filter(Q(left__gte=0) | Q(parts__gt=Abs(F("left"))) | ~Q(came=F("received")))
    daily_sums.mark_stale(owner_id, gone)
    dropped, _ = TransferLink.objects.filter(pk__in=[link.pk for link in gone]).delete()
    return dropped


def _moved(side: str, code: str) -> Coalesce:
    """What one side's transaction moves of the link's asset now, fees left out."""
    postings = Posting.objects.counted().filter(
        transaction=OuterRef(side), asset=OuterRef(code), role=PostingRole.PRINCIPAL.value
    )
    sums = postings.order_by().values("transaction").annotate(sum=Sum("amount")).values("sum")
    nothing = Value(money.ZERO, output_field=ExactDecimalField())
    return Coalesce(Subquery(sums), nothing, output_field=ExactDecimalField())


# --- Storing ----------------------------------------------------------------------------------


def _store(owner_id: int, pairs: Sequence[Pair], before: OpenLegs, now: OpenLegs) -> Matched:
    """Brings the proposals in line with the pairs, as far as both sides are as they were."""
    free = _amounts(before).items() & _amounts(now).items()
    legs = {leg.id: leg for leg in now.outgoing}
    unchanged = {ident for ident, _ in free}
    in_part = _in_part(owner_id)
    wanted = [
        _row(owner_id, pair, legs[pair.outgoing], is_rest=pair.outgoing in in_part)
        for pair in pairs
        if pair.outgoing in unchanged and pair.incoming in unchanged
    ]
    return _apply(owner_id, wanted)


def _amounts(legs: OpenLegs) -> dict[str, Decimal]:
    return {leg.id: leg.amount for leg in (*legs.outgoing, *legs.incoming)}


def _in_part(owner_id: int) -> frozenset[str]:
    """Outgoing legs of which a part is linked: what is left of them is a part too."""
    parts = TransferLink.objects.filter(owner_id=owner_id, status=Status.ACCEPTED, is_part=True)
    return frozenset(leg_id(*row) for row in parts.values_list("outgoing_id", "asset"))


def _row(owner_id: int, pair: Pair, outgoing: Leg, *, is_rest: bool) -> TransferLink:
    is_sure = pair.level is Level.CERTAIN
    (out, asset), (into, received_asset) = place(pair.outgoing), place(pair.incoming)
    return TransferLink(
        owner_id=owner_id,
        outgoing_id=out,
        incoming_id=into,
        asset=asset,
        received_asset=received_asset,
        sent=pair.sent,
        received=pair.received,
        is_part=pair.is_part or is_rest,
        status=Status.ACCEPTED if is_sure else Status.PROPOSED,
        how=How.AUTOMATIC,
        level=pair.level.value,
        reasons=[_reason(finding) for finding in pair.findings],
        occurred_at=outgoing.occurred_at,
        decided_at=timezone.now() if is_sure else None,
    )


def _reason(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule.value,
        "is_met": finding.is_met,
        "what": finding.what,
        "values": dict(finding.values),
    }


def _apply(owner_id: int, wanted: Sequence[TransferLink]) -> Matched:
    rows = TransferLink.objects.filter(owner_id=owner_id).exclude(status=Status.ACCEPTED)
    known = {_key(row): row for row in rows}
    fresh = [row for row in wanted if _key(row) not in known]
    changed = [
        row for made in wanted if (row := known.get(_key(made))) is not None and _retell(row, made)
    ]
    keep = {_key(row) for row in wanted}
    stale = [r.pk for k, r in known.items() if r.status == Status.PROPOSED and k not in keep]
    TransferLink.objects.filter(pk__in=stale).delete()
    TransferLink.objects.bulk_update(changed, _TOLD)
    TransferLink.objects.bulk_create(fresh)
    new = [*fresh, *changed]
    accepted = [row for row in new if row.status == Status.ACCEPTED]
    daily_sums.mark_stale(owner_id, accepted)
    return Matched(accepted=len(accepted), proposed=len(fresh) - len(accepted), dropped=len(stale))


def _key(row: TransferLink) -> Key:
    return (row.outgoing_id, row.incoming_id, row.asset)


def _retell(row: TransferLink, made: TransferLink) -> bool:
    """Gives a waiting proposal what is known now; False where it was that, or is decided."""
    if row.status != Status.PROPOSED:
        return False
    told = {name: getattr(made, name) for name in _TOLD}
    if all(getattr(row, name) == value for name, value in told.items()):
        return False
    for name, value in told.items():
        setattr(row, name, value)
    return True
