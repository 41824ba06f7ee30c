"""What a person decides on transfers: accept, refuse, undo, and link by hand.

Each decision is made under the owner's lock and noted in the audit log. Postings are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.engine.transfers import Leg
from portfolio.models import TransferLink
from portfolio.selectors.transfer_legs import leg_id, open_legs, place
from portfolio.services import daily_sums
from portfolio.services.locks import lock_transfers

Status, How = TransferLink.Status, TransferLink.How


class TransferProblem(Exception):
    """The request cannot be done; ``message`` says why in plain words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def accept(*, user: User, link_id: int) -> None:
    """Takes a proposal, or one that was refused or undone, for a transfer.

    All parts of a split together. May raise TransferLink.DoesNotExist, TransferProblem.
    """
    group = _group(user, link_id)
    if group[0].status == Status.ACCEPTED:
        raise TransferProblem(_("This transfer is accepted already."))
    _require_free(user, group)
    _decide(user, group, Status.ACCEPTED, gettext_noop("transfer accepted"))
    _drop_rivals(user, group)


@transaction.atomic
def refuse(*, user: User, link_id: int) -> None:
    """Says that a proposal is no transfer; it is not made again.

    May raise TransferLink.DoesNotExist, TransferProblem.
    """
    group = _group(user, link_id)
    if group[0].status != Status.PROPOSED:
        raise TransferProblem(_("Only a proposal can be refused. Undo the transfer instead."))
    _decide(user, group, Status.REFUSED, gettext_noop("transfer refused"))


@transaction.atomic
def undo(*, user: User, link_id: int) -> None:
    """Takes a decision back: an accepted transfer is none any more, a refused one is open again.

    An undone transfer is not proposed again by itself. May raise TransferLink.DoesNotExist,
    TransferProblem.
    """
    group = _group(user, link_id)
    status = group[0].status
    if status == Status.PROPOSED:
        raise TransferProblem(_("Nothing was decided on this transfer yet."))
    if status == Status.ACCEPTED:
        _decide(user, group, Status.UNDONE, gettext_noop("transfer undone"))
    else:
        _decide(user, group, Status.PROPOSED, gettext_noop("refusal of a transfer taken back"))


@transaction.atomic
def link_by_hand(*, user: User, outgoing: Leg, parts: Mapping[str, Decimal]) -> None:
    """Links an outgoing movement to the deposits it became, each with the part sent to it.

    ``parts`` are amounts by the id of an incoming leg. May raise TransferProblem.
    """
    lock_transfers(user.pk)
    if not parts:
        raise TransferProblem(_("Choose at least one deposit."))
    out_id, asset = place(outgoing.id)
    incoming = {ident: _open_incoming(user, ident, outgoing.asset) for ident in parts}
    known = {
        row.incoming_id: row
        for row in TransferLink.objects.of(user).filter(outgoing=out_id, asset=asset)
    }
    has_parts = any(row.status == Status.ACCEPTED for row in known.values())
    is_part = has_parts or len(parts) > 1 or money.total(parts.values()) != outgoing.amount
    group = []
    for ident, sent in parts.items():
        into_id, received_asset = place(incoming[ident].id)
        row = known.get(into_id) or TransferLink(
            owner=user, outgoing_id=out_id, incoming_id=into_id, asset=asset
        )
        row.received_asset = received_asset
        row.sent, row.received, row.is_part = sent, incoming[ident].amount, is_part
        row.level, row.reasons = TransferLink.Level.LIKELY, []
        row.occurred_at = outgoing.occurred_at
        group.append(row)
    _require_free(user, group)
    _decide(user, group, Status.ACCEPTED, gettext_noop("transfer linked by hand"))
    _drop_rivals(user, group)


# --- Parts ------------------------------------------------------------------------------------


def _group(user: User, link_id: int) -> list[TransferLink]:
    """The link, with the other parts of its split that stand as it does, locked."""
    lock_transfers(user.pk)
    link = TransferLink.objects.of(user).get(pk=link_id)
    if not link.is_part:
        return [link]
    parts = TransferLink.objects.of(user).filter(
        outgoing=link.outgoing_id, asset=link.asset, is_part=True, status=link.status
    )
    return list(parts.order_by("pk"))


def _require_free(user: User, group: Sequence[TransferLink]) -> None:
    """Both sides must have no other transfer, and no more may be sent than left."""
    first = group[0]
    legs = open_legs(user.pk, transaction_id=first.outgoing_id).outgoing
    out = next((leg for leg in legs if leg.id == leg_id(first.outgoing_id, first.asset)), None)
    if out is None:
        raise TransferProblem(
            _("What left is part of another transfer already. Undo that one first.")
        )
    if any(link.sent <= 0 for link in group):
        raise TransferProblem(_("Each part must be above zero."))
    if money.total(link.sent for link in group) > out.amount:
        raise TransferProblem(_("The parts are more than what left."))
    for link in group:
        into = _open_incoming(user, leg_id(link.incoming_id, link.received_asset))
        if into.amount != link.received:
            raise TransferProblem(_("The deposit has changed since this was proposed."))


def _open_incoming(user: User, ident: str, asset: str = "") -> Leg:
    """What arrived and is free, of ``asset`` if one is named. May raise TransferProblem."""
    number = int(ident.partition(":")[0])
    legs = open_legs(user.pk, transaction_id=number).incoming
    same = (leg for leg in legs if leg.id == ident and asset in ("", leg.asset))
    found = next(same, None)
    if found is None:
        raise TransferProblem(
            _("What arrived is part of another transfer already. Undo that one first.")
        )
    return found


def _decide(user: User, group: Sequence[TransferLink], status: str, action: str) -> None:
    if Status.ACCEPTED in (status, group[0].status):
        daily_sums.mark_stale(user.pk, group)
    for link in group:
        link.status, link.how = status, How.BY_HAND
        link.decided_at = None if status == Status.PROPOSED else timezone.now()
        link.save()
        audit.note(
            user=user,
            action=action,
            amount=f"{money.plain(link.sent)} {link.asset}",
            **{"from": str(link.outgoing.connection), "to": str(link.incoming.connection)},
        )


def _drop_rivals(user: User, group: Sequence[TransferLink]) -> None:
    """Other proposals for the same movements are void now."""
    first = group[0]
    same = Q(outgoing=first.outgoing_id, asset=first.asset)
    for link in group:
        same |= Q(incoming=link.incoming_id, received_asset=link.received_asset)
    TransferLink.objects.of(user).filter(same, status=Status.PROPOSED).delete()
