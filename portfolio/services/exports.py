"""Puts an export together: what a user asked for, as a stream of bytes with a name."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import User
from portfolio.engine.export import ExportContext
from portfolio.engine.types import TransactionKind
from portfolio.exports import registry, writing
from portfolio.exports.format import ExportFormat
from portfolio.exports.writing import Part
from portfolio.selectors import exports
from portfolio.selectors.exports import ExportedConnection, Selection

ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported, as a person says it; what is empty asks for everything.

    A year, or a range of days, both included, in the user's time zone. An empty currency is the
    user's own.
    """

    format: str
    year: int | None = None
    first: date | None = None
    last: date | None = None
    connections: tuple[UUID, ...] = ()
    wallets: tuple[str, ...] = ()
    kinds: tuple[TransactionKind, ...] = ()
    currency: str = ""

    def selection(self, user: User) -> Selection:
        """The same for the database."""
        since, before = self._days()
        zone = ZoneInfo(user.time_zone)
        return Selection(
            since=_start(since, zone),
            before=_start(before, zone),
            connections=self.connections,
            wallets=self.wallets,
            kinds=self.kinds,
        )

    def _days(self) -> tuple[date | None, date | None]:
        """The first day, and the first that is no longer in it."""
        if self.year is not None:
            return date(self.year, 1, 1), date(self.year + 1, 1, 1)
        return self.first, self.last and self.last + timedelta(days=1)


def _start(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to be: ``chunks`` reads the ledger as it is consumed, and is to be closed."""

    name: str
    content_type: str
    chunks: Generator[bytes]


def open_file(user: User, asked: Asked) -> ExportFile:
    """Begins an export. May raise UnknownFormat."""
    known = registry.by_id(asked.format)
    selection = asked.selection(user)
    context = _context(user, asked, known, selection)
    name = "-".join(["coffer", known.id, *_named_days(asked)])
    if known.is_per_connection and len(asked.connections) != 1:
        found = _accounts(user, asked)
        if len(found) > 1:
            chunks = writing.archive(known, _parts(user, found, selection, context), context)
            return ExportFile(f"{name}.zip", ZIP, chunks)
    transactions = exports.transactions(user, selection, context.currency)
    chunks = writing.single(known, transactions, context)
    if known.files is not None:
        return ExportFile(f"{name}.zip", ZIP, chunks)
    return ExportFile(f"{name}.{known.extension}", known.content_type, chunks)


def formats() -> tuple[ExportFormat, ...]:
    """The formats there are, for a page to list."""
    return registry.formats()


def wallets(user: User) -> list[str]:
    """The names of all wallets that the user ever had something in."""
    return exports.wallets(user)


def _context(user: User, asked: Asked, known: ExportFormat, selection: Selection) -> ExportContext:
    return ExportContext(
        currency=asked.currency or user.reporting_currency,
        symbols=known.symbols,
        openings=exports.openings(user, selection),
        since=selection.since,
        before=selection.before,
    )


def _named_days(asked: Asked) -> list[str]:
    if asked.year is not None:
        return [str(asked.year)]
    first, last = asked.first, asked.last
    return [
        *([f"from-{first}"] if first else []),
        *([f"to-{last}"] if last else []),
    ]


def _accounts(user: User, asked: Asked) -> list[ExportedConnection]:
    found = exports.connections(user)
    return [c for c in found if not asked.connections or c.id in asked.connections]


def _parts(
    user: User, found: list[ExportedConnection], selection: Selection, context: ExportContext
) -> Iterator[Part]:
    labels = writing.file_names(f"{c.label} {c.exchange}" for c in found)
    names = {account.id: name for account, name in zip(found, labels, strict=True)}
    each = exports.by_connection(user, selection.of(tuple(names)), context.currency)
    for account, transactions in each:
        yield Part(names[account], transactions)
