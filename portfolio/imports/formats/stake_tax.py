"""stake.tax: what it read off a chain. Times are UTC.

A type that starts with an underline was not told to any tax tool; what it moved still counts here,
and where that is nothing but the fee, it is a fee.
"""

from __future__ import annotations

from portfolio.engine.types import TransactionKind
from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout

FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("timestamp",),
        words=("tx_type",),
        sent=("sent_amount", "sent_currency"),
        received=("received_amount", "received_currency"),
        fee=("fee", "fee_currency"),
        account="wallet_address|exchange",
        detail={"txid": "txid", "description": "comment", "network": "exchange"},
        own={
            "lp_deposit": TransactionKind.OTHER,
            "lp_withdraw": TransactionKind.OTHER,
            "lp_stake": TransactionKind.OTHER,
            "lp_unstake": TransactionKind.OTHER,
        },
    ),
    id="stake-tax",
    title="stake.tax",
    description="The default export of stake.tax, by wallet address.",
    headings=(
        (
            *("timestamp", "tx_type", "received_amount", "received_currency"),
            *("sent_amount", "sent_currency", "fee", "fee_currency", "comment", "txid"),
            *("url", "exchange", "wallet_address"),
        ),
    ),
    recognise=having("timestamp", "tx_type", "received_amount", "sent_amount", "wallet_address"),
)
