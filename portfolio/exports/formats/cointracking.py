"""CoinTracking's custom CSV: fees lie inside the amounts, and each row has an identity of its own.

A fee of the sold asset is part of what was sold, one of the bought asset is taken off what was
bought; the fee column repeats it. One in a third asset is a row ``Other Fee``. CoinTracking leaves
out rows whose Tx-ID it has already, so no two rows have the same.
"""

from __future__ import annotations

import csv

from portfolio.engine.export import ExportContext
from portfolio.engine.types import TransactionKind
from portfolio.exports import columns as c
from portfolio.exports.format import free_text, gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words
from portfolio.exports.two_sided import Fees, Row

_PROFIT, _LOSS = "Derivatives / Futures Profit", "Derivatives / Futures Loss"
WORDS = Words(
    came={
        M.REWARD: "Reward / Bonus",
        M.STAKING: "Staking",
        M.INTEREST: "Interest Income",
        M.AIRDROP: "Airdrop",
        M.FORK: "Airdrop",
        M.MINING: "Mining",
        M.CASHBACK: "Reward / Bonus",
        M.INCOME: "Income",
        M.GIFT: "Gift/Tip(In)",
        M.FEE: "Other Income",
        M.FUNDING: _PROFIT,
        M.REALISED_PNL: _PROFIT,
        M.LIQUIDATION: _PROFIT,
    },
    went={
        M.FEE: "Other Fee",
        M.MARGIN_FEE: "Margin Fee",
        M.INTEREST: "Borrowing Fee",
        M.GIFT: "Gift(Out)",
        M.DONATION: "Donation",
        M.LOST: "Lost",
        M.STOLEN: "Stolen",
        M.PAYMENT: "Spend",
        M.FUNDING: _LOSS,
        M.REALISED_PNL: _LOSS,
        M.LIQUIDATION: _LOSS,
    },
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Trade",
)


def group(row: Row, context: ExportContext) -> str:
    """CoinTracking's own name of the group that funding belongs to."""
    return "Funding Rate" if row.transaction.kind is TransactionKind.FUNDING else ""


def row_id(row: Row, context: ExportContext) -> str:
    """An identity that no other row has, and that is the same at the next export."""
    transaction = row.transaction
    transfer = "" if transaction.transfer is None else f":transfer-{transaction.transfer}"
    return f"{transaction.account}:{c.key(row, context)}{transfer}"


def comment(row: Row, context: ExportContext) -> str:
    """The note, with the transaction on the chain, for which there is no column."""
    return free_text(f"{c.note(row, context)} {row.transaction.detail.get('txid', '')}".strip())


LAYOUT = c.Layout(
    {
        "Type": c.word(WORDS),
        "Buy Amount": c.received_amount,
        "Buy Currency": c.received_asset,
        "Sell Amount": c.sent_amount,
        "Sell Currency": c.sent_asset,
        "Fee": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Exchange": c.account,
        "Trade-Group": group,
        "Comment": comment,
        "Date": c.dated("%Y-%m-%d %H:%M:%S"),
        "Tx-ID": row_id,
    },
    Fees.INSIDE,
)
FORMAT = hosted(
    "cointracking",
    gettext_noop("CoinTracking"),
    gettext_noop(
        "CoinTracking's custom CSV, all connections in one file. Choose UTC as the time zone when "
        "you upload it. Fees are inside the amounts, as CoinTracking wants them. It numbers "
        "symbols that several coins have (SOL2, ATOM2, LUNA3); set those of yours that differ."
    ),
    LAYOUT,
    WORDS,
    own={
        "interest_paid": gettext_noop(
            "Interest paid is written as a borrowing fee, which is the nearest type."
        ),
        "rebate": gettext_noop(
            "Fees given back are written as other income: there is no type for them."
        ),
    },
    symbols={"ATOM": "ATOM2", "SOL": "SOL2"},
    quoting=csv.QUOTE_ALL,
)
