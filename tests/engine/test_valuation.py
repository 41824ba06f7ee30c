"""The worth of each day from quantities that changed and closes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.engine.closes import Close, end_of
from portfolio.engine.pricing import PriceBook, Quote
from portfolio.engine.reconcile import discrepancy
from portfolio.engine.valuation import (
    DayValue,
    Quantity,
    combine,
    daily_values,
)

FIRST = date(2026, 1, 1)


def day(number: int) -> date:
    """The day of that number, from 1."""
    return FIRST + timedelta(days=number - 1)


def held(number: int, quantity: str, asset: str = "BTC") -> Quantity:
    return Quantity(asset, day(number), Decimal(quantity))


def close(number: int, price: str, pair: str = "BTC/EUR", source: str = "binance") -> Close:
    asset, currency = pair.split("/")
    return Close(asset, currency, day(number), Decimal(price), source)


def values(quantities: list[Quantity], closes: list[Close], last: int, first: int = 1) -> list[str]:
    """Each day as "value" or "value without A B"."""
    days = daily_values(quantities, closes, currency="EUR", first=day(first), last=day(last))
    return [
        f"{d.value:f}" + (f" without {' '.join(d.unpriced)}" if d.unpriced else "") for d in days
    ]


def test_a_quantity_holds_until_it_changes() -> None:
    quantities = [held(1, "2"), held(3, "3")]
    closes = [close(1, "10"), close(2, "11"), close(3, "12")]
    assert values(quantities, closes, 4) == ["20", "22", "36", "36"]


def test_what_was_held_before_the_first_day_counts() -> None:
    assert values([held(1, "2")], [close(4, "10")], 5, first=4) == ["20", "20"]


def test_an_unknown_price_is_left_out_and_named() -> None:
    quantities = [held(1, "2"), held(1, "5", "XYZ")]
    assert values(quantities, [close(1, "10")], 1) == ["20 without XYZ"]


def test_a_close_is_carried_for_seven_days() -> None:
    shown = values([held(1, "1")], [close(1, "10")], 9)
    assert shown == ["10"] * 8 + ["0 without BTC"]


def test_a_reference_rate_is_carried_on() -> None:
    closes = [close(1, "1.25", "EUR/USD", "ecb"), close(60, "100", "BTC/USD")]
    assert values([held(1, "1")], closes, 60, first=60) == ["80"]


def test_an_asset_that_is_gone_is_neither_valued_nor_missed() -> None:
    assert values([held(1, "2", "XYZ"), held(2, "0", "XYZ")], [], 2) == ["0 without XYZ", "0"]


def test_the_way_changes_when_a_nearer_market_opens_or_ends() -> None:
    closes = [
        close(1, "60", "BTC/USDT"),
        close(1, "2", "EUR/USDT"),
        close(2, "40"),
        close(8, "80", "BTC/USDT"),
        close(8, "2", "EUR/USDT"),
    ]
    shown = values([held(1, "1")], closes, 10)
    assert shown == ["30", *["40"] * 8, "40"]
    assert values([held(1, "1")], closes[:2] + closes[3:], 10)[-1] == "40"


def test_series_over_the_same_days_are_added() -> None:
    one = [DayValue(day(1), Decimal(1), ("A",)), DayValue(day(2), Decimal(2), ())]
    two = [DayValue(day(1), Decimal(10), ("B", "A")), DayValue(day(2), Decimal(20), ())]
    assert list(combine([one, two])) == [
        DayValue(day(1), Decimal(11), ("A", "B")),
        DayValue(day(2), Decimal(22), ()),
    ]


def test_series_over_different_days_are_refused() -> None:
    with pytest.raises(ValueError, match="same days"):
        list(combine([[DayValue(day(1), Decimal(1), ())], [DayValue(day(2), Decimal(1), ())]]))


def test_a_discrepancy_is_what_the_exchange_reports_beyond_the_ledger() -> None:
    assert discrepancy(Decimal("1.5"), Decimal("1.25")) == Decimal("-0.25")
    assert discrepancy(Decimal("1.5"), None) is None


numbers = st.integers(1, 40)
amounts = st.decimals("0", "1000", places=8)
assets = st.sampled_from(["BTC", "XYZ", "EUR", "USDT"])
histories = st.lists(
    st.builds(Quantity, assets, numbers.map(day), amounts), unique_by=lambda q: (q.asset, q.on)
).map(lambda items: sorted(items, key=lambda q: q.on))
markets = st.lists(
    st.builds(
        Close,
        assets,
        assets,
        numbers.map(day),
        amounts,
        st.sampled_from(["ecb", "kraken", "binance"]),
    ).filter(lambda c: c.asset != c.currency),
    unique_by=lambda c: (c.asset, c.currency, c.on, c.source),
    max_size=60,
).map(lambda items: sorted(items, key=lambda c: c.on))


def plainly(quantities: list[Quantity], closes: list[Close], on: date) -> DayValue:
    """The same for one day, with nothing kept from the days before it."""
    held_then = {q.asset: q.quantity for q in quantities if q.on <= on}
    last = {
        (c.asset, c.currency, c.source): Quote(c.asset, c.currency, c.price, c.source, end_of(c.on))
        for c in closes
        if c.on <= on and c.price
    }
    book = PriceBook(last.values(), now=end_of(on))
    found = {a: book.price(a, "EUR", [{"kraken"}]) for a, q in held_then.items() if q}
    return DayValue(
        on,
        sum((held_then[a] * p.price for a, p in found.items() if p), Decimal(0)),
        tuple(sorted(a for a, p in found.items() if p is None)),
    )


@settings(max_examples=60)
@given(histories, markets)
def test_every_day_equals_the_day_worked_out_alone(
    quantities: list[Quantity], closes: list[Close]
) -> None:
    days = daily_values(
        quantities, closes, currency="EUR", first=day(1), last=day(50), trusted=[{"kraken"}]
    )
    for found in days:
        expected = plainly(quantities, closes, found.on)
        assert found.unpriced == expected.unpriced
        assert abs(found.value - expected.value) <= abs(expected.value) * Decimal("1e-20")


@settings(max_examples=60)
@given(histories, markets, numbers)
def test_starting_later_gives_the_same_days(
    quantities: list[Quantity], closes: list[Close], start: int
) -> None:
    whole = list(daily_values(quantities, closes, currency="EUR", first=day(1), last=day(50)))
    part = daily_values(quantities, closes, currency="EUR", first=day(start), last=day(50))
    assert list(part) == whole[start - 1 :]
