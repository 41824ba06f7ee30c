"""Recap: its custom account, one file for each. What is received is told net of the fee."""

from __future__ import annotations

from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout

FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("date",),
        words=("type",),
        sent=("outorsellamount", "outorsellcurrency"),
        received=("inorbuyamount", "inorbuycurrency"),
        fee=("feeamount", "feecurrency"),
        detail={"description": "description|notes", "txid": "id|txid"},
    ),
    id="recap",
    title="Recap",
    description="Recap's custom account, one file for each account.",
    headings=(
        (
            *("Type", "Date", "InOrBuyAmount", "InOrBuyCurrency"),
            *("OutOrSellAmount", "OutOrSellCurrency", "FeeAmount", "FeeCurrency"),
        ),
    ),
    recognise=having("type", "date", "inorbuyamount", "outorsellamount"),
)
