"""What an import format is: how rows of a file belong together, and the event they tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from portfolio.engine.types import Event


class NotUnderstood(ValueError):
    """A cell that cannot be what its heading says. The text says what and why, for a person."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells by the format's heading, trimmed; "" where there is none.

    ``line`` is its number in the file, counted from 1 as an editor or a spreadsheet does. Of equal
    headings the second is "Cur. 2", the third "Cur. 3".
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows that tell of one event in one account; it becomes one raw record.

    ``account`` is what the file calls the account or wallet; "" where the whole file is of one.
    ``ident`` is the vendor's own id of the event, unique in format and account; "" where there is
    none: then the content identifies it, with its ordinal among identical ones.
    ``part`` tells entries of the same rows apart: the two halves of a transfer in one row are "out"
    and "in".
    """

    rows: tuple[Row, ...]
    account: str = ""
    ident: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that say themselves that nothing happened (cancelled, refused), with the reason."""

    rows: tuple[Row, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file does not say itself: fixed by the format, found in the whole file, or asked for.

    Kept with each record, so that it can be read again by later rules.
    """

    zone: str = "UTC"  # an IANA name, or an offset such as "+08:00"
    day_first: bool = False  # of dates such as 03/04/2024
    decimal_comma: bool = False
    heading: tuple[str, ...] = ()  # the heading row as it stands in the file
    # Of one format only: the mapping of columns of a generic file, the currency of a heading.
    settings: Mapping[str, str] = field(default_factory=dict)


Entries = Callable[[Iterable[Row], Reading], Iterator[Entry | LeftOut]]
ToEvent = Callable[[Entry, Reading], Event]


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """One layout of one program's or exchange's file.

    ``headings`` are the heading rows it is known by (case, spaces and a byte order mark do not
    matter; columns beyond these are allowed); ``recognise`` decides instead where they vary.
    ``entries`` streams; rows that belong together may lie apart. It may raise NotUnderstood.
    ``event`` reads one entry alone, today or years later. It may raise NotUnderstood; a kind that
    it does not know it tells as UNCLASSIFIED, with the file's word in the detail "type". Its key is
    the one that the exchange's own answers give the same event, where the file has what that is
    made of; else "": then the record's own id names the transaction, and twins stay two.
    Amounts go through portfolio.imports.values, never through float.
    ``asks`` are the names of Reading's fields that the file leaves open and a person must say.
    ``private`` are headings whose cells are never kept: e-mail addresses, user ids, bank data.
    """

    id: str
    title: str
    description: str
    headings: tuple[tuple[str, ...], ...]
    entries: Entries
    event: ToEvent
    exchange: str = ""  # whose accounts it tells of, by ccxt's id; "" for tools of many
    asks: tuple[str, ...] = ()
    private: frozenset[str] = frozenset()
    recognise: Callable[[tuple[str, ...]], bool] | None = None
    ends: str = ""  # the first cell of a line with which the rows end, and remarks begin
    # Of several witnesses of one event the lowest is booked; an exchange's answer is before all.
    rank: int = 50
