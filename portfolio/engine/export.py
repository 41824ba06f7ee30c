"""What an export is made of: whole transactions, apart from any database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portfolio.engine.types import PostingRole, TransactionKind

if TYPE_CHECKING:
    from portfolio.engine.tax.settings import Settings


@dataclass(frozen=True, slots=True)
class ExportLeg:
    """One signed amount of one asset in one wallet; in is positive, out and fees are negative.

    Amounts are gross: a fee is a leg of its own and never inside another. ``value`` is what the
    amount was worth then, in the currency of the export and without a sign; None: not known.
    """

    wallet: str
    asset: str
    amount: Decimal
    role: PostingRole = PostingRole.PRINCIPAL
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The other half of an own transfer, in another wallet or account of the same person."""

    transaction: int  # its id, and so of the same export where its account is in it
    account: str  # the connection's id
    account_label: str
    exchange: str
    wallet: str
    asset: str
    amount: Decimal  # what arrived, or what left there; above zero
    txid: str = ""  # as told there
    is_outside: bool = False  # its range, connections, wallets or kinds were not asked for


@dataclass(frozen=True, slots=True)
class TransferPiece:
    """What of an amount went one of several ways: above zero, in the asset of its own leg."""

    transfer: int
    asset: str
    amount: Decimal
    counterpart: Counterpart


@dataclass(frozen=True, slots=True)
class ExportTransaction:
    """One economic event with all its amounts; fees are legs of their own.

    ``transfer`` names an accepted own transfer: both halves have the same. An own transfer that is
    one transaction (between two wallets of one account) has no counterpart: its legs say it all.
    Of what arrived in several parts, or holds several transfers, ``pieces`` are the transfers; most
    formats are given one transaction for each of them (``exports.transfers.by_transfer``).
    """

    id: int
    occurred_at: datetime
    kind: TransactionKind
    account: str  # the connection's id
    account_label: str
    exchange: str
    key: str
    legs: tuple[ExportLeg, ...]
    detail: Mapping[str, str] = field(default_factory=dict)
    transfer: int | None = None
    counterpart: Counterpart | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    pieces: tuple[TransferPiece, ...] = ()

    @property
    def is_half_alone(self) -> bool:
        """Whether it is half of an own transfer whose other half is not in the same export."""
        return self.counterpart is not None and self.counterpart.is_outside


@dataclass(frozen=True, slots=True)
class Opening:
    """What was held of an asset in one wallet when the exported range began."""

    account: str
    account_label: str
    exchange: str
    wallet: str
    asset: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class TaxChoices:
    """How a person is taxed, for formats that are worked out by the tax engine.

    ``picks`` and ``costs`` are by transaction: the lots that were chosen, and what its owner says
    was paid in all.
    """

    settings: Settings
    picks: Mapping[str, Iterable[Sequence[Any]]] = field(default_factory=dict)
    costs: Mapping[int, Decimal] = field(default_factory=dict)
    # Whether the basis was reported, by account, asset and day of what brokers told.
    reported: Mapping[tuple[str, str, date], bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportContext:
    """What a whole export has in common.

    ``currency`` is that of all values. ``symbols`` are what the target calls assets, where it is
    not their code: the user's own choice before the format's. ``openings`` are empty where the
    export begins with the first transaction.
    """

    currency: str
    symbols: Mapping[str, str] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    since: datetime | None = None  # the first moment of the range; None: from the beginning
    before: datetime | None = None  # the first moment after it; None: to the end
    tax: TaxChoices | None = None  # only for formats that need the whole history
    accounts: frozenset[str] = frozenset()  # the connections that were chosen; empty: all

    def symbol(self, asset: str) -> str:
        """What the target calls the asset."""
        return self.symbols.get(asset, asset)
