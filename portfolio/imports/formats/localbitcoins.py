"""LocalBitcoins, which has closed: its trades. Names of buyers and sellers are not kept.

The fee is beside what was traded: a seller paid both, a buyer got the rest.
"""

from __future__ import annotations

from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    side = cells.get("trade_type").rpartition("_")[2]
    traded = values.amount(cells.get("btc_traded|btc_amount"), reading)
    paid = values.amount(cells.get("fiat_amount"), reading)
    if traded is None or paid is None:
        raise NotUnderstood("a trade needs both what was traded and what was paid")
    currency = two_sided.code(cells.get("currency"))
    moved = [*legs.swap(WALLET, side, ("BTC", traded), (currency, paid))]
    if fee := values.amount(cells.get("fee_btc"), reading):
        moved.append(legs.fee(WALLET, "BTC", fee))
    detail = {
        "order": cells.get("id"),
        "side": side.casefold(),
        "type": cells.get("trade_type"),
        "price": cells.get("exchange_rate"),
        "description": cells.get("reference"),
    }
    at = dates.moment(cells.get("transaction_released_at|created_at"), reading)
    return two_sided.booked(at, TransactionKind.TRADE, moved, detail)


FORMAT = ImportFormat(
    id="localbitcoins",
    title="LocalBitcoins",
    description="The trades of the closed LocalBitcoins.",
    headings=(
        (
            *("id", "created_at", "buyer", "seller", "trade_type", "btc_amount", "btc_traded"),
            *("fee_btc", "btc_amount_less_fee", "btc_final", "fiat_amount", "fiat_fee"),
            *("fiat_per_btc", "currency", "exchange_rate", "transaction_released_at"),
            *("online_provider", "reference"),
        ),
    ),
    recognise=having("id", "created_at", "trade_type", "btc_amount", "fee_btc", "fiat_amount"),
    entries=legs.one_each(),
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
    private=frozenset(("buyer", "seller")),
)
