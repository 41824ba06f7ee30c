"""TokenTax's manual template: amounts exclude the fee where the fee columns are filled."""

from __future__ import annotations

from portfolio.engine.export import ExportContext
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import CONTRACTS, Words
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.two_sided import Row

WORDS = Words(
    came={
        M.REWARD: "Income",
        M.STAKING: "Staking",
        M.INTEREST: "Income",
        M.AIRDROP: "Airdrop",
        M.FORK: "Income",
        M.MINING: "Mining",
        M.CASHBACK: "Income",
        M.INCOME: "Income",
        M.GIFT: "Trade",
        M.FEE: "Income",
        M.FUNDING: "Income",
        M.REALISED_PNL: "Income",
        M.LIQUIDATION: "Income",
    },
    went={
        M.FEE: "Spend",
        M.FUNDING: "Lost",
        M.REALISED_PNL: "Lost",
        M.LIQUIDATION: "Lost",
        M.INTEREST: "Spend",
        M.GIFT: "Gift",
        M.LOST: "Lost",
        M.STOLEN: "Stolen",
        M.PAYMENT: "Spend",
    },
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Trade",
)


def exchange(row: Row, context: ExportContext) -> str:
    """The account; TokenTax knows a gift by ``Gift`` in its place."""
    return "Gift" if WORDS.of(row.way, row.meanings) == "Gift" else c.account(row, context)


def group(row: Row, context: ExportContext) -> str:
    """``margin`` for results of contracts, as in TokenTax's own exports."""
    return "margin" if row.transaction.kind in CONTRACTS and not row.is_fee else ""


LAYOUT = c.Layout(
    {
        "Type": c.word(WORDS),
        "BuyAmount": c.received_amount,
        "BuyCurrency": c.received_asset,
        "SellAmount": c.sent_amount,
        "SellCurrency": c.sent_asset,
        "FeeAmount": c.fee_amount,
        "FeeCurrency": c.fee_asset,
        "Exchange": exchange,
        "Group": group,
        "Comment": c.note,
        "Date": c.dated("%m/%d/%Y %H:%M:%S"),
    }
)
FORMAT = hosted(
    "tokentax",
    gettext_noop("TokenTax"),
    gettext_noop("TokenTax's manual template, all connections in one file."),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Results and funding of futures and other contracts are written as Income when "
            "received and as Lost when paid, in the group margin. Whether TokenTax reads that "
            "group from this template is not known."
        ),
        "gift_in": gettext_noop("Gifts received are written as purchases for nothing."),
        "interest_paid": gettext_noop("Interest paid is written as spent."),
        "fee": gettext_noop("Fees that are rows of their own are written as spent."),
        "rebate": gettext_noop("Fees given back are written as income."),
    },
)
