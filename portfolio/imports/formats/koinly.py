"""Koinly: the transactions of its tax report, its bulk edit, and its universal template.

Times are UTC and fees are beside the amounts. An asset's number ("WFLR;9546698") is cut off its
code and kept. Futures come as results only; what was deleted there is left out here.
"""

from __future__ import annotations

from portfolio.engine.types import TransactionKind
from portfolio.imports import kinds, two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import Layout

# "swap" marks what is not taxed as a trade: a migration, a rebase.
_OWN: kinds.Own = {"swap": TransactionKind.CONVERSION, "buy_sell": TransactionKind.TRADE}

_REPORT = (
    "Date", "Type", "Label", "Sending Wallet", "Sent Amount", "Sent Currency", "Sent Cost Basis",
    "Receiving Wallet", "Received Amount", "Received Currency", "Received Cost Basis",
    "Fee Amount", "Fee Currency", "Gain (EUR)", "Net Value (EUR)", "Fee Value (EUR)",
    "TxSrc", "TxDest", "TxHash", "Description",
)  # fmt: skip
_BULK = (
    "ID (read-only)", "Parent ID (read-only)", "Date (UTC)", "Type", "Tag",
    "From Wallet (read-only)", "From Wallet ID", "From Amount", "From Currency",
    "To Wallet (read-only)", "To Wallet ID", "To Amount", "To Currency",
    "Fee Amount", "Fee Currency", "Net Worth Amount", "Net Worth Currency",
    "Fee Worth Amount", "Fee Worth Currency", "Net Value (read-only)", "Fee Value (read-only)",
    "Value Currency (read-only)", "Deleted", "TxSrc", "TxDest", "TxHash", "Description",
)  # fmt: skip
_UNIVERSAL = (
    "Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency",
    "Fee Amount", "Fee Currency", "Net Worth Amount", "Net Worth Currency",
    "Label", "Description", "TxHash",
)  # fmt: skip


def _deleted(cells: Cells) -> str:
    is_deleted = cells.get("deleted").casefold() in {"true", "yes", "1"}
    is_ignored = cells.get("tag|label").casefold() == "ignored"
    return "deleted in Koinly" if is_deleted else "ignored in Koinly" if is_ignored else ""


_ABOUT = {
    "txid": "txhash",
    "description": "description",
    "address": "txdest",
    "sender": "txsrc",
}

REPORT = two_sided.reader(
    Layout(
        date=("date|date (utc)",),
        words=("label|tag", "type"),
        sent=("sent amount", "sent currency"),
        received=("received amount", "received currency"),
        fee=("fee amount", "fee currency"),
        sender="sending wallet",
        receiver="receiving wallet",
        value=("net value (", "("),
        detail=_ABOUT,
        own=_OWN,
        left_out=_deleted,
    ),
    id="koinly-report",
    title="Koinly: transactions of the tax report",
    description="The transaction report that Koinly makes for a year, with both wallets by name.",
    headings=(_REPORT, ("Date", "Type", "Tag", *_REPORT[3:])),
    recognise=having("date", "type", "sending wallet", "sent amount", "receiving wallet"),
)

BULK = two_sided.reader(
    Layout(
        date=("date (utc)|date",),
        words=("tag|label", "type"),
        sent=("from amount", "from currency"),
        received=("to amount", "to currency"),
        fee=("fee amount", "fee currency"),
        sender="from wallet|from wallet id",
        receiver="to wallet|to wallet id",
        ident="id",
        value=("net worth amount|net value", "net worth currency|value currency"),
        detail=_ABOUT | {"sent_asset": "from currency", "received_asset": "to currency"},
        own=_OWN,
        left_out=_deleted,
    ),
    id="koinly-bulk",
    title="Koinly: bulk edit",
    description="The file of Koinly's bulk edit, with its own number of each transaction.",
    headings=(_BULK,),
    recognise=having("id", "from amount", "from currency", "to amount", "to currency"),
)

UNIVERSAL = two_sided.reader(
    Layout(
        date=("date|koinly date|date (utc)",),
        words=("label|tag",),
        sent=("sent amount", "sent currency"),
        received=("received amount", "received currency"),
        fee=("fee amount", "fee currency"),
        value=("net worth amount", "net worth currency"),
        detail=_ABOUT,
        own=_OWN,
        left_out=_deleted,
    ),
    id="koinly",
    title="Koinly: universal template",
    description="Koinly's twelve columns, one file for each wallet.",
    headings=(_UNIVERSAL, (*_UNIVERSAL[:9], "Tag", *_UNIVERSAL[10:])),
    recognise=having(
        *("sent amount", "sent currency", "received amount", "received currency", "fee amount"),
        lacking=("type", "sending wallet", "sending source", "exchange", "market value"),
    ),
)


FORMATS: tuple[ImportFormat, ...] = (REPORT, BULK, UNIVERSAL)
