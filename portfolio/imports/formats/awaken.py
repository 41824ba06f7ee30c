"""Awaken: its standard form, the one with two assets on a side, and that of futures.

Times are UTC, month first. A position's row has what it won or lost, in its payment token; opening
one moves only the fee.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided
from portfolio.imports.format import Entry, ImportFormat, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET, Layout

_OWN: kinds.Own = {"transfer": kinds.MOVE, "swap": TransactionKind.TRADE}


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


def _future(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    result = two_sided.side(cells, ("p&l", "payment token"), reading)
    fee = two_sided.side(cells, ("fee", "payment token"), reading)
    moved = [legs.leg(WALLET, result.asset, result.amount)] if result else []
    if fee:
        moved.append(legs.fee(WALLET, fee.asset, fee.amount))
    detail = {
        "type": cells.get("tag"),
        "symbol": cells.get("asset"),
        "order": cells.get("id"),
        "description": cells.get("notes"),
        "txid": cells.get("transaction hash"),
    }
    at = _when(cells.get("date"), reading)
    return two_sided.booked(at, kinds.kind(cells.get("tag"), moved, _OWN), moved, detail)


def _multi(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    moved = []
    for number in ("", " 2"):
        came = (f"received quantity{number}", f"received currency{number}")
        went = (f"sent quantity{number}", f"sent currency{number}")
        if side := two_sided.side(cells, went, reading):
            moved.append(legs.leg(WALLET, side.asset, side.amount.copy_abs().copy_negate()))
        if side := two_sided.side(cells, came, reading):
            moved.append(legs.leg(WALLET, side.asset, side.amount))
    if fee := two_sided.side(cells, ("fee amount", "fee currency"), reading):
        moved.append(legs.fee(WALLET, fee.asset, fee.amount))
    word = cells.get("tag")
    detail = {"type": word, "description": cells.get("notes")}
    at = _when(cells.get("date"), reading)
    return two_sided.booked(at, kinds.kind(word, moved, _OWN), moved, detail)


_RECEIVED = ("Received Quantity", "Received Currency", "Received Fiat Amount")
_SENT = ("Sent Quantity", "Sent Currency", "Sent Fiat Amount")
FORMATS: tuple[ImportFormat, ...] = (
    two_sided.reader(
        Layout(
            date=("date",),
            words=("tag",),
            sent=("sent quantity", "sent currency"),
            received=("received quantity", "received currency"),
            fee=("fee amount", "fee currency"),
            detail={"txid": "transaction hash", "description": "notes"},
            when=_when,
            own=_OWN,
        ),
        id="awaken",
        title="Awaken",
        description="Awaken's standard form, one file for each account.",
        headings=(
            (
                *("Date", *_RECEIVED, *_SENT, "Fee Amount", "Fee Currency"),
                *("Transaction Hash", "Notes", "Tag"),
            ),
        ),
        recognise=having(
            *("date", "received quantity", "received fiat amount", "sent fiat amount", "tag"),
            lacking=("received quantity 2",),
        ),
    ),
    ImportFormat(
        id="awaken-multi",
        rank=two_sided.RANK,
        title="Awaken: several assets",
        description="Awaken's form with two assets on each side, one file for each account.",
        headings=(
            (
                *("Date", *_RECEIVED, *_SENT, "Received Quantity 2", "Received Currency 2"),
                *("Sent Quantity 2", "Sent Currency 2", "Fee Amount", "Fee Currency"),
                *("Notes", "Tag"),
            ),
        ),
        recognise=having("date", "received quantity", "received quantity 2", "sent quantity 2"),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _multi(entry, reading)),
    ),
    ImportFormat(
        id="awaken-futures",
        rank=two_sided.RANK,
        title="Awaken: futures",
        description="Awaken's form of futures, one file for each account.",
        headings=(
            (
                *("Date", "Asset", "Amount", "Fee", "P&L", "Payment Token", "ID", "Notes"),
                *("Tag", "Transaction Hash"),
            ),
        ),
        recognise=having("date", "asset", "amount", "p&l", "payment token"),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _future(entry, reading)),
    ),
)
