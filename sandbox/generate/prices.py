"""One price path per asset; candles, tickers and trades are all read from it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock

from sandbox.amounts import exact, near
from sandbox.assets import BY_CODE, Asset

MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000
YEAR = 365 * DAY
SCALE = 10**14  # paths are kept as whole numbers of this part of a US dollar
LEAD_DAYS = 400  # paths begin this long before the history of the accounts


@dataclass(frozen=True, slots=True)
class Candle:
    """One day, hour or minute of one pair; prices in the quote asset, volume in the base asset."""

    opened_at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int


@dataclass(slots=True)
class Path:
    """Daily closes of one asset and how far each day strayed above and below."""

    closes: list[int]
    stray: list[int] = field(default_factory=lambda: [0])
    volume: list[int] = field(default_factory=lambda: [0])


class Prices:
    """Seeded random walks in whole-number arithmetic, extended as days pass."""

    def __init__(self, seed: str, anchor_ms: int) -> None:
        self.origin = anchor_ms - 3 * YEAR
        self.start = self.origin - LEAD_DAYS * DAY
        self._seed = seed
        self._paths: dict[str, Path] = {}
        self._steps: dict[str, random.Random] = {}
        self._lock = Lock()

    def at(self, base: str, quote: str, time_ms: int, places: int) -> Decimal:
        """The price of one unit of ``base`` in ``quote`` at a moment."""
        with exact():
            wiggle = 10_000 + self._wiggle(base, time_ms)
            top, bottom = self._level(base, time_ms), self._level(quote, time_ms)
            return _tick(Decimal(top * wiggle) / Decimal(bottom * 10_000), places)

    def usd(self, code: str, time_ms: int) -> Decimal:
        """What one unit is worth in US dollars; for the generator, never served."""
        return self.at(code, "USD", time_ms, 12)

    def candle(self, base: str, quote: str, day_ms: int, places: int, now_ms: int) -> Candle:
        """The daily candle that opened at ``day_ms``; today's closes at the present price."""
        day = (day_ms - self.start) // DAY
        path = self._path(base, day)
        with exact():
            stray = Decimal(path.stray[day]) / 10_000
            opened = self._ratio(base, quote, day - 1)
            live = now_ms < day_ms + DAY
            closed = self.at(base, quote, now_ms, 16) if live else self._ratio(base, quote, day)
            highest = max(opened, closed) * (1 + stray)
            lowest = min(opened, closed) * (1 - stray)
            dollars = max(Decimal(path.closes[day]) / SCALE, Decimal(1))
            volume = Decimal(path.volume[day] * 1_000) / dollars
        return Candle(
            day_ms,
            _tick(opened, places),
            _tick(highest, places),
            _tick(lowest, places),
            _tick(closed, places),
            near(volume, 8),
            path.volume[day] // 3 + 1,
        )

    def part(
        self, base: str, quote: str, opened_ms: int, width: int, places: int, now_ms: int
    ) -> Candle:
        """The candle of ``width`` (DAY, or what divides it) that opened at ``opened_ms``.

        The last one of a day closes where the day does, the first opens there.
        """
        if width == DAY:
            return self.candle(base, quote, opened_ms, places, now_ms)
        ends = min(opened_ms + width, now_ms)
        opened = _tick(self._edge(base, quote, opened_ms, opened_ms), places)
        closed = _tick(self._edge(base, quote, ends, max(ends - 1, opened_ms)), places)
        path = self._path(base, (opened_ms - self.start) // DAY)
        with exact():
            volume = self.candle(base, quote, opened_ms - opened_ms % DAY, places, now_ms).volume
            share = near(volume * width / DAY, 8)
        trades = path.volume[(opened_ms - self.start) // DAY] * width // DAY + 1
        return Candle(
            opened_ms, opened, max(opened, closed), min(opened, closed), closed, share, trades
        )

    def _edge(self, base: str, quote: str, time_ms: int, seen_ms: int) -> Decimal:
        """The price at the edge of a candle, as seen within it; at midnight the day's close."""
        if time_ms % DAY:
            return self.at(base, quote, seen_ms, 16)
        with exact():
            return self._ratio(base, quote, (time_ms - self.start) // DAY - 1)

    def _ratio(self, base: str, quote: str, day: int) -> Decimal:
        top = Decimal(self._path(base, day).closes[day])
        return top / Decimal(self._path(quote, day).closes[day])

    def _level(self, code: str, time_ms: int) -> int:
        day, part = divmod(time_ms - self.start, DAY)
        path = self._path(code, day)
        before, after = path.closes[day - 1], path.closes[day]
        return before + (after - before) * part // DAY

    def _wiggle(self, code: str, time_ms: int) -> int:
        """Movement within the day, never outside its candle; hundredths of a percent."""
        day = (time_ms - self.start) // DAY
        reach = self._path(code, day).stray[day]
        return (time_ms // 60_000 * 2_654_435_761 % (2 * reach + 1)) - reach

    def _path(self, code: str, day: int) -> Path:
        path = self._paths.get(code)
        if path is not None and day < len(path.closes):
            return path
        with self._lock:
            return self._extend(code, day)

    def _extend(self, code: str, day: int) -> Path:
        asset = BY_CODE[code]
        if code not in self._paths:
            self._steps[code] = random.Random(f"{self._seed}:{code}")  # noqa: S311  # nosec B311
            self._paths[code] = Path([_target(asset, -LEAD_DAYS)])
        path, draw = self._paths[code], self._steps[code].randint
        while len(path.closes) <= day:
            _next_day(path, asset, len(path.closes) - LEAD_DAYS, draw)
        return path


def _next_day(path: Path, asset: Asset, day: int, draw: Callable[[int, int], int]) -> None:
    last, size = path.closes[-1], asset.restless
    step = sum(draw(-size, size) for _ in range(3)) if size else 0
    # A light pull towards the target keeps a walk of years plausible.
    pulled = last + last * step // 10_000 + (_target(asset, day) - last) * 4 // 100
    path.stray.append(draw(size // 4, size) if size else 0)
    path.volume.append(draw(200, 2_000))
    # Last, so that a reader in another thread never sees a day that is not complete.
    path.closes.append(max(pulled, 1))


def _target(asset: Asset, day: int) -> int:
    """The level that a path is pulled to on a day counted from the start of the history."""
    levels = [int(Decimal(level) * SCALE) for level in asset.levels]
    year, part = divmod(min(max(day, 0), 3 * 365 - 1), 365)
    return levels[year] + (levels[year + 1] - levels[year]) * part // 365


def _tick(price: Decimal, places: int) -> Decimal:
    """Round to the tick, but never to nothing."""
    return max(near(price, places), Decimal(1).scaleb(-places))
