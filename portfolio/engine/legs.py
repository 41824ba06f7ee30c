"""What each leg of a transaction was worth in a currency when it happened.

In a trade the two sides are worth the same: what was given is what was paid for the rest. The side
whose price is the surest says how much that is, whichever it is, in this order:

1. the currency itself;
2. fiat money, by the reference rates;
3. stablecoins, by their market (never taken for the money they are named after);
4. BTC, ETH, BNB: the deepest markets;
5. any other asset by a market's price, of the minute before the hour before the day;
6. an asset with a price that the user gave.

A side is as sure as its least sure asset. Where the other side has several assets, its worth is
shared out in proportion to their own prices; a single one without a price takes what is left. Fees
and rebates are worth their own asset's price: the trade's where that asset was traded in it. What
is not a trade is worth its asset's price. What cannot be known is None, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.moments import Found, Width
from portfolio.engine.pricing import REFERENCE, rounded

STABLECOINS = frozenset({"USDT", "USDC", "DAI", "FDUSD", "TUSD", "BUSD", "USDP", "PYUSD", "EURC"})
DEEPEST = ("BTC", "ETH", "BNB")
_WIDTHS = (Width.TRADE, Width.MINUTE, Width.HOUR, Width.DAY, Width.OWN)

PriceOf = Callable[[str], Found | None]


@dataclass(frozen=True, slots=True)
class Leg:
    """One signed amount of one asset: in is positive, out is negative."""

    asset: str
    amount: Decimal
    is_fee: bool = False


@dataclass(frozen=True, slots=True)
class Worth:
    """What a leg was worth, signed as its amount, and by which price; None where unknown."""

    value: Decimal | None
    found: Found | None


@dataclass(frozen=True, slots=True)
class _Part:
    """One asset of a side: what all of it was worth, and the price of one unit."""

    value: Decimal
    found: Found


def worths(legs: Sequence[Leg], currency: str, price: PriceOf) -> tuple[Worth, ...]:
    """The worth of each leg of one transaction, in the order given.

    ``price`` tells the price of one unit of an asset at that moment; it is asked once for each.
    The values of what a trade gave and what it took add up to nothing, exactly.
    """
    nets = _nets(legs)
    prices = {asset: price(asset) for asset in dict.fromkeys(leg.asset for leg in legs)}
    parts = _traded(nets, currency, prices)
    units = prices | {asset: part.found for asset, part in parts.items()}
    found = [_alone(leg, units[leg.asset]) for leg in legs]
    for asset, part in parts.items():
        places = [n for n, leg in enumerate(legs) if leg.asset == asset and not leg.is_fee]
        amounts = [legs[place].amount for place in places]
        for place, value in zip(places, _shared(part.value, amounts), strict=True):
            found[place] = Worth(value, part.found)
    return tuple(found)


def _nets(legs: Sequence[Leg]) -> dict[str, Decimal]:
    nets: dict[str, Decimal] = {}
    for leg in legs:
        if not leg.is_fee:
            nets[leg.asset] = money.add(nets.get(leg.asset, money.ZERO), leg.amount)
    return nets


def _alone(leg: Leg, found: Found | None) -> Worth:
    if not leg.amount:
        return Worth(money.ZERO, found)
    return Worth(None if found is None else money.multiply(leg.amount, found.price), found)


def _shared(value: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Cuts a value in proportion to amounts that do not add up to zero; the last takes the rest."""
    net = money.total(amounts)
    shares = [rounded(money.divide(money.multiply(value, amount), net)) for amount in amounts[:-1]]
    return [*shares, money.add(value, money.negate(money.total(shares)))]


# --- Trades -----------------------------------------------------------------------------------


def _traded(
    nets: Mapping[str, Decimal], currency: str, prices: Mapping[str, Found | None]
) -> dict[str, _Part]:
    """What the assets of a trade's two sides were worth; nothing where it is no trade."""
    took = {asset: net for asset, net in nets.items() if net > 0}
    gave = {asset: net for asset, net in nets.items() if net < 0}
    if not took or not gave:
        return {}
    sides = [side for side in (took, gave) if all(prices[asset] for asset in side)]
    if not sides:
        return {}
    sure = min(sides, key=lambda side: _doubt(side, currency, prices))
    said = {a: found for a in sure if (found := prices[a]) is not None}
    parts = {a: _Part(money.multiply(sure[a], found.price), found) for a, found in said.items()}
    worth = money.total(part.value for part in parts.values())
    other = gave if sure is took else took
    return parts | _implied(other, money.negate(worth), prices, list(said.values()))


def _doubt(
    side: Mapping[str, Decimal], currency: str, prices: Mapping[str, Found | None]
) -> tuple[tuple[int, int], int, list[str]]:
    """The smaller, the surer a side is; the same whatever order its legs came in."""
    doubts = [_asset_doubt(a, currency, found) for a in side if (found := prices[a])]
    return (max(doubts), len(side), sorted(side))


def _asset_doubt(asset: str, currency: str, found: Found) -> tuple[int, int]:
    width = _WIDTHS.index(found.width)
    if asset == currency:
        return (1, 0)
    if found.width is Width.OWN:
        return (6, width)
    if found.source == REFERENCE:
        return (2, width)
    if asset in STABLECOINS:
        return (3, width)
    return (4 if asset in DEEPEST else 5, width)


def _implied(
    side: Mapping[str, Decimal],
    worth: Decimal,
    prices: Mapping[str, Found | None],
    said: Sequence[Found],
) -> dict[str, _Part]:
    """Shares the worth of a side out among its assets; ``said`` are the prices it follows from."""
    assets = sorted(side)
    own = {a: money.multiply(side[a], found.price) for a in assets if (found := prices[a])}
    unknown = [asset for asset in assets if asset not in own]
    if not unknown:
        values = dict(zip(assets, _shared(worth, [own[asset] for asset in assets]), strict=True))
    elif len(unknown) == 1:
        rest = money.add(worth, money.negate(money.total(own.values())))
        # Nothing, or less, is left for it where the other prices are wrong: then it is not known.
        values = {unknown[0]: rest} if (rest > 0) == (worth > 0) and rest else {}
    else:
        values = {}
    return {asset: _part(side[asset], value, said) for asset, value in values.items()}


def _part(amount: Decimal, value: Decimal, said: Sequence[Found]) -> _Part:
    sources = " + ".join(dict.fromkeys(found.source for found in said if found.source))
    price = rounded(money.divide(value, amount))
    steps = tuple(step for found in said for step in found.steps)
    return _Part(value, Found(price, sources, min(f.at for f in said), Width.TRADE, steps))
