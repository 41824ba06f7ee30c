"""A life that goes on raises no false alarm at any exchange; a balance that vanishes does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from portfolio.engine.types import ReportedBalance
from portfolio.models import BalanceMark, Connection, Notice
from portfolio.services import falls, standing
from tests.live.conftest import Connect
from tests.live.test_sync import EXCHANGES, finish
from tests.sandbox_server import advance, fault

SMALL = "read-only-small"


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_life_that_goes_on_is_no_alarm(
    exchange: str, connect: Connect, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(falls, "LATE", timedelta(0))
    connection = connect(exchange, SMALL)
    for _ in range(2):
        finish(connection)
    for _ in range(3):
        advance(sandbox, exchange, SMALL, records=15)
        for _ in range(2):
            finish(connection)
    assert _told(connection) == []
    assert BalanceMark.objects.exists()


@pytest.mark.parametrize("exchange", ["binance", "bybit"])
def test_records_that_come_late_are_waited_for(
    exchange: str, connect: Connect, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(exchange, SMALL)
    for _ in range(2):
        finish(connection)
    advance(sandbox, exchange, SMALL, records=30)
    with fault(sandbox, "late_records", exchange=exchange, hours=1, every_record=1):
        finish(connection)
        finish(connection)
    assert BalanceMark.objects.filter(suspected_at__isnull=False).exists()
    monkeypatch.setattr(falls, "LATE", timedelta(0))
    finish(connection)
    assert _told(connection) == []
    assert not BalanceMark.objects.filter(suspected_at__isnull=False).exists()


def test_a_balance_that_vanishes_is_told(
    connect: Connect, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect("kraken", SMALL)
    for _ in range(2):
        finish(connection)
    monkeypatch.setattr(falls, "LATE", timedelta(0))
    store = standing.store_balances

    def store_less(connection: Connection, balances: Iterable[ReportedBalance]) -> None:
        store(connection, [replace(b, quantity=b.quantity / Decimal(2)) for b in balances])

    monkeypatch.setattr(standing, "store_balances", store_less)
    finish(connection)
    assert _told(connection) == []
    finish(connection)
    (message,) = _told(connection)
    assert "BTC in spot" in message
    finish(connection)
    assert len(_told(connection)) == 1


def _told(connection: Connection) -> list[str]:
    rows = connection.notices.filter(kind=Notice.Kind.BALANCE)
    return list(rows.values_list("message", flat=True))
