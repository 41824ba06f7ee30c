"""CoinTracker: eight columns with exactly these headings, one file per wallet.

Tags are for what only came or only went. How the vendor's table spells them in a file is known of
some only (staking, airdrop, payment, gift, lost, margin gain, margin loss); the others are spelled
as it names them.
"""

from __future__ import annotations

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words

WORDS = Words(
    came={
        M.REWARD: "other income",
        M.STAKING: "staking",
        M.INTEREST: "interest",
        M.AIRDROP: "airdrop",
        M.FORK: "fork",
        M.MINING: "mining",
        M.CASHBACK: "rebate",
        M.INCOME: "other income",
        M.FEE: "rebate",
        M.MARGIN_FEE: "margin rebate",
        M.FUNDING: "margin rebate",
        M.REALISED_PNL: "margin gain",
        M.LIQUIDATION: "margin gain",
    },
    went={
        M.FEE: "payment",
        M.MARGIN_FEE: "margin fee",
        M.FUNDING: "margin fee",
        M.REALISED_PNL: "margin loss",
        M.LIQUIDATION: "margin loss",
        M.INTEREST: "interest expense",
        M.GIFT: "gift",
        M.DONATION: "donation",
        M.LOST: "lost",
        M.PAYMENT: "payment",
    },
)
LAYOUT = c.Layout(
    {
        "Date": c.dated("%m/%d/%Y %H:%M:%S"),
        "Received Quantity": c.received_amount,
        "Received Currency": c.received_asset,
        "Sent Quantity": c.sent_amount,
        "Sent Currency": c.sent_asset,
        "Fee Amount": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Tag": c.word(WORDS),
    }
)
FORMAT = hosted(
    "cointracker",
    gettext_noop("CoinTracker"),
    gettext_noop(
        "CoinTracker's CSV. It has no column for the account, so each connection is a file of its "
        "own. Amounts are without fees, as in every public exporter; CoinTracker's own view shows "
        "sent amounts with them, so check one withdrawal. Not all spellings of its tags are known."
    ),
    LAYOUT,
    WORDS,
    own={
        "fee": gettext_noop(
            "Fees that are rows of their own are tagged as payments, those of contracts as margin "
            "fees: there is no other tag for them."
        ),
        "contracts": gettext_noop(
            "Funding is tagged as a margin fee when paid and as a margin rebate when received; "
            "liquidations as margin gains and losses."
        ),
    },
    is_per_connection=True,
)
