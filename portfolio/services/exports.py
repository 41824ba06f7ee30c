"""Puts an export together: what a user asked for, as a stream of bytes with a name."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from accounts.models import User
from portfolio.engine.export import ExportContext
from portfolio.engine.identities import Identities
from portfolio.engine.types import TransactionKind
from portfolio.exports import registry, writing
from portfolio.exports.format import ExportFormat
from portfolio.exports.writing import Part
from portfolio.selectors import export_openings, export_rows, exports
from portfolio.selectors import export_symbols as symbols
from portfolio.selectors.export_rows import Selection
from portfolio.selectors.exports import ExportedConnection
from portfolio.services import archiving, export_taxes, rates
from portfolio.services.export_tally import Tally

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

    def as_json(self) -> dict[str, Any]:
        """For keeping: what is empty is left out."""
        told: dict[str, Any] = {
            "format": self.format,
            "year": self.year,
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
            "connections": [str(ident) for ident in self.connections],
            "wallets": list(self.wallets),
            "kinds": [kind.value for kind in self.kinds],
            "currency": self.currency,
        }
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Asked:
        """What was kept."""
        first, last = told.get("first"), told.get("last")
        return cls(
            format=told["format"],
            year=told.get("year"),
            first=date.fromisoformat(first) if first else None,
            last=date.fromisoformat(last) if last else None,
            connections=tuple(UUID(ident) for ident in told.get("connections", ())),
            wallets=tuple(told.get("wallets", ())),
            kinds=tuple(TransactionKind(kind) for kind in told.get("kinds", ())),
            currency=told.get("currency", ""),
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
    """A file to be: ``chunks`` reads the ledger as it is consumed, and is to be closed.

    ``tally`` counts meanwhile; it is right when all chunks are taken.
    """

    name: str
    content_type: str
    chunks: Generator[bytes]
    tally: Tally


def open_file(
    user: User, asked: Asked, *, tell: Callable[[int], None] = lambda number: None
) -> ExportFile:
    """Begins an export; ``tell`` hears of each transaction. May raise UnknownFormat."""
    known, selection = registry.by_id(asked.format), selection_of(user, asked)
    context = context_of(user, asked)
    know_rates(user, selection, context.currency)
    tally = Tally(known, context, tell)
    if known.of_account:
        whole = tally.watched_bytes(archiving.chunks(user), count(user, asked))
        return ExportFile(f"coffer-{known.id}.zip", ZIP, whole, tally)
    accounts = _accounts(user, asked) if known.is_per_connection else []
    name = "-".join(["coffer", known.id, *_named_days(asked)])
    if len(accounts) > 1:
        parts = _parts(user, accounts, selection, tally, context.currency)
        chunks = writing.archive(known, parts, context)
        return ExportFile(f"{name}.zip", ZIP, chunks, tally)
    told = tally.watched(exports.transactions(user, selection, context.currency))
    chunks = writing.single(known, told, context)
    if known.files is not None:
        return ExportFile(f"{name}.zip", ZIP, chunks, tally)
    return ExportFile(f"{name}.{known.extension}", known.content_type, chunks, tally)


def know_rates(user: User, selection: Selection, currency: str) -> None:
    """Stores the reference rates of a currency that its owner does not read values in."""
    first = None if currency == user.reporting_currency else exports.first_day(user, selection)
    if first is not None:
        rates.refresh({currency}, first)


def count(user: User, asked: Asked) -> int:
    """How many transactions there are to read."""
    return export_rows.count(user, selection_of(user, asked))


def selection_of(user: User, asked: Asked) -> Selection:
    """What of the ledger is read. May raise UnknownFormat."""
    selection = asked.selection(user)
    known = registry.by_id(asked.format)
    if known.needs_history:
        return export_taxes.history(user, selection.before)
    if known.of_account:
        return Selection()
    return selection


def fingerprint(user: User, asked: Asked) -> str:
    """Of what the same request would be made of now; nothing is kept. May raise UnknownFormat."""
    file = open_file(user, asked)
    for _ in file.chunks:
        pass
    return file.tally.fingerprint


def shortfalls(format_id: str, tally: Tally) -> list[tuple[str, int]]:
    """What the target could not express of what was read, and in how many transactions."""
    lacks = registry.by_id(format_id).lacks
    return [(gettext(lacks[code]), number) for code, number in tally.shortfalls.most_common()]


def formats() -> tuple[ExportFormat, ...]:
    """The formats there are, for a page to list."""
    return registry.formats()


def wallets(user: User) -> list[str]:
    """The names of all wallets that the user ever had something in."""
    return exports.wallets(user)


def context_of(user: User, asked: Asked, codes: Identities | None = None) -> ExportContext:
    """What all transactions of an export have in common. May raise UnknownFormat."""
    known, selection = registry.by_id(asked.format), asked.selection(user)
    tax = export_taxes.choices(user) if known.needs_history else None
    own = asked.currency or user.reporting_currency
    return ExportContext(
        currency=tax.settings.base_currency if tax else own,
        symbols={**known.symbols, **symbols.of(user, asked.format)},
        openings=() if tax else export_openings.openings(user, selection, codes),
        tax=tax,
        since=selection.since,
        before=selection.before,
        accounts=frozenset(map(str, selection.connections)),
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
    user: User,
    found: list[ExportedConnection],
    selection: Selection,
    tally: Tally,
    currency: str,
) -> Iterator[Part]:
    labels = writing.file_names(f"{c.label} {c.exchange}" for c in found)
    names = {account.id: name for account, name in zip(found, labels, strict=True)}
    each = exports.by_connection(user, selection.of(tuple(names)), currency)
    for account, transactions in each:
        yield Part(names[account], tally.watched(transactions))
