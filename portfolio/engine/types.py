"""The values that calculations take and give: frozen, exact, free of Django and of any exchange."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


class RecordKind(enum.StrEnum):
    """The kinds of record an exchange serves; the sandbox's statement uses the same words."""

    TRADES = "trades"
    DEPOSITS = "deposits"
    WITHDRAWALS = "withdrawals"
    TRANSFERS = "transfers"
    REWARDS = "rewards"
    CONVERSIONS = "conversions"
    DUST = "dust"
    FUNDING = "funding"  # funding payments of perpetual contracts
    INTEREST = "interest"
    LIQUIDATIONS = "liquidations"
    LEDGER = "ledger"
    IMPORT = "import"  # rows of a file that a person brought


class TransactionKind(enum.StrEnum):
    """What one economic event is (design: section 2, "transaction")."""

    TRADE = "trade"
    CONVERSION = "conversion"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    REWARD = "reward"
    INTEREST = "interest"
    AIRDROP = "airdrop"
    MINING = "mining"
    FORK = "fork"
    GIFT = "gift"
    PAYMENT = "payment"  # spent on goods or services
    LOST = "lost"  # or stolen
    FEE = "fee"
    FUNDING = "funding"
    REALISED_PNL = "realised_pnl"
    LIQUIDATION = "liquidation"
    ADJUSTMENT = "adjustment"
    OTHER = "other"  # known, and none of these: a loan, a lock
    UNCLASSIFIED = "unclassified"  # in words of the exchange that Coffer does not know


class PostingRole(enum.StrEnum):
    """Why an amount moved: the event itself, or a fee taken for it."""

    PRINCIPAL = "principal"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Movement:
    """One signed amount of one asset in one wallet; in is positive, out is negative."""

    wallet: str
    asset: str
    amount: Decimal
    role: PostingRole = PostingRole.PRINCIPAL


@dataclass(frozen=True, slots=True)
class Event:
    """What one raw record says, or adds to, about one transaction.

    ``key`` names the transaction within one exchange account: records with the same key (the two
    legs of a Kraken trade, a ledger row and the trade it belongs to) describe the same event.
    ``movements`` is empty where the record is evidence only (a trade whose amounts are booked from
    the ledger) or has no effect (a cancelled withdrawal).
    ``detail`` holds what is worth showing: plain strings by name (symbol, side, price, order,
    txid, address, network, status).
    """

    key: str
    kind: TransactionKind
    occurred_at: datetime
    movements: tuple[Movement, ...] = ()
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportedBalance:
    """What the exchange says is in one wallet: total quantity, free and locked together."""

    wallet: str
    asset: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ReportedPosition:
    """An open position in a contract, as the exchange shows it now.

    Its worth is not a holding: what it has won or lost so far is paid in ``settle_asset`` once it
    is closed. None where the exchange does not say.
    """

    wallet: str
    symbol: str  # the exchange's own name of the contract
    side: str  # "long" or "short"
    quantity: Decimal  # above zero, in ``unit``
    unit: str  # an asset, or "contracts"
    entry_price: Decimal | None
    mark_price: Decimal | None
    price_asset: str  # what both prices are in
    unrealised_pnl: Decimal | None  # in ``settle_asset``
    settle_asset: str
