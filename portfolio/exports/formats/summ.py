"""Summ (Crypto Tax Calculator) custom CSV: a base, a quote, and one file per source.

A trade is one row: a ``sell`` where money was received, else a ``buy`` of what was received.
"""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext
from portfolio.engine.types import TransactionKind
from portfolio.exports import columns as c
from portfolio.exports.format import free_text, gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Way, Words
from portfolio.exports.two_sided import Amount, Row

WORDS = Words(
    came={
        M.BANK: "fiat-deposit",
        M.REWARD: "income",
        M.STAKING: "staking",
        M.INTEREST: "interest",
        M.AIRDROP: "airdrop",
        M.FORK: "chain-split",
        M.MINING: "mining",
        M.CASHBACK: "cashback",
        M.INCOME: "income",
        M.GIFT: "incoming-gift",
        M.FEE: "rebate",
        M.FUNDING: "realized-profit",
        M.REALISED_PNL: "realized-profit",
        M.LIQUIDATION: "realized-profit",
    },
    went={
        M.BANK: "fiat-withdrawal",
        M.FEE: "fee",
        M.MARGIN_FEE: "margin-fee",
        M.FUNDING: "margin-fee",
        M.REALISED_PNL: "realized-loss",
        M.LIQUIDATION: "realized-loss",
        M.INTEREST: "expense",
        M.GIFT: "outgoing-gift",
        M.LOST: "lost",
        M.STOLEN: "stolen",
        M.PAYMENT: "personal-use",
    },
    both={M.SELL: "sell"},
    other_came="receive",
    other_went="send",
    other_both="buy",
)
_MOVES = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.TRANSFER)
_PRICE = 18  # significant digits


def base(row: Row) -> Amount | None:
    """What the type of a row is about."""
    if row.way is Way.BOTH:
        return row.sent if WORDS.of(row.way, row.meanings) == "sell" else row.received
    return row.sent or row.received


def quote(row: Row) -> Amount | None:
    """What it was traded for."""
    if row.way is not Way.BOTH:
        return None
    return row.received if base(row) is row.sent else row.sent


def source(row: Row, context: ExportContext) -> str:
    """Where a movement came from, if that is known."""
    return _place(row, is_here=row.way is Way.WENT)


def target(row: Row, context: ExportContext) -> str:
    """Where a movement went to, if that is known."""
    return _place(row, is_here=row.way is Way.CAME)


def _place(row: Row, *, is_here: bool) -> str:
    transaction = row.transaction
    if transaction.kind not in _MOVES or row.is_fee or row.way is Way.BOTH:
        return ""
    if is_here:
        return free_text(transaction.account_label)
    return free_text(transaction.counterpart.account_label) if transaction.counterpart else ""


def price(row: Row, context: ExportContext) -> str:
    """What one unit of the base was worth, to 18 digits."""
    about, worth = base(row), c.worth(row, context)
    if about is None or worth is None or about.asset == context.currency:
        return ""
    each = money.divide(worth, about.quantity)
    return money.plain(each.quantize(_step(each), context=money.EXACT)) if each else "0"


def _step(price: Decimal) -> Decimal:
    return Decimal(1).scaleb(min(price.adjusted() - _PRICE + 1, 0))


def price_currency(row: Row, context: ExportContext) -> str:
    return context.currency if price(row, context) else ""


def _amount(amount: Amount | None) -> str:
    return money.plain(amount.quantity) if amount else ""


def _symbol(amount: Amount | None, context: ExportContext) -> str:
    return context.symbol(amount.asset) if amount else ""


LAYOUT = c.Layout(
    {
        "Timestamp (UTC)": c.dated("%Y-%m-%d %H:%M:%S"),
        "Type": c.word(WORDS),
        "Base Currency": lambda row, context: _symbol(base(row), context),
        "Base Amount": lambda row, context: _amount(base(row)),
        "Quote Currency (Optional)": lambda row, context: _symbol(quote(row), context),
        "Quote Amount (Optional)": lambda row, context: _amount(quote(row)),
        "Fee Currency (Optional)": c.fee_asset,
        "Fee Amount (Optional)": c.fee_amount,
        "From (Optional)": source,
        "To (Optional)": target,
        "Blockchain (Optional)": c.blank,
        "ID (Optional)": lambda row, context: c.chain_id(row, context) or c.key(row, context),
        "Description (Optional)": c.note,
        "Reference Price Per Unit (Optional)": price,
        "Reference Price Currency (Optional)": price_currency,
    }
)
FORMAT = hosted(
    "summ",
    gettext_noop("Summ (Crypto Tax Calculator)"),
    gettext_noop(
        "Summ's custom CSV with its fifteen columns. Each connection is a file of its own, to be "
        "imported as a source of its own. If the template in your account has other columns, "
        "trust that."
    ),
    LAYOUT,
    WORDS,
    own={
        "contracts": gettext_noop(
            "Funding is written as a realized profit when received and as a margin fee when paid; "
            "liquidations as realized profits and losses."
        ),
        "interest_paid": gettext_noop("Interest paid is written as an expense."),
    },
    is_per_connection=True,
)
