"""What one unit of an asset is worth in a currency, from quotes, and by which way it was found.

A price is looked for directly first, then through the big quote assets, in at most three steps.
The exchange that holds an asset is believed before others, since a ticker may name another coin
elsewhere. Nothing is assumed: a stablecoin is worth what a market says it is, and an asset that no
quote leads to has no price (None), never zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, permutations
from typing import NamedTuple

from portfolio.engine import money

HUBS = ("USDT", "USDC", "USD", "EUR", "BTC", "ETH", "BNB")
MAX_STEPS = 3
# A quote older than this says nothing about today; a reference rate stays usable, as last resort.
CARRY = timedelta(days=7)
# The European Central Bank: rates between fiat currencies, one per banking day.
REFERENCE = "ecb"
# A product of exact prices is kept whole; a quotient has no end and stops after these digits.
QUOTIENT_DIGITS = 28

Pair = tuple[str, str]
Trust = Sequence[Collection[str]]


@dataclass(frozen=True, slots=True)
class Quote:
    """One unit of ``asset`` cost ``price`` of ``currency`` at ``at``, says ``source``."""

    asset: str
    currency: str
    price: Decimal
    source: str
    at: datetime

    @property
    def name(self) -> tuple[str, str, str]:
        """What a newer quote of the same market replaces."""
        return (self.asset, self.currency, self.source)


@dataclass(frozen=True, slots=True)
class Step:
    """One quote on the way from an asset to a currency, read forwards or backwards."""

    quote: Quote
    inverted: bool = False

    @property
    def asset(self) -> str:
        return self.quote.currency if self.inverted else self.quote.asset

    @property
    def currency(self) -> str:
        return self.quote.asset if self.inverted else self.quote.currency


@dataclass(frozen=True, slots=True)
class Price:
    """The worth of one unit, and the quotes it came from; no step: the currency itself."""

    price: Decimal
    steps: tuple[Step, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Who was believed, in the order of the steps, each once."""
        return tuple(dict.fromkeys(step.quote.source for step in self.steps))

    @property
    def at(self) -> datetime | None:
        """When the oldest market quote was seen; of the reference rate only if there is no other.

        A reference rate is dated by its banking day; its own step says which.
        """
        return seen_at(self.steps)


def seen_at(steps: Sequence[Step]) -> datetime | None:
    """When the oldest market quote of these steps was seen, else the oldest reference rate."""
    market = [s.quote.at for s in steps if s.quote.source != REFERENCE]
    return min(market or [s.quote.at for s in steps], default=None)


def along(steps: Sequence[Step]) -> Decimal:
    """The price that follows from these steps."""
    above = below = Decimal(1)
    for step in steps:
        if step.inverted:
            below = money.multiply(below, step.quote.price)
        else:
            above = money.multiply(above, step.quote.price)
    return above if below == 1 else rounded(money.divide(above, below))


def rounded(value: Decimal) -> Decimal:
    """A quotient, cut after the digits that are kept of it."""
    if len(value.as_tuple().digits) <= QUOTIENT_DIGITS:
        return value
    return value.quantize(
        Decimal(1).scaleb(value.adjusted() + 1 - QUOTIENT_DIGITS), context=money.EXACT
    )


class Order(NamedTuple):
    """What makes one way better than another: the smaller, the better."""

    rank: int
    length: int
    ranks: int
    days: int  # since the oldest quote, whole ones
    hubs: tuple[int, ...]  # the quote assets it goes through, those with the deepest markets first
    age: timedelta
    names: tuple[tuple[bool, str, str, str], ...]


class PriceBook:
    """The quotes known at one moment; answers are the same whatever order they came in."""

    def __init__(self, quotes: Iterable[Quote], *, now: datetime, carry: timedelta = CARRY) -> None:
        self._now = now
        self._carry = carry
        self._steps: dict[Pair, list[Step]] = {}
        for quote in quotes:
            if quote.price > 0 and self._usable(quote):
                self._add(Step(quote))
                self._add(Step(quote, inverted=True))

    def price(self, asset: str, currency: str, trusted: Trust = ()) -> Price | None:
        """The price of ``asset`` in ``currency``, or None where no way leads there.

        ``trusted`` are sets of sources, the most trusted first. The way whose least trusted source
        is best wins; then fewest steps; then the freshest quotes, by the day; then the quote assets
        in the order of HUBS.
        """
        if asset == currency:
            return Price(Decimal(1))
        best: tuple[Order, tuple[Step, ...]] | None = None
        for length in range(MAX_STEPS):
            for between in permutations(self._hubs(asset, currency), length):
                steps = self._walk((asset, *between, currency), trusted)
                if steps and (best is None or self._order(steps, trusted) < best[0]):
                    best = (self._order(steps, trusted), steps)
            if best is not None and best[0].rank <= 1:
                break  # a longer way cannot be better than one of trusted sources only
        return Price(along(best[1]), best[1]) if best else None

    def _usable(self, quote: Quote) -> bool:
        return quote.source == REFERENCE or not self._is_late(quote)

    def _is_late(self, quote: Quote) -> bool:
        return self._now - quote.at > self._carry

    def _add(self, step: Step) -> None:
        self._steps.setdefault((step.asset, step.currency), []).append(step)

    def _hubs(self, asset: str, currency: str) -> list[str]:
        return [hub for hub in HUBS if hub not in (asset, currency)]

    def _walk(self, stops: tuple[str, ...], trusted: Trust) -> tuple[Step, ...] | None:
        steps = []
        for pair in pairwise(stops):
            choices = self._steps.get(pair)
            if not choices:
                return None
            if len(choices) == 1:
                steps.append(choices[0])
            else:
                steps.append(min(choices, key=lambda step: self._order((step,), trusted)))
        return tuple(steps)

    def _order(self, steps: tuple[Step, ...], trusted: Trust) -> Order:
        ranks = [self._rank(step.quote, trusted) for step in steps]
        age = max(self._now - step.quote.at for step in steps)
        return Order(
            rank=max(ranks),
            length=len(steps),
            ranks=sum(ranks),
            days=age.days,
            hubs=tuple(HUBS.index(step.asset) for step in steps[1:]),
            age=age,
            names=tuple((step.inverted, *step.quote.name) for step in steps),
        )

    def _rank(self, quote: Quote, trusted: Trust) -> int:
        """0: a reference rate; then the trusted sets in order; then all others; then old rates."""
        if quote.source == REFERENCE:
            return len(trusted) + 2 if self._is_late(quote) else 0
        places = (place for place, sources in enumerate(trusted) if quote.source in sources)
        return 1 + next(places, len(trusted))


def needed_pairs(
    assets: Iterable[str], currencies: Iterable[str], markets: Iterable[Pair], rates: Iterable[Pair]
) -> tuple[dict[Pair, set[str]], set[str]]:
    """Which markets' prices are needed to value ``assets``, by market: the assets that need it.

    ``rates`` are the reference pairs to be had anyway. The second value is the assets that no way
    leads to.
    """
    then = datetime.min.replace(tzinfo=UTC)
    quotes = [Quote(*pair, Decimal(1), "market", then) for pair in sorted(set(markets))]
    quotes += [Quote(*pair, Decimal(1), REFERENCE, then) for pair in sorted(set(rates))]
    book = PriceBook(quotes, now=then)
    needed: dict[Pair, set[str]] = {}
    lost: set[str] = set()
    for asset in sorted(set(assets)):
        for currency in sorted(set(currencies)):
            found = book.price(asset, currency)
            if found is None:
                lost.add(asset)
                continue
            for step in found.steps:
                if step.quote.source != REFERENCE:
                    needed.setdefault((step.quote.asset, step.quote.currency), set()).add(asset)
    return needed, lost
