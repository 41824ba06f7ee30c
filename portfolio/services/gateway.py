"""Opens exchange clients with what the installation says: base URLs, shared budget and markets."""

from __future__ import annotations

import functools
from collections.abc import Collection
from decimal import Decimal

import redis
from django.conf import settings

from portfolio.exchanges import registry
from portfolio.exchanges.budget import RedisBudget, environment_of
from portfolio.exchanges.circuit import RedisCircuit
from portfolio.exchanges.markets import RedisMarketCache
from portfolio.exchanges.types import ExchangeClient, MarketDataClient
from portfolio.models import Connection
from portfolio.services import credentials

SANDBOX = Connection.Environment.SANDBOX


def base_url(exchange: str, environment: str) -> str | None:
    """Where an exchange is found; None means its own address. Never set by a user."""
    if environment == SANDBOX:
        return f"{settings.SANDBOX_URL.rstrip('/')}/{exchange}"
    return settings.EXCHANGE_BASE_URLS.get(exchange)


@functools.cache
def redis_client() -> redis.Redis:
    """The process's own connection pool to Redis."""
    client: redis.Redis = redis.Redis.from_url(settings.REDIS_URL)
    return client


def budget(environment: str, *, is_last: bool = False) -> RedisBudget:
    """The request budget that all workers share; ``is_last`` for what everything comes before."""
    scale = Decimal(settings.SANDBOX_SPEED) if environment == SANDBOX else Decimal(1)
    return RedisBudget(redis_client(), scale=scale, is_last=is_last)


def put_off(places: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of ``(exchange, environment)`` that cannot be asked just now; one question to Redis."""
    words = {place: environment_of(base_url(*place)) for place in places}
    marked = RedisBudget(redis_client()).put_off({(p[0], word) for p, word in words.items()})
    return {place for place, word in words.items() if (place[0], word) in marked}


def open_connection(connection: Connection, sealed: bytes | memoryview) -> ExchangeClient:
    """Opens one connection's client; workers only. May raise CredentialsUnreadable."""
    return registry.open_client(
        connection.exchange,
        credentials.open_sealed(sealed, row=connection.id),
        base_url=base_url(connection.exchange, connection.environment),
        account_hint=str(connection.id),
        budget=budget(connection.environment),
        circuit=RedisCircuit(redis_client()),
        markets=RedisMarketCache(redis_client()),
    )


def open_market_data(exchange: str, environment: str, *, is_last: bool = False) -> MarketDataClient:
    """Opens an exchange's public prices."""
    return registry.open_market_data(
        exchange,
        base_url=base_url(exchange, environment),
        budget=budget(environment, is_last=is_last),
        circuit=RedisCircuit(redis_client()),
        markets=RedisMarketCache(redis_client()),
    )
