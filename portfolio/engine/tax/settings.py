"""The choices that law, place and person make: how a history is to be taxed."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from portfolio.engine.tax.types import Term

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Scope(enum.StrEnum):
    """Whether lots live in the wallet where they are, or wallets do not matter."""

    UNIVERSAL = "universal"
    PER_WALLET = "per_wallet"


class LongTerm(enum.StrEnum):
    """When a holding period is long."""

    NONE = "none"
    # After the first anniversary of the day of acquisition, by local dates (IRC 1222, Rev. Rul.
    # 66-7); of 29 February it is 28 February.
    CALENDAR_YEAR = "more_than_one_calendar_year"
    ELAPSED_DAYS = "elapsed_days_at_least"  # whole days of 24 hours


class DisposalFee(enum.StrEnum):
    """Where the fee of a disposal is told; the gain is the same."""

    REDUCE_PROCEEDS = "reduce_proceeds"
    ADD_TO_COST = "add_to_cost"


class TradeFee(enum.StrEnum):
    """Which side of a trade of coin for coin bears its fee."""

    DISPOSAL = "disposal"
    ACQUISITION = "acquisition"
    SPLIT = "split"


class CryptoFee(enum.StrEnum):
    """What a fee paid in a coin is."""

    DISPOSE = "dispose"  # a disposal of its own, and a fee of the event
    CONSUME = "consume"  # part of the disposal where the coin is the one disposed of


class TransferFee(enum.StrEnum):
    """What the network's fee of an own transfer is."""

    DISPOSE = "dispose"
    KEEP_COST = "keep_cost"  # the units vanish, their cost stays with the rest


class TradeValues(enum.StrEnum):
    """Which value counts where the two sides of a trade carry different ones."""

    RECEIVED = "received"  # for both; if it is missing, the one given
    CROSS = "cross"  # proceeds are what is received, cost is what is given up


class HifoKey(enum.StrEnum):
    """What makes a lot the dearest."""

    PRICE = "unit_price_excl_fee"
    COST = "unit_cost_incl_fee"


class Placing(enum.StrEnum):
    """Which lots go first where lots of all wallets are given to the wallets at one moment."""

    OLDEST = "oldest"
    YOUNGEST = "youngest"
    DEAREST = "dearest"
    CHEAPEST = "cheapest"


class Oversell(enum.StrEnum):
    """What is done about units that were never held."""

    ERROR = "error"
    ZERO_COST = "zero_cost"


Picks = Mapping[int, tuple[tuple[int, Decimal], ...]]


@dataclass(frozen=True)
class Settings:
    """One way of taxing; ``tax_year_start`` is a month and a day.

    ``method_by_year`` maps the first year to a method, for the method ``by_year``; ``picks`` maps
    an event to the lots (their events) and amounts that were chosen for it, for ``specific``; what
    is not chosen goes by ``rest``, the method of an order, or "by_year".
    """

    method: str
    base_currency: str
    tax_timezone: str = "UTC"
    tax_year_start: tuple[int, int] = (1, 1)
    scope: Scope = Scope.UNIVERSAL
    long_term: LongTerm = LongTerm.NONE
    long_term_days: int = 365
    disposal_fee: DisposalFee = DisposalFee.REDUCE_PROCEEDS
    trade_fee: TradeFee = TradeFee.DISPOSAL
    crypto_fee: CryptoFee = CryptoFee.DISPOSE
    transfer_fee: TransferFee = TransferFee.DISPOSE
    trade_values: TradeValues = TradeValues.RECEIVED
    hifo_key: HifoKey = HifoKey.PRICE
    oversell: Oversell = Oversell.ERROR
    # Subkinds of what goes out of a pool without gain or loss.
    exempt: frozenset[str] = frozenset({"spouse"})
    method_by_year: Mapping[int, str] = field(default_factory=dict)
    picks: Picks = field(default_factory=dict)
    rest: str = "fifo"
    # Where the law gives lots of all wallets to wallets at one moment: which lots go first, and to
    # which wallets; those that are not named come after, in the order in which they were used.
    placing: Placing = Placing.OLDEST
    wallet_order: tuple[str, ...] = ()

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """The zone that gives an event its date; None is UTC, the quick case."""
        if self.tax_timezone == "UTC":
            return None
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.tax_timezone)

    def local_date(self, moment: datetime) -> date:
        """The date of a moment where tax is paid."""
        return moment.astimezone(self.zone or UTC).date()

    def year_of(self, day: date) -> int:
        """The calendar year in which the tax year of ``day`` starts."""
        return day.year - ((day.month, day.day) < self.tax_year_start)

    def year_name(self, year: int) -> str:
        """How the tax year that starts in ``year`` is called: "2023", or "2023-24"."""
        return str(year) if self.tax_year_start == (1, 1) else f"{year}-{(year + 1) % 100:02d}"

    def term(self, acquired: datetime, disposed: datetime, on: date) -> Term | None:
        """Whether what was acquired then and disposed of on the local date ``on`` was long held."""
        if self.long_term is LongTerm.NONE:
            return None
        if self.long_term is LongTerm.ELAPSED_DAYS:
            is_long = disposed - acquired >= timedelta(days=self.long_term_days)
        else:
            is_long = on > anniversary(self.local_date(acquired))
        return Term.LONG if is_long else Term.SHORT


def anniversary(day: date) -> date:
    """The same day a year later; of 29 February it is 28 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
