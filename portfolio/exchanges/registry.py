"""The door to the exchanges: clients, public prices, and the reading of stored records.

ccxt is loaded when a client is opened, not when this module is.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from portfolio.engine.types import Event, RecordKind
from portfolio.exchanges import catalogue, exact, reused
from portfolio.exchanges.budget import Budget, environment_of
from portfolio.exchanges.circuit import Circuit
from portfolio.exchanges.markets import MarketCache
from portfolio.exchanges.normalisers import generic as generic_normaliser
from portfolio.exchanges.types import ExchangeClient, MarketDataClient, StreamSpec

if TYPE_CHECKING:
    from portfolio.exchanges.profile import Profile

_DEFAULT_OVERLAP = timedelta(days=14)  # where nothing is known of how late an exchange delivers


def open_client(
    exchange: str,
    credentials: Mapping[str, str],
    *,
    base_url: str | None,
    account_hint: str = "",
    budget: Budget | None = None,
    circuit: Circuit | None = None,
    markets: MarketCache | None = None,
) -> ExchangeClient:
    """Open the read-only view of one connection. May raise UnknownExchange.

    ``base_url`` replaces the exchange's own address, path prefix included. ``account_hint`` names
    the account (any stable text but the key) for limits that are counted per account.
    """
    from portfolio.exchanges.client import ProfileClient, rules_of
    from portfolio.exchanges.gateway import Gateway
    from portfolio.exchanges.generic import GenericClient, generic_rules

    info = catalogue.get(exchange)
    profile = _profile(exchange)
    rules = rules_of(profile, info.name) if profile else generic_rules(exchange, info.name)
    gateway = Gateway(
        rules,
        credentials,
        base_url=base_url,
        account=account_hint,
        budget=budget,
        circuit=circuit,
    )
    key = _cache_key(exchange, base_url)
    if profile:
        return ProfileClient(profile, gateway, name=info.name, cache=markets, cache_key=key)
    return GenericClient(exchange, gateway, name=info.name, cache=markets, cache_key=key)


def open_market_data(
    exchange: str,
    *,
    base_url: str | None,
    budget: Budget | None = None,
    circuit: Circuit | None = None,
    markets: MarketCache | None = None,
) -> MarketDataClient:
    """Open the public prices of an exchange; no key is needed. May raise UnknownExchange."""
    from portfolio.exchanges.client import rules_of
    from portfolio.exchanges.gateway import Gateway
    from portfolio.exchanges.generic import generic_rules
    from portfolio.exchanges.generic_prices import GenericMarketData
    from portfolio.exchanges.market_data import ProfileMarketData

    info = catalogue.get(exchange)
    profile = _profile(exchange)
    rules = rules_of(profile, info.name) if profile else generic_rules(exchange, info.name)
    gateway = Gateway(rules, {}, base_url=base_url, budget=budget, circuit=circuit)
    key = _cache_key(exchange, base_url)
    if profile:
        return ProfileMarketData(profile, gateway, name=info.name, cache=markets, cache_key=key)
    return GenericMarketData(gateway, name=info.name, cache=markets, cache_key=key)


def normalise(exchange: str, stream: StreamSpec, body: str) -> Event | None:
    """Return the event that a stored record describes, from its text and its stream alone.

    May raise ValueError, KeyError, TypeError or ArithmeticError on a record that is not understood.
    """
    record = exact.loads(body)
    profile = _profile(exchange)
    if profile is None:
        return generic_normaliser.normalise(stream, record)
    event = profile.stream_rule(stream).normalise(stream, record)
    return None if event is None else reused.of_its_time(exchange, event)


def overlap(exchange: str, kind: RecordKind) -> timedelta:
    """Return how much of the recent past every round reads again: exchanges deliver late."""
    profile = _profile(exchange)
    rules = profile.streams if profile else ()
    return max((rule.overlap for rule in rules if rule.kind == kind), default=_DEFAULT_OVERLAP)


def rewind(
    exchange: str,
    stream: StreamSpec,
    cursor: Mapping[str, Any],
    *,
    since: datetime,
    before: tuple[str, datetime] | None,
) -> dict[str, Any] | None:
    """Return the cursor from which all since then is read again; None: only from the beginning.

    ``before`` is the id and the time of the last record known from before then.
    """
    from portfolio.exchanges.paging import Row
    from portfolio.exchanges.rewinding import rewind as of_strategy

    profile = _profile(exchange)
    if profile is None:
        from portfolio.exchanges.generic import rewound

        return rewound(exchange, stream, dict(cursor), since)
    strategy = profile.stream_rule(stream).strategy
    return of_strategy(strategy, dict(cursor), since, Row(*before) if before else None)


@functools.cache
def _profile(exchange: str) -> Profile | None:
    from portfolio.exchanges.profiles import PROFILES

    return PROFILES.get(exchange)


def _cache_key(exchange: str, base_url: str | None) -> str:
    return f"{exchange}:{environment_of(base_url)}"
