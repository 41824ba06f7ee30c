"""Fetching prices: what is asked, stored, continued, and what happens when an exchange fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.engine.moments import Width
from portfolio.exchanges.errors import GatewayError, StreamUnavailable, TryAgain, WaitUntil
from portfolio.exchanges.types import Candle, FineCandle, Ticker
from portfolio.models import DailyPrice, LatestPrice, PriceSeries, ValuationState
from portfolio.selectors.valuation import holdings_valued
from portfolio.services import assets, prices, rates
from portfolio.services.assets import Target
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = factories.TODAY
Pair = tuple[str, str]


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@dataclass
class Exchange:
    """Stands for an exchange's market data: pairs with constant prices from some day on."""

    pairs: dict[Pair, str]
    reach: int = 1000  # days back
    page: int = 1000  # candles per answer
    errors: dict[Pair | str, GatewayError] = field(default_factory=dict)
    calls: list[tuple[Pair, date]] = field(default_factory=list)
    ticker_calls: int = 0

    def markets(self) -> list[Pair]:
        return list(self.pairs)

    def tickers(self) -> list[Ticker]:
        self.ticker_calls += 1
        if "tickers" in self.errors:
            raise self.errors["tickers"]
        now = timezone.now()
        return [Ticker(*pair, Decimal(price), now) for pair, price in self.pairs.items()]

    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]:
        pair = (asset, currency)
        self.calls.append((pair, since))
        if pair in self.errors:
            raise self.errors[pair]
        first = max(since, ago(self.reach))
        days = [first + timedelta(days=n) for n in range(min(self.page, (TODAY - first).days + 1))]
        return [Candle(day, Decimal(self.pairs[pair])) for day in days]

    def span(self, width: Width, at: datetime) -> timedelta | None:
        return None

    def closes(self, asset: str, currency: str, width: Width, since: datetime) -> list[FineCandle]:
        raise StreamUnavailable("no minutes here")

    def close(self) -> None:
        pass


def refresh(**exchanges: Exchange) -> prices.Refreshed:
    def open_client(exchange: str, environment: str) -> Exchange:
        assert environment == "sandbox"
        return exchanges[exchange]

    return prices.refresh(open_client=open_client)


def hold(
    asset: str = "BTC", *, days: int = 10, exchange: str = "kraken", owner: User | None = None
) -> User:
    """Makes somebody hold an asset for some days, valued up to date."""
    owner = owner or factories.user()
    connection = owner.connections.filter(exchange=exchange).first() or factories.connection(
        owner, exchange=exchange
    )
    stream = connection.streams.first() or factories.stream(connection)
    at = datetime.combine(ago(days), datetime.min.time(), tzinfo=UTC)
    factories.transaction(stream, ("1", asset), at=at)
    factories.holding(connection, asset, "1")
    ValuationState.objects.get_or_create(owner=owner)
    return owner


def closes(pair: Pair = ("BTC", "EUR"), source: str = "kraken:sandbox") -> list[date]:
    rows = DailyPrice.objects.filter(asset=pair[0], currency=pair[1], source=source)
    return list(rows.order_by("on").values_list("on", flat=True))


def test_daily_closes_reach_from_the_first_record_to_yesterday() -> None:
    hold(days=10)
    refresh(kraken=Exchange({("BTC", "EUR"): "50000", ("XRP", "EUR"): "1"}))
    assert closes() == [ago(days) for days in range(10, 0, -1)]
    assert closes(("XRP", "EUR")) == []


def test_newest_prices_are_stored_by_source() -> None:
    hold()
    refresh(kraken=Exchange({("BTC", "EUR"): "50000.10", ("XYZ", "ABC"): "1"}))
    row = LatestPrice.objects.exclude(source="ecb").get()
    assert (row.asset, row.currency, row.source) == ("BTC", "EUR", "kraken:sandbox")
    assert row.price == Decimal("50000.10")


def test_a_second_run_asks_for_nothing_again() -> None:
    hold()
    exchange = Exchange({("BTC", "EUR"): "50000"})
    refresh(kraken=exchange)
    calls = list(exchange.calls)
    assert refresh(kraken=exchange).series == 0
    assert exchange.calls == calls
    assert exchange.ticker_calls == 1


def test_only_new_days_are_fetched_the_next_time() -> None:
    hold()
    exchange = Exchange({("BTC", "EUR"): "50000"})
    refresh(kraken=exchange)
    PriceSeries.objects.filter(asset="BTC").update(fetched_until=ago(4))
    DailyPrice.objects.filter(asset="BTC", on__gt=ago(4)).delete()
    exchange.calls.clear()
    refresh(kraken=exchange)
    assert exchange.calls == [(("BTC", "EUR"), ago(3))]
    assert closes()[-3:] == [ago(3), ago(2), ago(1)]


def test_an_earlier_first_record_is_fetched_for() -> None:
    owner = hold(days=10)
    exchange = Exchange({("BTC", "EUR"): "50000"})
    refresh(kraken=exchange)
    hold(days=30, owner=factories.user())
    refresh(kraken=exchange)
    assert closes()[0] == ago(30)
    assert len(closes()) == 30
    stale_from = ValuationState.objects.get(owner=owner).stale_from
    assert stale_from is not None
    assert stale_from <= ago(30)


def test_many_pages_are_fetched_and_each_is_kept() -> None:
    hold(days=10)
    exchange = Exchange({("BTC", "EUR"): "50000"}, page=4)
    refresh(kraken=exchange)
    assert [since for _, since in exchange.calls] == [ago(10), ago(6), ago(2)]
    assert len(closes()) == 10


def test_crossing_markets_are_fetched_when_there_is_no_direct_one() -> None:
    hold("XYZ", exchange="binance")
    refresh(binance=Exchange({("XYZ", "USDT"): "2", ("EUR", "USDT"): "1.1"}))
    assert len(closes(("XYZ", "USDT"), "binance:sandbox")) == 10
    assert len(closes(("EUR", "USDT"), "binance:sandbox")) == 10


def test_an_exchange_that_asks_to_wait_is_left_and_continued() -> None:
    hold("BTC")
    hold("XRP", owner=User.objects.get())
    until = timezone.now() + timedelta(minutes=1)
    exchange = Exchange({("BTC", "EUR"): "50000", ("XRP", "EUR"): "1"})
    exchange.errors[("XRP", "EUR")] = WaitUntil("slow down", until=until)
    result = refresh(kraken=exchange)
    assert result.put_off_until == until
    assert result.problems == ()
    assert len(closes()) == 10
    exchange.errors.clear()
    assert refresh(kraken=exchange).put_off_until is None
    assert len(closes(("XRP", "EUR"))) == 10


def test_a_failing_exchange_does_not_stop_the_others_and_is_named() -> None:
    owner = hold("BTC", exchange="binance")
    hold("BTC", exchange="kraken", owner=owner)
    broken = Exchange({("BTC", "EUR"): "1"}, errors={"tickers": TryAgain("does not answer")})
    result = refresh(binance=broken, kraken=Exchange({("BTC", "EUR"): "50000"}))
    assert result.problems == ("Prices of binance:sandbox: does not answer",)
    assert len(closes()) == 10
    noted = PriceSeries.objects.get(asset="", source="binance:sandbox")
    assert noted.message == result.problems[0]
    broken.errors.clear()
    assert refresh(binance=broken, kraken=Exchange({("BTC", "EUR"): "50000"})).problems == ()
    assert not PriceSeries.objects.exclude(message="").exists()


def test_an_exchange_without_tickers_still_gives_closes() -> None:
    hold("BTC")
    exchange = Exchange({("BTC", "EUR"): "50000"})
    exchange.errors["tickers"] = StreamUnavailable("has no tickers")
    assert refresh(kraken=exchange).problems == ("Prices of kraken:sandbox: has no tickers",)
    assert len(closes()) == 10


def test_a_failing_pair_does_not_stop_the_others_and_is_named() -> None:
    owner = hold("BTC")
    hold("XRP", owner=owner)
    exchange = Exchange({("BTC", "EUR"): "50000", ("XRP", "EUR"): "1"})
    exchange.errors[("BTC", "EUR")] = TryAgain("cut off")
    refresh(kraken=exchange)
    assert PriceSeries.objects.get(asset="BTC").message == (
        "Prices of BTC/EUR at kraken:sandbox: cut off"
    )
    assert len(closes(("XRP", "EUR"))) == 10


def test_an_exchange_that_fails_again_and_again_is_left_alone() -> None:
    owner = hold("AAA")
    names = ["BBB", "CCC", "DDD", "EEE"]
    for name in names:
        hold(name, owner=owner)
    exchange = Exchange({(name, "EUR"): "1" for name in ["AAA", *names]})
    exchange.errors.update({pair: TryAgain("gone") for pair in exchange.pairs})
    refresh(kraken=exchange)
    assert len(exchange.calls) == prices.GIVE_UP_AFTER


def test_a_fault_of_ours_is_kept_from_the_other_exchanges(
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner = hold("BTC", exchange="binance")
    hold("BTC", exchange="kraken", owner=owner)

    class Faulty(Exchange):
        def markets(self) -> list[Pair]:
            raise KeyError("symbol")

    result = refresh(binance=Faulty({}), kraken=Exchange({("BTC", "EUR"): "50000"}))
    assert result.problems == ("Prices of binance:sandbox: unexpected error; see the log",)
    assert len(closes()) == 10


def test_what_the_own_exchange_cannot_price_is_asked_elsewhere() -> None:
    owner = hold("GONE", exchange="binance")
    hold("BTC", exchange="kraken", owner=owner)
    kraken = Exchange({("BTC", "EUR"): "50000", ("GONE", "EUR"): "3"})
    refresh(binance=Exchange({("BTC", "EUR"): "50000"}), kraken=kraken)
    assert len(closes(("GONE", "EUR"))) == 10


def test_a_history_that_starts_too_late_is_completed_elsewhere() -> None:
    owner = hold("BTC", exchange="kraken", days=100)
    hold("ETH", exchange="binance", days=100, owner=owner)
    kraken = Exchange({("BTC", "EUR"): "50000"}, reach=20)
    refresh(kraken=kraken, binance=Exchange({("ETH", "EUR"): "2000", ("BTC", "EUR"): "50000"}))
    assert closes()[0] == ago(20)
    assert closes(source="binance:sandbox")[0] == ago(100)
    calls = len(kraken.calls)
    refresh(kraken=kraken, binance=Exchange({("ETH", "EUR"): "2000", ("BTC", "EUR"): "50000"}))
    assert len(kraken.calls) == calls


def test_what_failed_is_still_said_after_the_exchange_was_asked_for_others_too() -> None:
    owner = hold("BTC", exchange="kraken")
    hold("GONE", exchange="binance", owner=owner)
    kraken = Exchange({("BTC", "EUR"): "50000", ("GONE", "EUR"): "3"})
    kraken.errors[("BTC", "EUR")] = TryAgain("cut off")
    refresh(kraken=kraken, binance=Exchange({("BTC", "EUR"): "50000"}))
    messages = PriceSeries.objects.exclude(message="").values_list("message", flat=True)
    assert list(messages) == ["Prices of BTC/EUR at kraken:sandbox: cut off"]
    assert len(closes(("GONE", "EUR"))) == 10


def test_an_asset_that_no_market_leads_to_has_no_price() -> None:
    hold("GONE")
    assert refresh(kraken=Exchange({("BTC", "EUR"): "50000"})).problems == ()
    assert not DailyPrice.objects.filter(asset="GONE").exists()


def test_new_closes_make_the_values_of_their_holders_stale() -> None:
    holder, other = hold("BTC"), hold("XRP")
    rates.refresh(["USD"], ago(10))
    exchange = Exchange({("BTC", "EUR"): "50000"})
    refresh(kraken=exchange)
    assert ValuationState.objects.get(owner=holder).stale_from == ago(10)
    assert ValuationState.objects.get(owner=other).stale_from == TODAY
    ValuationState.objects.update(stale_from=None)
    LatestPrice.objects.all().delete()
    refresh(kraken=exchange)
    assert ValuationState.objects.get(owner=holder).stale_from == TODAY


def test_what_a_code_stands_for_is_priced_and_makes_its_holders_stale() -> None:
    former, merged, other = hold("MATIC"), hold("XYZ"), hold("BTC", days=2)
    assets.merge(user=merged, source="kraken:sandbox", code="XYZ", target=Target("DOT"))
    rates.refresh(["USD"], ago(10))
    ValuationState.objects.update(stale_from=None)
    pairs = {("POL", "EUR"): "0.4", ("DOT", "EUR"): "4", ("BTC", "EUR"): "50000"}
    refresh(kraken=Exchange(pairs))
    assert closes(("POL", "EUR")) == closes(("DOT", "EUR"))
    assert closes(("POL", "EUR")) == [ago(days) for days in range(10, 0, -1)]
    first = {state.owner: state.stale_from for state in ValuationState.objects.all()}
    assert first == {former: ago(10), merged: ago(10), other: ago(2)}
    for owner in (former, merged):
        assert holdings_valued(owner).unpriced == ()


def test_one_owners_prices_can_be_refreshed_alone() -> None:
    one = hold("BTC")
    hold("XRP")
    exchange = Exchange({("BTC", "EUR"): "50000", ("XRP", "EUR"): "1"})
    prices.refresh(owner_id=one.pk, open_client=lambda *_: exchange)
    assert {pair for pair, _ in exchange.calls} == {("BTC", "EUR")}


def test_time_that_is_up_leaves_the_rest_to_a_later_run() -> None:
    hold("BTC")
    exchange = Exchange({("BTC", "EUR"): "50000"})
    result = prices.refresh(seconds=0, open_client=lambda *_: exchange)
    assert result.put_off_until is not None
    assert exchange.calls == []
    assert LatestPrice.objects.filter(asset="BTC").exists()


# --- Reference rates --------------------------------------------------------------------------


def test_reference_rates_are_the_published_digits_of_each_banking_day() -> None:
    earliest = rates.refresh(["USD", "EUR", "BTC"], date(2024, 1, 1))
    stored = DailyPrice.objects.filter(source="ecb", asset="EUR", currency="USD")
    assert earliest == date(2023, 12, 27)
    assert stored.get(on=date(2024, 1, 5)).price == Decimal("1.0921")
    assert not stored.filter(on=date(2024, 1, 6)).exists()  # a Saturday
    assert DailyPrice.objects.filter(source="ecb").count() == stored.count()


def test_the_last_published_rate_is_the_newest_and_says_its_date() -> None:
    rates.refresh(["CHF"], date(2024, 1, 1))
    row = LatestPrice.objects.get(asset="EUR", currency="CHF", source="ecb")
    assert row.at.date() == rates.published()["CHF"][1]


def test_rates_are_stored_once() -> None:
    assert rates.refresh(["USD"], date(2024, 1, 1)) is not None
    assert rates.refresh(["USD"], date(2024, 6, 1)) is None
    assert rates.refresh(["USD"], date(2023, 1, 1)) == date(2022, 12, 27)
    PriceSeries.objects.update(fetched_until=date(2026, 1, 1))
    assert rates.refresh(["USD"], date(2023, 1, 1)) == date(2026, 1, 2)


def test_a_currency_that_is_no_longer_quoted_has_no_rate() -> None:
    assert "RUB" not in rates.published()
    assert rates.refresh(["RUB"], date(2024, 1, 1)) is None
