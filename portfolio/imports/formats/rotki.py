"""rotki: its generic trades and events. Times are milliseconds since 1970, fees beside the amounts.

A currency is a code or rotki's own identifier ("eip155:1/erc20:0x…"), which is kept whole. The
event types are a closed list that alone says whether something came or went: others are refused.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, legs, two_sided
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET, Layout

Kind = TransactionKind

_COMES = {"Deposit": Kind.DEPOSIT, "Income": Kind.REWARD, "Staking": Kind.REWARD}
_GOES = {"Withdrawal": Kind.WITHDRAWAL, "Loss": Kind.LOST, "Spend": Kind.PAYMENT}


def _when(text: str, reading: Reading) -> datetime:
    return dates.milliseconds(text)


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = cells.get("type")
    if word not in _COMES and word not in _GOES:
        raise NotUnderstood(f"“{word[:40]}” is not one of rotki's types")
    moved = []
    if side := two_sided.side(cells, ("amount", "currency"), reading):
        size = side.amount.copy_abs()
        moved.append(legs.leg(WALLET, side.asset, size if word in _COMES else money.negate(size)))
    if fee := two_sided.side(cells, ("fee", "fee currency"), reading):
        moved.append(legs.fee(WALLET, fee.asset, fee.amount))
    detail = {
        "type": word,
        "asset": cells.get("currency"),
        "description": cells.get("description"),
    }
    kind = _COMES.get(word) or _GOES[word]
    return two_sided.booked(dates.milliseconds(cells.get("timestamp")), kind, moved, detail)


FORMATS: tuple[ImportFormat, ...] = (
    two_sided.reader(
        Layout(
            date=("timestamp",),
            sent=("spend amount", "spend currency"),
            received=("receive amount", "receive currency"),
            fee=("fee", "fee currency"),
            account="location",
            detail={"description": "description"},
            when=_when,
        ),
        id="rotki-trades",
        title="rotki: generic trades",
        description="rotki's generic file of trades, by location.",
        headings=(
            (
                *("Location", "Spend Currency", "Receive Currency", "Receive Amount"),
                *("Spend Amount", "Fee", "Fee Currency", "Description", "Timestamp"),
            ),
        ),
        recognise=having("location", "spend currency", "receive currency", "timestamp"),
    ),
    ImportFormat(
        id="rotki-events",
        rank=two_sided.RANK,
        title="rotki: generic events",
        description="rotki's generic file of what came and went, by location.",
        headings=(
            (
                *("Type", "Location", "Currency", "Amount", "Fee", "Fee Currency"),
                *("Description", "Timestamp"),
            ),
        ),
        recognise=having("type", "location", "currency", "amount", "fee currency", "timestamp"),
        entries=two_sided.one_each("location"),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
    ),
)
