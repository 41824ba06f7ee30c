"""BlockFi, closed in 2022: transactions, and trades, whose rows elsewhere name no other side."""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
WALLET = "account"
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit", "wire deposit", "ach deposit", "crypto transfer")),
    (_Kind.WITHDRAWAL, ("withdrawal", "wire withdrawal", "ach withdrawal")),
    (_Kind.FEE, ("withdrawal fee",)),
    (_Kind.INTEREST, ("interest payment",)),
    (_Kind.REWARD, ("bonus payment", "referral bonus", "cc rewards redemption",
                    "cc trading rebate", "promotional bonus")),
    (_Kind.TRANSFER, ("bia withdraw", "bia deposit", "bia transfer")),
)  # fmt: skip
_TRADE = "a leg of a trade: the file of trades tells it whole"


def _transaction(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, size = cells.needed(row, "Transaction Type"), cells.amount(row, reading, "Amount")
    code = cells.needed(row, "Cryptocurrency").upper()
    kind = legs.kind_of(word, _KINDS)
    if kind is _Kind.DEPOSIT and size < 0:
        kind = _Kind.WITHDRAWAL
    moved = legs.leg(WALLET, code, size)
    if kind is _Kind.FEE:
        moved = legs.fee(WALLET, code, money.negate(size))
    return legs.event(kind, cells.when(row, reading, "Confirmed At"), (moved,), type=word)


def _left_out(row: Row) -> str:
    if not cells.text(row, "Confirmed At"):
        return "it was not confirmed"
    return _TRADE if cells.text(row, "Transaction Type").lower() == "trade" else ""


def _trade(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    got, gave = (cells.needed(row, f"{side} Currency").upper() for side in ("Buy", "Sold"))
    sides = (
        (got, cells.amount(row, reading, "Buy Quantity")),
        (gave, cells.amount(row, reading, "Sold Quantity")),
    )
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date"),
        legs.swap(WALLET, "buy", *sides),
        price=cells.text(row, "Rate Amount"),
        trade=cells.text(row, "Trade ID"),
        type=cells.text(row, "Type"),
    )


FORMATS = (
    ImportFormat(
        id="blockfi-transactions",
        title="BlockFi: transactions",
        description="All but trades, which have a file of their own.",
        headings=(("Cryptocurrency", "Amount", "Transaction Type", "Confirmed At"),),
        entries=legs.one_each(left_out=_left_out),
        event=_transaction,
        exchange="blockfi",
        asks=("zone",),
    ),
    ImportFormat(
        id="blockfi-trades",
        title="BlockFi: trades",
        description="Trades report.",
        headings=(
            ("Trade ID", "Date", "Buy Quantity", "Buy Currency", "Sold Quantity", "Sold Currency",
             "Rate Amount", "Rate Currency", "Type"),
        ),
        entries=legs.one_each(ident=lambda row: cells.text(row, "Trade ID")),
        event=_trade,
        exchange="blockfi",
        asks=("zone",),
    ),
)  # fmt: skip
