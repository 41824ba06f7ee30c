"""bitcoin.tax: its trades, and its spending and income.

A total is volume times price, without fees. SWAP is its word for a coin renamed or split off; what
went for what is left to a person.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

Kind = TransactionKind

_COMES = {"income", "mining", "giftin", "borrow", "staking", "interest", "airdrop", "fork"}
_GOES = {"spend", "spending", "donation", "gift", "stolen", "lost", "repay", "fee", "tip"}
_OWN: kinds.Own = {
    "giftin": Kind.GIFT,
    "tip": Kind.GIFT,
    "borrow": Kind.OTHER,
    "repay": Kind.OTHER,
}


def _trade(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = cells.get("action").casefold()
    if word not in {"buy", "sell", "swap"}:
        raise NotUnderstood(
            f"“{cells.get('action')[:40]}” is not an action of bitcoin.tax's trades"
        )
    base = two_sided.needed(cells, ("volume", "symbol"), reading)
    total = values.amount(cells.get("total"), reading)
    if total is None:
        price = two_sided.needed(cells, ("price", "currency"), reading)
        total = money.multiply(base.amount, price.amount)
    quote = two_sided.code(cells.get("currency"))
    side = "sell" if word == "sell" else "buy"
    moved = [
        *legs.swap(WALLET, side, (base.asset, base.amount), (quote, total)),
        *_fee(cells, reading),
    ]
    kind = Kind.UNCLASSIFIED if word == "swap" else Kind.TRADE
    return two_sided.booked(_at(cells, reading), kind, moved, _about(cells))


def _other(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = kinds.spelled(cells.get("action"))
    if word not in _COMES and word not in _GOES:
        raise NotUnderstood(f"“{cells.get('action')[:40]}” does not say whether it came or went")
    side = two_sided.needed(cells, ("volume", "symbol"), reading)
    size = side.amount.copy_abs()
    amount = size if word in _COMES else money.negate(size)
    moved = [legs.leg(WALLET, side.asset, amount), *_fee(cells, reading)]
    total = values.amount(cells.get("total"), reading)
    about = _about(cells)
    if total is not None and cells.get("currency"):
        about |= {"value": money.plain(total), "value_currency": cells.get("currency").upper()}
    return two_sided.booked(_at(cells, reading), kinds.kind(word, moved, _OWN), moved, about)


def _at(cells: Cells, reading: Reading) -> datetime:
    return dates.moment(cells.get("date"), reading)


def _fee(cells: Cells, reading: Reading) -> tuple[Movement, ...]:
    fee = two_sided.side(cells, ("fee", "feecurrency"), reading)
    return (legs.fee(WALLET, fee.asset, fee.amount),) if fee else ()


def _about(cells: Cells) -> dict[str, str]:
    return {
        "type": cells.get("action"),
        "price": cells.get("price"),
        "description": cells.get("memo"),
        "order": cells.get("exchangeid"),
        "txid": cells.get("txhash"),
        "address": cells.get("recipient"),
    }


_START = ("Date", "Action", "Symbol", "Account", "Volume", "Price", "Currency", "Fee")
FORMATS = (
    ImportFormat(
        id="bitcoin-tax-trades",
        rank=two_sided.RANK,
        title="bitcoin.tax: trades",
        description="The trades of bitcoin.tax, by account.",
        headings=(
            (
                *(*_START, "FeeCurrency", "Total", "Cost/Proceeds", "ExchangeId", "Category"),
                *("Subaccount", "Memo", "SymbolBalance", "CurrencyBalance", "FeeBalance"),
            ),
        ),
        recognise=having("date", "action", "symbol", "volume", "total", "cost/proceeds"),
        entries=two_sided.one_each("account"),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _trade(entry, reading)),
    ),
    ImportFormat(
        id="bitcoin-tax-income",
        rank=two_sided.RANK,
        title="bitcoin.tax: spending and income",
        description="What bitcoin.tax has beside trades, by account.",
        headings=(
            (
                *(*_START, "FeeCurrency", "Total", "Ref", "Memo", "Margin", "MarginId"),
                *("TxHash", "Sender", "Recipient"),
            ),
        ),
        recognise=having(
            *("date", "action", "symbol", "volume", "total", "ref"), lacking=("cost/proceeds",)
        ),
        entries=two_sided.one_each("account"),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _other(entry, reading)),
    ),
)
