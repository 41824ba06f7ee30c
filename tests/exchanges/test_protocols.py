"""Exchanges without a profile, walked whole against servers that speak their protocols."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine import money
from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue, registry
from portfolio.exchanges.errors import KeyBroken
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.protocols import btcmarkets, cex, hitbtc, poloniex
from tests.protocols.serving import Served, serving

MADE: dict[str, Any] = {
    "hitbtc": (hitbtc.HitBTC, hitbtc.CREDENTIALS),
    "btcmarkets": (btcmarkets.BTCMarkets, btcmarkets.CREDENTIALS),
    "cex": (cex.CEX, cex.CREDENTIALS),
    "poloniex": (poloniex.Poloniex, poloniex.CREDENTIALS),
}
Kept = dict[str, tuple[StreamSpec, dict[str, FetchedRecord]]]


@pytest.fixture(params=MADE)
def exchange(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(exchange: str) -> Any:
    return MADE[exchange][0]()


@pytest.fixture
def address(exchange: str, server: Any) -> Iterator[tuple[str, Served]]:
    with serving({exchange: server}) as served:
        yield served


@pytest.fixture
def client(exchange: str, address: tuple[str, Served]) -> Iterator[ExchangeClient]:
    secrets = catalogue.clean_credentials(exchange, MADE[exchange][1])
    client = registry.open_client(exchange, secrets, base_url=f"{address[0]}/{exchange}")
    yield client
    client.close()


def walk(client: ExchangeClient, stream: StreamSpec) -> tuple[dict[str, FetchedRecord], list[Any]]:
    """All records of a stream, and the stretches that are said to be whole."""
    found: dict[str, FetchedRecord] = {}
    cursor: dict[str, Any] = {}
    covered = []
    for _ in range(3000):
        page = client.fetch_page(stream, cursor, now=datetime.now(UTC))
        found.update((record.external_id, record) for record in page.records)
        cursor = page.cursor
        covered += [page.covered] if page.covered else []
        if page.is_last:
            return found, covered
    raise AssertionError("the walk does not end")


def everything(client: ExchangeClient) -> Kept:
    """All streams, planned again with the coins that were met."""
    kept: Kept = {}
    known = {balance.asset for balance in client.balances()}
    while fresh := [
        s for s in client.plan_streams(known_assets=frozenset(known)) if s.key not in kept
    ]:
        for stream in fresh:
            kept[stream.key] = (stream, walk(client, stream)[0])
    return kept


def sums(exchange: str, kept: Kept) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for stream, records in kept.values():
        for record in records.values():
            event = registry.normalise(exchange, stream, record.body)
            assert event is not None
            for move in event.movements:
                totals[move.asset] = money.add(totals.get(move.asset, money.ZERO), move.amount)
    return {asset: total for asset, total in totals.items() if total}


def test_the_whole_history_adds_up_to_the_balances(
    exchange: str, server: Any, client: ExchangeClient, address: tuple[str, Served]
) -> None:
    assert client.audit().verdict is Verdict.UNPROVED
    kept = everything(client)
    counts: dict[str, int] = {}
    for stream, records in kept.values():
        counts[stream.kind.value] = counts.get(stream.kind.value, 0) + len(records)
    assert counts == server.records()
    assert sums(exchange, kept) == server.life.balances()
    assert {b.asset: b.quantity for b in client.balances()} == server.life.balances()
    assert not {401, 404, 500} & set(address[1].refused)


def test_a_record_is_the_same_whatever_was_asked(
    exchange: str, client: ExchangeClient, address: tuple[str, Served]
) -> None:
    for stream in client.plan_streams(known_assets=frozenset({"BTC"})):
        first, _ = walk(client, stream)
        again, _ = walk(client, stream)
        assert {i: r.body for i, r in again.items()} == {i: r.body for i, r in first.items()}
        assert "till" not in str([record.body for record in first.values()])


def test_what_is_said_to_be_whole_reaches_back_to_the_beginning(
    server: Any, client: ExchangeClient
) -> None:
    for stream in client.plan_streams(known_assets=frozenset({"BTC"})):
        records, covered = walk(client, stream)
        first = min(record.occurred_at for record in records.values())
        assert min(begin for begin, _ in covered) <= first
        assert (datetime.now(UTC) - max(end for _, end in covered)).total_seconds() < 300


def test_a_wrong_secret_is_a_broken_key(exchange: str, address: tuple[str, Served]) -> None:
    secrets = {**MADE[exchange][1], "secret": "d3Jvbmc=" * 8}
    client = registry.open_client(exchange, secrets, base_url=f"{address[0]}/{exchange}")
    with pytest.raises(KeyBroken) as caught:
        client.balances()
    client.close()
    assert caught.value.__context__ is None
    assert secrets["secret"] not in str(caught.value)


def test_kinds_are_what_the_exchange_tells(exchange: str, client: ExchangeClient) -> None:
    kinds = {stream.kind for stream in client.plan_streams(known_assets=frozenset({"BTC"}))}
    by_ledger = {RecordKind.LEDGER}
    told = {RecordKind.TRADES, RecordKind.DEPOSITS, RecordKind.WITHDRAWALS}
    assert kinds == (by_ledger if exchange == "cex" else told)
