"""Puts an export together: what a user asked for, as a stream of bytes with a name."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from portfolio.engine.export import ExportContext
from portfolio.exports import registry, writing
from portfolio.exports.format import ExportFormat
from portfolio.exports.writing import Part
from portfolio.selectors import exports


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to be: ``chunks`` reads the ledger as it is consumed, and is to be closed."""

    name: str
    content_type: str
    chunks: Generator[bytes]


def open_file(
    user: User, format_id: str, *, year: int | None = None, connection: UUID | None = None
) -> ExportFile:
    """Begins an export of all, of one year, of one connection. May raise UnknownFormat."""
    known = registry.by_id(format_id)
    context = ExportContext(user.reporting_currency, known.symbols)
    name = "-".join(["coffer", known.id, *([str(year)] if year else [])])
    if known.is_per_connection and connection is None:
        found = exports.connections(user)
        if len(found) > 1:
            chunks = writing.archive(known, _parts(user, found, year), context)
            return ExportFile(f"{name}.zip", "application/zip", chunks)
    transactions = exports.transactions(user, year=year, connection=connection)
    chunks = writing.single(known, transactions, context)
    return ExportFile(f"{name}.{known.extension}", known.content_type, chunks)


def formats() -> tuple[ExportFormat, ...]:
    """The formats there are, for a page to list."""
    return registry.formats()


def _parts(user: User, found: list[exports.ExportedConnection], year: int | None) -> Iterator[Part]:
    names = writing.file_names(f"{c.label} {c.exchange}" for c in found)
    for name, connection in zip(names, found, strict=True):
        yield Part(name, exports.transactions(user, year=year, connection=connection.id))
