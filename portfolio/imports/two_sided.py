"""Rows of what was sent, what was received and what it cost: the layout of most tools.

A format is a ``Layout``: which headings hold what. All else is the same for all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import dates, kinds, values
from portfolio.imports.format import (
    Entries,
    Entry,
    ImportFormat,
    LeftOut,
    NotUnderstood,
    Reading,
    Row,
)
from portfolio.imports.headings import Cells, Recognise

WALLET = "spot"
RANK = 85  # a tool retells what exchanges told it: their own files are better witnesses
OUT, IN = "out", "in"

LeavesOut = Callable[[Cells], str]
When = Callable[[str, Reading], datetime]
Leg = tuple[str, str]  # the headings of an amount and of its currency; alternatives by "|"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which headings hold what; all folded, alternatives are separated by "|".

    ``date`` are headings whose cells together are the time. ``words`` are those of the kind, the
    most telling first. ``account`` is the account of the whole row; where a row names two,
    ``sender`` and ``receiver`` are theirs. ``ident`` is the vendor's own id.
    ``detail`` are further cells worth keeping, by the name they are kept under. ``value`` is what
    the tool says that it was worth; "(" for its currency: that stands in the heading, in brackets.
    ``fee_inside``: a fee in the currency of a side is part of that side's amount.
    ``own`` are words that mean something else here than elsewhere.
    ``coded`` gives an asset's code where the tool has names of its own.
    ``called`` gives an account's name without what the tool adds to it.
    ``left_out`` gives the reason for rows that say themselves that nothing happened.
    """

    date: tuple[str, ...]
    sent: Leg
    received: Leg
    fee: Leg = ("", "")
    words: tuple[str, ...] = ()
    account: str = ""
    sender: str = ""
    receiver: str = ""
    ident: str = ""
    value: Leg = ("", "")
    detail: Mapping[str, str] = field(default_factory=dict)
    when: When = dates.moment
    fee_inside: bool = False
    own: kinds.Own = field(default_factory=dict)
    left_out: LeavesOut = lambda cells: ""
    wallet: str = WALLET
    called: Callable[[str], str] = lambda account: account
    coded: Callable[[str], str] = lambda asset: asset


@dataclass(frozen=True, slots=True)
class Side:
    """An amount and its asset as a row tells them."""

    amount: Decimal
    asset: str
    ident: str = ""  # Koinly's number of the asset


def reader(
    layout: Layout,
    *,
    id: str,
    title: str,
    description: str,
    headings: tuple[tuple[str, ...], ...],
    recognise: Recognise | None = None,
    asks: tuple[str, ...] = (),
    private: frozenset[str] = frozenset(),
    named: Callable[[Row, Reading], Row] = lambda row, reading: row,
    rank: int = RANK,
) -> ImportFormat:
    """The format of a layout. ``named`` gives the row the headings that the layout speaks of."""

    def entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
        for row in rows:
            yield from _split(layout, row, Cells(named(row, reading)))

    def event(entry: Entry, reading: Reading) -> Event:
        cells = Cells(named(entry.rows[0], reading))
        found = telling_line(entry, lambda: _told(layout, cells, entry.part, reading))
        return replace(found, detail=found.detail | _both_ends(entry))

    return ImportFormat(
        id=id,
        title=title,
        description=description,
        headings=headings,
        entries=entries,
        event=event,
        asks=asks,
        private=private,
        recognise=recognise,
        rank=rank,
    )


def _split(layout: Layout, row: Row, cells: Cells) -> Iterator[Entry | LeftOut]:
    """The entries of a row: two where it tells of two accounts."""
    if reason := layout.left_out(cells) or _nothing(layout, cells):
        yield LeftOut((row,), reason)
        return
    ident = cells.get(layout.ident)
    sender = layout.called(cells.get(layout.sender))
    receiver = layout.called(cells.get(layout.receiver))
    if _is_of_two(layout, cells, sender, receiver):
        yield Entry((row,), sender, ident, OUT)
        yield Entry((row,), receiver, ident, IN)
        return
    yield Entry((row,), cells.get(layout.account) or sender or receiver, ident)


def _nothing(layout: Layout, cells: Cells) -> str:
    amounts = (cells.get(leg[0]) for leg in (layout.sent, layout.received, layout.fee))
    is_empty = all(values.is_nothing(text) for text in amounts)
    return "no amount other than zero" if is_empty else ""


def _is_of_two(layout: Layout, cells: Cells, sender: str, receiver: str) -> bool:
    """Whether something left one account and arrived in another, as far as the row says."""
    if sender == receiver or not (cells.get(layout.sent[0]) and cells.get(layout.received[0])):
        return False
    is_one_asset = cells.get(layout.sent[1]) == cells.get(layout.received[1])
    return is_one_asset or bool(sender and receiver)


def _told(layout: Layout, cells: Cells, part: str, reading: Reading) -> Event:
    date = " ".join(cells.get(name) for name in layout.date)
    words = [cells.get(name) for name in layout.words]
    word = kinds.deciding(words, layout.own)
    moved = _movements(layout, cells, part, reading)
    kind = kinds.kind(word, moved, layout.own)
    if part and _has_two_assets(layout, cells):
        kind = TransactionKind.UNCLASSIFIED  # half of a trade between two accounts
    detail = {name: cells.get(headings) for name, headings in layout.detail.items()}
    detail |= _value(layout, cells, reading) | {"type": word}
    if (label := next((w for w in words if w and w != word), "")) and "label" not in detail:
        detail["label"] = label
    return booked(layout.when(date, reading), kind, moved, detail)


def booked(
    at: datetime,
    kind: TransactionKind,
    moved: Iterable[Movement],
    detail: Mapping[str, str],
) -> Event:
    """An event that its record's id names: details that are empty and amounts of zero are left out.

    What is a fee has the role of one.
    """
    kept = (m for m in moved if m.amount)
    return Event(
        key="",
        kind=kind,
        occurred_at=at,
        movements=tuple(
            replace(m, role=PostingRole.FEE) if kind is TransactionKind.FEE else m for m in kept
        ),
        detail={name: text for name, text in detail.items() if text},
    )


def _movements(layout: Layout, cells: Cells, part: str, reading: Reading) -> tuple[Movement, ...]:
    """What a row moves, gross, fees apart; of a transfer only the one half."""
    sent = None if part == IN else side(cells, layout.sent, reading)
    received = None if part == OUT else side(cells, layout.received, reading)
    fee = None if part == IN else side(cells, layout.fee, reading)
    if layout.fee_inside:
        sent, received, fee = _taken_out(sent, received, fee)
    found = []
    if sent:
        found.append(Movement(layout.wallet, sent.asset, money.negate(sent.amount.copy_abs())))
    if received:
        found.append(Movement(layout.wallet, received.asset, received.amount))
    if fee:
        paid = money.negate(fee.amount)
        found.append(Movement(layout.wallet, fee.asset, paid, PostingRole.FEE))
    return tuple(replace(moved, asset=layout.coded(moved.asset)) for moved in found)


def _taken_out(
    sent: Side | None, received: Side | None, fee: Side | None
) -> tuple[Side | None, Side | None, Side | None]:
    """Amounts without the fee that is inside them; a fee in neither currency moved nothing."""
    if fee is None:
        return sent, received, None
    if sent and sent.asset == fee.asset and fee.amount <= sent.amount:
        rest = money.add(sent.amount, money.negate(fee.amount))
        return replace(sent, amount=rest), received, fee
    if received and received.asset == fee.asset:
        return sent, replace(received, amount=money.add(received.amount, fee.amount)), fee
    return sent, received, None


def side(cells: Cells, leg: Leg, reading: Reading) -> Side | None:
    """One amount with its asset; None where there is none. May raise NotUnderstood."""
    amount = values.amount(cells.get(leg[0]), reading)
    if not amount:
        return None
    asset, _, ident = cells.get(leg[1]).partition(";")
    if not asset.strip():
        raise NotUnderstood(f"the amount {cells.get(leg[0])[:40]} is without a currency")
    return Side(amount, code(asset), ident)


def code(asset: str) -> str:
    """An asset's code in upper case; a chain's identifier stays as it is."""
    return asset.strip() if ":" in asset else asset.strip().upper()


def _both_ends(entry: Entry) -> dict[str, str]:
    """What both halves of a row carry, since the file itself says that they are one transfer."""
    if not entry.part:
        return {}
    text = json.dumps(sorted(entry.rows[0].cells.items()))
    return {"reference": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _value(layout: Layout, cells: Cells, reading: Reading) -> dict[str, str]:
    """What the tool says that it was worth. May raise NotUnderstood."""
    text, currency = cells.get(layout.value[0]), cells.get(layout.value[1])
    if layout.value[1] == "(":
        heading, text = cells.starting(layout.value[0])
        currency = heading.partition("(")[2].partition(")")[0]
    currency = currency.partition(";")[0].upper()
    amount = values.amount(text, reading)
    if amount is None or not currency:
        return {}
    return {"value": money.plain(amount), "value_currency": currency}


def _has_two_assets(layout: Layout, cells: Cells) -> bool:
    return cells.get(layout.sent[1]) != cells.get(layout.received[1])


def telling_line(entry: Entry, read: Callable[[], Event]) -> Event:
    """What ``read`` gives; where it does not understand, the line is told too."""
    try:
        return read()
    except NotUnderstood as error:
        if error.line is not None:
            raise
        raise NotUnderstood(str(error), line=entry.rows[0].line) from None


def one_each(account: str, ident: str = "") -> Entries:
    """Returns what makes an entry of each row, in the account under this heading."""

    def entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
        for row in rows:
            cells = Cells(row)
            yield Entry((row,), cells.get(account), cells.get(ident))

    return entries


def needed(cells: Cells, leg: Leg, reading: Reading) -> Side:
    """An amount that must be there. May raise NotUnderstood."""
    found = side(cells, leg, reading)
    if found is None:
        raise NotUnderstood(f"there is no amount under {leg[0]}")
    return found
