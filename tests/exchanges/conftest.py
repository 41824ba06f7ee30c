"""A stub exchange, the sample answers, and clients that speak to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portfolio.exchanges.types import ExchangeClient
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Stub, running_stub

DATA = Path(__file__).parent.parent / "data"
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "TmhxUHRtZFNKWWRLalZIakE3UFpqNE1nZTNSNVlOaVAxZTNVWmpJbkNsVk42NVhB"
CREDENTIALS = {"apiKey": API_KEY, "secret": SECRET}


def sample(exchange: str, name: str) -> str:
    """The text of one sample answer."""
    return (DATA / exchange / f"{name}.json").read_text(encoding="utf-8")


@pytest.fixture
def stub() -> Iterator[Stub]:
    """An HTTP server that answers what the test tells it to."""
    with running_stub() as running:
        yield running


@pytest.fixture
def binance(stub: Stub) -> Iterator[ExchangeClient]:
    """A Binance client that speaks to the stub below /binance."""
    yield from opened(stub, "binance", CREDENTIALS)


@pytest.fixture
def kraken(stub: Stub) -> Iterator[ExchangeClient]:
    """A Kraken client that speaks to the stub below /kraken."""
    yield from opened(stub, "kraken", CREDENTIALS)
