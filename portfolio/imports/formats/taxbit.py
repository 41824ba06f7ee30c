"""TaxBit: the form of its former product, which names both ends of a transfer."""

from __future__ import annotations

from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout

FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("date and time",),
        words=("transaction type",),
        sent=("sent quantity", "sent currency"),
        received=("received quantity", "received currency"),
        fee=("fee", "fee currency"),
        sender="sending source",
        receiver="receiving destination",
        detail={
            "txid": "blockchain transaction hash",
            "order": "exchange transaction id",
        },
    ),
    id="taxbit",
    title="TaxBit",
    description="TaxBit's form for private people, with the source and the destination.",
    headings=(
        (
            *("Date and Time", "Transaction Type", "Sent Quantity", "Sent Currency"),
            *("Sending Source", "Received Quantity", "Received Currency"),
            *("Receiving Destination", "Fee", "Fee Currency", "Exchange Transaction ID"),
            "Blockchain Transaction Hash",
        ),
    ),
    recognise=having("date and time", "transaction type", "sending source", "sent quantity"),
)
