"""BitMEX, closed on 23 September 2026: wallet history and trade history.

The wallet history books: its amounts are in the smallest unit of the currency (satoshis), and
change the balance by just that, a withdrawal's fee within it. Profits, fees and funding come once
a day as one sum for each contract. The trades explain that sum and book nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading, Row

_Kind = TransactionKind
WALLET = "account"
# The asset and the digits after the point of the currencies that amounts are told in.
_UNITS = {
    "xbt": ("BTC", 8),
    "usdt": ("USDT", 6),
    "gwei": ("ETH", 9),
    "lamp": ("SOL", 9),
    "bmex": ("BMEX", 6),
    "bmx": ("BMEX", 6),
    "usd": ("USD", 6),
}
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit",)),
    (_Kind.WITHDRAWAL, ("withdrawal",)),
    (_Kind.TRANSFER, ("transfer",)),
    (_Kind.REALISED_PNL, ("realisedpnl", "realizedpnl")),
    (_Kind.FUNDING, ("funding",)),
    (_Kind.REWARD, ("affiliatepayout", "referralpayout", "bonus", "stakingreward", "vestedpayout")),
    (_Kind.CONVERSION, ("conversion",)),
    (_Kind.TRADE, ("spottrade",)),
    (_Kind.FEE, ("fee",)),
)
_PAIRED = ("conversion", "spottrade")
_DAY_FIRST = ("%d/%m/%Y, %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S", "%d/%m/%Y %H:%M:%S")
_MONTH_FIRST = ("%m/%d/%Y, %I:%M:%S %p", "%m/%d/%Y, %H:%M:%S", "%m/%d/%Y %H:%M:%S")
_PLAIN = ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S",
          "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")  # fmt: skip


def _at(row: Row, reading: Reading) -> datetime:
    """A clock of twelve hours is read with its AM and PM: 1:00:00 PM is one in the afternoon."""
    cell = cells.needed(row, "transactTime")
    utc = cell.endswith("Z")
    written = _DAY_FIRST if reading.day_first else _MONTH_FIRST
    own = Reading() if utc else reading
    return cells.at(row, cell, "transactTime", own, *_PLAIN, *written)


def _unit(row: Row) -> tuple[str, int]:
    """The asset and its digits. Files without a currency are of the times when all was bitcoin."""
    code = cells.text(row, "currency")
    found = _UNITS.get(code.lower()) if code else ("BTC", 8)
    if found is None:
        raise NotUnderstood(
            f"“{code[:20]}” is a currency of which the unit is not known", line=row.line
        )
    return found


def _scaled(row: Row, reading: Reading, heading: str) -> Decimal:
    told = cells.or_zero(row, reading, heading)
    if told != told.to_integral_value():
        raise NotUnderstood(f"{heading}: “{told}” is no whole number of units", line=row.line)
    return told.scaleb(-_unit(row)[1], context=money.EXACT)


def _wallet(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        cells.needed(row, "amount")
        moved += _parts(row, reading)
    first = entry.rows[0]
    word = cells.needed(first, "transactType")
    kind = legs.kind_of(word, _KINDS)
    if word.lower() in _PAIRED:
        kind = legs.exchanged(kind, moved)
    is_contract = kind is _Kind.REALISED_PNL
    place = cells.text(first, "address")
    return legs.event(
        kind,
        min(_at(row, reading) for row in entry.rows),
        legs.summed(moved),
        type=word,
        status=cells.text(first, "transactStatus"),
        symbol=place if is_contract and place.lower() != "null" else "",
        address="" if is_contract or place.lower() == "null" else place,
        txid=cells.text(first, "tx"),
    )


def _parts(row: Row, reading: Reading) -> list[Movement]:
    """What a row moves: the fee of a withdrawal is within its amount."""
    asset, amount = _unit(row)[0], _scaled(row, reading, "amount")
    kind = legs.kind_of(cells.text(row, "transactType"), _KINDS)
    if kind is _Kind.FEE:
        return [legs.fee(WALLET, asset, money.negate(amount))]
    paid = _scaled(row, reading, "fee").copy_abs()
    if kind is not _Kind.WITHDRAWAL or not paid or amount >= 0:
        return [legs.leg(WALLET, asset, amount)]
    return [
        legs.leg(WALLET, asset, money.add(amount, paid)),
        legs.fee(WALLET, asset, paid),
    ]


def _not_completed(row: Row) -> str:
    status = cells.text(row, "transactStatus")
    return "" if status.lower() in ("completed", "") else f"its status is “{status[:60]}”"


def _together(row: Row) -> tuple[str, ...] | None:
    word = cells.text(row, "transactType").lower()
    return (word, cells.text(row, "transactTime")) if word in _PAIRED else None


_EXECUTIONS = {
    "trade": _Kind.TRADE,
    "funding": _Kind.FUNDING,
    "settlement": _Kind.REALISED_PNL,
    "liquidation": _Kind.LIQUIDATION,
    "bankruptcy": _Kind.LIQUIDATION,
}


def _trade(entry: Entry, reading: Reading) -> Event:
    """An execution: evidence for the day's sum in the wallet history, which books it."""
    (row,) = entry.rows
    word = cells.needed(row, "execType")
    for heading in ("lastQty", "lastPx"):
        cells.optional(row, reading, heading)
    return legs.event(
        legs.kind_of(word, _EXECUTIONS),
        _at(row, reading),
        (),
        type=word,
        symbol=cells.text(row, "symbol"),
        side=cells.text(row, "side").lower(),
        quantity=cells.text(row, "lastQty"),
        price=cells.text(row, "lastPx"),
        value=_units(row, reading, "execCost"),
        fee=_units(row, reading, "execComm"),
        order=cells.text(row, "orderID"),
        order_type=cells.text(row, "ordType"),
        note=cells.text(row, "text"),
    )


def _units(row: Row, reading: Reading, heading: str) -> str:
    """An amount in the smallest unit, of which the file does not tell the currency."""
    told = cells.optional(row, reading, heading)
    return "" if told is None else f"{money.plain(told)} units"


FORMATS = (
    ImportFormat(
        id="bitmex-wallet",
        title="BitMEX: wallet history",
        description="Deposits, withdrawals and each day's realised profit. Times have no zone.",
        headings=(
            ("transactTime", "transactType", "amount", "fee", "address", "transactStatus",
             "walletBalance"),
        ),
        entries=legs.grouped(_together, left_out=_not_completed),
        event=_wallet,
        exchange="bitmex",
        asks=("zone", "day_first"),
        private=frozenset(("account",)),
    ),
    ImportFormat(
        id="bitmex-trades",
        title="BitMEX: trade history",
        description="Executions. They explain what the wallet history books and move nothing.",
        headings=(
            ("transactTime", "symbol", "execType", "side", "lastQty", "lastPx", "execCost",
             "commission", "execComm", "ordType", "orderQty", "leavesQty", "price", "text",
             "orderID"),
        ),
        entries=legs.one_each(),
        event=_trade,
        exchange="bitmex",
        asks=("zone", "day_first"),
        rank=80,
    ),
)  # fmt: skip
