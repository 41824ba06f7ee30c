"""TurboTax's universal template for transactions: no negative numbers, at most eight decimals.

The market value of a purchase is with its fee and that of a sale without it, as in the vendor's
sample: 5000 and 2.99 of fee are 5002.99, and 4500 less 1.5 are 4498.5.
"""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words
from portfolio.exports.two_sided import Row

_CONTRACTS = (M.FUNDING, M.REALISED_PNL, M.LIQUIDATION)
WORDS = Words(
    came={
        M.TRANSFER: "Transfer",
        M.REWARD: "Rewards",
        M.STAKING: "Staking",
        M.INTEREST: "Interest",
        M.AIRDROP: "Airdrop",
        M.FORK: "Forking",
        M.MINING: "Mining",
        **dict.fromkeys((M.CASHBACK, M.INCOME, M.FEE, *_CONTRACTS), "Income"),
        M.OTHER: "Other",
        M.UNCLASSIFIED: "Other",
        M.ADJUSTMENT: "Other",
    },
    went={
        M.TRANSFER: "Transfer",
        **dict.fromkeys((M.FEE, M.INTEREST, *_CONTRACTS), "Expense"),
        M.OTHER: "Other",
        M.UNCLASSIFIED: "Other",
        M.ADJUSTMENT: "Other",
    },
    both={M.BUY: "Buy", M.SELL: "Sale"},
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Convert",
)


def market_value(row: Row, context: ExportContext) -> Decimal | None:
    """What a row was worth, the fee of a purchase or sale in it; None where that is not known."""
    worth, word = c.worth(row, context), WORDS.of(row.way, row.meanings)
    if worth is None or row.fee is None or word not in ("Buy", "Sale"):
        return worth
    fee = row.fee.quantity if row.fee.asset == context.currency else row.fee.value
    if fee is None:
        return None
    value = money.add(worth, fee if word == "Buy" else money.negate(fee))
    return value if value >= 0 else None


def value_text(row: Row, context: ExportContext) -> str:
    return c.money_text(market_value(row, context))


LAYOUT = c.Layout(
    {
        "Date": c.dated("%Y-%m-%d %H:%M:%S"),
        "Type": c.word(WORDS),
        "Sent Asset": c.sent_asset,
        "Sent Amount": c.sent_amount,
        "Received Asset": c.received_asset,
        "Received Amount": c.received_amount,
        "Fee Asset": c.fee_asset,
        "Fee Amount": c.fee_amount,
        "Market Value Currency": lambda row, context: (
            context.currency if value_text(row, context) else ""
        ),
        "Market Value": value_text,
        "Description": c.note,
        "Transaction Hash": c.chain_id,
        "Transaction ID": c.key,
    },
    places=8,
)
FORMAT = hosted(
    "turbotax",
    gettext_noop("TurboTax, transactions"),
    gettext_noop(
        "TurboTax's universal template for sources it does not know: transactions, of which "
        "TurboTax works out the gains. Each connection is a file of its own. Users report that "
        "Convert was refused though it is documented."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Results and funding of contracts and liquidations are written as income when received "
            "and as expenses when paid: there is no type for them."
        ),
        "unclear": gettext_noop(
            "Unclassified transactions, adjustments, loans and others without a kind of their own "
            "are written as Other. Classify them here first, or say there what they are."
        ),
        "interest_paid": gettext_noop("Interest paid is written as an expense."),
    },
    is_per_connection=True,
)
