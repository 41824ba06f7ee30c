"""What a row of an export means, finer than the kind of its transaction, and a target's words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from portfolio.engine.export import ExportTransaction
from portfolio.engine.tax.nets import is_in_contracts, is_of_contract
from portfolio.engine.types import TransactionKind


class Way(enum.Enum):
    """Which of its two amounts a row has."""

    CAME = enum.auto()
    WENT = enum.auto()
    BOTH = enum.auto()


class Meaning(enum.StrEnum):
    """Why an amount came or went: every kind of transaction, and what tells some kinds apart."""

    TRADE = "trade"
    CONVERSION = "conversion"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"  # between own accounts
    REWARD = "reward"
    INTEREST = "interest"
    AIRDROP = "airdrop"
    MINING = "mining"
    FORK = "fork"
    GIFT = "gift"
    PAYMENT = "payment"
    LOST = "lost"
    FEE = "fee"  # came: a rebate
    FUNDING = "funding"
    REALISED_PNL = "realised_pnl"
    LIQUIDATION = "liquidation"
    ADJUSTMENT = "adjustment"
    OTHER = "other"
    UNCLASSIFIED = "unclassified"
    BUY = "buy"  # for fiat money
    SELL = "sell"
    BANK = "bank"  # fiat money from or to a bank
    MARGIN_FEE = "margin_fee"  # of a contract
    STAKING = "staking"
    CASHBACK = "cashback"
    INCOME = "income"
    DONATION = "donation"
    STOLEN = "stolen"


# What a person can say of a transaction by a tag of this name, by the way the amount went.
_TAGS = {
    Way.CAME: ("staking", "mining", "fork", "airdrop", "cashback", "income", "gift"),
    Way.WENT: ("gift", "donation", "lost", "stolen", "payment"),
    Way.BOTH: (),
}
# What is taken where a target does not know the finer word.
_WIDER = {
    Meaning.STAKING: Meaning.REWARD,
    Meaning.STOLEN: Meaning.LOST,
    Meaning.MARGIN_FEE: Meaning.FEE,
}

CONTRACTS = (TransactionKind.FUNDING, TransactionKind.REALISED_PNL, TransactionKind.LIQUIDATION)

FIAT = frozenset(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP HKD HRK HUF IDR ILS INR ISK JPY KRW "  # noqa: SIM905
    "MXN MYR NGN NOK NZD PEN PHP PLN RON RUB SEK SGD THB TRY TWD UAH USD VND ZAR".split()
)


@dataclass(frozen=True, slots=True)
class Words:
    """A target's words by meaning and way; ``other_*`` where it has none."""

    came: Mapping[Meaning, str] = field(default_factory=dict)
    went: Mapping[Meaning, str] = field(default_factory=dict)
    both: Mapping[Meaning, str] = field(default_factory=dict)
    other_came: str = ""
    other_went: str = ""
    other_both: str = ""

    def of(self, way: Way, meanings: tuple[Meaning, ...]) -> str:
        """The word for the first of these meanings that there is one for."""
        words, other = self._by_way(way)
        return next((words[meaning] for meaning in meanings if meaning in words), other)

    def know(self, way: Way, meanings: tuple[Meaning, ...]) -> bool:
        """Whether there is a word for one of these meanings."""
        words, _ = self._by_way(way)
        return any(meaning in words for meaning in meanings)

    def _by_way(self, way: Way) -> tuple[Mapping[Meaning, str], str]:
        if way is Way.CAME:
            return self.came, self.other_came
        return (self.went, self.other_went) if way is Way.WENT else (self.both, self.other_both)


def with_wider(meaning: Meaning) -> tuple[Meaning, ...]:
    """A meaning, and what is taken for it where a target has no word so fine."""
    wider = _WIDER.get(meaning)
    return (meaning,) if wider is None else (meaning, wider)


def of_fee(transaction: ExportTransaction) -> tuple[Meaning, ...]:
    """What a fee that is a row of its own means."""
    if is_of_contract(transaction) or is_in_contracts(transaction):
        return with_wider(Meaning.MARGIN_FEE)
    return (Meaning.FEE,)


def of_one(transaction: ExportTransaction, way: Way, asset: str) -> tuple[Meaning, ...]:
    """What one amount that came or went means, the finest meaning first."""
    kind = transaction.kind
    if kind is TransactionKind.FEE:
        return of_fee(transaction)
    if transaction.is_half_alone:
        return (Meaning.DEPOSIT if way is Way.CAME else Meaning.WITHDRAWAL,)
    if transaction.transfer is not None:
        return (Meaning.TRANSFER, Meaning(kind.value))
    finer = _said(transaction, way) or _worked_out(transaction, asset)
    return (*finer, Meaning(kind.value))


def of_trade(transaction: ExportTransaction, sent: str, received: str) -> tuple[Meaning, ...]:
    """What one asset given for another means."""
    is_buy = sent in FIAT and received not in FIAT
    is_sell = received in FIAT and sent not in FIAT
    finer = (Meaning.BUY,) if is_buy else (Meaning.SELL,) if is_sell else ()
    return (*finer, Meaning(transaction.kind.value))


def _said(transaction: ExportTransaction, way: Way) -> tuple[Meaning, ...]:
    """What its owner says by a tag."""
    tags = {tag.strip().lower() for tag in transaction.tags}
    for name in _TAGS[way]:
        if name in tags:
            return with_wider(Meaning(name))
    return ()


def _worked_out(transaction: ExportTransaction, asset: str) -> tuple[Meaning, ...]:
    kind, detail = transaction.kind, transaction.detail
    if kind is TransactionKind.REWARD:
        told = " ".join(detail.get(name, "") for name in ("type", "subtype", "description"))
        wallets = " ".join(leg.wallet for leg in transaction.legs)
        return (Meaning.STAKING,) if "staking" in f"{told} {wallets}".lower() else ()
    if kind in (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL) and asset in FIAT:
        return (Meaning.BANK,)
    return ()
