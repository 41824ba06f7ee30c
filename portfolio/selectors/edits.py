"""Reads edits for their pages: all, those of one transaction, those under changed records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.models import User
from portfolio.models import Connection, Edit, EditPart, Tag, Tagging, Transaction

PAGE_SIZE = 30
SHOWN_IN_HISTORY = 50
Role = EditPart.Role


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see; an empty value asks for everything."""

    kind: str = ""
    state: str = ""  # standing, reverted or changed
    connection: UUID | None = None
    batch: UUID | None = None

    @property
    def is_single(self) -> bool:
        """Whether the edits of a batch are asked for one by one: they may differ in state."""
        return bool(self.batch or self.state)


@dataclass(frozen=True, slots=True)
class Row:
    """One edit, or a batch told by its first one."""

    edit: Edit
    number: int  # of edits; above one for a batch
    standing: int
    transaction_id: int | None  # where to look at it now
    is_covered: bool = False  # a later edit stands on it

    @property
    def is_batch(self) -> bool:
        return self.number > 1

    @property
    def before(self) -> list[dict[str, Any]]:
        """What it replaced, as it was; see ``selectors.edit_layers.written``."""
        return _layers(self.edit, "before")

    @property
    def after(self) -> list[dict[str, Any]]:
        """What stands instead."""
        return _layers(self.edit, "after")


def _layers(edit: Edit, name: str) -> list[dict[str, Any]]:
    told = edit.data.get(name)
    return told if isinstance(told, list) else []


@dataclass(frozen=True, slots=True)
class Page:
    """One page of edits, newest first; an id to go on from, None where the list ends."""

    rows: tuple[Row, ...]
    newer: int | None
    older: int | None


def page(
    user: User,
    filters: Filters,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page, a batch in one row unless it was asked for; four queries."""
    queryset = _filtered(user, filters)
    if newer_than is not None:
        found = list(queryset.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        edits, has_newer, has_older = found[:size][::-1], len(found) > size, True
    else:
        if older_than is not None:
            queryset = queryset.filter(pk__lt=older_than)
        found = list(queryset.order_by("-pk")[: size + 1])
        edits, has_newer, has_older = found[:size], older_than is not None, len(found) > size
    return Page(
        rows=rows(edits),
        newer=edits[0].pk if edits and has_newer else None,
        older=edits[-1].pk if edits and has_older else None,
    )


def _filtered(user: User, filters: Filters) -> QuerySet[Edit]:
    queryset = Edit.objects.of(user)
    if filters.kind:
        queryset = queryset.filter(kind=filters.kind)
    if filters.state == "changed":
        queryset = queryset.filter(record_changed_at__isnull=False)
    if filters.state:
        queryset = queryset.filter(reverted_at__isnull=filters.state != "reverted")
    if filters.connection:
        queryset = queryset.filter(connection=filters.connection)
    if filters.batch is not None:
        queryset = queryset.filter(batch=filters.batch)
    if not filters.is_single:
        first = Edit.objects.filter(batch=OuterRef("batch"), pk__lt=OuterRef("pk"))
        queryset = queryset.filter(Q(batch__isnull=True) | ~Exists(first))
    of_batch = _of_batch(filters)
    return queryset.annotate(
        in_batch=Subquery(of_batch, output_field=IntegerField()),
        standing_in_batch=Subquery(
            of_batch.filter(reverted_at__isnull=True), output_field=IntegerField()
        ),
    ).select_related("made_by", "reverted_by", "connection")


def _of_batch(filters: Filters) -> QuerySet[Edit, Any]:
    """How many edits there are in the batch of one; none where its edits are asked for singly."""
    same = Edit.objects.order_by().filter(batch=OuterRef("batch"))
    if filters.is_single:
        same = same.none()
    return same.values("batch").annotate(number=Count("pk")).values("number")


def rows(edits: Sequence[Edit]) -> tuple[Row, ...]:
    """The edits with where to look at them and whether others stand on them, in two queries."""
    by = Transaction.objects.filter(edit__in=[edit.pk for edit in edits]).order_by("-pk")
    made = list(by.values_list("edit_id", "pk", "is_replaced"))
    covered = {edit_id for edit_id, _, is_replaced in made if is_replaced}
    places = _about(edits) | {edit_id: pk for edit_id, pk, _ in made if edit_id is not None}
    return tuple(
        Row(
            edit=edit,
            number=getattr(edit, "in_batch", None) or 1,
            standing=(getattr(edit, "standing_in_batch", None) or 0)
            if getattr(edit, "in_batch", None)
            else int(not edit.is_reverted),
            transaction_id=places.get(edit.pk),
            is_covered=edit.pk in covered,
        )
        for edit in edits
    )


def _about(edits: Sequence[Edit]) -> dict[int, int]:
    """A transaction that each edit replaced or marked."""
    ids = [edit.pk for edit in edits]
    parts = EditPart.objects.filter(edit__in=ids).order_by("-pk")
    about = list(parts.values_list("role", "edit_id", "transaction_id"))
    origins = {edit: pk for role, edit, pk in about if role == Role.ORIGIN}
    direct = {edit: pk for role, edit, pk in about if role != Role.ORIGIN}
    return origins | direct


def standing(user: User, connection_id: UUID | None = None) -> int:
    """How many edits stand, in all or of one connection."""
    rows = Edit.objects.of(user).standing()
    return rows.filter(connection=connection_id).count() if connection_id else rows.count()


def connections(user: User) -> tuple[Connection, ...]:
    """The connections that have edits."""
    edited = Edit.objects.filter(connection=OuterRef("pk"))
    return tuple(Connection.objects.of(user).filter(Exists(edited)).order_by("label", "created_at"))


def tags(user: User) -> tuple[str, ...]:
    """The user's tags."""
    return tuple(Tag.objects.of(user).order_by("name").values_list("name", flat=True))


# --- Of one transaction -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """One transaction's layers: what stands for it now, and each edit."""

    instead: tuple[Transaction, ...]  # of one that is replaced
    steps: tuple[Row, ...]  # newest first
    tags: tuple[str, ...]
    note: str


def history(user: User, row: Transaction) -> History:
    """All that is known of one transaction's edits; of one that has none, without a query.

    ``row`` comes with its note loaded and ``with_edits``.
    """
    steps = _steps(user, row) if row.edit_id or row.has_edits else ()  # type: ignore[attr-defined]
    return History(
        instead=_instead(row) if row.is_replaced else (),
        steps=steps,
        tags=tuple(row.tag_names),  # type: ignore[attr-defined]
        note=getattr(getattr(row, "note", None), "text", ""),
    )


def with_edits(rows: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """The transactions with what ``history`` needs of them."""
    tags = Tag.objects.filter(transactions=OuterRef("pk")).order_by("name")
    return rows.annotate(
        has_edits=Exists(EditPart.objects.filter(transaction=OuterRef("pk"))),
        tag_names=ArraySubquery(tags.values("name")),
    )


def _steps(user: User, row: Transaction) -> tuple[Row, ...]:
    touching = Q(parts__transaction=row) | Q(parts__transaction__in=origins(row))
    covering = Transaction.objects.filter(edit=OuterRef("pk"), is_replaced=True)
    ids = Edit.objects.of(user).filter(touching | Q(pk=row.edit_id or 0)).values("pk")
    found = Edit.objects.filter(pk__in=ids).annotate(is_covered=Exists(covering))
    shown = found.select_related("made_by", "reverted_by").order_by("-pk")[:SHOWN_IN_HISTORY]
    return tuple(
        Row(edit, 1, int(not edit.is_reverted), None, is_covered=getattr(edit, "is_covered", False))
        for edit in shown
    )


def _instead(row: Transaction) -> tuple[Transaction, ...]:
    by = EditPart.objects.filter(transaction=row, role=Role.REPLACED, is_active=True)
    return tuple(Transaction.objects.filter(edit__in=by.values("edit")).order_by("pk"))


def origins(row: Transaction) -> QuerySet[Transaction, Any]:
    """What was told below the edit that made a transaction; to be used inside another query."""
    below = Transaction.objects.filter(edit_parts__edit=row.edit_id, edit=None)
    return below.order_by().values("pk") if row.edit_id else below.none()


# --- For lists of transactions ----------------------------------------------------------------


def hidden() -> Q:
    """Transactions that their user hid."""
    by = EditPart.objects.filter(
        transaction=OuterRef("pk"), role=Role.REPLACED, is_active=True, edit__kind=Edit.Kind.HIDE
    )
    return Q(is_replaced=True) & Q(Exists(by))


def tagged(name: str) -> Q:
    """Transactions with a tag of this name; to be used with an owner."""
    on = Tagging.objects.filter(transaction=OuterRef("pk"), tag__name=name)
    return Q(Exists(on))


def changed(user: User) -> list[Edit]:
    """Standing edits under which a record changed, oldest first, with what they replaced."""
    rows = Transaction.objects.prefetch_related("postings")
    parts = EditPart.objects.filter(role=Role.REPLACED).order_by("pk")
    waiting = Edit.objects.of(user).standing().filter(record_changed_at__isnull=False)
    of_each = parts.prefetch_related(Prefetch("transaction", rows))
    return list(
        waiting.select_related("connection")
        .prefetch_related(Prefetch("parts", of_each, to_attr="replaced_parts"))
        .order_by("pk")
    )


def replaced_rows(edit: Edit) -> list[Transaction]:
    """What an edit of ``changed`` replaced, with postings."""
    return [part.transaction for part in edit.replaced_parts]  # type: ignore[attr-defined]
