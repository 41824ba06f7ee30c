"""ZenLedger's custom CSV: amounts exclude the fee, for every type."""

from __future__ import annotations

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words

WORDS = Words(
    came={
        M.REWARD: "misc reward",
        M.STAKING: "staking reward",
        M.INTEREST: "interest received",
        M.AIRDROP: "airdrop",
        M.FORK: "fork",
        M.MINING: "mined",
        M.CASHBACK: "misc reward",
        M.INCOME: "misc reward",
        M.FEE: "misc reward",
        M.FUNDING: "margin gain",
        M.REALISED_PNL: "margin gain",
        M.LIQUIDATION: "margin gain",
    },
    went={
        M.FEE: "fee",
        M.FUNDING: "fee",
        M.REALISED_PNL: "margin loss",
        M.LIQUIDATION: "margin loss",
        M.INTEREST: "fee",
        M.GIFT: "gift sent",
        M.LOST: "lost",
        M.STOLEN: "stolen",
        M.PAYMENT: "payment",
    },
    both={M.BUY: "buy", M.SELL: "sell"},
    other_came="receive",
    other_went="send",
    other_both="trade",
)
LAYOUT = c.Layout(
    {
        "Timestamp": c.dated("%Y-%m-%d %H:%M:%S"),
        "Type": c.word(WORDS),
        "IN Amount": c.received_amount,
        "IN Currency": c.received_asset,
        "Out Amount": c.sent_amount,
        "Out Currency": c.sent_asset,
        "Fee Amount": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Exchange(optional)": c.account,
        "US Based": c.blank,
    }
)
FORMAT = hosted(
    "zenledger",
    gettext_noop("ZenLedger"),
    gettext_noop(
        "ZenLedger's custom CSV, all connections in one file. Whether an exchange is in the US is "
        "left empty. Sources differ on how times are to be written: check the first rows."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Funding is written as a margin gain when received and as a fee when paid; "
            "liquidations as margin gains and losses."
        ),
        "interest_paid": gettext_noop("Interest paid is written as a fee."),
        "rebate": gettext_noop("Fees given back are written as other rewards."),
    },
)
