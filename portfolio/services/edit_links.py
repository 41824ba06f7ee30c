"""Keeps transfers in step with edits of their sides.

A side that stays one movement keeps its transfers. Where an edit makes something else of it, an
accepted transfer is undone, and accepted again when the edit is reverted and both sides are free.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.models import Edit, Transaction, TransferLink
from portfolio.selectors.transfer_legs import KINDS, leg_id, open_legs
from portfolio.services import holdings

Status = TransferLink.Status
Rows = Sequence[Transaction]
UNDONE = "links"  # in Edit.data: the transfers that an edit undid, and when they were accepted


def carry_over(user: User, edited: Sequence[tuple[Edit, Rows, Rows]]) -> None:
    """Gives transfers to what stands instead of their sides, or undoes them."""
    heirs = {old.pk: new.pk for _, olds, news in edited for old, new in _same(olds, news)}
    ends = {old.pk: edit for edit, olds, _ in edited for old in olds if old.pk not in heirs}
    _move(heirs)
    _undo(user, ends)


def _same(olds: Rows, news: Rows) -> list[tuple[Transaction, Transaction]]:
    """The one that a movement became, where it is one still."""
    if len(olds) == len(news) == 1 and news[0].kind in KINDS:
        return [(olds[0], news[0])]
    return []


def _move(heirs: dict[int, int]) -> None:
    links = _touching(heirs)
    for link in links:
        link.outgoing_id = heirs.get(link.outgoing_id, link.outgoing_id)
        link.incoming_id = heirs.get(link.incoming_id, link.incoming_id)
    TransferLink.objects.bulk_update(links, ["outgoing", "incoming"])
    _mark_stale(links)


def _touching(ids: Collection[int]) -> list[TransferLink]:
    either = Q(outgoing__in=ids) | Q(incoming__in=ids)
    return list(TransferLink.objects.filter(either).order_by("pk")) if ids else []


def _undo(user: User, ends: dict[int, Edit]) -> None:
    changed = {}
    undone = []
    for link in _touching(ends):
        if link.status == Status.PROPOSED:
            link.delete()
        elif link.status == Status.ACCEPTED:
            edit = ends.get(link.outgoing_id) or ends[link.incoming_id]
            edit.data.setdefault(UNDONE, {})[str(link.pk)] = str(link.decided_at)
            changed[edit.pk] = edit
            _mark(link, Status.UNDONE, timezone.now())
            _note(user, link, gettext_noop("transfer undone, a side of it was edited"))
            undone.append(link)
    Edit.objects.bulk_update(list(changed.values()), ["data"])
    _mark_stale(undone)


def _mark_stale(links: Sequence[TransferLink]) -> None:
    """What coins cost goes with a transfer: from the first of its sides on it is another."""
    ends = {pk for link in links for pk in (link.outgoing_id, link.incoming_id)}
    moved = Transaction.objects.filter(pk__in=ends).order_by("occurred_at")
    first = moved.values_list("occurred_at", flat=True).first() if ends else None
    if first is not None:
        holdings.mark_stale(links[0].owner_id, first.astimezone(UTC).date())


def _mark(link: TransferLink, status: str, at: datetime) -> None:
    link.status, link.decided_at = status, at
    link.save(update_fields=["status", "decided_at"])


def _note(user: User, link: TransferLink, action: str) -> None:
    amount = f"{money.plain(link.sent)} {link.asset}"
    audit.note(user=user, action=action, amount=amount)


def give_back(lifted: Sequence[tuple[Rows, Rows]]) -> None:
    """Gives transfers of what edits made to what they had replaced; call it before that goes."""
    _move({new.pk: old.pk for news, olds in lifted for new, old in _same(news, olds)})


def restore(edits: Sequence[Edit]) -> None:
    """Accepts again what the edits had undone, as far as both sides are free."""
    undone = {int(pk): at for edit in edits for pk, at in edit.data.get(UNDONE, {}).items()}
    links = TransferLink.objects.filter(pk__in=undone, status=Status.UNDONE) if undone else ()
    for link in links:
        if _is_free(link):
            _mark(link, Status.ACCEPTED, datetime.fromisoformat(undone[link.pk]))
            action = gettext_noop("transfer accepted again, the edit was reverted")
            _note(link.owner, link, action)
            _mark_stale([link])


def _is_free(link: TransferLink) -> bool:
    left = open_legs(link.owner_id, transaction_id=link.outgoing_id).outgoing
    came = open_legs(link.owner_id, transaction_id=link.incoming_id).incoming
    out, into = leg_id(link.outgoing_id, link.asset), leg_id(link.incoming_id, link.received_asset)
    return any(leg.id == out and leg.amount >= link.sent for leg in left) and any(
        leg.id == into and leg.amount == link.received for leg in came
    )
