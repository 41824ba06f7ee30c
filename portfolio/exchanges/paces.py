"""How fast an exchange may be asked, from what its profile says; does not load ccxt."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal

from portfolio.engine.types import RecordKind
from portfolio.exchanges.profile import Allowance, Call, Profile
from portfolio.exchanges.profiles import PROFILES


@functools.cache
def pair_paces(exchange: str) -> dict[str, Decimal]:
    """Return the seconds that one page of trades takes of the allowance, by family of streams.

    Empty where the exchange has no profile: then nothing is known.
    """
    profile = PROFILES.get(exchange)
    rules = profile.streams if profile else ()
    return {
        rule.family: _seconds(rule.call, profile)
        for rule in rules
        if profile and rule.kind is RecordKind.TRADES
    }


def _seconds(call: Call, profile: Profile) -> Decimal:
    known: Mapping[str, Allowance] = {rule.name: rule for rule in profile.allowances}
    spent = [cost / _each_second(known[name]) for name, cost in call.costs.items()]
    return max(spent, default=Decimal(0))


def _each_second(allowance: Allowance) -> Decimal:
    whole = Decimal(allowance.capacity) / allowance.period if allowance.period else allowance.refill
    return whole * (1 - allowance.reserve)
