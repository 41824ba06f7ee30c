"""Reads where two sources contradict each other, with what each of them tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from accounts.models import User
from portfolio.models import Posting, Transaction, WitnessConflict
from portfolio.selectors.edit_layers import layer, written

MOST = 100  # shown at once


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict: what the stronger source tells, and what the file does.

    ``known`` and ``told`` are as ``edit_layers.written`` writes them; ``transaction`` is None where
    the stronger telling is gone meanwhile.
    """

    row: WitnessConflict
    transaction: Transaction | None
    known: dict[str, Any] | None

    @property
    def told(self) -> dict[str, Any]:
        return dict(self.row.told)

    @property
    def file(self) -> str:
        """The file's name, as it was brought."""
        return self.row.raw_record.endpoint.removeprefix("file: ")


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Those that wait for a decision, the newest first, and the latest decided ones."""

    open: tuple[Conflict, ...]
    decided: tuple[Conflict, ...]
    open_count: int


def conflicts(user: User) -> Conflicts:
    """A user's conflicts, in five queries."""
    rows = WitnessConflict.objects.of(user).select_related("connection", "raw_record", "decided_by")
    rows = rows.defer("raw_record__body")
    waiting = list(rows.open()[:MOST])
    decided = list(rows.exclude(decision="").order_by("-decided_at", "-id")[:MOST])
    known = _known([*waiting, *decided])
    return Conflicts(
        open=tuple(_conflict(row, known) for row in waiting),
        decided=tuple(_conflict(row, known) for row in decided),
        open_count=WitnessConflict.objects.of(user).open().count(),
    )


_Place = tuple[object, str]


def _known(rows: list[WitnessConflict]) -> dict[_Place, Transaction]:
    told = Posting.objects.filter(is_edited=False).order_by("id")
    found = Transaction.objects.filter(
        connection__in={row.connection_id for row in rows},
        key__in={row.key for row in rows},
        edit=None,
    ).prefetch_related(Prefetch("postings", told))
    return {(row.connection_id, row.key): row for row in found}


def _conflict(row: WitnessConflict, known: dict[_Place, Transaction]) -> Conflict:
    stronger = known.get((row.connection_id, row.key))
    return Conflict(row, stronger, written(layer(stronger)) if stronger else None)
