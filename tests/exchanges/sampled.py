"""What tests of sample answers share: a client before the stub, and records read as events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from portfolio.engine.types import Event
from portfolio.exchanges import registry
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec
from tests.exchanges.stub import Stub


def opened(
    stub: Stub, exchange: str, credentials: Mapping[str, str], **options: Any
) -> Iterator[ExchangeClient]:
    """A client that speaks to the stub below the exchange's name; for a fixture."""
    client = registry.open_client(
        exchange, credentials, base_url=f"{stub.url}/{exchange}", **options
    )
    yield client
    client.close()


def normalised(exchange: str, stream: StreamSpec, told: Any) -> Event:
    """The event that a record describes: fetched, as text, or as what is to become its text."""
    body = told.body if isinstance(told, FetchedRecord) else told
    text = body if isinstance(body, str) else json.dumps(body)
    event = registry.normalise(exchange, stream, text)
    assert event is not None
    return event
