"""Coinbase Pro, later Coinbase Exchange: the account statement and the fills. Times are UTC.

Rows of one trade (what came, what went, the fee) share the trade's number.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_FEES = ("fee", "otc_fee", "rfq_fee", "conversion_fee")
_KINDS = legs.words(
    (_Kind.TRADE, ("match", "otc_match", "rfq_match", "fee", "otc_fee", "rfq_fee")),
    (_Kind.CONVERSION, ("conversion", "match_conversion", "conversion_fee", "stake_wrap")),
    (_Kind.DEPOSIT, ("deposit",)),
    (_Kind.WITHDRAWAL, ("withdrawal", "withdraw")),
    (_Kind.TRANSFER, ("transfer", "profile_transfer")),
    (_Kind.REWARD, ("rebate",)),
    (_Kind.INTEREST, ("margin_interest", "interest")),
    (_Kind.ADJUSTMENT, ("tax_credit",)),
)


def _asset(code: str) -> str:
    return codes.asset("coinbaseexchange", code)


def _word(row: Row) -> str:
    return cells.text(row, "type").lower()


def _group(row: Row) -> tuple[str, ...] | None:
    trade, order = cells.text(row, "trade id"), cells.text(row, "order id")
    if trade:
        kind = legs.kind_of(_word(row), _KINDS)
        return (cells.text(row, "portfolio"), kind.value, trade, order)
    if _word(row) in ("conversion", "conversion_fee"):
        return ("conversion", cells.text(row, "portfolio"), cells.text(row, "time", "timestamp"))
    return None


def _event(entry: Entry, reading: Reading) -> Event:
    moved = [_moved(row, reading) for row in entry.rows]
    first = entry.rows[0]
    cells.needed(first, "type")
    kind = legs.first_of(legs.kind_of(_word(row), _KINDS) for row in entry.rows)
    if kind in (_Kind.TRADE, _Kind.CONVERSION):
        kind = legs.exchanged(kind, moved)
    return legs.event(
        kind,
        min(_at(row, reading) for row in entry.rows),
        legs.summed(moved),
        key=_key(entry.rows, kind),
        type=", ".join(sorted({cells.text(row, "type") for row in entry.rows})),
        trade=cells.text(first, "trade id"),
        order=cells.text(first, "order id"),
    )


def _key(rows: tuple[Row, ...], kind: TransactionKind) -> str:
    """The key of the answers; that of a trade names the product, which a fee in its quote tells."""
    first = rows[0]
    if transfer := cells.text(first, "transfer id"):
        return f"transfer:{transfer}"
    fees = {cells.text(row, "amount/balance unit") for row in rows if _word(row) in _FEES}
    others = {cells.text(row, "amount/balance unit") for row in rows} - fees
    order = cells.text(first, "order id")
    if kind is not _Kind.TRADE or len(fees) != 1 or len(others) != 1 or not order:
        return ""
    product = f"{others.pop()}-{fees.pop()}"
    return f"trade:{product}:{cells.text(first, 'trade id')}:{order}"


def _at(row: Row, reading: Reading) -> datetime:
    return cells.at(row, cells.needed(row, "time", "timestamp"), "time", reading)


def _moved(row: Row, reading: Reading) -> Movement:
    role = PostingRole.FEE if _word(row) in _FEES else PostingRole.PRINCIPAL
    asset = _asset(cells.needed(row, "amount/balance unit"))
    return Movement(SPOT, asset, cells.amount(row, reading, "amount"), role)


def _fill(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = (_asset(code) for code in legs.pair(cells.needed(row, "product")))
    side, size = cells.needed(row, "side"), cells.amount(row, reading, "size")
    charge = cells.or_zero(row, reading, "fee")
    total = cells.optional(row, reading, "total")
    # The total has the fee in it: what a purchase took, what a sale brought.
    cost = (
        money.multiply(size, cells.amount(row, reading, "price"))
        if total is None
        else money.add(total, charge).copy_abs()
    )
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "created at"),
        (*legs.swap(SPOT, side, (base, size), (quote, cost)), legs.fee(SPOT, quote, charge)),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "price"),
        trade=cells.text(row, "trade id"),
    )


FORMATS = (
    ImportFormat(
        id="coinbasepro-account",
        title="Coinbase Pro: account statement",
        description="All that moved in the portfolios of Coinbase Pro or Coinbase Exchange.",
        headings=(
            ("portfolio", "type", "time", "amount", "balance", "amount/balance unit",
             "transfer id", "trade id", "order id"),
            ("portfolio", "type", "timestamp", "amount", "balance", "amount/balance unit",
             "transfer id", "trade id", "order id"),
        ),
        entries=legs.grouped(_group, ident=lambda row: cells.text(row, "transfer id")),
        event=_event,
        exchange="coinbaseexchange",
        rank=40,
    ),
    ImportFormat(
        id="coinbasepro-fills",
        title="Coinbase Pro: fills",
        description="Trades of Coinbase Pro or Coinbase Exchange.",
        headings=(
            ("portfolio", "trade id", "product", "side", "created at", "size", "size unit",
             "price", "fee", "total", "price/fee/total unit"),
        ),
        entries=legs.one_each(),
        event=_fill,
        exchange="coinbaseexchange",
        rank=60,
    ),
)  # fmt: skip
