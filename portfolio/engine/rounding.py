"""Rounding of figures that are shown beside their sum: they add up as shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from portfolio.engine import money

# Decimals of a currency where they are not two.
DECIMALS = {"JPY": 0, "KRW": 0, "HUF": 0, "BTC": 8, "ETH": 8}


def step(currency: str) -> Decimal:
    """The smallest amount that is shown of a currency."""
    return Decimal(1).scaleb(-DECIMALS.get(currency, 2))


def rounded(amount: Decimal, step: Decimal) -> Decimal:
    """An amount as it is shown."""
    return amount.quantize(step, rounding=ROUND_HALF_EVEN, context=money.EXACT)


def apportioned(amounts: Sequence[Decimal | None], step: Decimal) -> list[Decimal | None]:
    """Rounds amounts so that they add up to their rounded sum; each is less than a step off.

    Those that lose most by rounding down get the steps that are missing. None stays None.
    """
    known = {place: amount for place, amount in enumerate(amounts) if amount is not None}
    down = {
        place: amount.quantize(step, rounding=ROUND_FLOOR, context=money.EXACT)
        for place, amount in known.items()
    }
    missing = _minus(rounded(money.total(known.values()), step), money.total(down.values()))
    lost = sorted(known, key=lambda place: (_minus(down[place], known[place]), place))
    for place in lost[: int(missing / step)]:
        down[place] = money.add(down[place], step)
    return [down.get(place) for place in range(len(amounts))]


def _minus(left: Decimal, right: Decimal) -> Decimal:
    return money.add(left, money.negate(right))
