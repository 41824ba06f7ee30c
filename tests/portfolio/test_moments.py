"""Prices at moments from what is stored: closes, rates between currencies, a user's own prices."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import DailyPrice, DailyValue, LatestPrice
from portfolio.selectors.moments import Moments, Width
from portfolio.selectors.valuation import holdings_valued
from portfolio.selectors.worth import of_transaction
from portfolio.services import ledger, rates, valuation
from tests import factories

pytestmark = pytest.mark.django_db

KRAKEN = "kraken:sandbox"
BINANCE = "binance:sandbox"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def close(pair: str, price: str, on: str, source: str = KRAKEN) -> None:
    asset, currency = pair.split("/")
    DailyPrice.objects.create(
        asset=asset,
        currency=currency,
        on=date.fromisoformat(on),
        price=Decimal(price),
        source=source,
    )


def held(owner: User, *assets: str, exchange: str = "kraken") -> None:
    connection = factories.connection(owner, exchange=exchange)
    for asset in assets:
        factories.holding(connection, asset, "1")


def asked(
    moments: Moments, asset: str, moment: str, source: str = KRAKEN
) -> tuple[str, str, str] | None:
    found = moments.price(source, asset, at(moment))
    return None if found is None else (f"{found.price:f}", found.source, found.width.value)


def test_a_moment_has_the_close_of_its_day_from_the_exchange_that_held(owner: User) -> None:
    held(owner, "BTC")
    held(owner, "BTC", exchange="binance")
    close("BTC/EUR", "100", "2024-05-03")
    close("BTC/EUR", "110", "2024-05-04")
    close("BTC/EUR", "999", "2024-05-04", BINANCE)
    close("BTC/EUR", "7", "2024-05-04", "kraken")
    moments = Moments(owner.pk, "EUR", date(2024, 5, 3))
    assert asked(moments, "BTC", "2024-05-03T00:00") == ("100", KRAKEN, "day")
    assert asked(moments, "BTC", "2024-05-04T00:01") == ("110", KRAKEN, "day")
    assert asked(moments, "BTC", "2024-05-04T00:00") == ("110", KRAKEN, "day")
    assert asked(moments, "BTC", "2024-05-04T09:00", BINANCE) == ("999", BINANCE, "day")
    assert asked(moments, "EUR", "2024-05-04T09:00") == ("1", "", "minute")
    assert asked(moments, "XYZ", "2024-05-04T09:00") is None


def test_a_close_is_carried_for_a_week_and_says_its_day(owner: User) -> None:
    held(owner, "BTC")
    close("BTC/EUR", "100", "2024-05-03")
    moments = Moments(owner.pk, "EUR", date(2024, 5, 8))
    found = moments.price(KRAKEN, "BTC", at("2024-05-08T12:00"))
    assert found is not None
    assert found.day == date(2024, 5, 3)
    assert moments.price(KRAKEN, "BTC", at("2024-05-11T12:00")) is None


def test_going_back_by_a_day_is_refused(owner: User) -> None:
    held(owner, "BTC")
    moments = Moments(owner.pk, "EUR", date(2024, 5, 1))
    moments.price(KRAKEN, "BTC", at("2024-05-08T12:00"))
    with pytest.raises(ValueError, match="2024-05-07"):
        moments.price(KRAKEN, "BTC", at("2024-05-07T12:00"))


def test_today_has_its_latest_price_with_its_time(owner: User) -> None:
    held(owner, "BTC")
    now = timezone.now()
    LatestPrice.objects.create(asset="BTC", currency="EUR", price=Decimal(5), at=now, source=KRAKEN)
    found = Moments(owner.pk, "EUR", now.date()).price(KRAKEN, "BTC", now)
    assert found is not None
    assert (found.price, found.at) == (Decimal(5), now)


# Days of which the European Central Bank published a rate for the dollar, or the last before.
@pytest.mark.parametrize(
    ("moment", "banking_day"),
    [
        ("2024-03-28T03:00", "2024-03-28"),  # a banking day: its own rate, before 16:00 too
        ("2024-03-28T23:59", "2024-03-28"),
        ("2024-03-29T12:00", "2024-03-28"),  # Good Friday
        ("2024-03-31T12:00", "2024-03-28"),  # Easter Sunday
        ("2024-04-01T12:00", "2024-03-28"),  # Easter Monday
        ("2024-04-02T00:00", "2024-04-02"),
        ("2023-12-31T12:00", "2023-12-29"),  # a Sunday
        ("2024-01-01T12:00", "2023-12-29"),  # New Year
        ("2024-01-02T12:00", "2024-01-02"),
        ("2024-05-01T12:00", "2024-04-30"),  # Labour Day
        ("2024-12-26T12:00", "2024-12-24"),
        ("2024-06-15T12:00", "2024-06-14"),  # a Saturday
    ],
)
def test_fiat_has_the_rate_of_its_banking_day_or_the_last_before(
    owner: User, moment: str, banking_day: str
) -> None:
    held(owner, "USD")
    rates.refresh({"USD"}, date(2023, 12, 1))
    published = DailyPrice.objects.get(source="ecb", currency="USD", on=banking_day)
    found = Moments(owner.pk, "EUR", date(2023, 12, 25)).price(KRAKEN, "USD", at(moment))
    assert found is not None
    assert found.day.isoformat() == banking_day
    assert found.source == "ecb"
    assert abs(found.price * published.price - 1) < Decimal("1e-26")


def test_the_published_rates_are_those_of_the_bank(owner: User) -> None:
    """As printed in the bank's own table for these days."""
    rates.refresh({"USD"}, date(2023, 12, 1))
    known = {"2023-12-29": "1.1050", "2024-03-28": "1.0811", "2024-04-02": "1.0749"}
    for on, rate in known.items():
        row = DailyPrice.objects.get(source="ecb", currency="USD", on=on)
        assert row.price == Decimal(rate), on


# --- Prices that the user gave ----------------------------------------------------------------


def test_an_own_price_stands_in_where_no_market_has_one(owner: User, other: User) -> None:
    held(owner, "BTC", "XYZ")
    close("BTC/EUR", "100", "2024-05-04")
    for asset in ("BTC", "XYZ"):
        factories.own_price(owner, asset, "3", since=at("2024-05-01"), until=at("2024-05-06"))
    moments = Moments(owner.pk, "EUR", date(2024, 5, 1))
    assert asked(moments, "XYZ", "2024-05-04T12:00") == ("3", "own", "own")
    assert asked(moments, "BTC", "2024-05-04T12:00") == ("100", KRAKEN, "day")
    assert asked(moments, "XYZ", "2024-05-05T23:59") == ("3", "own", "own")
    assert asked(moments, "XYZ", "2024-05-06T00:00") is None
    held(other, "XYZ")
    assert asked(Moments(other.pk, "EUR", date(2024, 5, 1)), "XYZ", "2024-05-04T12:00") is None


def test_an_own_price_can_come_before_markets_and_the_shortest_holds(owner: User) -> None:
    held(owner, "BTC")
    close("BTC/EUR", "100", "2024-05-04")
    factories.own_price(owner, "BTC", "3", since=at("2024-05-01"), is_first=True)
    minute = at("2024-05-04T12:00")
    factories.own_price(
        owner, "BTC", "5", since=minute, until=minute + timedelta(minutes=1), is_first=True
    )
    factories.own_price(owner, "BTC", "9", since=minute, is_first=True, withdrawn_at=factories.NOW)
    moments = Moments(owner.pk, "EUR", date(2024, 5, 1))
    assert asked(moments, "BTC", "2024-05-04T11:59") == ("3", "own", "own")
    assert asked(moments, "BTC", "2024-05-04T12:00") == ("5", "own", "own")
    assert asked(moments, "BTC", "2024-05-04T12:01") == ("3", "own", "own")


def test_an_own_price_in_another_currency_is_crossed(owner: User) -> None:
    held(owner, "XYZ")
    close("BTC/EUR", "100", "2024-05-04")
    factories.own_price(owner, "XYZ", "0.5", since=at("2024-05-01"), currency="BTC")
    moments = Moments(owner.pk, "EUR", date(2024, 5, 1))
    assert asked(moments, "XYZ", "2024-05-04T12:00") == ("50.0", f"own + {KRAKEN}", "own")
    assert asked(moments, "XYZ", "2024-05-20T12:00") is None


def test_own_prices_make_daily_values_and_the_worth_of_now(owner: User) -> None:
    connection = factories.connection(owner)
    start = timezone.now() - timedelta(days=3)
    factories.transaction(factories.stream(connection), ("2", "XYZ"), at=start)
    factories.holding(connection, "XYZ", "2")
    ledger.mark_stale(owner.pk, start.date())
    valuation.recompute(owner.pk)
    assert holdings_valued(owner).unpriced == ("XYZ",)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    factories.own_price(owner, "XYZ", "7", since=day)
    ledger.mark_stale(owner.pk, day.date())
    valuation.recompute(owner.pk)
    worth = holdings_valued(owner)
    assert worth.total == 14
    assert [row.price_source for row in worth.rows] == ["own"]
    assert worth.as_of is None
    days = DailyValue.objects.filter(owner=owner).order_by("on")
    assert [(int(row.value), row.unpriced) for row in days] == [
        (0, ["XYZ"]),
        (0, ["XYZ"]),
        (14, []),
        (14, []),
    ]


# --- One transaction --------------------------------------------------------------------------


def test_a_trade_is_worth_its_surer_side(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    connection = factories.connection(owner)
    for asset in ("XYZ", "USDT", "BNB"):
        factories.holding(connection, asset, "1")
    close("USDT/EUR", "0.9", "2024-05-04")
    close("XYZ/EUR", "7", "2024-05-04")
    row = factories.transaction(
        factories.stream(connection),
        ("10", "XYZ"),
        ("-100", "USDT"),
        ("-0.1", "BNB", "fee"),
        at=at("2024-05-04T12:00"),
    )
    postings = list(row.postings.order_by("pk"))
    with django_assert_num_queries(5):
        legs = of_transaction(owner, row, postings)
    assert [leg.value for leg in legs] == [90, -90, None]
    assert legs[0].found is not None
    assert (legs[0].found.price, legs[0].found.width) == (Decimal(9), Width.TRADE)
