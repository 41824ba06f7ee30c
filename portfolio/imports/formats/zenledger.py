"""ZenLedger: its custom CSV. Times are UTC, fees beside the amounts."""

from __future__ import annotations

from datetime import datetime

from portfolio.imports import dates, two_sided
from portfolio.imports.format import ImportFormat, Reading
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("timestamp",),
        words=("type",),
        sent=("out amount", "out currency"),
        received=("in amount", "in currency"),
        fee=("fee amount", "fee currency"),
        account="exchange(optional)|exchange",
        detail={"txid": "txid"},
        when=_when,
    ),
    id="zenledger",
    title="ZenLedger",
    description="ZenLedger's custom CSV, with the exchange in each row.",
    headings=(
        (
            *("Timestamp", "Type", "IN Amount", "IN Currency", "Out Amount", "Out Currency"),
            *("Fee Amount", "Fee Currency", "Exchange(optional)", "US Based"),
        ),
    ),
    recognise=having("timestamp", "type", "in amount", "in currency", "out amount"),
)
