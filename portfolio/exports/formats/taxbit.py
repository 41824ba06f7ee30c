"""TaxBit's CSV of its former product for private persons: a source and a destination per row."""

from __future__ import annotations

from portfolio.engine.export import ExportContext
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words
from portfolio.exports.two_sided import Row

_CAME = (M.REWARD, M.INTEREST, M.AIRDROP, M.FORK, M.MINING, M.CASHBACK, M.INCOME, M.FEE)
_CONTRACTS = (M.FUNDING, M.REALISED_PNL, M.LIQUIDATION)
WORDS = Words(
    came={**dict.fromkeys((*_CAME, *_CONTRACTS), "Income"), M.GIFT: "Gift Received"},
    went={
        **dict.fromkeys((M.FEE, M.INTEREST, M.PAYMENT, M.LOST, *_CONTRACTS), "Expense"),
        M.GIFT: "Gift Sent",
    },
    both={M.BUY: "Buy", M.SELL: "Sale"},
    other_came="Transfer In",
    other_went="Transfer Out",
    other_both="Trade",
)


def source(row: Row, context: ExportContext) -> str:
    return c.account(row, context) if row.sent else ""


def destination(row: Row, context: ExportContext) -> str:
    return c.account(row, context) if row.received else ""


LAYOUT = c.Layout(
    {
        "Date and Time": c.dated("%Y-%m-%dT%H:%M:%SZ"),
        "Transaction Type": c.word(WORDS),
        "Sent Quantity": c.sent_amount,
        "Sent Currency": c.sent_asset,
        "Sending Source": source,
        "Received Quantity": c.received_amount,
        "Received Currency": c.received_asset,
        "Receiving Destination": destination,
        "Fee": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Exchange Transaction ID": c.key,
        "Blockchain Transaction Hash": c.chain_id,
    }
)
FORMAT = hosted(
    "taxbit",
    gettext_noop("TaxBit (former consumer form)"),
    gettext_noop(
        "The manual CSV of TaxBit's product for private persons, which has ended; its product for "
        "companies takes another form. Sources that TaxBit does not know by name have to be called "
        "Other Exchange."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Results and funding of futures and other contracts are written as income and expenses."
        ),
        "interest_paid": gettext_noop("Interest paid is written as an expense."),
        "fee": gettext_noop("Fees that are rows of their own are written as expenses."),
        "rebate": gettext_noop("Fees given back are written as income."),
        "lost": gettext_noop("What was lost or stolen is written as an expense."),
    },
)
