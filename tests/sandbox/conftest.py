"""One sandbox for all tests here, and ccxt clients pointed at it."""

from collections.abc import Callable, Iterator
from typing import Any

import ccxt
import pytest

from tests.sandbox_server import control, credentials, redirected, running_sandbox

Client = Callable[..., Any]
OPTIONS = {"binance": {"fetchMarkets": {"types": ["spot"]}}}


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """A sandbox whose rate limits are out of the way."""
    with running_sandbox(speed=1000) as url:
        yield url


@pytest.fixture
def sandbox(base_url: str) -> Iterator[str]:
    """The sandbox without faults, bans or counted requests."""
    yield base_url
    control(base_url, "faults", "DELETE")
    control(base_url, "limits", "DELETE")
    control(base_url, "requests", "DELETE")


@pytest.fixture
def client(sandbox: str) -> Client:
    """Makes ccxt clients of the sandbox."""
    return lambda exchange, purpose="read-only", **more: connect(sandbox, exchange, purpose, **more)


def connect(base_url: str, exchange: str, purpose: str = "read-only", **more: Any) -> Any:
    """A ccxt client with a demo key; ``more`` overrides its settings."""
    settings = {"number": str, "enableRateLimit": False, "options": OPTIONS.get(exchange, {})}
    made = getattr(ccxt, exchange)(settings | credentials(exchange, purpose) | more)
    made.urls["api"] = redirected(made.urls["api"], base_url, exchange)
    return made
