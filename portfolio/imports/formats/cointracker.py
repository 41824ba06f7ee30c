"""CoinTracker: its transaction history, today's and the older one, and the eight columns it takes.

Times are UTC, month first. Fees are beside the amounts. Wallets carry an asset behind their name
("Alpha - ETH"), which is cut off.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from portfolio.imports import dates, two_sided
from portfolio.imports.format import ImportFormat, Reading
from portfolio.imports.headings import Cells, fold, having
from portfolio.imports.two_sided import Layout

_EIGHT = (
    *("Date", "Received Quantity", "Received Currency", "Sent Quantity", "Sent Currency"),
    *("Fee Amount", "Fee Currency", "Tag"),
)
_RECEIVED = (
    *("Received Quantity", "Received Currency", "Received Cost Basis (USD)"),
    *("Received Wallet", "Received Address"),
)
_SENT = (
    *("Sent Quantity", "Sent Currency", "Sent Cost Basis (USD)"),
    *("Sent Wallet", "Sent Address"),
)
_FULL = (
    *("Date", "Type", "Transaction ID", *_RECEIVED, "Received Comment", *_SENT, "Sent Comment"),
    *("Fee Amount", "Fee Currency", "Fee Cost Basis (USD)", "Realized Return (USD)"),
    *("Fee Realized Return (USD)", "Transaction Hash"),
)
_OLDER = (
    *("Date", "Type", "Transaction ID", *_RECEIVED, "Received Tag", "Received Comment"),
    *(*_SENT, "Sent Tag", "Sent Comment", "Fee Amount", "Fee Currency"),
    *("Realized Return (USD)", "Ignored"),
)


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


def _left_out(cells: Cells) -> str:
    is_ignored = cells.get("ignored").casefold() in {"true", "yes", "1"}
    return "ignored in CoinTracker" if is_ignored else ""


def _is_eight(heading: tuple[str, ...]) -> bool:
    found = {fold(name) for name in heading if name.strip()}
    return found == {fold(name) for name in _EIGHT}


_HISTORY = two_sided.reader(
    Layout(
        date=("date",),
        words=("received tag", "sent tag", "type"),
        sent=("sent quantity", "sent currency"),
        received=("received quantity", "received currency"),
        fee=("fee amount", "fee currency"),
        sender="sent wallet",
        receiver="received wallet",
        ident="transaction id",
        value=("received cost basis", "("),
        detail={
            "txid": "transaction hash",
            "address": "sent address|received address",
            "description": "received comment|sent comment",
        },
        when=_when,
        left_out=_left_out,
        called=lambda wallet: wallet.partition(" - ")[0],
    ),
    id="cointracker-history",
    title="CoinTracker: transaction history",
    description="All transactions of all wallets, with CoinTracker's own number of each.",
    headings=(_FULL, _OLDER),
    recognise=having("date", "type", "transaction id", "received quantity", "sent quantity"),
)
_FORM = two_sided.reader(
    Layout(
        date=("date",),
        words=("tag",),
        sent=("sent quantity", "sent currency"),
        received=("received quantity", "received currency"),
        fee=("fee amount", "fee currency"),
        when=_when,
    ),
    id="cointracker",
    title="CoinTracker: import form",
    description="CoinTracker's eight columns, one file for each wallet; Pionex has them too.",
    headings=(_EIGHT,),
    recognise=_is_eight,
)
# Below its rows the history may have three dots, and remarks after them.
FORMATS: tuple[ImportFormat, ...] = (replace(_HISTORY, ends="..."), _FORM)
