"""What a user has put on a transaction goes on with the one that its records tell of instead."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Q

from portfolio.models import Transaction, TransferLink
from portfolio.services import edit_annotations


def inherit(heirs: Mapping[int, int]) -> None:
    """Moves transfers, and copies notes and tags, to the heirs; call it before the others go.

    ``heirs`` are ids of transactions by the id of the one that goes.
    """
    if not heirs:
        return
    either = Q(outgoing__in=heirs) | Q(incoming__in=heirs)
    for link in TransferLink.objects.filter(either).order_by("pk"):
        _move(link, heirs)
    rows = Transaction.objects.in_bulk({*heirs, *heirs.values()})
    edit_annotations.copy([([rows[old]], [rows[new]]) for old, new in heirs.items()])


def _move(link: TransferLink, heirs: Mapping[int, int]) -> None:
    """Where the heir has a transfer of its own already, this one goes with its transaction."""
    link.outgoing_id = heirs.get(link.outgoing_id, link.outgoing_id)
    link.incoming_id = heirs.get(link.incoming_id, link.incoming_id)
    try:
        with transaction.atomic():
            link.save(update_fields=["outgoing", "incoming"])
    except IntegrityError:  # each movement is one transfer at most: the database keeps to it
        return
