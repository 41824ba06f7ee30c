"""TokenTax: its manual template. Times are UTC, month first; fees beside the amounts."""

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
        date=("date",),
        words=("type",),
        sent=("sellamount", "sellcurrency"),
        received=("buyamount", "buycurrency"),
        fee=("feeamount", "feecurrency"),
        account="exchange",
        detail={"group": "group", "description": "comment"},
        when=_when,
    ),
    id="tokentax",
    title="TokenTax",
    description="TokenTax's manual template, with the exchange in each row.",
    headings=(
        (
            *("Type", "BuyAmount", "BuyCurrency", "SellAmount", "SellCurrency"),
            *("FeeAmount", "FeeCurrency", "Exchange", "Group", "Comment", "Date"),
        ),
    ),
    recognise=having("type", "buyamount", "buycurrency", "sellamount", "date"),
)
