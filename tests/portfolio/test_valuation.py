"""Daily holdings and values as stored, and holdings priced as shown."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import (
    Connection,
    DailyHolding,
    DailyPrice,
    DailyValue,
    LatestPrice,
    Posting,
    ValuationState,
)
from portfolio.selectors.valuation import daily_values, holdings_valued, source_name
from portfolio.services import daily_totals, ledger, locks, valuation
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = factories.TODAY


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def book(of: Connection, days: int, *movements: tuple[str, str], hour: int = 12) -> None:
    """Books a transaction some days ago and marks the values stale, as syncing does."""
    stream = of.streams.first() or factories.stream(of)
    at = datetime.combine(ago(days), time(hour), tzinfo=UTC)
    factories.transaction(stream, *movements, at=at)
    for amount, asset in movements:
        row, _ = of.holdings.get_or_create(owner=of.owner, wallet="spot", asset=asset)
        row.quantity += Decimal(amount)
        row.save()
    ledger.mark_stale(of.owner_id, at.date())


def close(
    asset: str, price: str, days: int, *, source: str = "kraken:sandbox", to: str = "EUR"
) -> None:
    DailyPrice.objects.update_or_create(
        {"price": Decimal(price)}, asset=asset, currency=to, on=ago(days), source=source
    )


def latest(
    asset: str, price: str, *, source: str = "kraken:sandbox", to: str = "EUR", days: int = 0
) -> LatestPrice:
    at = timezone.now() - timedelta(days=days)
    return LatestPrice.objects.create(
        asset=asset, currency=to, price=Decimal(price), source=source, at=at
    )


def stored(owner: User) -> list[tuple[int, str, list[str]]]:
    """Each stored day as (days ago, value, unpriced)."""
    rows = DailyValue.objects.filter(owner=owner).order_by("on")
    return [((TODAY - row.on).days, f"{row.value:f}", row.unpriced) for row in rows]


# --- Stored by day ----------------------------------------------------------------------------


def test_values_go_from_the_first_record_to_today() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 3, ("2", "BTC"))
    book(kraken, 1, ("-0.5", "BTC"), ("10", "EUR"))
    close("BTC", "100", 3)
    close("BTC", "110", 2)
    latest("BTC", "120")
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner) == [
        (3, "200", []),
        (2, "220", []),
        (1, "175.0", []),
        (0, "190.0", []),
    ]
    state = ValuationState.objects.get(owner=kraken.owner)
    assert (state.stale_from, state.currency) == (None, "EUR")


def test_quantities_are_kept_for_days_on_which_they_changed() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 5, ("2", "BTC"))
    book(kraken, 5, ("1", "BTC"), hour=23)
    book(kraken, 2, ("-3", "BTC"))
    valuation.recompute(kraken.owner_id)
    rows = DailyHolding.objects.order_by("on").values_list("on", "quantity")
    assert list(rows) == [(ago(5), Decimal(3)), (ago(2), Decimal(0))]


def test_an_unknown_price_is_left_out_and_named() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("2", "XYZ"), ("5", "EUR"))
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner) == [(1, "5", ["XYZ"]), (0, "5", ["XYZ"])]
    (first, _) = daily_values(kraken.owner)
    assert (first.on, first.value, first.unpriced) == (ago(1), Decimal(5), ("XYZ",))
    assert len(daily_values(kraken.owner, since=TODAY)) == 1


def test_an_earlier_record_changes_the_days_after_it() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 2, ("1", "BTC"))
    close("BTC", "100", 4)
    valuation.recompute(kraken.owner_id)
    book(kraken, 4, ("1", "BTC"))
    valuation.recompute(kraken.owner_id)
    assert [value for _, value, _ in stored(kraken.owner)] == ["100", "100", "200", "200", "200"]


def test_what_is_gone_leaves_no_days_behind() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 4, ("1", "BTC"))
    valuation.recompute(kraken.owner_id)
    ledger.mark_stale_for_connection(kraken)
    kraken.delete()
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner) == []
    assert not DailyHolding.objects.exists()


def test_another_reporting_currency_values_all_days_again() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 2, ("1", "BTC"))
    close("BTC", "100", 2)
    close("EUR", "1.5", 2, source="ecb", to="USD")
    valuation.recompute(kraken.owner_id)
    User.objects.update(reporting_currency="USD")
    assert valuation.stale_owners() == [kraken.owner_id]
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner) == [(days, "150.0", []) for days in (2, 1, 0)]
    assert set(DailyValue.objects.values_list("currency", flat=True)) == {"USD"}


def test_play_money_is_never_valued_by_real_prices_nor_the_reverse() -> None:
    owner = factories.user()
    book(factories.connection(owner, environment="live"), 1, ("1", "BTC"))
    book(factories.connection(owner, environment="sandbox"), 1, ("1", "BTC"), ("1", "XYZ"))
    close("BTC", "100", 1, source="kraken")
    close("BTC", "7", 1, source="kraken:sandbox")
    close("XYZ", "1000", 1, source="kraken")
    valuation.recompute(owner.pk)
    assert stored(owner)[0] == (1, "107", ["XYZ"])
    latest("BTC", "100", source="kraken")
    latest("BTC", "7", source="kraken:sandbox")
    latest("XYZ", "1000", source="kraken")
    shown = holdings_valued(owner)
    assert shown.total == 107
    assert shown.unpriced == ("XYZ",)


def test_a_reference_rate_from_long_before_still_counts() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 40, ("150", "USD"))
    close("EUR", "1.25", 40, source="ecb", to="USD")
    valuation.recompute(kraken.owner_id)
    valuation.recompute(kraken.owner_id)
    assert {value for _, value, _ in stored(kraken.owner)} == {"120.0"}


def test_a_user_with_nothing_has_no_days() -> None:
    owner = factories.user()
    valuation.recompute(owner.pk)
    assert stored(owner) == []


def test_who_is_stale() -> None:
    fresh, by_change, by_day = (factories.connection(factories.user()) for _ in range(3))
    factories.user()
    for connection in (fresh, by_change, by_day):
        book(connection, 1, ("1", "BTC"))
        valuation.recompute(connection.owner_id)
    assert valuation.stale_owners() == []
    ledger.mark_stale(by_change.owner_id, ago(1))
    yesterday = timezone.now() - timedelta(days=1)
    ValuationState.objects.filter(owner=by_day.owner).update(computed_at=yesterday)
    assert valuation.stale_owners() == [by_change.owner_id, by_day.owner_id]


def snapshot(owner: User) -> tuple[list[Any], list[Any]]:
    holdings = DailyHolding.objects.filter(owner=owner).order_by("asset", "on")
    values = DailyValue.objects.filter(owner=owner).order_by("on")
    return (
        list(holdings.values_list("source", "asset", "on", "quantity")),
        list(values.values_list("currency", "on", "value", "unpriced")),
    )


@pytest.mark.parametrize("seed", range(5))
def test_step_by_step_gives_the_same_as_all_at_once(seed: int) -> None:
    """Records and prices arrive in any order; after each the stored days equal a fresh start."""
    chance = random.Random(seed)
    kraken = factories.connection(factories.user())
    for _ in range(12):
        for _ in range(chance.randrange(3)):
            asset = chance.choice(["BTC", "XYZ", "USD", "EUR"])
            book(kraken, chance.randrange(30), (f"{chance.uniform(-1, 3):.8f}", asset))
        if chance.random() < 0.7:
            pair = chance.choice([("BTC", "EUR"), ("BTC", "USD"), ("XYZ", "BTC"), ("EUR", "USD")])
            source = "ecb" if pair == ("EUR", "USD") else "kraken:sandbox"
            days = chance.randrange(1, 40)
            close(pair[0], f"{chance.uniform(0.1, 9):.4f}", days, source=source, to=pair[1])
            ledger.mark_stale(kraken.owner_id, ago(days))
        valuation.recompute(kraken.owner_id)
    found = snapshot(kraken.owner)
    valuation.recompute(kraken.owner_id)
    assert snapshot(kraken.owner) == found
    ValuationState.objects.all().delete()
    valuation.recompute(kraken.owner_id)
    assert snapshot(kraken.owner) == found
    for holding in kraken.holdings.filter(quantity__gt=0):
        last = DailyHolding.objects.filter(asset=holding.asset).latest("on")
        assert last.quantity == holding.quantity


def test_the_work_does_not_grow_with_history_before_the_change() -> None:
    kraken = factories.connection(factories.user())
    for days in range(60, 0, -1):
        book(kraken, days, ("1", "BTC"))
    valuation.recompute(kraken.owner_id)
    DailyHolding.objects.filter(on__lt=ago(5)).update(quantity=1000)  # not read again ...
    Posting.objects.filter(occurred_at__date__lt=ago(5)).update(amount=77)
    book(kraken, 0, ("1", "BTC"))
    valuation.recompute(kraken.owner_id)
    # ... but for the last quantity before the change
    assert DailyHolding.objects.get(on=TODAY).quantity == 61


def elsewhere(work: Callable[[], None]) -> None:
    """Does it over another connection to the database; it must not have to wait for long."""
    done: list[bool] = []

    def run() -> None:
        try:
            work()
            done.append(True)
        finally:
            database.close()

    other = threading.Thread(target=run)
    other.start()
    other.join(10)
    assert done, "it waits for what is being computed"


@pytest.mark.django_db(transaction=True)
def test_what_is_booked_meanwhile_waits_for_nobody_and_is_computed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("5", "EUR"))
    compute, rounds = daily_totals.store, []

    def store(owner_id: int, start: date) -> None:
        compute(owner_id, start)
        rounds.append(start)
        if len(rounds) == 1:
            elsewhere(lambda: book(kraken, 3, ("7", "EUR")))

    monkeypatch.setattr(daily_totals, "store", store)
    valuation.recompute(kraken.owner_id)
    assert rounds == [date.min, ago(3)]
    assert [value for _, value, _ in stored(kraken.owner)] == ["7", "7", "12", "12"]
    assert ValuationState.objects.get(owner=kraken.owner).stale_from is None


@pytest.mark.django_db(transaction=True)
def test_a_mark_outlives_a_computation_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("5", "EUR"))
    valuation.recompute(kraken.owner_id)
    book(kraken, 3, ("7", "EUR"))

    def fail(owner_id: int, start: date) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(daily_totals, "store", fail)
        with pytest.raises(RuntimeError):
            valuation.recompute(kraken.owner_id)
    assert ValuationState.objects.get(owner=kraken.owner).stale_from == ago(3)
    elsewhere(lambda: valuation.recompute(kraken.owner_id))
    assert [value for _, value, _ in stored(kraken.owner)] == ["7", "7", "12", "12"]


@pytest.mark.django_db(transaction=True)
def test_days_are_computed_by_one_at_a_time() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("5", "EUR"))
    with locks.valuing(kraken.owner_id, wait=False) as is_mine:
        assert is_mine
        elsewhere(lambda: valuation.recompute(kraken.owner_id))
        assert stored(kraken.owner) == []
    elsewhere(lambda: valuation.recompute(kraken.owner_id))
    assert len(stored(kraken.owner)) == 2


# --- As shown ---------------------------------------------------------------------------------


def test_holdings_say_what_they_are_worth_and_who_says_so() -> None:
    binance = factories.connection(factories.user(), exchange="binance", label="Main")
    factories.holding(binance, "BTC", "0.5", reported="0.75")
    btc = latest("BTC", "60000", source="binance:sandbox", to="USDT")
    eur = latest("EUR", "1.2", source="binance:sandbox", to="USDT", days=1)
    shown = holdings_valued(binance.owner)
    (row,) = shown.rows
    assert (row.price, row.value) == (Decimal(50000), Decimal(25000))
    assert (row.connection_id, row.connection_label) == (binance.pk, "Main")
    assert (row.exchange, row.wallet, row.asset) == ("binance", "spot", "BTC")
    assert (row.quantity, row.reported) == (Decimal("0.5"), Decimal("0.75"))
    assert row.discrepancy == Decimal("0.25")
    assert row.price_source == "binance:sandbox"
    assert row.price_at == eur.at
    assert [step.quote.at for step in row.price_steps] == [btc.at, eur.at]
    assert (shown.currency, shown.total, shown.as_of) == ("EUR", Decimal(25000), eur.at)
    assert shown.unpriced == ()


def test_an_unknown_price_is_shown_as_unknown() -> None:
    kraken = factories.connection(factories.user())
    factories.holding(kraken, "EUR", "5")
    factories.holding(kraken, "XYZ", "1")
    shown = holdings_valued(kraken.owner)
    assert [(row.asset, row.price, row.value) for row in shown.rows] == [
        ("EUR", 1, 5),
        ("XYZ", None, None),
    ]
    assert (shown.total, shown.unpriced, shown.as_of) == (Decimal(5), ("XYZ",), None)
    assert shown.rows[0].price_source == ""


def test_what_is_neither_held_nor_reported_is_left_out() -> None:
    kraken = factories.connection(factories.user())
    factories.holding(kraken, "BTC", "0")
    factories.holding(kraken, "ETH", "0", reported="1")
    assert [row.asset for row in holdings_valued(kraken.owner).rows] == ["ETH"]


def test_an_exchanges_own_price_is_taken_for_what_it_holds() -> None:
    owner = factories.user()
    for exchange in ("binance", "kraken"):
        factories.holding(factories.connection(owner, exchange=exchange), "STX", "1")
    latest("STX", "2", source="binance:sandbox")
    latest("STX", "3", source="kraken:sandbox")
    shown = holdings_valued(owner)
    assert {row.exchange: row.price for row in shown.rows} == {"binance": 2, "kraken": 3}


def test_each_day_is_valued_by_the_exchange_that_held_it_too() -> None:
    owner = factories.user()
    for exchange in ("binance", "kraken"):
        book(factories.connection(owner, exchange=exchange), 1, ("1", "STX"))
    close("STX", "2", 1, source="binance:sandbox")
    close("STX", "3", 1)
    latest("STX", "20", source="binance:sandbox")
    latest("STX", "30")
    valuation.recompute(owner.pk)
    assert stored(owner) == [(1, "5", []), (0, "50", [])]
    assert holdings_valued(owner).total == 50


def test_one_users_holdings_are_not_anothers() -> None:
    kraken, other = (factories.connection(factories.user()) for _ in range(2))
    factories.holding(other, "BTC", "1")
    assert holdings_valued(kraken.owner).rows == ()
    assert daily_values(kraken.owner) == []


def test_the_number_of_queries_does_not_depend_on_holdings(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = factories.user()
    for exchange in ("binance", "kraken"):
        connection = factories.connection(owner, exchange=exchange)
        for number in range(20):
            factories.holding(connection, f"A{number}", "1")
            if exchange == "kraken":
                latest(f"A{number}", "1")
    with django_assert_max_num_queries(4):
        assert holdings_valued(owner).total == 40
    with django_assert_max_num_queries(1):
        daily_values(owner)


def test_sandbox_sources_have_names_of_their_own() -> None:
    assert source_name("kraken", "live") == "kraken"
    assert source_name("kraken", "sandbox") == "kraken:sandbox"
