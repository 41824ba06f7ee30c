"""Binance without a list of one's pairs: all are found among 1,500, within what may be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from pytest_django.fixtures import Settings

from portfolio.models import Connection, Stream
from portfolio.selectors.pairs import PairProgress
from portfolio.services import gateway, progress, sync
from sandbox.generate.crowd import TRADED
from tests.live import ledgers
from tests.live.conftest import Connect, statement
from tests.sandbox_server import control, running_sandbox

PAIRS = 1_500
SPEED = 2  # so slow that the allowance is used up again and again
DELISTED = {"WAVESUSDT", "FTTUSDT", "XMRBTC", "LENDUSDT"}


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """Instead of the usual one: as many pairs as the real Binance, and narrow limits."""
    with running_sandbox(speed=SPEED, pairs=PAIRS) as url:
        yield url


def a_minute_passes(url: str, connection: Connection) -> None:
    """What was used of the allowance is forgotten on both sides, as with each new minute."""
    control(url, "limits", "DELETE")
    budget = gateway.redis_client()
    for bucket in budget.scan_iter("budget:*"):
        budget.delete(bucket)
    Connection.objects.filter(pk=connection.pk).update(next_sync_at=timezone.now())


def test_a_dozen_of_many_pairs_are_found_without_a_refusal(
    connect: Connect, sandbox: str, settings: Settings
) -> None:
    settings.SANDBOX_SPEED = str(SPEED)
    connection = connect("binance", "read-only-crowd")
    waits, told = 0, []
    while (result := sync.run_slice(connection.pk, seconds=5)) is not sync.Slice.FINISHED:
        assert result is not sync.Slice.NOT_TAKEN
        run = connection.sync_runs.get()
        told.append(progress.of_pairs(connection, run, now=timezone.now()))
        if result is sync.Slice.LATER:
            waits += 1
            a_minute_passes(sandbox, connection)

    found = Stream.objects.filter(kind="trades", record_count__gt=0)
    assert {stream.scope["symbol"] for stream in found} == {symbol for symbol, *_ in TRADED}
    assert len(found) == 12
    assert {stream.scope["symbol"] for stream in found} >= DELISTED
    orders = sum(count for _, count, _ in TRADED)
    assert found.aggregate(all=Sum("record_count"))["all"] == orders
    ledgers.assert_equals_statement(connection, statement(sandbox, "binance", "read-only-crowd"))

    assert not statuses(sandbox) & {418, 429}
    assert waits >= 5  # the allowance was what it waited for
    assert_progress(told)


def statuses(url: str) -> set[int]:
    """Every status that Binance has answered with."""
    rows: list[dict[str, Any]] = control(url, "requests?exchange=binance")["requests"]
    asked = sum(row["count"] for row in rows if row["path"].endswith("/myTrades"))
    assert asked > PAIRS
    return {row["status"] for row in rows}


def assert_progress(told: list[PairProgress | None]) -> None:
    """It begins with all pairs, never goes back, and says how long the rest takes."""
    known = [step for step in told if step is not None]
    assert known[0].total > PAIRS
    assert [step.done for step in known] == sorted(step.done for step in known)
    assert known[-1].done > PAIRS
    assert all(step.left is not None for step in known)
