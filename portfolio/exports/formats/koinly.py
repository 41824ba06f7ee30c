"""Koinly's universal template: twelve columns, one file per wallet.

The change of a balance is received less sent less fee. A label tells what came in for nothing or
went for nothing; trades, deposits and withdrawals need none, and Koinly matches transfers between
the files itself. What is spent needs none either: a withdrawal without a label is a sale. Koinly
takes ``ID:123`` in place of a symbol for exactly one asset.
"""

from __future__ import annotations

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words

_RESULT = {
    M.FUNDING: "realized gain",
    M.REALISED_PNL: "realized gain",
    M.LIQUIDATION: "realized gain",
}
WORDS = Words(
    came={
        M.REWARD: "reward",
        M.INTEREST: "lending interest",
        M.AIRDROP: "airdrop",
        M.FORK: "fork",
        M.MINING: "mining",
        M.CASHBACK: "cashback",
        M.INCOME: "income",
        M.FEE: "fee refund",
        **_RESULT,
    },
    went={
        M.FEE: "cost",
        M.MARGIN_FEE: "margin fee",
        M.INTEREST: "loan fee",
        M.GIFT: "gift",
        M.DONATION: "donation",
        M.LOST: "lost",
        M.PAYMENT: "",
        **_RESULT,
    },
)
LAYOUT = c.Layout(
    {
        "Date": c.dated("%Y-%m-%d %H:%M:%S UTC"),
        "Sent Amount": c.sent_amount,
        "Sent Currency": c.sent_asset,
        "Received Amount": c.received_amount,
        "Received Currency": c.received_asset,
        "Fee Amount": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Net Worth Amount": c.worth_amount,
        "Net Worth Currency": c.worth_currency,
        "Label": c.word(WORDS),
        "Description": c.note,
        "TxHash": c.chain_id,
    }
)
FORMAT = hosted(
    "koinly",
    gettext_noop("Koinly"),
    gettext_noop(
        "Koinly's universal template. It has no column for the account, so each connection is a "
        "file of its own, to be imported into a wallet of its own; several come as one ZIP. Where "
        "a symbol is taken for another coin, set its own symbol to ID: and Koinly's number."
    ),
    LAYOUT,
    WORDS,
    own={
        "interest_paid": gettext_noop(
            "Interest paid is labelled as the fee of a loan, which is the nearest label."
        ),
    },
    is_per_connection=True,
    version=2,
)
