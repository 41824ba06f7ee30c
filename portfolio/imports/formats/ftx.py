"""FTX, closed in 2022: trades, deposits, withdrawals, dust, lending, staking, funding."""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_TIMES = ("%m/%d/%Y, %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z",
          "%Y-%m-%dT%H:%M:%S%z")  # fmt: skip


def _at(row: Row, reading: Reading) -> datetime:
    return cells.when(row, reading, "Time", *_TIMES)


def _trade(entry: Entry, reading: Reading) -> Event:
    """A trade of a pair; of a contract only the fee is known, its profit is nowhere told."""
    (row,) = entry.rows
    market, side = cells.needed(row, "Market"), cells.needed(row, "Side")
    paid, paid_in = (
        cells.or_zero(row, reading, "Fee"),
        cells.text(row, "Fee Currency", "feeCurrency"),
    )
    charge = legs.fee(SPOT, paid_in.upper() or "USD", paid)
    moved: tuple[Movement, ...] = (charge,)
    kind = _Kind.FEE
    if "/" in market:
        base, quote = legs.pair(market)
        size, total = (cells.amount(row, reading, name) for name in ("Size", "Total"))
        moved = (*legs.swap(SPOT, side, (base, size), (quote, total)), charge)
        kind = _Kind.TRADE if total else _Kind.AIRDROP
    return legs.event(
        kind,
        _at(row, reading),
        moved,
        symbol=market,
        side=side.lower(),
        price=cells.text(row, "Price"),
        quantity=cells.text(row, "Size"),
        trade=cells.text(row, "ID"),
    )


def _travelled(kind: TransactionKind, entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code, size = cells.needed(row, "Coin").upper(), cells.amount(row, reading, "Amount", "Size")
    paid = cells.or_zero(row, reading, "Fee")
    return legs.event(
        kind,
        _at(row, reading),
        legs.travel(kind, SPOT, code, size, paid=paid),
        address=cells.text(row, "Destination", "Address"),
        txid=cells.text(row, "Transaction ID", "txid"),
        status=cells.text(row, "Status"),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.DEPOSIT, entry, reading)


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.WITHDRAWAL, entry, reading)


def _dust(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    gave, got = (cells.needed(row, name).upper() for name in ("from", "to"))
    size, came = (cells.amount(row, reading, name) for name in ("size", "proceeds"))
    moved = (
        *legs.swap(SPOT, "buy", (got, came), (gave, size)),
        legs.fee(SPOT, got, cells.or_zero(row, reading, "fee")),
    )
    return legs.event(_Kind.CONVERSION, _at(row, reading), moved, type="dust")


def _earned(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    code = cells.needed(row, "Coin", "Currency").upper()
    lent = "Proceeds" in row.cells
    size = cells.amount(row, reading, "Proceeds", "Reward")
    return legs.event(
        _Kind.INTEREST if lent else _Kind.REWARD,
        _at(row, reading),
        (legs.leg(SPOT, code, size),),
        note=cells.text(row, "Notes"),
    )


def _funding(entry: Entry, reading: Reading) -> Event:
    """A payment for a position: above zero it was paid."""
    (row,) = entry.rows
    paid = cells.amount(row, reading, "payment")
    return legs.event(
        _Kind.FUNDING,
        _at(row, reading),
        (legs.leg(SPOT, "USD", money.negate(paid)),),
        symbol=cells.text(row, "future"),
    )


_UNDONE = legs.undone("Status")
_ASKS = ("zone",)

FORMATS = (
    ImportFormat(
        id="ftx-trades", title="FTX: trades",
        description="Trades. What contracts won or lost is in none of FTX's files.",
        headings=(("ID", "Time", "Market", "Side", "Size", "Price", "Total", "Fee", "feeCurrency"),
                  ("ID", "Time", "Market", "Side", "Size", "Price", "Total", "Fee",
                   "Fee Currency")),
        entries=legs.one_each(ident=lambda row: cells.text(row, "ID")),
        event=_trade, exchange="ftx", asks=_ASKS,
    ),
    ImportFormat(
        id="ftx-deposits", title="FTX: deposits", description="Deposits.",
        headings=(("Time", "Coin", "Amount", "Status", "Additional info", "Transaction ID"),
                  ("id", "Time", "Coin", "Size", "Status", "txid")),
        entries=legs.one_each(left_out=_UNDONE), event=_deposit, exchange="ftx", asks=_ASKS,
    ),
    ImportFormat(
        id="ftx-withdrawals", title="FTX: withdrawals", description="Withdrawals.",
        headings=(("Time", "Coin", "Amount", "Destination", "Status", "Transaction ID", "Fee"),
                  ("Time", "Coin", "Size", "Address", "Status", "txid", "Fee", "id")),
        entries=legs.one_each(left_out=_UNDONE), event=_withdrawal, exchange="ftx", asks=_ASKS,
    ),
    ImportFormat(
        id="ftx-dust", title="FTX: dust", description="Conversions of small balances.",
        headings=(("Time", "from", "to", "size", "fee", "price", "proceeds", "status"),),
        entries=legs.one_each(left_out=legs.undone("status")), event=_dust, exchange="ftx",
        asks=_ASKS,
    ),
    ImportFormat(
        id="ftx-earned", title="FTX: lending and staking", description="Interest and rewards.",
        headings=(("Time", "Currency", "Size", "Hourly Funding Rate", "Proceeds"),
                  ("Time", "Coin", "Size", "rate", "Proceeds"),
                  ("Time", "Notes", "Coin", "Reward")),
        entries=legs.one_each(), event=_earned, exchange="ftx", asks=_ASKS,
    ),
    ImportFormat(
        id="ftx-funding", title="FTX: funding", description="Funding payments of contracts.",
        headings=(("Time", "future", "payment", "rate"),),
        entries=legs.one_each(), event=_funding, exchange="ftx", asks=_ASKS,
    ),
)  # fmt: skip
