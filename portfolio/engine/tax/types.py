"""What goes into a tax computation and what comes out of it: frozen values, exact decimals.

Amounts are in units of the asset, values in the base currency of the settings; neither is ever
negative. ``event`` is the place of an event in the list that was given, from 0.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money


class EventKind(enum.StrEnum):
    """What happened; the legs that each kind has are told in ``TaxEvent``."""

    BUY = "buy"
    SELL = "sell"
    TRADE = "trade"
    TRANSFER = "transfer"
    INCOME = "income"
    GIFT = "gift"
    FEE = "fee"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


class Match(enum.StrEnum):
    """What a disposal was matched with."""

    LOT = "lot"
    POOL = "pool"
    PORTFOLIO = "portfolio"
    NONE = "none"  # nothing was held: the basis is zero by the settings' choice
    SAME_DAY = "same_day"
    THIRTY_DAY = "thirty_day"
    SECTION_104 = "section_104"
    NO_GAIN_NO_LOSS = "no_gain_no_loss"


class Term(enum.StrEnum):
    """Whether the holding period was a long one."""

    SHORT = "short"
    LONG = "long"


class Leg(NamedTuple):
    """One side of an event; ``value`` is its worth before fees, None where nobody knows."""

    asset: str
    amount: Decimal
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxEvent:
    """One event.

    buy: coin into, base currency out (without the fee). sell: coin out, base currency into; without
    it the coin was spent and ``out.value`` is the proceeds. trade: coin out, coin into. transfer:
    ``out`` leaves ``wallet``, ``into`` reaches ``to_wallet``, the difference is the fee. income,
    gift: into (received) or out (given). fee: out. deposit, withdrawal: base currency only.
    ``portfolio_value`` is that of all coins just before a sale (French method).
    """

    time: datetime
    kind: EventKind
    wallet: str = ""
    into: Leg | None = None
    out: Leg | None = None
    fee: Leg | None = None
    to_wallet: str = ""
    subkind: str = ""
    portfolio_value: Decimal | None = None


class Disposal(NamedTuple):
    """Part of a disposal with the one lot, day or pool that it was matched with.

    ``event`` and ``time`` are those of the (last) event; ``on`` is its local date. ``proceeds`` is
    None where nobody knows the price; then the gain is not known either. ``acquired`` is
    the lot's moment, a date under the UK rules, None for a pool. ``denied`` is the part of a loss
    that the law does not let count; ``lot`` is the event that the lot came of.
    """

    event: int
    time: datetime
    on: date
    asset: str
    wallet: str
    amount: Decimal
    proceeds: Decimal | None
    cost_basis: Decimal
    match: Match
    acquired: datetime | date | None = None
    term: Term | None = None
    denied: Decimal = Decimal(0)
    lot: int | None = None

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost, with what is denied of a loss added back; exact. None: not known."""
        if self.proceeds is None:
            return None
        net = money.EXACT.subtract(self.proceeds, self.cost_basis)
        return money.EXACT.add(net, self.denied)


class IncomeLine(NamedTuple):
    """Something received as income, at its value then; None where nobody knows."""

    event: int
    time: datetime
    on: date
    asset: str
    amount: Decimal
    value: Decimal | None


class Remaining(NamedTuple):
    """A lot, or a pool, that is left at the end; ``wallet`` is "" where wallets do not matter."""

    asset: str
    amount: Decimal
    cost_basis: Decimal
    acquired: datetime | None = None
    wallet: str = ""
    lot: int | None = None


class Shortfall(NamedTuple):
    """Units disposed of that were not held: taken at no cost, as the settings allow."""

    event: int
    asset: str
    missing: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a computation gives."""

    disposals: Sequence[Disposal]
    income: Sequence[IncomeLine]
    remaining: Sequence[Remaining]
    shortfalls: tuple[Shortfall, ...] = ()


class InsufficientHoldings(ValueError):
    """More is disposed of than is held, and the settings name no basis for it."""

    def __init__(self, event: int, asset: str, missing: Decimal) -> None:
        super().__init__(f"event {event} disposes of {missing:f} {asset} more than is held")
        self.event, self.asset, self.missing = event, asset, missing
