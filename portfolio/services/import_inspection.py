"""Looks at what was brought: which tables it holds, their formats, and what must be asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.imports import archives, detection, facts, registry, tables
from portfolio.imports.format import ImportFormat, NotUnderstood, Reading, Row
from portfolio.imports.naming import folded, numbered
from portfolio.imports.tables import Layout, Place
from portfolio.models import Import, ImportFile, ImportProfile, ImportUpload
from portfolio.services import import_claims, import_uploads

GENERIC = "generic"
FORMAT, COLUMNS = "format", "columns"  # questions beside the format's own


def unpack(job: Import) -> None:
    """Makes a row for each table of each upload that has none yet."""
    for upload in job.uploads.filter(tables__isnull=True).defer("content"):
        found = _tables(job, upload)
        with transaction.atomic():
            import_claims.keep(job)
            ImportFile.objects.bulk_create(found)


def _tables(job: Import, upload: ImportUpload) -> list[ImportFile]:
    twins = job.uploads.filter(fingerprint=upload.fingerprint, pk__lt=upload.pk)
    if twins.exists():
        text = _("The same file was brought twice; it is read once.")
        return [ImportFile(job=job, upload=upload, name=upload.name, refusal=text)]
    try:
        with import_uploads.opened(upload) as file:
            if archives.is_archive(file):
                return [ImportFile(job=job, upload=upload, name=upload.name, refusal=_archive())]
            places = tables.places(file, import_uploads.limits())
    except NotUnderstood as error:
        return [ImportFile(job=job, upload=upload, name=upload.name, refusal=_sentence(error))]
    return [
        ImportFile(
            job=job,
            upload=upload,
            name=_shown(upload.name, place)[:300],
            member=place.member,
            sheet=place.sheet,
        )
        for place in places
    ]


def _archive() -> str:
    return _(
        "This is a complete archive of Coffer. Bring it by itself, as it was made: it is "
        "restored whole into an empty account."
    )


def _shown(name: str, place: Place) -> str:
    return " › ".join(part for part in (name, place.member, place.sheet) if part)


def _sentence(error: NotUnderstood) -> str:
    text = str(error)
    told = text[:1].upper() + text[1:]
    return told if told.endswith((".", "?", "!")) else f"{told}."


# --- One table --------------------------------------------------------------------------------


def inspect(job: Import, table: ImportFile) -> None:
    """Finds the format of a table, unless its owner named it, and what must be asked of it."""
    try:
        with opened(table) as file:
            _look(job, table, file)
    except NotUnderstood as error:
        if error.line is None:
            table.refusal = _sentence(error)
        else:
            table.wrong, table.problems = 1, [[error.line, str(error)]]
    table.inspected_at = timezone.now()
    with transaction.atomic():
        import_claims.keep(job)
        table.save()


def opened(table: ImportFile) -> AbstractContextManager[BinaryIO]:
    """The bytes of the upload that a table is in. May raise NotUnderstood."""
    if table.upload is None:
        raise NotUnderstood(_("the file is no longer kept"))
    return import_uploads.opened(table.upload)


def _look(job: Import, table: ImportFile, file: BinaryIO) -> None:
    limits = import_uploads.limits()
    with tables.opened(file, Place(table.member, table.sheet), limits) as found:
        detected = detection.detect(found, registry.formats())
        table.layout = asdict(detected.layout)
        table.candidates = list(detected.formats)
        table.facts = {"preamble": detected.preamble}
        _choose(job.owner, table, detected)
        if not table.format:
            table.questions = [FORMAT]
            return
        if table.format == GENERIC and not table.settings:
            table.questions = [COLUMNS]
            return
        known = registry.by_id(table.format)
        problems: list[NotUnderstood] = []
        rows = tables.rows(found, layout(table), known, limits, problems)
        told = facts.gathered(detected.layout.heading, detected.preamble, watched(job, rows))
        table.facts |= _facts(told)
        table.questions = _questions(known, told)


def watched(job: Import, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, while the draft's claim is kept. May raise ClaimLost."""
    for number, row in enumerate(rows, start=1):
        if number % 5000 == 0:
            import_claims.keep(job)
        yield row


def _choose(owner: User, table: ImportFile, detected: detection.Detected) -> None:
    """The format the owner named, the one that knows the heading, or a profile of the owner's."""
    named = table.answers.get(FORMAT, "")
    if named:
        table.format = named
    elif len(detected.formats) == 1:
        table.format = detected.formats[0]
    if table.format in ("", GENERIC) and not table.settings and not detected.formats:
        mark = heading_fingerprint(detected.layout.heading)
        profile = ImportProfile.objects.filter(owner=owner, fingerprint=mark).first()
        if profile is not None:
            table.format, table.settings = GENERIC, profile.settings


def heading_fingerprint(heading: Iterable[str]) -> str:
    """The same for headings that differ in case and spaces only."""
    text = json.dumps([folded(name) for name in numbered(heading)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def layout(table: ImportFile) -> Layout:
    """Where the heading of an inspected table stands."""
    told = table.layout
    return Layout(told["line"], told["delimiter"], tuple(told["heading"]))


def _facts(told: facts.Facts) -> dict[str, Any]:
    found = {"zone": told.zone, "day_first": told.day_first, "decimal_comma": told.decimal_comma}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _questions(known: ImportFormat, told: facts.Facts) -> list[str]:
    """What the format leaves open and the cells do not answer."""
    is_open = {
        "zone": not told.zone,
        "day_first": told.has_dates and told.day_first is None,
        "decimal_comma": told.has_commas and told.decimal_comma is None,
    }
    return [name for name in known.asks if is_open.get(name, True)]


def reading(table: ImportFile) -> Reading:
    """How a table is read, once nothing is open."""
    told = table.facts | table.answers
    extra = {name: str(value) for name, value in table.answers.items() if name not in _OWN}
    return Reading(
        zone=str(told.get("zone") or "UTC"),
        day_first=bool(told.get("day_first", False)),
        decimal_comma=bool(told.get("decimal_comma", False)),
        heading=tuple(table.layout["heading"]),
        settings=table.settings | extra,
    )


_OWN = {"zone", "day_first", "decimal_comma", FORMAT}


def may_be_read_otherwise(table: ImportFile) -> bool:
    """Whether answers about a table can be taken back: none is open, its bytes are kept."""
    is_kept = table.upload_id is not None and bool(table.layout) and bool(table.format)
    return is_kept and not table.is_left_out and not unanswered(table)


def unanswered(table: ImportFile) -> list[str]:
    """The questions of a table that still wait for an answer."""
    if table.is_left_out or table.is_refused:
        return []
    return [name for name in table.questions if name not in table.answers]
