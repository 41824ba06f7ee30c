"""Prices of minutes: what is needed, asked in pages, continued, and left to hours and days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.engine.moments import Width
from portfolio.exchanges.errors import GatewayError, StreamUnavailable, WaitUntil
from portfolio.exchanges.types import Candle, FineCandle, Ticker
from portfolio.models import DailyPrice, DailySum, MomentPrice, PriceSeries, Stream, ValuationState
from portfolio.selectors.moments import Moments
from portfolio.services import ledger, moment_needs, moment_prices, valuation
from tests import factories

pytestmark = pytest.mark.django_db

START = datetime(2024, 5, 4, 9, 30, 15, tzinfo=UTC)
KRAKEN = "kraken:sandbox"


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@dataclass
class Exchange:
    """Serves one close a minute, as high as the minute of the day, but where it is quiet."""

    page: int = 1000
    reach: datetime | None = None  # minutes before are not served
    quiet: set[datetime] = field(default_factory=set)
    error: GatewayError | None = None
    calls: list[tuple[str, Width, datetime]] = field(default_factory=list)

    def markets(self) -> list[tuple[str, str]]:
        return []

    def tickers(self) -> list[Ticker]:
        return []

    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]:
        return []

    def span(self, width: Width, at: datetime) -> timedelta | None:
        if width is Width.MINUTE and self.reach is not None and at < self.reach:
            return None
        return 1000 * width.length

    def closes(self, asset: str, currency: str, width: Width, since: datetime) -> list[FineCandle]:
        self.calls.append((f"{asset}/{currency}", width, since))
        if self.error is not None:
            raise self.error
        opened = [since + n * width.length for n in range(self.page)]
        return [FineCandle(at, price_of(at, width)) for at in opened if at not in self.quiet]

    def close(self) -> None:
        pass


def price_of(at: datetime, width: Width) -> Decimal:
    return Decimal(at.hour * 60 + at.minute) + (Decimal("0.5") if width is Width.HOUR else 0)


def fetch(exchange: Exchange) -> int:
    return moment_prices.fetch(open_client=lambda name, environment: exchange)


@pytest.fixture
def stream(owner: User) -> Stream:
    """Of an account at which DOT has a price by day."""
    connection = factories.connection(owner)
    factories.holding(connection, "DOT", "1")
    PriceSeries.objects.create(asset="DOT", currency="EUR", source=KRAKEN)
    for days in range(3):
        on = START.date() + timedelta(days=days)
        DailyPrice.objects.create(
            asset="DOT", currency="EUR", on=on, price=Decimal(7), source=KRAKEN
        )
    return factories.stream(connection)


def reward(stream: Stream, after: int = 0) -> datetime:
    """A reward some minutes after the start; the minute that it came in."""
    at = START + minutes(after)
    factories.transaction(stream, ("1", "DOT"), kind="reward", at=at)
    return at.replace(second=0)


def recompute(owner: User) -> None:
    ledger.mark_stale(owner.pk, START.date())
    valuation.recompute(owner.pk)


def asked(owner: User, at: datetime) -> tuple[str, str] | None:
    found = Moments(owner.pk, "EUR", START.date()).price(KRAKEN, "DOT", at)
    return None if found is None else (f"{found.price:f}", found.width.value)


def income(owner: User) -> Decimal:
    return sum((row.income for row in DailySum.objects.filter(owner=owner)), Decimal(0))


def test_a_computation_in_between_hides_no_price_that_had_come(owner: User, stream: Stream) -> None:
    early, late = reward(stream), reward(stream, 2 * 24 * 60)
    recompute(owner)
    # As a page of another run left it, with more still waiting.
    came = MomentPrice.objects.filter(at=early)
    assert came.update(price=price_of(early, Width.MINUTE), asked_at=timezone.now()) == 1
    ledger.mark_stale(owner.pk, late.date())
    valuation.recompute(owner.pk)
    assert fetch(Exchange()) == 1
    assert ValuationState.objects.get(owner=owner).stale_from == early.date()
    valuation.recompute(owner.pk)
    assert income(owner) == price_of(early, Width.MINUTE) + price_of(late, Width.MINUTE)


def test_the_minutes_of_many_come_in_one_answer_and_count(owner: User, stream: Stream) -> None:
    needed = [reward(stream, n * 7) for n in range(100)]
    recompute(owner)
    assert income(owner) == 700
    assert MomentPrice.objects.filter(asked_at__isnull=True).count() == 100
    exchange = Exchange()
    assert fetch(exchange) == 100
    assert exchange.calls == [("DOT/EUR", Width.MINUTE, needed[0])]
    assert list(MomentPrice.objects.order_by("at").values_list("at", flat=True)) == needed
    assert asked(owner, START) == ("570", "minute")
    assert valuation.stale_owners() == [owner.pk]
    valuation.recompute(owner.pk)
    assert income(owner) == sum(price_of(at, Width.MINUTE) for at in needed)
    assert MomentPrice.objects.count() == 100  # nothing more is needed
    assert fetch(exchange) == 0
    assert len(exchange.calls) == 1


def test_needs_far_apart_are_asked_apart(owner: User, stream: Stream) -> None:
    needed = [reward(stream, after) for after in (0, 999, 1000, 2500)]
    recompute(owner)
    exchange = Exchange()
    fetch(exchange)
    assert [since for _, _, since in exchange.calls] == [needed[0], needed[2], needed[3]]


def test_an_answer_shorter_than_thought_is_continued(owner: User, stream: Stream) -> None:
    needed = [reward(stream, after) for after in (0, 50, 150)]
    recompute(owner)
    exchange = Exchange(page=100)
    assert fetch(exchange) == 3
    assert [since for _, _, since in exchange.calls] == [needed[0], needed[2]]


def test_a_minute_without_trades_has_its_hour_s_close(owner: User, stream: Stream) -> None:
    quiet, other = reward(stream), reward(stream, 3)
    recompute(owner)
    exchange = Exchange(quiet={quiet})
    fetch(exchange)
    assert asked(owner, other) == ("573", "minute")
    assert asked(owner, quiet) == ("540.5", "hour")
    assert [width for _, width, _ in exchange.calls] == [Width.MINUTE, Width.HOUR]
    recompute(owner)
    assert fetch(exchange) == 0


def test_minutes_that_are_no_longer_served_are_not_asked_for(owner: User, stream: Stream) -> None:
    at = reward(stream)
    recompute(owner)
    exchange = Exchange(reach=at + minutes(1))
    fetch(exchange)
    assert [width for _, width, _ in exchange.calls] == [Width.HOUR]
    assert asked(owner, at) == ("540.5", "hour")


def test_what_is_served_by_day_only_stays_so(owner: User, stream: Stream) -> None:
    at = reward(stream)
    recompute(owner)
    exchange = Exchange(error=StreamUnavailable("no such pair"))
    assert fetch(exchange) == 0
    assert asked(owner, at) == ("7", "day")
    assert not MomentPrice.objects.filter(asked_at__isnull=True).exists()
    assert fetch(exchange) == 0
    assert len(exchange.calls) == 2  # the minute, then the hour; never again


def test_an_exchange_that_says_wait_is_asked_again_later(owner: User, stream: Stream) -> None:
    reward(stream)
    recompute(owner)
    exchange = Exchange(error=WaitUntil("wait", until=timezone.now()))
    assert fetch(exchange) == 0
    assert MomentPrice.objects.filter(asked_at__isnull=True).count() == 1
    exchange.error = None
    assert fetch(exchange) == 1


def test_a_run_out_of_time_goes_on_in_the_next(owner: User, stream: Stream) -> None:
    for day in range(3):
        reward(stream, day * 1440)
    recompute(owner)
    exchange = Exchange()
    runs = 0
    while MomentPrice.objects.filter(asked_at__isnull=True).exists():
        moment_prices.fetch(seconds=0, open_client=lambda name, environment: exchange)
        runs += 1
    assert runs == len(exchange.calls) == 3


def test_a_long_history_is_asked_for_in_parts(
    owner: User, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moment_needs, "BATCH", 1)
    monkeypatch.setattr(moment_needs, "MOST", 4)
    needed = [reward(stream, n) for n in range(10)]
    exchange = Exchange(quiet={needed[0]})
    waited: list[int] = []
    recompute(owner)
    while True:
        waited.append(MomentPrice.objects.filter(asked_at__isnull=True, width="minute").count())
        fetch(exchange)
        if not valuation.stale_owners():
            break
        valuation.recompute(owner.pk)
    assert waited == [4, 4, 2, 0]
    minutes = MomentPrice.objects.filter(width="minute")
    assert sorted(minutes.values_list("at", flat=True)) == needed


def test_a_minute_that_is_not_over_waits(owner: User) -> None:
    connection = factories.connection(owner)
    now = timezone.now().replace(second=0, microsecond=0)
    for age in (0, 30):
        MomentPrice.objects.create(
            asset="DOT", currency="EUR", source=KRAKEN, width="minute", at=now - minutes(age)
        )
    exchange = Exchange()
    assert connection.pk
    assert fetch(exchange) == 1
    assert MomentPrice.objects.get(asked_at__isnull=True).at == now


def test_a_trade_against_the_currency_needs_no_minute(owner: User, stream: Stream) -> None:
    factories.transaction(stream, ("2", "DOT"), ("-15", "EUR"), at=START)
    recompute(owner)
    assert not MomentPrice.objects.exists()


def test_matched_movements_need_no_minute(owner: User, stream: Stream) -> None:
    out = factories.transaction(stream, ("-2", "DOT"), kind="withdrawal", at=START)
    come = factories.transaction(stream, ("2", "DOT"), kind="deposit", at=START + minutes(5))
    alone = factories.transaction(stream, ("3", "DOT"), kind="deposit", at=START + minutes(9))
    factories.transfer(out, come, status="accepted")
    recompute(owner)
    (need,) = MomentPrice.objects.all()
    assert need.at == alone.occurred_at.replace(second=0)


def test_two_people_share_what_was_fetched(owner: User, other: User, stream: Stream) -> None:
    reward(stream)
    recompute(owner)
    exchange = Exchange()
    fetch(exchange)
    connection = factories.connection(other)
    factories.holding(connection, "DOT", "1")
    at = reward(factories.stream(connection))
    recompute(other)
    assert income(other) == price_of(at, Width.MINUTE)
    assert fetch(exchange) == 0
    assert len(exchange.calls) == 1
