"""BittyTax: its accounting input, one row per thing given, received or exchanged.

It maps columns by position and drops the first line whatever it holds. Fees lie beside the amounts
and are taken from the row's wallet. A value is a total in its local currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction, Opening
from portfolio.engine.types import TransactionKind
from portfolio.exports.format import (
    Check,
    ExportFormat,
    free_text,
    gettext_noop,
    half_alone,
    own_word,
    utc,
)
from portfolio.exports.meanings import FIAT
from portfolio.exports.names import Accounts, one_line
from portfolio.exports.parts import Move, Pair, Parts, is_even, parts
from portfolio.exports.tables import csv_table

HEADER = (
    "Type",
    "Buy Quantity",
    "Buy Asset",
    "Buy Value",
    "Sell Quantity",
    "Sell Asset",
    "Sell Value",
    "Fee Quantity",
    "Fee Asset",
    "Fee Value",
    "Wallet",
    "Timestamp",
    "Note",
)

_K = TransactionKind
_CONTRACTS = (_K.FUNDING, _K.REALISED_PNL, _K.LIQUIDATION)
_IN = {
    _K.REWARD: "Staking",  # 0.6.0 knows no Staking-Reward
    _K.INTEREST: "Interest",
    _K.AIRDROP: "Airdrop",
    _K.MINING: "Mining",
    _K.FORK: "Fork",
    _K.GIFT: "Gift-Received",
    _K.FEE: "Fee-Rebate",
    _K.FUNDING: "Margin-Fee-Rebate",
    _K.REALISED_PNL: "Margin-Gain",
    _K.LIQUIDATION: "Margin-Gain",
}
_OUT = {
    _K.REWARD: "Spend",
    _K.AIRDROP: "Spend",
    _K.MINING: "Spend",
    _K.FORK: "Spend",
    _K.INTEREST: "Loan-Interest",
    _K.GIFT: "Gift-Sent",
    _K.PAYMENT: "Spend",
    _K.LOST: "Lost",
    _K.FEE: "Spend",
    _K.FUNDING: "Margin-Fee",
    _K.REALISED_PNL: "Margin-Loss",
    _K.LIQUIDATION: "Margin-Loss",
}
_DEPOSIT, _WITHDRAWAL = "Deposit", "Withdrawal"
# These carry no value: what moves between wallets is no event, and a fork costs nothing.
_UNVALUED = (_DEPOSIT, _WITHDRAWAL, "Fork", "Lost")


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    wallet: str
    bought: ExportLeg | None = None
    sold: ExportLeg | None = None
    fees: list[ExportLeg] = field(default_factory=list)  # at most one


def _rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    accounts = Accounts()
    for opening in context.openings:
        yield _opening(opening, accounts, context)
    for transaction in transactions:
        about = _about(transaction)
        name = accounts.of(transaction.account, transaction.exchange, transaction.account_label)
        split = list(_split(transaction, parts(transaction, context.currency)))
        for number, row in enumerate(split, start=1):
            part = f" {number}/{len(split)}" if len(split) > 1 else ""
            yield _cells(row, name, utc(transaction.occurred_at), free_text(about + part), context)


def _opening(opening: Opening, accounts: Accounts, context: ExportContext) -> list[str]:
    assert context.since is not None  # noqa: S101  # nosec B101  # what began the range
    leg = ExportLeg(opening.wallet, opening.asset, opening.quantity)
    row = _single(_DEPOSIT, leg) if leg.amount > 0 else _single(_WITHDRAWAL, leg)
    name = accounts.of(opening.account, opening.exchange, opening.account_label)
    return _cells(row, name, utc(context.since), "held before", context)


def _about(transaction: ExportTransaction) -> str:
    words = (
        transaction.kind.value,
        own_word(transaction),
        transaction.detail.get("symbol", ""),
        transaction.key,
        transaction.note,
        half_alone(transaction),
    )
    return one_line(" ".join(words))


def _split(transaction: ExportTransaction, apart: Parts) -> Iterator[_Row]:
    rows = [row for move in apart.moves for row in _moved(move)]
    rows += [row for pair in apart.pairs for row in _traded(pair)]
    rows += [_single(_word(transaction.kind, leg), leg) for leg in apart.singles]
    is_contract = transaction.kind in _CONTRACTS
    for fee in apart.fees:
        free = (row for row in rows if row.wallet == fee.wallet and not row.fees)
        row = None if is_contract or fee.amount > 0 else next(free, None)
        if row is None:
            rows.append(_single(_fee_word(fee, is_contract=is_contract), fee))
        else:
            row.fees.append(fee)
    yield from rows


def _word(kind: TransactionKind, leg: ExportLeg) -> str:
    return _IN.get(kind, _DEPOSIT) if leg.amount > 0 else _OUT.get(kind, _WITHDRAWAL)


def _fee_word(fee: ExportLeg, *, is_contract: bool) -> str:
    if fee.amount > 0:
        return "Margin-Fee-Rebate" if is_contract else "Fee-Rebate"
    return "Margin-Fee" if is_contract else "Spend"


def _single(kind: str, leg: ExportLeg) -> _Row:
    if leg.amount > 0:
        return _Row(kind, leg.wallet, bought=leg)
    return _Row(kind, leg.wallet, sold=leg)


def _moved(move: Move) -> Iterator[_Row]:
    out = ExportLeg(move.source, move.asset, money.negate(move.amount))
    yield _single(_WITHDRAWAL, out)
    yield _single(_DEPOSIT, ExportLeg(move.target, move.asset, move.amount))


def _traded(pair: Pair) -> Iterator[_Row]:
    """A trade where it was given; what came in another wallet is moved there."""
    sent, received = pair.sent, pair.received
    bought = ExportLeg(sent.wallet, received.asset, received.amount, value=pair.value)
    sold = ExportLeg(sent.wallet, sent.asset, sent.amount, value=pair.value)
    yield _Row("Trade", sent.wallet, bought, sold)
    if received.wallet != sent.wallet:
        move = Move(received.asset, received.amount, None, sent.wallet, received.wallet)
        yield from _moved(move)


def _cells(row: _Row, account: str, at: str, note: str, context: ExportContext) -> list[str]:
    fee = row.fees[0] if row.fees else None
    return [
        row.kind,
        *_leg(row.bought, row, context),
        *_leg(row.sold, row, context),
        *_leg(fee, row, context, is_fee=True),
        f"{account} {row.wallet}",
        at,
        note,
    ]


def _leg(
    leg: ExportLeg | None, row: _Row, context: ExportContext, *, is_fee: bool = False
) -> tuple[str, str, str]:
    if leg is None:
        return "", "", ""
    amount = money.plain(leg.amount.copy_abs())
    value = leg.value if _is_valued(leg, row, context, is_fee=is_fee) else None
    return amount, context.symbol(leg.asset), "" if value is None else money.plain(value)


def _is_valued(leg: ExportLeg, row: _Row, context: ExportContext, *, is_fee: bool) -> bool:
    """Money of the currency itself needs no value, nor does what was traded against it."""
    if leg.asset == context.currency:
        return False
    traded = {side.asset for side in (row.bought, row.sold) if side}
    return is_fee or (row.kind not in _UNVALUED and context.currency not in traded)


LACKS = {
    "unpriced": gettext_noop(
        "No price is known: the value is left empty, and BittyTax asks the price sources of its "
        "configuration, or stops."
    ),
    "unmatched": gettext_noop(
        "Deposits and withdrawals whose other half is in no connection: BittyTax takes them for "
        "moves between your own wallets. Its audit is right; its tax report needs the other half, "
        "and stops at its integrity check. Say here what they are: a gift, a payment, a reward."
    ),
    "unclear": gettext_noop(
        "Adjustments, loans, unclassified transactions, trades of which one side is missing, and "
        "what goes the wrong way: written as deposits and withdrawals, like the unmatched ones."
    ),
    "taken_back": gettext_noop(
        "Rewards, airdrops and other income that was taken back: written as spent."
    ),
    "lost": gettext_noop(
        "What was lost or stolen: BittyTax counts it as bought back for nothing, so that the "
        "balance it shows does not fall, unless its configuration says lost_buyback: False."
    ),
    "uneven": gettext_noop(
        "Own transfers that arrived with more, or as something else, than was sent: both halves "
        "are written as they are."
    ),
    "equal": gettext_noop(
        "Several things were given or received at once, and not all of their prices are known: "
        "they are taken for equally much worth."
    ),
    "nothing": gettext_noop("Transactions that moved nothing are left out."),
    "before": gettext_noop(
        "What was held before the range is written as deposited at its start, without what it "
        "cost. For a tax report, export from the beginning."
    ),
}
_INCOME = (_K.REWARD, _K.AIRDROP, _K.MINING, _K.FORK)


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    apart = parts(transaction, context.currency)
    if any(pair.is_guess for pair in apart.pairs):
        yield "equal"
    if not (apart.moves or apart.pairs or apart.singles or apart.fees):
        yield "nothing"
    codes = (code for leg in apart.singles for code in _of_single(transaction, leg))
    yield from dict.fromkeys(codes)
    held = {opening.asset for opening in context.openings}
    if any(leg.asset in held and leg.amount < 0 for leg in transaction.legs):
        yield "before"
    if any(_is_unpriced(row, context) for row in _split(transaction, apart)):
        yield "unpriced"


def _of_single(transaction: ExportTransaction, leg: ExportLeg) -> Iterator[str]:
    kind, other = transaction.kind, transaction.counterpart
    if other is not None:
        if not is_even(leg, other):
            yield "uneven"
    elif kind is _K.TRANSFER or _is_one_way(kind, leg):
        if leg.asset not in FIAT:
            yield "unmatched"
    elif _word(kind, leg) in (_DEPOSIT, _WITHDRAWAL):
        yield "unclear"
    elif kind in _INCOME and leg.amount < 0:
        yield "taken_back"
    elif kind is _K.LOST:
        yield "lost"


def _is_one_way(kind: TransactionKind, leg: ExportLeg) -> bool:
    return kind is (_K.DEPOSIT if leg.amount > 0 else _K.WITHDRAWAL)


def _is_unpriced(row: _Row, context: ExportContext) -> bool:
    sides = [(leg, False) for leg in (row.bought, row.sold) if leg]
    sides += [(fee, True) for fee in row.fees]
    return any(
        leg.value is None and _is_valued(leg, row, context, is_fee=is_fee) for leg, is_fee in sides
    )


FORMAT = ExportFormat(
    id="bittytax",
    title=gettext_noop("BittyTax"),
    description=gettext_noop(
        "BittyTax's accounting input, all connections in one file, each wallet by its name. Values "
        "are in the currency of this export: BittyTax's configuration must name the same one as "
        "local_currency."
    ),
    write=csv_table(HEADER, _rows),
    check=Check.RUN,
    checked_by="BittyTax 0.6.0",
    lacks=LACKS,
    shortfalls=_shortfalls,
)
