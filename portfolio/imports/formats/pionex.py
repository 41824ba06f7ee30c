"""Pionex: deposits and withdrawals. Times are UTC, month first.

A coin may have its network glued to it ("BUSDBEP20"). Trades come in CoinTracker's eight columns.
"""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

_KINDS = {
    "deposit": TransactionKind.DEPOSIT,
    "withdraw": TransactionKind.WITHDRAWAL,
    "withdrawal": TransactionKind.WITHDRAWAL,
}


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    kind = _KINDS.get(cells.get("tx_type").casefold())
    if kind is None:
        raise NotUnderstood(f"“{cells.get('tx_type')[:40]}” is neither deposit nor withdrawal")
    network = cells.get("network")
    told = two_sided.needed(cells, ("amount", "coin"), reading)
    coin = told.asset.removesuffix(network.upper()) or told.asset
    size = told.amount.copy_abs()
    moved = [
        legs.leg(WALLET, coin, size if kind is TransactionKind.DEPOSIT else money.negate(size))
    ]
    if fee := values.amount(cells.get("fee"), reading):
        moved.append(legs.fee(WALLET, coin, fee))
    detail = {"network": network, "txid": cells.get("txid")}
    at = dates.moment(cells.get("date(utc+0)"), reading, month_first=True)
    return two_sided.booked(at, kind, moved, detail)


FORMAT = ImportFormat(
    id="pionex-transfers",
    title="Pionex: deposits and withdrawals",
    description="The deposits and withdrawals of Pionex.",
    headings=(("date(UTC+0)", "tx_type", "amount", "coin", "network", "txid", "fee"),),
    recognise=having("date(utc+0)", "tx_type", "amount", "coin", "network"),
    entries=legs.one_each(),
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
)
