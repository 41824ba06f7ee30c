"""Accointing, which has closed: its export and the form it took.

Times are UTC, in the form month first. What was "ignored" there is left out.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.imports import dates, kinds, two_sided
from portfolio.imports.format import ImportFormat, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import Layout

_EXPORT = (
    *("timeExecuted", "type", "boughtQuantity", "boughtCurrency", "boughtCurrencyId"),
    *("soldQuantity", "soldCurrency", "soldCurrencyId"),
    *("feeQuantity", "feeCurrency", "feeCurrencyId"),
    *("classification", "walletName", "walletProvider", "txId", "primaryAddress"),
    *("otherAddress", "temporaryCurrencyName", "temporaryFeeCurrencyName"),
    *("temporaryBoughtCurrencyTicker", "temporarySoldCurrencyTicker"),
    *("temporaryFeeCurrencyTicker", "id", "associatedTransferId", "comments"),
)
# An order is a trade, whatever it is classified as.
_OWN: kinds.Own = {"order": kinds.KNOWN["trade"]}


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


def _ignored(cells: Cells) -> str:
    is_ignored = cells.get("classification").casefold() == "ignored"
    return "ignored in Accointing" if is_ignored else ""


FORMATS: tuple[ImportFormat, ...] = (
    two_sided.reader(
        Layout(
            date=("timeexecuted",),
            words=("classification", "type"),
            sent=("soldquantity", "soldcurrency|temporarysoldcurrencyticker"),
            received=("boughtquantity", "boughtcurrency|temporaryboughtcurrencyticker"),
            fee=("feequantity", "feecurrency|temporaryfeecurrencyticker"),
            account="walletname",
            ident="id",
            detail={
                "txid": "txid",
                "address": "otheraddress",
                "description": "comments",
            },
            own=_OWN,
            when=_when,
            left_out=_ignored,
        ),
        id="accointing",
        title="Accointing: export",
        description="The export of the closed Accointing, with the name of each wallet.",
        headings=(_EXPORT,),
        recognise=having("timeexecuted", "boughtquantity", "soldquantity", "walletname"),
    ),
    two_sided.reader(
        Layout(
            date=("date",),
            words=("classification", "transactiontype"),
            sent=("outsellamount", "outsellasset"),
            received=("inbuyamount", "inbuyasset"),
            fee=("feeamount", "feeasset"),
            detail={"order": "operationid", "description": "comments"},
            own=_OWN,
            when=_when,
            left_out=_ignored,
        ),
        id="accointing-form",
        title="Accointing: import form",
        description="The form that the closed Accointing took, one file for each wallet.",
        headings=(
            (
                *("transactionType", "date", "inBuyAmount", "inBuyAsset", "outSellAmount"),
                *("outSellAsset", "feeAmount (optional)", "feeAsset (optional)"),
                *("classification (optional)", "operationId (optional)", "comments (optional)"),
            ),
        ),
        recognise=having("transactiontype", "date", "inbuyamount", "outsellamount"),
    ),
)
