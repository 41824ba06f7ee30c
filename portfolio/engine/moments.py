"""What one unit of an asset was worth at a moment, by what, and how near in time that was.

The way from an asset to the currency is that of the day's closes; the figures on it are those of
the finest candle that is known: of the minute, else of the hour, else of the day. So a moment is
priced by the same markets as the value of its day.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from portfolio.engine.closes import Closes, Trusted, end_of
from portfolio.engine.own_prices import OWN, OwnPrices
from portfolio.engine.pricing import Step, along, seen_at

_TICK = timedelta(microseconds=1)


class Width(enum.StrEnum):
    """How near to its moment a price is."""

    TRADE = "trade"  # the transaction itself says what the amount was exchanged for
    OWN = "own"  # the user gave it
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        """How long a candle of this width is."""
        return _LENGTHS[self]


_LENGTHS = {
    Width.MINUTE: timedelta(minutes=1),
    Width.HOUR: timedelta(hours=1),
    Width.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The price of one unit, who said so, and when.

    ``source`` names the sources ("binance", "kraken + ecb"), "" for the currency itself. ``at`` is
    when the oldest market quote on the way was seen: for a candle the end of it.
    """

    price: Decimal
    source: str
    at: datetime
    width: Width
    steps: tuple[Step, ...] = ()

    @property
    def day(self) -> date:
        """The UTC day whose close this is, where the width is a day's."""
        return (self.at - _TICK).astimezone(UTC).date()


def last_moment(on: date) -> datetime:
    """The last moment that belongs to a UTC day."""
    return end_of(on) - _TICK


class MomentBook:
    """Prices at moments that come by day, oldest first; within a day in any order."""

    def __init__(self, closes: Closes, currency: str, own: OwnPrices) -> None:
        self._closes = closes
        self._currency = currency
        self._own = own
        self._day = date.min

    def price(self, asset: str, at: datetime, trusted: Trusted = ()) -> Found | None:
        """The price of ``asset`` at a moment, None where nothing leads to one.

        May raise ValueError where the moment lies on a day before that of the last question.
        """
        self._move_to(at.astimezone(UTC).date())
        if asset == self._currency:
            return Found(Decimal(1), "", at, Width.MINUTE)
        way = self._own.way(asset, self._currency, at, lambda code: self._closes.way(code, trusted))
        return None if way is None else _found(way, at)

    def _move_to(self, day: date) -> None:
        if day == self._day:
            return
        if day < self._day:
            raise ValueError(f"{day} was asked after {self._day}")
        self._closes.move_to(day)
        self._day = day


def _found(way: tuple[Step, ...], at: datetime) -> Found:
    sources = dict.fromkeys(step.quote.source for step in way)
    width = Width.OWN if way[0].quote.source == OWN else Width.DAY
    return Found(along(way), " + ".join(sources), seen_at(way) or at, width, way)
