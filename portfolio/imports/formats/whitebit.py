"""WhiteBIT: orders of spot, deposits, withdrawals. A time is written 2024-01-02UTC10:00:00."""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"


def _at(row: Row, reading: Reading, heading: str) -> datetime:
    cell = cells.needed(row, heading).replace("UTC", " ").strip()
    return cells.at(row, " ".join(cell.split()), heading, reading)


def _order(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = legs.pair(cells.needed(row, "Market"))
    side = cells.needed(row, "Side")
    size, cost = (cells.amount(row, reading, name) for name in ("Amount", "Revenue"))
    return legs.event(
        _Kind.TRADE,
        _at(row, reading, "Open"),
        (
            *legs.swap(SPOT, side, (base, size), (quote, cost)),
            legs.fee(SPOT, quote, cells.or_zero(row, reading, "Fee").copy_abs()),
        ),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Price"),
        order=cells.text(row, "Id"),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    """What is credited is the amount less the fee."""
    (row,) = entry.rows
    code, size = cells.needed(row, "Currency").upper(), cells.amount(row, reading, "Amount")
    moved = legs.travel(_Kind.DEPOSIT, SPOT, code, size, paid=cells.or_zero(row, reading, "Fee"))
    return legs.event(_Kind.DEPOSIT, _at(row, reading, "Created At"), moved, **_shown(row))


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    """The amount has the fee in it."""
    (row,) = entry.rows
    code, paid = cells.needed(row, "Currency").upper(), cells.or_zero(row, reading, "Processed Fee")
    sent = money.add(cells.amount(row, reading, "Processed Amount"), money.negate(paid))
    moved = legs.travel(_Kind.WITHDRAWAL, SPOT, code, sent, paid=paid)
    return legs.event(_Kind.WITHDRAWAL, _at(row, reading, "Created At"), moved, **_shown(row))


def _shown(row: Row) -> dict[str, str]:
    return {
        "address": cells.text(row, "Address"),
        "txid": cells.text(row, "Hash"),
        "status": cells.text(row, "Status"),
    }


FORMATS = (
    ImportFormat(
        id="whitebit-orders",
        title="WhiteBIT: orders",
        description="Spot order history.",
        headings=(
            ("Id", "Market", "Type", "Side", "Trigger Market", "Trigger Condition",
             "Trigger Price", "Amount", "Price", "Fee", "Revenue", "Completed", "Total", "Open",
             "Close"),
        ),
        entries=legs.one_each(ident=lambda row: cells.text(row, "Id")),
        event=_order,
        exchange="whitebit",
    ),
    ImportFormat(
        id="whitebit-deposits",
        title="WhiteBIT: deposits",
        description="Deposit history.",
        headings=(
            ("Id", "Currency", "Address", "Hash", "Amount", "Fee", "Status", "Created At",
             "Updated At"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status"),
                              ident=lambda row: cells.text(row, "Id")),
        event=_deposit,
        exchange="whitebit",
    ),
    ImportFormat(
        id="whitebit-withdrawals",
        title="WhiteBIT: withdrawals",
        description="Withdrawal history.",
        headings=(
            ("Id", "Currency", "Address", "Hash", "Requested Amount", "Requested Fee",
             "Processed Amount", "Processed Fee", "Status", "Created At", "Updated At"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status"),
                              ident=lambda row: cells.text(row, "Id")),
        event=_withdrawal,
        exchange="whitebit",
    ),
)  # fmt: skip
