"""Bittrex, closed in 2023: orders, deposits and withdrawals in the layouts of ten years.

Until 2020 a market names its quote first (USDT-BTC). The clock of twelve hours is American.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_TIMES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
          "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f")  # fmt: skip


def _at(row: Row, reading: Reading, *headings: str) -> datetime:
    cell = cells.needed(row, *headings)
    own = Reading() if cell.endswith("Z") else reading
    return cells.at(row, cell.removesuffix("Z"), headings[0], own, *_TIMES)


def _order(entry: Entry, reading: Reading) -> Event:
    """An order of the newest layout: its total has the fee in it."""
    (row,) = entry.rows
    base, quote = cells.needed(row, "Base").upper(), cells.needed(row, "Quote").upper()
    side = cells.needed(row, "Transaction")
    paid = cells.or_zero(row, reading, "Fees (Quote)").copy_abs()
    total = cells.amount(row, reading, "Total (Quote)").copy_abs()
    bought = side.lower().startswith("b")
    cost = money.add(total, money.negate(paid) if bought else paid)
    sides = (base, cells.amount(row, reading, "Quantity (Base)")), (quote, cost)
    return legs.event(
        _Kind.TRADE,
        _at(row, reading, "Time (UTC)"),
        (*legs.swap(SPOT, side, *sides), legs.fee(SPOT, quote, paid)),
        symbol=f"{base}/{quote}",
        side="buy" if bought else "sell",
        price=cells.text(row, "Price"),
        order=cells.text(row, "TXID"),
    )


def _older_order(entry: Entry, reading: Reading) -> Event:
    """An order of the older layouts: price is the whole without the commission."""
    (row,) = entry.rows
    quote, base = _market(row)
    word = cells.needed(row, "Type", "OrderType", "ORDERTYPE")
    side = word.rpartition("_")[2]
    left = cells.or_zero(row, reading, "QuantityRemaining", "Remaining")
    asked = cells.amount(row, reading, "FILLED", "Quantity")
    paid = cells.or_zero(row, reading, "CommissionPaid", "Commission", "COMISSIONPAID")
    sides = (
        (base, money.add(asked, money.negate(left))),
        (quote, cells.amount(row, reading, "Price", "PROCEEDS")),
    )
    if cells.text(row, "Opened", "TimeStamp", "OPENED"):
        _at(row, reading, "Opened", "TimeStamp", "OPENED")  # an impossible one is no order's
    return legs.event(
        _Kind.TRADE,
        _at(row, reading, "Closed", "CLOSED", "TimeStamp"),
        (*legs.swap(SPOT, side, *sides), legs.fee(SPOT, quote, paid.copy_abs())),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        order=cells.text(row, "OrderUuid", "Uuid", "UUID"),
        order_type=word,
    )


def _market(row: Row) -> tuple[str, str]:
    if cells.text(row, "MARKET"):
        return cells.needed(row, "QUOTE").upper(), cells.needed(row, "MARKET").upper()
    return legs.pair(cells.needed(row, "Exchange"))


def _not_filled(row: Row) -> str:
    filled = cells.text(row, "FILLED", "Price", "PROCEEDS").strip("0.")
    return "" if filled else "nothing was filled"


# --- deposits, withdrawals ---------------------------------------------------------------------


def _transaction(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = cells.needed(row, "Type")
    size = cells.amount(row, reading, "Amount")
    kind = {"DEPOSIT": _Kind.DEPOSIT, "WITHDRAWAL": _Kind.WITHDRAWAL}.get(word.upper())
    known = kind or _Kind.UNCLASSIFIED
    code = cells.needed(row, "Currency").upper()
    moved = legs.travel(known, SPOT, code, size) if kind else (legs.leg(SPOT, code, size),)
    return legs.event(
        known,
        _at(row, reading, "Date"),
        moved,
        type=word,
        address=cells.text(row, "Address"),
        txid=cells.text(row, "TxId"),
    )


def _travelled(kind: TransactionKind, entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code = cells.needed(row, "Currency").upper()
    size = cells.amount(row, reading, "Amount")
    paid = cells.or_zero(row, reading, "TxCost", "TxFee")
    return legs.event(
        kind,
        _at(row, reading, "Opened", "OpenedDate", "LastUpdated", "LastUpdatedDate"),
        legs.travel(kind, SPOT, code, size, paid=paid),
        address=cells.text(row, "Address", "CryptoAddress"),
        txid=cells.text(row, "TxId"),
        reference=cells.text(row, "PaymentUuid", "UUID", "Id"),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.DEPOSIT, entry, reading)


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.WITHDRAWAL, entry, reading)


def _undone(row: Row) -> str:
    if cells.text(row, "Canceled").lower() == "true":
        return "it was cancelled"
    if cells.text(row, "Authorized").lower() == "false":
        return "it was not authorised"
    state = cells.text(row, "State").lower()
    return "" if state in ("", "confirmed", "completed", "paid") else f"its state is “{state[:60]}”"


FORMATS = (
    ImportFormat(
        id="bittrex-orders",
        title="Bittrex: orders",
        description="Order history as of 2023; times are UTC.",
        headings=(
            ("TXID", "Time (UTC)", "Transaction", "Order Type", "Market", "Base", "Quote", "Price",
             "Quantity (Base)", "Fees (Quote)", "Total (Quote)"),
        ),
        entries=legs.one_each(ident=lambda row: cells.text(row, "TXID")),
        event=_order,
        exchange="bittrex",
    ),
    ImportFormat(
        id="bittrex-orders-older",
        title="Bittrex: orders, older",
        description="Order histories until 2020.",
        headings=(
            ("OrderUuid", "Exchange", "Type", "Quantity", "Limit", "CommissionPaid", "Price",
             "Opened", "Closed"),
            ("Uuid", "Exchange", "TimeStamp", "OrderType", "Limit", "Quantity",
             "QuantityRemaining", "Commission", "Price", "PricePerUnit", "Closed"),
            ("UUID", "QUOTE", "MARKET", "ORDERTYPE", "LIMIT", "CEILING", "QUANTITY", "FILLED",
             "PROCEEDS", "COMISSIONPAID", "OPENED", "CLOSED"),
        ),
        entries=legs.one_each(left_out=_not_filled),
        event=_older_order,
        exchange="bittrex",
        asks=("zone",),
    ),
    ImportFormat(
        id="bittrex-transactions",
        title="Bittrex: deposits and withdrawals",
        description="Transaction history as of 2023; withdrawals with their fee within.",
        headings=(("Date", "Currency", "Type", "Address", "Memo/Tag", "TxId", "Amount"),),
        entries=legs.one_each(),
        event=_transaction,
        exchange="bittrex",
        asks=("zone",),
    ),
    ImportFormat(
        id="bittrex-deposits-older",
        title="Bittrex: deposits, older",
        description="Deposit histories until 2020.",
        headings=(
            ("Id", "Amount", "Currency", "Confirmations", "LastUpdated", "TxId", "CryptoAddress"),
            ("Id", "Currency", "Amount", "Confirmations", "LastUpdatedDate", "TxId",
             "CryptoAddress"),
            ("UUID", "Amount", "Currency", "CryptoAddress", "TxId", "LastUpdated",
             "Confirmations", "Source", "State"),
        ),
        entries=legs.one_each(left_out=_undone),
        event=_deposit,
        exchange="bittrex",
        asks=("zone",),
    ),
    ImportFormat(
        id="bittrex-withdrawals-older",
        title="Bittrex: withdrawals, older",
        description="Withdrawal histories until 2020.",
        headings=(
            ("PaymentUuid", "Currency", "Amount", "Address", "Opened", "Authorized",
             "PendingPayment", "TxCost", "TxId", "Canceled", "InvalidAddress"),
            ("PaymentUuid", "Currency", "Amount", "Address", "OpenedDate", "Authorized", "Pending",
             "TxFee", "Canceled", "TxId"),
            ("UUID", "Amount", "Currency", "Address", "TxId", "Opened", "LastUpdated", "Closed",
             "TxCost", "State"),
        ),
        entries=legs.one_each(left_out=_undone),
        event=_withdrawal,
        exchange="bittrex",
        asks=("zone",),
    ),
)  # fmt: skip
