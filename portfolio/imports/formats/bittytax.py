"""BittyTax: the input of its accounting tool, which goes by position and does not read headings.

Values are totals in the currency of the heading ("Buy Value in GBP"). A theft is "Lost" there.
"""

from __future__ import annotations

from dataclasses import replace

from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat, Reading, Row
from portfolio.imports.headings import fold, having, numbered
from portfolio.imports.two_sided import Layout

_POSITIONS = (
    *("type", "buy quantity", "buy asset", "worth 1 ({currency})"),
    *("sell quantity", "sell asset", "worth 2 ({currency})"),
    *("fee quantity", "fee asset", "fee value", "wallet", "timestamp", "note"),
)


def _named(row: Row, reading: Reading) -> Row:
    heading = reading.heading or tuple(row.cells)
    told = fold(heading[3]) if len(heading) > 3 else ""
    currency = told.rpartition(" in ")[2] if " in " in told else "gbp"
    names = (name.format(currency=currency) for name in _POSITIONS)
    by_position = dict(zip(numbered(heading), names, strict=False))
    cells = {by_position.get(fold(name), name): cell for name, cell in row.cells.items()}
    return replace(row, cells=cells)


_MATCHES = having("type", "buy quantity", "buy asset", "sell quantity", "wallet", "timestamp")

FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("timestamp",),
        words=("type",),
        sent=("sell quantity", "sell asset"),
        received=("buy quantity", "buy asset"),
        fee=("fee quantity", "fee asset"),
        account="wallet",
        value=("worth ", "("),
        detail={"description": "note", "txid": "tx id"},
    ),
    id="bittytax",
    title="BittyTax",
    description="The transaction records of BittyTax, with the wallet in each row.",
    headings=(
        (
            *("Type", "Buy Quantity", "Buy Asset", "Buy Value in GBP"),
            *("Sell Quantity", "Sell Asset", "Sell Value in GBP"),
            *("Fee Quantity", "Fee Asset", "Fee Value in GBP", "Wallet", "Timestamp", "Note"),
        ),
    ),
    recognise=_MATCHES,
    named=_named,
)
