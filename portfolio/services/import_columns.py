"""The first rows of a file whose columns a person explains, and what is remembered of that."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from portfolio.engine.types import Event
from portfolio.imports import registry, tables
from portfolio.imports.format import ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.naming import numbered
from portfolio.imports.tables import Place
from portfolio.models import ImportFile, ImportProfile
from portfolio.services import import_inspection, import_uploads
from portfolio.services.import_inspection import GENERIC

SHOWN = 10
LOOKED_AT = 2000  # rows in which words for kinds are looked for
WORDS = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file by the names of its columns."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the first rows would tell: an event, or why not."""

    line: int
    event: Event | None
    text: str = ""


def sample(table: ImportFile) -> Sample:
    """The first rows. May raise NotUnderstood."""
    return Sample(_headings(table), tuple(_rows(table, SHOWN)))


def _headings(table: ImportFile) -> tuple[str, ...]:
    return numbered(import_inspection.layout(table).heading)


def _rows(table: ImportFile, number: int) -> list[Row]:
    found: list[Row] = []
    with (
        import_inspection.opened(table) as file,
        tables.opened(file, Place(table.member, table.sheet), import_uploads.limits()) as opened,
    ):
        limits, layout = import_uploads.limits(), import_inspection.layout(table)
        for row in tables.rows(opened, layout, registry.by_id(GENERIC), limits, []):
            found.append(row)
            if len(found) >= number:
                break
    return found


def words(table: ImportFile, column: str) -> list[str]:
    """The different words of a column, in their order. May raise NotUnderstood."""
    if not column:
        return []
    found = {row.cells.get(column, ""): None for row in _rows(table, LOOKED_AT)}
    return [word for word in found if word][:WORDS]


def tried(table: ImportFile, settings: dict[str, str]) -> list[Tried]:
    """What the first rows would tell with these settings. May raise NotUnderstood."""
    rows = _rows(table, SHOWN)
    known = registry.by_id(GENERIC)
    how = import_inspection.reading(table)
    told = Reading(how.zone, how.day_first, how.decimal_comma, how.heading, settings)
    return [_tried(known, row, told) for row in rows]


def _tried(known: ImportFormat, row: Row, how: Reading) -> Tried:
    try:
        (found,) = known.entries([row], how)
        if isinstance(found, LeftOut):
            return Tried(row.line, None, found.reason)
        event = known.event(found, how)
    except NotUnderstood as error:
        return Tried(row.line, None, str(error))
    return Tried(row.line, event)


def remember(*, user: User, table: ImportFile, name: str, settings: dict[str, str]) -> None:
    """Keeps the meaning of columns for files with the same heading."""
    heading = import_inspection.layout(table).heading
    ImportProfile.objects.update_or_create(
        owner=user,
        fingerprint=import_inspection.heading_fingerprint(heading),
        defaults={"name": name, "heading": list(heading), "settings": settings},
    )


@transaction.atomic
def rename(*, user: User, profile_id: int, name: str) -> None:
    """May raise ImportProfile.DoesNotExist."""
    profile = ImportProfile.objects.get(owner=user, pk=profile_id)
    profile.name = name
    profile.save(update_fields=["name"])


def forget(*, user: User, profile_id: int) -> None:
    """May raise ImportProfile.DoesNotExist."""
    ImportProfile.objects.get(owner=user, pk=profile_id).delete()
