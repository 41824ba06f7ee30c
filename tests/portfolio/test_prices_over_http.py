"""Prices from the sandbox exchanges, through the real gateway over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from portfolio.models import DailyPrice, LatestPrice, PriceSeries
from portfolio.selectors.moments import Moments, Width
from portfolio.selectors.valuation import daily_values, holdings_valued
from portfolio.services import gateway, ledger, moment_prices, prices, valuation
from tests import factories
from tests.sandbox_server import fault, running_sandbox

pytestmark = pytest.mark.django_db

DAYS = 1000  # Kraken serves the last 720 days only


@pytest.fixture(autouse=True)
def day_after() -> None:
    """The sandbox goes by the clock of the machine, and so do these tests."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


@pytest.fixture(autouse=True)
def _address(settings: Settings, sandbox: str) -> None:
    settings.SANDBOX_URL = sandbox
    gateway.redis_client().flushdb()


def test_holdings_on_two_exchanges_are_valued_from_the_first_day(sandbox: str) -> None:
    owner = factories.user()
    start = timezone.now().astimezone(UTC) - timedelta(days=DAYS)
    for exchange, assets in (("binance", ["BNB", "USDT"]), ("kraken", ["BTC", "EUR"])):
        connection = factories.connection(owner, exchange=exchange)
        stream = factories.stream(connection)
        for asset in assets:
            factories.transaction(stream, ("2", asset), at=start)
            factories.holding(connection, asset, "2")
    ledger.mark_stale(owner.pk, start.date())

    result = prices.refresh()
    valuation.recompute(owner.pk)

    assert (result.problems, result.put_off_until) == ((), None)
    shown = holdings_valued(owner)
    assert shown.unpriced == ()
    assert {row.asset: row.price_source for row in shown.rows if row.asset in ("BNB", "BTC")} == {
        "BNB": "binance:sandbox",
        "BTC": "kraken:sandbox",
    }
    points = daily_values(owner)
    assert len(points) == DAYS + 1
    assert [point.on for point in points if point.unpriced] == []
    assert abs(points[-1].value - shown.total) < Decimal("0.0001")
    yesterday = timezone.now().astimezone(UTC).date() - timedelta(days=1)
    for series in PriceSeries.objects.exclude(source="ecb"):
        assert series.fetched_until == yesterday, series
    assert prices.refresh().series == 0


def test_an_exchange_in_maintenance_is_named_and_the_other_goes_on(sandbox: str) -> None:
    owner = factories.user()
    at = datetime.now(UTC) - timedelta(days=10)
    for exchange in ("binance", "kraken"):
        connection = factories.connection(owner, exchange=exchange)
        factories.transaction(factories.stream(connection), ("1", "BTC"), at=at)
        factories.holding(connection, "BTC", "1")
    with fault(sandbox, "maintenance", exchange="kraken"):
        result = prices.refresh()
    assert len(result.problems) == 1
    assert result.problems[0].startswith("Prices of kraken:sandbox: ")
    assert holdings_valued(owner).problems == result.problems
    assert LatestPrice.objects.filter(source="binance:sandbox", asset="BTC").exists()
    assert not LatestPrice.objects.filter(source="kraken:sandbox").exists()
    assert prices.refresh().problems == ()
    assert DailyPrice.objects.filter(source="kraken:sandbox", asset="BTC").exists()


def test_the_minute_of_a_deposit_is_asked_and_kept(sandbox: str) -> None:
    owner = factories.user()
    at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=2)
    for exchange in ("binance", "kraken"):
        connection = factories.connection(owner, exchange=exchange)
        stream = factories.stream(connection, "deposits")
        factories.transaction(stream, ("1", "BTC"), kind="deposit", at=at)
        factories.holding(connection, "BTC", "1")
    ledger.mark_stale(owner.pk, at.date())
    prices.refresh()
    valuation.recompute(owner.pk)
    assert moment_prices.fetch() == 2
    moments = Moments(owner.pk, "EUR", at.date())
    binance = moments.price("binance:sandbox", "BTC", at)
    kraken = moments.price("kraken:sandbox", "BTC", at)
    assert binance is not None
    assert kraken is not None
    assert (binance.width, binance.at) == (Width.MINUTE, at + timedelta(minutes=1))
    # Kraken serves the minutes of the last twelve hours, and hours of thirty days.
    assert kraken.width is Width.HOUR
    assert timedelta(0) < kraken.at - at <= timedelta(hours=1)
    assert abs(binance.price / kraken.price - 1) < Decimal("0.2")
    day = DailyPrice.objects.get(source="binance:sandbox", asset="BTC", currency="EUR", on=at)
    assert binance.price != day.price
    assert moment_prices.fetch() == 0
