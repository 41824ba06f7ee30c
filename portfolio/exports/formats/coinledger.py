"""CoinLedger's universal template: its header is compared as a whole, ``(Optional)`` included."""

from __future__ import annotations

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words

WORDS = Words(
    came={
        M.REWARD: "Income",
        M.STAKING: "Staking",
        M.INTEREST: "Interest",
        M.AIRDROP: "Airdrop",
        M.FORK: "Hard Fork",
        M.MINING: "Mining",
        M.CASHBACK: "Income",
        M.INCOME: "Income",
        M.GIFT: "Gift Received",
        M.FEE: "Income",
        M.FUNDING: "Income",
        M.REALISED_PNL: "Income",
        M.LIQUIDATION: "Income",
    },
    went={
        M.FEE: "Network Fee",
        M.FUNDING: "Investment Loss",
        M.REALISED_PNL: "Investment Loss",
        M.LIQUIDATION: "Investment Loss",
        M.INTEREST: "Interest Payment",
        M.GIFT: "Gift Sent",
        M.LOST: "Investment Loss",
        M.STOLEN: "Theft Loss",
        M.PAYMENT: "Merchant Payment",
    },
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Trade",
)
LAYOUT = c.Layout(
    {
        "Date (UTC)": c.dated("%m/%d/%Y %H:%M:%S"),
        "Platform (Optional)": c.account,
        "Asset Sent": c.sent_asset,
        "Amount Sent": c.sent_amount,
        "Asset Received": c.received_asset,
        "Amount Received": c.received_amount,
        "Fee Currency (Optional)": c.fee_asset,
        "Fee Amount (Optional)": c.fee_amount,
        "Type": c.word(WORDS),
        "Description (Optional)": c.note,
        "TxHash (Optional)": c.chain_id,
    }
)
FORMAT = hosted(
    "coinledger",
    gettext_noop("CoinLedger"),
    gettext_noop(
        "CoinLedger's universal manual import, all connections in one file. Amounts are without "
        "fees; sources contradict each other on whether CoinLedger wants them with fees, so check "
        "one trade and one withdrawal after the import."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Results and funding of futures and other contracts are written as Income when "
            "received and as Investment Loss when paid: whether the template takes margin gains "
            "is not known."
        ),
        "fee": gettext_noop("Fees that are rows of their own are written as network fees."),
        "rebate": gettext_noop("Fees given back are written as income."),
    },
)
