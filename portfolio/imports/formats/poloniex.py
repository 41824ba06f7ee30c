"""Poloniex, until 2022: trades, deposits, withdrawals, distributions. Times are UTC."""

from __future__ import annotations

from collections.abc import Callable

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"


def _trade(entry: Entry, reading: Reading) -> Event:
    """What is left after the fee stands beside the whole: both coins have such a column.

    The first coin of a market is what is bought; Poloniex calls it the quote.
    """
    (row,) = entry.rows
    base, quote = legs.pair(cells.needed(row, "Market"))
    side = cells.needed(row, "Type")
    bought = side.lower() == "buy"
    size, total = (cells.amount(row, reading, name) for name in ("Amount", "Total"))
    got, whole = (base, size) if bought else (quote, total)
    left = cells.amount(
        row, reading, "Quote Total Less Fee" if bought else "Base Total Less Fee"
    ).copy_abs()
    charge = legs.fee(SPOT, got, money.add(whole.copy_abs(), money.negate(left)))
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date"),
        (*legs.swap(SPOT, side, (base, size), (quote, total)), charge),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Price"),
        order=cells.text(row, "Order Number"),
    )


def _travelled(kind: TransactionKind, entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code, size = cells.needed(row, "Currency").upper(), cells.amount(row, reading, "Amount")
    paid = cells.or_zero(row, reading, "Fee Deducted")
    sent = money.add(size.copy_abs(), money.negate(paid))
    state, _, txid = cells.text(row, "Status").partition(":")
    return legs.event(
        kind,
        cells.when(row, reading, "Date"),
        legs.travel(kind, SPOT, code, sent, paid=paid),
        address=cells.text(row, "Address"),
        status=state,
        txid=txid.strip(),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    """Older files list withdrawals too, and only these name a transaction in their status."""
    named = ": " in cells.text(entry.rows[0], "Status")
    return _travelled(_Kind.WITHDRAWAL if named else _Kind.DEPOSIT, entry, reading)


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.WITHDRAWAL, entry, reading)


def _undone(row: Row) -> str:
    status = cells.text(row, "Status")
    return "" if status.upper().startswith("COMPLETE") else f"its status is “{status[:60]}”"


def _distribution(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code = cells.needed(row, "currency").upper()
    return legs.event(
        _Kind.AIRDROP,
        cells.when(row, reading, "date", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"),
        (legs.leg(SPOT, code, cells.amount(row, reading, "amount")),),
        type=f"distribution: {cells.text(row, 'wallet')}",
    )


def _just(*names: str) -> Callable[[tuple[str, ...]], bool]:
    wanted = set(names)
    return lambda heading: {name.strip().lower() for name in heading if name} == wanted


FORMATS = (
    ImportFormat(
        id="poloniex-trades",
        title="Poloniex: trades",
        description="Trade history.",
        headings=(
            ("Date", "Market", "Category", "Type", "Price", "Amount", "Total", "Fee",
             "Order Number", "Base Total Less Fee", "Quote Total Less Fee"),
        ),
        entries=legs.one_each(), event=_trade, exchange="poloniex",
    ),
    ImportFormat(
        id="poloniex-deposits",
        title="Poloniex: deposits",
        description="Deposit history; of older ones also withdrawals.",
        headings=(("Date", "Currency", "Amount", "Address", "Status"),),
        recognise=_just("date", "currency", "amount", "address", "status"),
        entries=legs.one_each(left_out=_undone), event=_deposit, exchange="poloniex",
    ),
    ImportFormat(
        id="poloniex-withdrawals",
        title="Poloniex: withdrawals",
        description="Withdrawal history.",
        headings=(
            ("Date", "Currency", "Amount", "Fee Deducted", "Amount - Fee", "Address", "Status"),
        ),
        entries=legs.one_each(left_out=_undone), event=_withdrawal, exchange="poloniex",
    ),
    ImportFormat(
        id="poloniex-distributions",
        title="Poloniex: distributions",
        description="Airdrops and distributions.",
        headings=(("date", "currency", "amount", "wallet"),),
        recognise=_just("date", "currency", "amount", "wallet"),
        entries=legs.one_each(), event=_distribution, exchange="poloniex",
    ),
)  # fmt: skip
