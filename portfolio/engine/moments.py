"""What one unit of an asset was worth at a moment, by what, and how near in time that was.

The way from an asset to the currency is that of the day's closes; the figures on it are those of
the finest candle that is known: of the minute, else of the hour, else of the day. So a moment is
priced by the same markets as the value of its day.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from portfolio.engine.closes import ByDay, Closes, Trusted, end_of
from portfolio.engine.own_prices import OWN, OwnPrices
from portfolio.engine.pricing import REFERENCE, Quote, Step, along, seen_at

_TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def floor(at: datetime, width: Width) -> datetime:
    """When the minute or hour began that a moment lies in."""
    return at - (at - _EPOCH) % width.length


def last_moment(on: date) -> datetime:
    """The last moment that belongs to a UTC day."""
    return end_of(on) - _TICK


@dataclass(frozen=True, slots=True)
class FineClose:
    """The close of the minute or hour that began at ``opened_at``, says ``source``."""

    asset: str
    currency: str
    source: str
    width: Width
    opened_at: datetime
    price: Decimal

    @property
    def on(self) -> date:
        return self.opened_at.astimezone(UTC).date()


class MomentBook:
    """Prices at moments that come by day, oldest first; within a day in any order.

    ``fine`` are closes of minutes and hours, by day.
    """

    def __init__(
        self, closes: Closes, currency: str, own: OwnPrices, fine: Iterable[FineClose] = ()
    ) -> None:
        self._closes = closes
        self._currency = currency
        self._own = own
        self._fine = ByDay(fine)
        self._day = date.min
        self._of_day: dict[tuple[str, str, str, Width, datetime], Decimal] = {}
        # Of a day of which nothing finer is known, one answer serves all its moments.
        self._found_of_day: dict[tuple[str, Trusted], Found | None] = {}

    def price(self, asset: str, at: datetime, trusted: Trusted = ()) -> Found | None:
        """The price of ``asset`` at a moment, None where nothing leads to one.

        May raise ValueError where the moment lies on a day before that of the last question.
        """
        self._move_to(at.astimezone(UTC).date())
        if asset == self._currency:
            return Found(Decimal(1), "", at, Width.MINUTE)
        if self._of_day or self._own.are_of(asset):
            return self._sought(asset, at, trusted)
        known = (asset, trusted)
        if known not in self._found_of_day:
            self._found_of_day[known] = self._sought(asset, at, trusted)
        return self._found_of_day[known]

    def _sought(self, asset: str, at: datetime, trusted: Trusted) -> Found | None:
        way = self._own.way(asset, self._currency, at, lambda code: self._closes.way(code, trusted))
        return None if way is None else self._found(way, at)

    def _move_to(self, day: date) -> None:
        if day == self._day:
            return
        if day < self._day:
            raise ValueError(f"{day} was asked after {self._day}")
        self._closes.move_to(day)
        self._of_day = {
            (c.asset, c.currency, c.source, c.width, c.opened_at): c.price
            for c in self._fine.until(day)
            if c.on == day
        }
        self._found_of_day = {}
        self._day = day

    def _found(self, way: tuple[Step, ...], at: datetime) -> Found:
        finest = [self._finest(step, at) for step in way]
        steps = tuple(step for step, _ in finest)
        widths = [width for step, width in finest if step.quote.source != REFERENCE]
        width = max(widths, key=_COARSE.index, default=Width.DAY)
        sources = " + ".join(dict.fromkeys(step.quote.source for step in way))
        return Found(along(steps), sources, seen_at(steps) or at, width, steps)

    def _finest(self, step: Step, at: datetime) -> tuple[Step, Width]:
        quote = step.quote
        if quote.source == OWN:
            return step, Width.OWN
        for width in (Width.MINUTE, Width.HOUR) if self._of_day else ():
            opened = floor(at, width)
            price = self._of_day.get((*quote.name, width, opened))
            if price is not None:
                finer = Quote(*quote.name[:2], price, quote.source, opened + width.length)
                return Step(finer, step.inverted), width
        return step, Width.DAY


# The least exact first in the end: one step by a user's price makes all of it that.
_COARSE = (Width.MINUTE, Width.HOUR, Width.DAY, Width.OWN)
