"""What an export format is, and the rules of writing that all formats share."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.types import TransactionKind

Rows = Callable[[Iterable[ExportTransaction], ExportContext], Iterator[list[str]]]
Write = Callable[[Iterable[ExportTransaction], ExportContext], Iterator[bytes]]
Files = Callable[
    [Iterable[ExportTransaction], ExportContext], Iterator[tuple[str, Iterator[bytes]]]
]
Shortfalls = Callable[[ExportTransaction, ExportContext], Iterable[str]]

# The code of own transfers of which only one half is in the export.
HALF = "other_half"
# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Check(enum.StrEnum):
    """How it was made sure that the target takes such a file."""

    RUN = "run"  # the tests feed such files to the target's own program
    STRUCTURE = "structure"  # by documented rules only: the target cannot be run offline
    OWN = "own"  # there is no target: Coffer's own layout


class Group(enum.StrEnum):
    """Among which targets a format is listed."""

    TAX = "tax"  # tax software and services
    ACCOUNTING = "accounting"  # accounting and portfolio programs
    OWN = "own"  # Coffer's own layouts


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One way of writing transactions for one target.

    ``write`` takes transactions oldest first and yields the file piece by piece, streaming.
    ``is_per_connection``: the format has no column for the account, so each connection needs a
    file of its own, and several are put into one ZIP.
    ``lacks`` names, by code, what the target cannot express, each with a sentence of what happens
    to it; ``shortfalls`` yields the codes that concern one transaction.
    ``symbols`` are the target's own names of assets, by Coffer's; users may change them.
    ``files`` is there where the target wants several files: a ZIP of them takes the place of
    ``write``. ``shown`` writes a preview, where what ``write`` gives is not text. ``version`` is
    counted up when the same transactions are written otherwise than before. ``keeps_pieces``: it
    takes an amount that arrived in several parts as one (``exports.transfers.by_transfer``).
    ``needs_history``: it is worked out of everything since the first transaction, of all accounts,
    in dollars; the context's range says which of it is written. ``of_account``: it holds an account
    whole, rather than transactions, and is written by a service.
    """

    id: str
    title: str
    description: str
    write: Write
    content_type: str = "text/csv; charset=utf-8"
    extension: str = "csv"
    is_per_connection: bool = False
    check: Check = Check.STRUCTURE
    checked_by: str = ""  # the program and version that the tests run
    lacks: Mapping[str, str] = field(default_factory=dict)
    shortfalls: Shortfalls = lambda transaction, context: ()
    symbols: Mapping[str, str] = field(default_factory=dict)
    files: Files | None = None
    shown: Write | None = None
    version: int = 1
    group: Group = Group.TAX
    keeps_pieces: bool = False
    needs_history: bool = False
    of_account: bool = False


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


def half_alone(transaction: ExportTransaction) -> str:
    """Names the account of the other half of an own transfer, where that half is not exported."""
    other = transaction.counterpart
    if other is None or not other.is_outside:
        return ""
    word = "to" if any(leg.amount < 0 for leg in transaction.legs) else "from"
    return f"(own transfer {word} {other.account_label}, whose other half is not in this file)"


def utc(moment: datetime) -> str:
    """Writes a time as ISO 8601 in UTC, to the microsecond where there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
