"""TurboTax: its universal template, one file for each account. Fees are beside the amounts."""

from __future__ import annotations

from datetime import datetime

from portfolio.engine.types import TransactionKind
from portfolio.imports import dates, two_sided
from portfolio.imports.format import ImportFormat, Reading
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("date",),
        words=("type",),
        sent=("sent amount", "sent asset"),
        received=("received amount", "received asset"),
        fee=("fee amount", "fee asset"),
        value=("market value", "market value currency"),
        detail={
            "description": "description",
            "txid": "transaction hash",
            "order": "transaction id",
        },
        own={"convert": TransactionKind.TRADE, "other": TransactionKind.UNCLASSIFIED},
        when=_when,
    ),
    id="turbotax",
    title="TurboTax: universal template",
    description="TurboTax's template of transactions, one file for each account.",
    headings=(
        (
            *("Date", "Type", "Sent Asset", "Sent Amount", "Received Asset", "Received Amount"),
            *("Fee Asset", "Fee Amount", "Market Value Currency", "Market Value"),
            *("Description", "Transaction Hash", "Transaction ID"),
        ),
    ),
    recognise=having("date", "type", "sent asset", "sent amount", "received asset"),
)
