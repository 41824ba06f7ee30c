"""HitBTC: trades, deposits and withdrawals. Times are UTC; a maker may be paid for trading."""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"


def _trade(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = legs.pair(cells.needed(row, "Instrument"))
    side = cells.needed(row, "Side")
    size, price = (cells.amount(row, reading, name) for name in ("Quantity", "Price"))
    paid = cells.or_zero(row, reading, "Fee")
    # A negative fee is the rebate itself; older files have it in a column of its own.
    given = money.ZERO if paid < 0 else cells.or_zero(row, reading, "Rebate")
    cost = money.multiply(size.copy_abs(), price)
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date (UTC)"),
        (
            *legs.swap(SPOT, side, (base, size), (quote, cost)),
            legs.fee(SPOT, quote, money.add(paid, money.negate(given.copy_abs()))),
        ),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=price,
        trade=cells.text(row, "Trade ID"),
        order=cells.text(row, "Order ID"),
    )


def _travelled(entry: Entry, reading: Reading) -> Event:
    """Newer files leave the type of withdrawals empty, and name the currency last."""
    (row,) = entry.rows
    word = cells.text(row, "Type").lower()
    kind = {"deposit": _Kind.DEPOSIT, "withdraw": _Kind.WITHDRAWAL, "": _Kind.WITHDRAWAL}.get(
        word, _Kind.UNCLASSIFIED
    )
    code, size = cells.needed(row, "Currency").upper(), cells.amount(row, reading, "Amount")
    known = kind is not _Kind.UNCLASSIFIED
    return legs.event(
        kind,
        cells.when(row, reading, "Date (UTC)"),
        legs.travel(kind, SPOT, code, size) if known else (legs.leg(SPOT, code, size),),
        type=cells.text(row, "Type"),
        txid=cells.text(row, "Transaction hash"),
        reference=cells.text(row, "Operation id"),
    )


def _failed(row: Row) -> str:
    return "" if cells.text(row, "Transaction hash") else "it failed: it has no transaction"


_TRADES = ("Date (UTC)", "Instrument", "Trade ID", "Order ID", "Side", "Quantity", "Price",
           "Volume", "Fee", "Rebate", "Total")  # fmt: skip
_PRIVATE = frozenset(("Email",))

FORMATS = (
    ImportFormat(
        id="hitbtc-trades",
        title="HitBTC: trades",
        description="Trade history; fees and rebates are in the quote.",
        headings=(
            _TRADES,
            ("Email", *_TRADES),
            ("Email", *_TRADES, "Taker"),
            ("Email", *_TRADES, "PnL", "Taker", "Margin Mode"),
        ),
        entries=legs.one_each(),
        event=_trade,
        exchange="hitbtc",
        private=_PRIVATE,
    ),
    ImportFormat(
        id="hitbtc-travel",
        title="HitBTC: deposits and withdrawals",
        description="Transaction history.",
        headings=(
            ("Email", "Date (UTC)", "Operation id", "Type", "Amount", "Transaction hash",
             "Main account balance", "Currency"),
        ),
        entries=legs.one_each(left_out=_failed,
                              ident=lambda row: cells.text(row, "Operation id")),
        event=_travelled,
        exchange="hitbtc",
        private=_PRIVATE,
    ),
)  # fmt: skip
