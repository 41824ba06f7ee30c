"""Reads imports for their pages: the list, one with its preview, what was refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portfolio.engine.types import PostingRole
from portfolio.models import (
    Connection,
    Import,
    ImportAccount,
    ImportFile,
    ImportLine,
    ImportProfile,
    Restoration,
)

PAGE = 50
State = ImportLine.State


@dataclass(frozen=True, slots=True)
class Listed:
    """One import in the list, with its files and their rows."""

    job: Import
    files: tuple[ImportFile, ...]

    @property
    def rows(self) -> int:
        return _rows(self.files)


def _rows(files: Iterable[ImportFile]) -> int:
    """The rows of the files that count."""
    return sum(each.rows for each in files if not each.is_refused and not each.is_left_out)


@dataclass(frozen=True, slots=True)
class Listing:
    """The page of imports."""

    imports: tuple[Listed, ...]
    profiles: tuple[ImportProfile, ...]
    restorations: tuple[Restoration, ...]
    older: int | None  # the page after this one


def listing(user: User, page: int = 1) -> Listing:
    """The user's imports, latest first."""
    start = (page - 1) * PAGE
    rows = list(Import.objects.of(user).prefetch_related("files")[start : start + PAGE + 1])
    shown = tuple(Listed(row, tuple(row.files.all())) for row in rows[:PAGE])
    profiles = tuple(ImportProfile.objects.filter(owner=user))
    archives = tuple(Restoration.objects.of(user).defer("content")[:PAGE])
    return Listing(shown, profiles, archives, page + 1 if len(rows) > PAGE else None)


class Moved(NamedTuple):
    """One movement of a line."""

    wallet: str
    asset: str
    amount: Decimal
    is_fee: bool


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the preview with its movements."""

    line: ImportLine
    movements: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """One import with all that its page shows."""

    job: Import
    files: tuple[ImportFile, ...]
    accounts: tuple[ImportAccount, ...]
    connections: tuple[Connection, ...]
    counts: dict[str, int]
    lines: tuple[ShownLine, ...]
    state: str  # of the lines that are shown; "" for all
    page: int
    pages: int

    @property
    def rows(self) -> int:
        return _rows(self.files)

    @property
    def entries(self) -> int:
        return sum(self.counts.values())


def one(user: User, job_id: uuid.UUID) -> Import:
    """One import. May raise Import.DoesNotExist."""
    return Import.objects.of(user).get(pk=job_id)


def file_of(user: User, job_id: uuid.UUID, file_id: int) -> ImportFile:
    """One file of an import. May raise Import.DoesNotExist, ImportFile.DoesNotExist."""
    rows = ImportFile.objects.select_related("job", "upload").filter(job=one(user, job_id))
    return rows.get(pk=file_id)


def preview(user: User, job_id: uuid.UUID, *, state: str = "", page: int = 1) -> Preview:
    """One import, and a page of its lines. May raise Import.DoesNotExist."""
    job = one(user, job_id)
    found = counts(job)
    shown = state if state in found else ""
    total = found[shown] if shown else sum(found.values())
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    lines = job.lines.filter(state=shown) if shown else job.lines.all()
    start = (page - 1) * PAGE
    return Preview(
        job=job,
        files=tuple(job.files.all()),
        accounts=tuple(job.accounts.select_related("connection")),
        connections=tuple(
            Connection.objects.of(user)
            .exclude(status=Connection.Status.REFUSED)
            .order_by("created_at")
        ),
        counts=found,
        lines=_shown(lines.select_related("file", "account").defer("body")[start : start + PAGE]),
        state=shown,
        page=page,
        pages=pages,
    )


def _shown(lines: Iterable[ImportLine]) -> tuple[ShownLine, ...]:
    return tuple(
        ShownLine(
            line,
            tuple(
                Moved(wallet, asset, Decimal(amount), role == PostingRole.FEE)
                for wallet, asset, amount, role in line.movements
            ),
        )
        for line in lines
    )


def counts(job: Import) -> dict[str, int]:
    """How many lines are in which state; states of which there is none too."""
    rows = job.lines.order_by().values_list("state").annotate(number=Count("pk"))
    found = dict(rows)
    return {state.value: found.get(state.value, 0) for state in State}


def refusal_lines(table: ImportFile) -> Sequence[str]:
    """Why a file is refused, in words: the whole, or the lines, of which the first are named."""
    if table.refusal:
        return [f"{table.name}: {table.refusal}"]
    told = [
        _("{file}, line {line}: {text}").format(file=table.name, line=line or "?", text=text)
        for line, text in table.problems
    ]
    rest = table.wrong - len(told)
    if rest > 0:
        more = ngettext("and {number} more line", "and {number} more lines", rest)
        told.append(more.format(number=rest))
    return told
