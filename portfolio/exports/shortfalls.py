"""What a target that reads two-sided rows cannot express, worked out from its layout and words.

A row for which the target has no word is written as a plain deposit, withdrawal or trade; that is
said here, by code. A format adds its own sentences for what it writes under a word that is only
near, and for what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import negate, plain
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports.columns import Layout
from portfolio.exports.format import Shortfalls, gettext_noop
from portfolio.exports.meanings import Meaning, Way, Words, with_wider
from portfolio.exports.transfers import by_transfer
from portfolio.exports.two_sided import Row, split

_M = Meaning
_TRANSFER = TransactionKind.TRANSFER
_INCOME = (_M.REWARD, _M.STAKING, _M.MINING, _M.AIRDROP, _M.FORK, _M.INTEREST, _M.CASHBACK)
_CONTRACTS = (_M.REALISED_PNL, _M.FUNDING, _M.LIQUIDATION)
_TRADES = (_M.TRADE, _M.CONVERSION)
_UNCLEAR = (_M.ADJUSTMENT, _M.OTHER, _M.UNCLASSIFIED)

# The code of what a row means where the target has no word for it. What is missing here is told
# well enough as a plain deposit, withdrawal or trade.
_CODES: Mapping[Way, Mapping[Meaning, str]] = {
    Way.CAME: {
        **dict.fromkeys((*_INCOME, _M.INCOME), "income"),
        **dict.fromkeys(_CONTRACTS, "contracts"),
        **dict.fromkeys(_UNCLEAR, "unclear"),
        **dict.fromkeys((*_TRADES, _M.WITHDRAWAL, _M.PAYMENT, _M.LOST), "half"),
        _M.GIFT: "gift_in",
        _M.FEE: "rebate",
        _M.MARGIN_FEE: "rebate",
    },
    Way.WENT: {
        **dict.fromkeys((_M.GIFT, _M.DONATION, _M.PAYMENT), "given"),
        **dict.fromkeys((_M.LOST, _M.STOLEN), "lost"),
        **dict.fromkeys(_CONTRACTS, "contracts"),
        **dict.fromkeys(_UNCLEAR, "unclear"),
        **dict.fromkeys((*_TRADES, _M.DEPOSIT), "half"),
        **dict.fromkeys(_INCOME, "taken_back"),
        _M.INTEREST: "interest_paid",  # after _INCOME, which has it too
        _M.FEE: "fee",
        _M.MARGIN_FEE: "fee",
    },
    Way.BOTH: {
        meaning: "both_ways" for meaning in Meaning if meaning not in (*_TRADES, _M.BUY, _M.SELL)
    },
}

SENTENCES = {
    "income": gettext_noop(
        "Rewards, interest, airdrops and other income for which there is no word: written as plain "
        "deposits, which are taken for purchases. Say there what they are."
    ),
    "contracts": gettext_noop(
        "Results and funding of futures and other contracts, and liquidations: there is no word "
        "for them. Written as plain deposits and withdrawals, which are taken for purchases and "
        "sales. Say there what they are."
    ),
    "unclear": gettext_noop(
        "Unclassified transactions, adjustments, loans and others without a kind of their own: "
        "written as plain deposits and withdrawals, which are taken for purchases and sales. "
        "Classify them here first, or say there what they are."
    ),
    "half": gettext_noop(
        "Trades of which only one side is known, and what goes the wrong way (a deposit that took "
        "something, a loss that gave something): written as plain deposits and withdrawals."
    ),
    "gift_in": gettext_noop(
        "Gifts received: there is no word for them. Written as plain deposits, which are taken for "
        "purchases at that day's price."
    ),
    "given": gettext_noop(
        "Gifts, donations and payments for which there is no word: written as plain withdrawals, "
        "which are taken for sales."
    ),
    "lost": gettext_noop(
        "What was lost or stolen: there is no word for it. Written as plain withdrawals, which are "
        "taken for sales."
    ),
    "taken_back": gettext_noop(
        "Rewards, airdrops and other income that was taken back: written as plain withdrawals, "
        "which are taken for sales."
    ),
    "interest_paid": gettext_noop(
        "Interest paid: there is no word for it. Written as plain withdrawals, which are taken for "
        "sales."
    ),
    "fee": gettext_noop(
        "Fees that are rows of their own: there is no word for them. Written as plain withdrawals, "
        "which are taken for sales."
    ),
    "rebate": gettext_noop(
        "Fees given back: there is no word for them. Written as plain deposits, which are taken "
        "for purchases."
    ),
    "both_ways": gettext_noop(
        "Unclassified and other transactions with amounts both ways: written as trades."
    ),
    "own_move": gettext_noop(
        "Moves between wallets of one connection are left out: they change nothing in that "
        "account. Where only one half is known it is written as a deposit or a withdrawal."
    ),
    "nothing": gettext_noop(
        "Transactions that moved nothing, or whose amounts cancel out, are left out."
    ),
    "parts": gettext_noop(
        "Transactions with more amounts than a row holds (several assets at once, several fees, "
        "fees given back) are split over several rows; no amount is lost."
    ),
    "uneven": gettext_noop(
        "Own transfers that arrived with more, or as something else, than was sent: both halves "
        "are written as they are, and may not be matched there."
    ),
    "places": gettext_noop(
        "Amounts with more decimals than are taken are rounded to what is; rows that round to "
        "nothing are left out. Sums may be off in the last decimal."
    ),
}
# What a layout does not keep has the code ``elsewhere``; its format says where that is.
_ALWAYS = ("own_move", "nothing", "parts", "uneven")


def lacks(layout: Layout, words: Words, own: Mapping[str, str]) -> dict[str, str]:
    """All codes that ``finder`` may yield, with their sentences; ``own`` ones first."""
    codes = {
        code
        for way, found in _CODES.items()
        for meaning, code in found.items()
        if not words.know(way, with_wider(meaning))
    }
    codes.update(_ALWAYS)
    if layout.places is not None:
        codes.add("places")
    return {**own, **{c: s for c, s in SENTENCES.items() if c in codes and c not in own}}


def finder(layout: Layout, words: Words, own: Mapping[str, str] | None = None) -> Shortfalls:
    """Finds what of a transaction the target cannot express; codes in ``own`` count always."""
    always = frozenset(own or ())

    def find(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
        parts = list(by_transfer([transaction]))
        whole = [row for part in parts for row in split(part, layout.fees)]
        codes = dict.fromkeys(code for part in parts for code in _of_move(part))
        codes |= dict.fromkeys(_of_rows(whole))
        for row in whole:
            if not layout.keeps(row):
                codes["elsewhere"] = None
                continue
            code = _code(row)
            if code and (code in always or not words.know(row.way, row.meanings)):
                codes[code] = None
            if layout.places is not None and _is_finer(row, layout.places):
                codes["places"] = None
        yield from codes

    return find


def _code(row: Row) -> str | None:
    """What of a trade counts is the transaction's kind, of all else the finest meaning."""
    return _CODES[row.way].get(row.meanings[-1 if row.way is Way.BOTH else 0])


def _of_move(transaction: ExportTransaction) -> Iterator[str]:
    if _is_inside(transaction):
        yield "own_move"
    if _is_uneven(transaction):
        yield "uneven"


def _is_inside(transaction: ExportTransaction) -> bool:
    """Whether it moved between wallets of one connection; half of it alone is written."""
    other = transaction.counterpart
    if other is None:
        return transaction.kind is _TRANSFER
    return other.account == transaction.account and not other.is_outside


def _of_rows(whole: list[Row]) -> Iterator[str]:
    if not whole:
        yield "nothing"
    if len(whole) > 1:
        yield "parts"


def _is_uneven(transaction: ExportTransaction) -> bool:
    """Whether more arrived than was sent, or another asset."""
    other = transaction.counterpart
    if other is None:
        return False
    moved = [leg for leg in transaction.legs if leg.role is PostingRole.PRINCIPAL and leg.amount]
    if any(leg.asset != other.asset for leg in moved):
        return True
    gone = [negate(leg.amount) for leg in moved if leg.amount < 0]
    come = [leg.amount for leg in moved if leg.amount > 0]
    return any(amount < other.amount for amount in gone) or any(a > other.amount for a in come)


def _is_finer(row: Row, places: int) -> bool:
    amounts = (amount.quantity for amount in (row.sent, row.received, row.fee) if amount)
    return any(len(plain(amount).partition(".")[2]) > places for amount in amounts)
