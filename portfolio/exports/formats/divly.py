"""Divly's CSV: date and time apart, three types, and few labels that are known."""

from __future__ import annotations

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words

TYPES = Words(other_came="Deposit", other_went="Withdrawal", other_both="Trade")
_INCOME = (M.REWARD, M.INTEREST, M.MINING, M.FORK, M.CASHBACK, M.INCOME)
_CONTRACTS = (M.FUNDING, M.REALISED_PNL, M.LIQUIDATION)
WORDS = Words(
    came={
        **dict.fromkeys((*_INCOME, *_CONTRACTS, M.FEE), "Income"),
        M.STAKING: "Staking Reward",
        M.AIRDROP: "Airdrop",
    },
    went=dict.fromkeys((M.FEE, M.INTEREST, *_CONTRACTS), "Other Expense"),
)
LAYOUT = c.Layout(
    {
        "date": c.dated("%Y-%m-%d"),
        "time (UTC)": c.dated("%H:%M:%S"),
        "transaction_type": c.word(TYPES),
        "label": c.word(WORDS),
        "sent_amount": c.sent_amount,
        "sent_currency": c.sent_asset,
        "received_amount": c.received_amount,
        "received_currency": c.received_asset,
        "fee_amount": c.fee_amount,
        "fee_currency": c.fee_asset,
        "custom_description": c.note,
        "tx_hash": c.chain_id,
    }
)
FORMAT = hosted(
    "divly",
    gettext_noop("Divly"),
    gettext_noop(
        "Divly's CSV. Each connection is a file of its own. Of all targets this is the one whose "
        "rules are known least: by one public exporter only. Check every kind of row after the "
        "import."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Results and funding of contracts and liquidations are labelled Income when received "
            "and Other Expense when paid: Divly's own labels for them are not known."
        ),
        "rebate": gettext_noop("Fees given back are labelled Income."),
    },
    is_per_connection=True,
)
