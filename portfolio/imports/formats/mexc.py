"""MEXC: spot trades and orders, deposits, withdrawals, orders of contracts."""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, FUTURES = "spot", "futures"


def _asset(code: str) -> str:
    return codes.asset("mexc", code.partition("-")[0])


def _trade(entry: Entry, reading: Reading) -> Event:
    """A trade; its fee is in what was received. Orders come without one."""
    (row,) = entry.rows
    base, quote = (_asset(code) for code in legs.pair(cells.needed(row, "Pairs")))
    side = cells.needed(row, "Side", "Direction")
    sides = (
        (base, cells.amount(row, reading, "Executed Amount", "Filled Quantity")),
        (quote, cells.amount(row, reading, "Total", "Order Amount")),
    )
    got = base if side.lower() == "buy" else quote
    return legs.event(
        _Kind.TRADE,
        cells.zoned(row, reading, "Time"),
        (
            *legs.swap(SPOT, side, *sides),
            legs.fee(SPOT, got, cells.or_zero(row, reading, "Fee").copy_abs()),
        ),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Filled Price", "Average Filled Price"),
        role=cells.text(row, "Role").lower(),
    )


def _not_filled(row: Row) -> str:
    empty = cells.text(row, "Filled Quantity").strip("0.-") == ""
    return f"nothing was filled: {cells.text(row, 'Status') or 'no status'}" if empty else ""


def _deposit(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code = _asset(cells.needed(row, "Crypto"))
    size = cells.amount(row, reading, "Deposit Amount")
    return _travelled(row, reading, _Kind.DEPOSIT, legs.travel(_Kind.DEPOSIT, SPOT, code, size))


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    """What was asked for has the fee within; the settlement is what was sent."""
    (row,) = entry.rows
    code, paid = _asset(cells.needed(row, "Crypto")), cells.or_zero(row, reading, "Trading Fee")
    sent = cells.optional(row, reading, "Settlement Amount")
    if sent is None:
        sent = money.add(cells.amount(row, reading, "Request Amount"), money.negate(paid))
    moved = legs.travel(_Kind.WITHDRAWAL, SPOT, code, sent, paid=paid)
    return _travelled(row, reading, _Kind.WITHDRAWAL, moved)


def _travelled(
    row: Row, reading: Reading, kind: TransactionKind, moved: tuple[Movement, ...]
) -> Event:
    return legs.event(
        kind,
        cells.zoned(row, reading, "Time"),
        moved,
        network=cells.text(row, "Network"),
        address=cells.text(row, "Withdrawal Address"),
        txid=cells.text(row, "TxID").partition(":")[0],
        status=cells.text(row, "Status"),
    )


def _contract(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    pair = cells.needed(row, "Futures Trading Pair")
    settled = _asset(legs.pair(pair)[1])
    word = cells.text(row, "Direction")
    profit = cells.or_zero(row, reading, "Closing PNL")
    paid_in = _asset(cells.text(row, "Fee-payment Crypto") or settled)
    closes = word.lower().startswith(("sell", "close"))
    return legs.event(
        _Kind.REALISED_PNL if closes or profit else _Kind.FEE,
        cells.zoned(row, reading, "Time"),
        (
            legs.leg(FUTURES, settled, profit),
            legs.fee(FUTURES, paid_in, cells.or_zero(row, reading, "Trading Fee").copy_abs()),
        ),
        type=word,
        symbol=pair,
        price=cells.text(row, "Average Filled Price"),
        quantity=cells.text(row, "Filled Qty (Crypto)"),
    )


_FUTURES = ("Time", "Futures Trading Pair", "Direction", "Leverage", "Closing PNL", "Trading Fee",
            "Fee-payment Crypto", "Status")  # fmt: skip
_PRIVATE = frozenset(("UID",))

FORMATS = (
    ImportFormat(
        id="mexc-trades",
        title="MEXC: spot trades",
        description="Trade history, with fees.",
        headings=(
            ("Pairs", "Time", "Side", "Filled Price", "Executed Amount", "Total", "Fee", "Role"),
        ),
        recognise=cells.headed(
            ("Pairs", "Time", "Side", "Filled Price", "Executed Amount", "Total", "Fee", "Role")
        ),
        entries=legs.one_each(), event=_trade, exchange="mexc", asks=("zone",), private=_PRIVATE,
        rank=60,
    ),
    ImportFormat(
        id="mexc-orders",
        title="MEXC: spot orders",
        description="Order history, without fees. Prefer the trades.",
        headings=(
            ("Pairs", "Time", "Type", "Direction", "Average Filled Price", "Order Price",
             "Filled Quantity", "Order Quantity", "Order Amount", "Status"),
        ),
        entries=legs.one_each(left_out=_not_filled), event=_trade, exchange="mexc",
        asks=("zone",), private=_PRIVATE, rank=70,
    ),
    ImportFormat(
        id="mexc-deposits",
        title="MEXC: deposits",
        description="Deposit history.",
        headings=(("Status", "Time", "Crypto", "Network", "Deposit Amount", "TxID", "Progress"),),
        entries=legs.one_each(left_out=legs.undone("Status")), event=_deposit, exchange="mexc",
        asks=("zone",), private=_PRIVATE,
    ),
    ImportFormat(
        id="mexc-withdrawals",
        title="MEXC: withdrawals",
        description="Withdrawal history.",
        headings=(
            ("Status", "Time", "Crypto", "Network", "Request Amount", "Withdrawal Address", "TxID",
             "Trading Fee", "Settlement Amount", "Withdrawal Descriptions"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status")), event=_withdrawal, exchange="mexc",
        asks=("zone",), private=_PRIVATE,
    ),
    ImportFormat(
        id="mexc-futures",
        title="MEXC: orders of contracts",
        description="Futures order history; the heading names the zone. Funding is not in it.",
        headings=(_FUTURES,),
        recognise=cells.headed(_FUTURES),
        entries=legs.one_each(left_out=legs.undone("Status")), event=_contract, exchange="mexc",
        asks=("zone",), private=_PRIVATE,
    ),
)  # fmt: skip
