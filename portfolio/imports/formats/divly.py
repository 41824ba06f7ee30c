"""Divly: date and time (UTC) in two columns, one file for each account."""

from __future__ import annotations

from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout

FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("date", "time (utc)|time"),
        words=("label", "transaction_type"),
        sent=("sent_amount", "sent_currency"),
        received=("received_amount", "received_currency"),
        fee=("fee_amount", "fee_currency"),
        detail={"description": "custom_description", "txid": "tx_hash"},
    ),
    id="divly",
    title="Divly",
    description="Divly's own layout, one file for each account.",
    headings=(
        (
            *("date", "time (UTC)", "transaction_type", "label", "sent_amount", "sent_currency"),
            *("received_amount", "received_currency", "fee_amount", "fee_currency"),
            *("custom_description", "tx_hash"),
        ),
    ),
    recognise=having("date", "transaction_type", "sent_amount", "received_amount"),
)
