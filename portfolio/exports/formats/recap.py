"""Recap's CSV: what it imports into an account replaces all that was there.

Withdrawals are without their fee and deposits as they arrived: the sender carries the fee.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.types import PostingRole
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Way, Words, of_one
from portfolio.exports.two_sided import Fees, Row

WORDS = Words(
    came={
        M.REWARD: "Income",
        M.STAKING: "StakingReward",
        M.INTEREST: "Income",
        M.AIRDROP: "Airdrop",
        M.FORK: "Fork",
        M.MINING: "Mining",
        M.CASHBACK: "Income",
        M.INCOME: "Income",
        M.FEE: "FeeRebate",
        M.FUNDING: "FeeRebate",
        M.REALISED_PNL: "MarginGain",
        M.LIQUIDATION: "MarginGain",
    },
    went={
        M.FEE: "Fee",
        M.FUNDING: "Fee",
        M.REALISED_PNL: "MarginLoss",
        M.LIQUIDATION: "MarginLoss",
        M.INTEREST: "LoanInterest",
        M.GIFT: "Gift",
        M.DONATION: "Donation",
        M.PAYMENT: "Purchase",
    },
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Trade",
)


def is_told(row: Row) -> bool:
    """Not what was lost or stolen: Recap has no type for it, and any other would be wrong."""
    transaction = row.transaction
    amounts = [leg.amount for leg in transaction.legs if leg.role is PostingRole.PRINCIPAL]
    only_went = any(amount < 0 for amount in amounts) and not any(n > 0 for n in amounts)
    return not (only_went and of_one(transaction, Way.WENT, "")[0] in (M.LOST, M.STOLEN))


LAYOUT = c.Layout(
    {
        "Type": c.word(WORDS),
        "Date": c.dated("%Y-%m-%d %H:%M:%S"),
        "InOrBuyAmount": c.received_amount,
        "InOrBuyCurrency": c.received_asset,
        "OutOrSellAmount": c.sent_amount,
        "OutOrSellCurrency": c.sent_asset,
        "FeeAmount": c.fee_amount,
        "FeeCurrency": c.fee_asset,
    },
    Fees.DEPOSITS_NET,
    keeps=is_told,
)
_PART = gettext_noop(
    "What Recap imports into an account replaces all that was imported into it before: a file of "
    "a part of the history removes the rest. Export the whole history."
)
_HOSTED = hosted(
    "recap",
    gettext_noop("Recap"),
    gettext_noop(
        "Recap's CSV. Each connection is a file of its own, to be imported into a custom account "
        "of its own, always with its whole history: each import replaces the former one."
    ),
    LAYOUT,
    WORDS,
    own={
        "elsewhere": gettext_noop(
            "What was lost or stolen is left out, with its fee: Recap has no type for it. Enter it "
            "there by hand."
        ),
        "contracts": gettext_noop(
            "Funding is written as a fee rebate when received and as a fee when paid; liquidations "
            "as margin gains and losses."
        ),
        "part_of_history": _PART,
    },
    is_per_connection=True,
)


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    if context.since or context.before:
        yield "part_of_history"
    yield from _HOSTED.shortfalls(transaction, context)


FORMAT = replace(_HOSTED, shortfalls=_shortfalls)
