"""What RP2's tables can hold of a transaction, and what they cannot, by code.

Each row is of one asset and holds its worth. Money of states is no asset there: it is told as what
coins cost and brought. A trade between coins is a sale and a purchase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports.format import HALF, gettext_noop
from portfolio.exports.meanings import FIAT
from portfolio.exports.parts import Move, Pair, is_even, parts

IN, OUT, INTRA = "IN", "OUT", "INTRA"
# Where a wallet's amounts are that left it for nobody knows where: still held, so no disposal.
ELSEWHERE = "elsewhere"


# Drafts of these kinds become other rows: half of an own transfer, and what came from elsewhere.
OWN, BACK = "own", "back"


_K = TransactionKind
_IN = {
    _K.REWARD: "STAKING",
    _K.INTEREST: "INTEREST",
    _K.AIRDROP: "AIRDROP",
    _K.MINING: "MINING",
    _K.FORK: "HARDFORK",
    _K.GIFT: "GIFT",
    _K.FEE: "INCOME",
    _K.FUNDING: "INCOME",
    _K.REALISED_PNL: "INCOME",
    _K.LIQUIDATION: "INCOME",
}
# What is in neither is moved elsewhere, and None is left out.
_OUT = {
    _K.REWARD: "STAKING",
    _K.AIRDROP: None,
    _K.MINING: None,
    _K.FORK: None,
    _K.INTEREST: "FEE",
    _K.GIFT: "GIFT",
    _K.PAYMENT: "SELL",
    _K.LOST: "LOST",
    _K.FEE: "FEE",
    _K.FUNDING: "FEE",
    _K.REALISED_PNL: None,
    _K.LIQUIDATION: None,
}
_DIGITS = 15  # that a float holds


@dataclass(frozen=True, slots=True)
class Draft:
    """A row to be; wallets are of the transaction's account, or names of places."""

    table: str
    kind: str
    asset: str
    amount: Decimal
    value: Decimal | None
    wallet: str
    target: str = ""
    fiat_fee: Decimal | None = None


Told = Draft | str  # a row, or the code of a shortfall


def drafts(transaction: ExportTransaction, context: ExportContext) -> Iterator[Told]:
    """What is to be written of one transaction, and the codes of what is not or not quite."""
    apart = parts(transaction, context.currency)
    fiat_fee = _paid(apart.fees, context) if apart.pairs else None
    if not (apart.moves or apart.pairs or apart.singles or apart.fees):
        yield "nothing"
    for move in apart.moves:
        yield from _move(move)
    for pair in apart.pairs:
        yield from _exchange(pair, fiat_fee)
        fiat_fee = None
    for leg in apart.singles:
        yield from _single(transaction, leg)
    for fee in apart.fees:
        yield from _fee(fee)
    has_fee_in_money = any(fee.asset in FIAT and fee.amount < 0 for fee in apart.fees)
    if _is_only_money(transaction) or (has_fee_in_money and not apart.pairs):
        yield "fiat"
    held = {opening.asset for opening in context.openings}
    if any(leg.asset in held and leg.amount < 0 for leg in transaction.legs):
        yield "before"
    if any(_is_fine(leg) for leg in transaction.legs):
        yield "fine"


def _paid(fees: Iterable[ExportLeg], context: ExportContext) -> Decimal | None:
    """What the fees of a trade were worth, those in coins too: they lessen its gain.

    A coin that paid a fee is disposed of besides, in a row of its own.
    """
    found = [fee for fee in fees if fee.amount < 0]
    values = [
        fee.amount.copy_abs() if fee.asset == context.currency else fee.value for fee in found
    ]
    known = [value for value in values if value is not None]
    return money.total(known) if known else None


def _is_only_money(transaction: ExportTransaction) -> bool:
    return bool(transaction.legs) and all(leg.asset in FIAT for leg in transaction.legs)


def _is_fine(leg: ExportLeg) -> bool:
    """Whether RP2 cannot hold all digits of an amount."""
    plain = leg.amount.normalize(money.EXACT).as_tuple()
    assert isinstance(plain.exponent, int)  # noqa: S101  # nosec B101  # amounts are finite
    return leg.asset not in FIAT and (plain.exponent < -11 or len(plain.digits) > _DIGITS)


def _move(move: Move) -> Iterator[Told]:
    if move.asset not in FIAT:
        yield Draft(INTRA, "", move.asset, move.amount, move.value, move.source, move.target)


def _exchange(pair: Pair, fiat_fee: Decimal | None) -> Iterator[Told]:
    sent, received = pair.sent, pair.received
    is_bought, is_sold = received.asset not in FIAT, sent.asset not in FIAT
    if pair.is_guess:
        yield "equal"
    if (is_bought or is_sold) and pair.value is None:
        yield "unpriced"
        return
    if is_sold:
        paid = None if is_bought else fiat_fee
        yield Draft(
            OUT, "SELL", sent.asset, sent.amount, pair.value, sent.wallet, fiat_fee=paid
        )  # fmt: skip
    if is_bought:
        yield Draft(
            IN, "BUY", received.asset, received.amount, pair.value, received.wallet,
            fiat_fee=fiat_fee,
        )  # fmt: skip


def _single(transaction: ExportTransaction, leg: ExportLeg) -> Iterator[Told]:
    kind, other = transaction.kind, transaction.counterpart
    if leg.asset in FIAT:
        yield "fiat"
        return
    amount, wallet = leg.amount.copy_abs(), leg.wallet
    is_own = is_even(leg, other)
    if other is not None and not is_own:
        yield "uneven"
    if is_own:
        yield Draft(OUT if leg.amount < 0 else IN, OWN, leg.asset, amount, leg.value, wallet)
    elif leg.amount < 0 and kind in _OUT:
        yield from _gone(kind, leg, amount)
    elif leg.amount < 0:
        yield "sent_away" if kind in (_K.WITHDRAWAL, _K.TRANSFER) else "unclear"
        yield Draft(INTRA, "", leg.asset, amount, leg.value, wallet, ELSEWHERE)
    else:
        yield from _came(kind, leg)


def _gone(kind: TransactionKind, leg: ExportLeg, amount: Decimal) -> Iterator[Told]:
    word = _OUT[kind]
    if word is None:
        yield "taken_back" if kind in (_K.AIRDROP, _K.MINING, _K.FORK) else "losses"
    elif leg.value is None:
        yield "unpriced"
    else:
        if word in ("LOST", "STAKING"):
            yield word.lower()
        yield Draft(OUT, word, leg.asset, amount, leg.value, leg.wallet)


def _came(kind: TransactionKind, leg: ExportLeg) -> Iterator[Told]:
    word = _IN.get(kind) or (BACK if kind is _K.TRANSFER else "BUY")
    if kind is _K.DEPOSIT:
        yield "bought"
    elif word in ("BUY", BACK):
        yield "unclear"
    if leg.value is None:
        yield "unpriced"
    else:
        yield Draft(IN, word, leg.asset, leg.amount, leg.value, leg.wallet)


def _fee(fee: ExportLeg) -> Iterator[Told]:
    if fee.asset in FIAT:
        if fee.amount > 0:
            yield "fiat"
    elif fee.value is None:
        yield "unpriced"
    elif fee.amount < 0:
        yield Draft(OUT, "FEE", fee.asset, fee.amount.copy_abs(), fee.value, fee.wallet)
    else:
        yield "rebate"
        yield Draft(IN, "INCOME", fee.asset, fee.amount, fee.value, fee.wallet)


LACKS = {
    HALF: gettext_noop(
        "Own transfers of which only one half is in these files, since the other is outside their "
        "range or was not chosen: written as a whole move between both accounts."
    ),
    "unpriced": gettext_noop(
        "No price is known: left out, since no row is taken without one. What is sold of it later "
        "is refused. Give it a price first."
    ),
    "fiat": gettext_noop(
        "Money of states is no asset there: deposits, withdrawals and fees of it that belong to no "
        "purchase or sale are left out."
    ),
    "bought": gettext_noop(
        "Deposits that are no own transfer: written as bought at what they were worth."
    ),
    "sent_away": gettext_noop(
        "Withdrawals that are no own transfer: written as moved to an account named elsewhere, "
        "where they are still yours, and no sale. Say here what they are: a gift, a payment."
    ),
    "uneven": gettext_noop(
        "Own transfers that arrived with more, or as something else, than was sent: written as if "
        "their other half were unknown."
    ),
    "unclear": gettext_noop(
        "Adjustments, loans, unclassified transactions and trades of which one side is missing: "
        "what came is written as bought, what went as moved to an account named elsewhere."
    ),
    "losses": gettext_noop(
        "Losses of futures and other contracts, and liquidations: there is no type for them. They "
        "are left out, and the balance there is higher by them."
    ),
    "taken_back": gettext_noop(
        "Airdrops and other income that was taken back: left out, and the balance there is higher "
        "by it."
    ),
    "staking": gettext_noop("Rewards that were taken back: written as lost by staking."),
    "lost": gettext_noop(
        "What was lost or stolen: written as LOST, which some countries' reports refuse (Ireland)."
    ),
    "rebate": gettext_noop("Fees given back: written as income."),
    "equal": gettext_noop(
        "Several things were given or received at once, and not all of their prices are known: "
        "they are taken for equally much worth."
    ),
    "fine": gettext_noop(
        "Amounts with more than eleven decimals or fifteen digits are rounded there. What is too "
        "small is added to the next row of its wallet; the sums are right."
    ),
    "before": gettext_noop(
        "What was held before the range is in no row, and selling it is refused. Export from the "
        "beginning."
    ),
    "nothing": gettext_noop("Transactions that moved nothing are left out."),
}


def shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    """The codes of LACKS that concern a transaction."""
    codes = (told for told in drafts(transaction, context) if isinstance(told, str))
    yield from dict.fromkeys(codes)
