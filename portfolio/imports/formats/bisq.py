"""Bisq: trade history. A trade is of bitcoin against another currency; fees are in BTC or BSQ."""

from __future__ import annotations

from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading, Row

_Kind = TransactionKind
WALLET = "wallet"
_DONE = ("completed", "mediated", "arbitrated", "refunded")


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    side, _, what = cells.needed(row, "Offer type").partition(" ")
    other = cells.needed(row, "Currency").upper()
    coins = ("BTC", cells.amount(row, reading, "Amount in BTC"))
    against = (other, cells.amount(row, reading, "Amount"))
    if what.upper() not in ("BTC", other):
        message = f"“{what[:20]}” is neither of the two currencies"
        raise NotUnderstood(message, line=row.line)
    first, second = (coins, against) if what.upper() == "BTC" else (against, coins)
    moved: list[Movement] = [
        *legs.swap(WALLET, side, first, second),
        legs.fee(WALLET, "BTC", cells.or_zero(row, reading, "Transaction Fee")),
        legs.fee(WALLET, "BTC", cells.or_zero(row, reading, "Trade Fee BTC")),
        legs.fee(WALLET, "BSQ", cells.or_zero(row, reading, "Trade Fee BSQ")),
    ]
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date/Time", "%d %b %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p"),
        legs.summed(moved),
        symbol=cells.text(row, "Market"),
        side=side.lower(),
        price=cells.text(row, "Price"),
        trade=cells.text(row, "Trade ID"),
        status=cells.text(row, "Status"),
    )


def _undone(row: Row) -> str:
    status = cells.text(row, "Status")
    return "" if status.lower() in _DONE else f"its status is “{status[:60]}”"


FORMAT = ImportFormat(
    id="bisq",
    title="Bisq: trades",
    description="History of trades; it does not say its zone.",
    headings=(
        ("Trade ID", "Date/Time", "Market", "Price", "Deviation", "Amount in BTC", "Amount",
         "Currency", "Transaction Fee", "Trade Fee BTC", "Trade Fee BSQ", "Buyer Deposit",
         "Seller Deposit", "Offer type", "Status"),
    ),
    entries=legs.one_each(left_out=_undone),
    event=_event,
    exchange="bisq",
    asks=("zone",),
)  # fmt: skip
