"""What an export format is, and the rules of writing that all formats share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from portfolio.engine.export import ExportTransaction
from portfolio.engine.types import TransactionKind

Rows = Callable[[Iterable[ExportTransaction]], Iterator[list[str]]]

# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One way of writing transactions as a table.

    ``rows`` takes transactions oldest first and yields rows of ``header``'s width, streaming.
    ``is_per_connection``: the format has no column for the account, so each connection needs a
    file of its own, and several are put into one ZIP.
    """

    id: str
    title: str
    description: str
    header: tuple[str, ...]
    rows: Rows
    content_type: str = "text/csv; charset=utf-8"
    extension: str = "csv"
    is_per_connection: bool = False


def gettext_noop(text: str) -> str:
    """Marks a text for translation; whoever shows it translates it."""
    return text


def free_text(text: str) -> str:
    """Guards words that people or exchanges wrote; never for numbers, hashes or codes."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def own_word(transaction: ExportTransaction) -> str:
    """The exchange's own word for what is not classified; nothing for what is."""
    known = transaction.kind is not TransactionKind.UNCLASSIFIED
    return "" if known else transaction.detail.get("type", "")


def utc(moment: datetime) -> str:
    """Writes a time as ISO 8601 in UTC, to the microsecond where there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
