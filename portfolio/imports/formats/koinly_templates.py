"""Koinly's two smaller templates: movements with a sign, and trades of a pair. Times are UTC."""

from __future__ import annotations

from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

_FEE = ("fee amount", "fee currency")


def _simple(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    leg = two_sided.side(cells, ("amount", "currency"), reading)
    moved = [legs.leg(WALLET, leg.asset, leg.amount)] if leg else []
    word = cells.get("label|tag")
    detail = {"type": word, "txid": cells.get("txhash"), "description": cells.get("description")}
    at = dates.moment(cells.get("koinly date|date"), reading)
    return two_sided.booked(at, kinds.kind(word, moved, {}), moved, detail)


def _trade(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    base, quote = legs.pair(cells.get("pair"))
    amount = values.amount(cells.get("amount"), reading)
    total = values.amount(cells.get("total"), reading)
    if amount is None or total is None:
        raise NotUnderstood("a trade needs both its amount and its total")
    moved = [*legs.swap(WALLET, cells.get("side"), (base, amount), (quote, total))]
    if fee := two_sided.side(cells, _FEE, reading):
        moved.append(legs.fee(WALLET, fee.asset, fee.amount))
    detail = {
        "symbol": cells.get("pair"),
        "side": cells.get("side"),
        "order": cells.get("order id"),
    }
    at = dates.moment(cells.get("koinly date|date"), reading)
    return two_sided.booked(at, TransactionKind.TRADE, moved, detail)


FORMATS = (
    ImportFormat(
        id="koinly-simple",
        rank=two_sided.RANK,
        title="Koinly: simple template",
        description="One signed amount in each row.",
        headings=(("Koinly Date", "Amount", "Currency", "Label", "TxHash"),),
        recognise=having("koinly date", "amount", "currency", lacking=("pair", "sent amount")),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _simple(entry, reading)),
    ),
    ImportFormat(
        id="koinly-trades",
        rank=two_sided.RANK,
        title="Koinly: trades template",
        description="One trade of a pair in each row.",
        headings=(
            (
                *("Koinly Date", "Pair", "Side", "Amount", "Total", "Fee Amount", "Fee Currency"),
                *("Order ID", "Trade ID"),
            ),
        ),
        recognise=having("koinly date", "pair", "side", "amount", "total"),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _trade(entry, reading)),
    ),
)
