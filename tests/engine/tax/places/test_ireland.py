"""Ireland: four weeks, the exemption, and two dates of payment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived

FOUR_WEEKS = [
    buy("2023-03-05", "0.5 ETH", "950"),
    buy("2023-05-10", "0.5 ETH", "900"),
    buy("2023-06-02", "1 ETH", "1600"),
    sell("2023-06-06", "1.5 ETH", "2400"),
]


@pytest.mark.parametrize(("method", "gain"), [("ie_fifo_4week", -100), ("fifo", -250)])
def test_what_was_bought_in_the_four_weeks_before_goes_first(method: str, gain: int) -> None:
    year = lived("ireland", 2023, FOUR_WEEKS, method)
    assert figures("ireland", year)["Gains less losses"] == gain


BOUGHT = buy("2023-01-01", "4 BTC", "4000")


@pytest.mark.parametrize(("price", "taxed"), [("2270", "0"), ("2270.01", "0.01")])
def test_the_exemption(price: str, taxed: str) -> None:
    told = figures("ireland", lived("ireland", 2023, [BOUGHT, sell("2023-05-01", "1 BTC", price)]))
    assert told["Above the exemption"] == Decimal(taxed)


@pytest.mark.parametrize(
    ("november", "december", "first", "second"),
    [
        ("3000", "1500", 730, 500),  # the exemption goes to the first period
        ("2000", "2000", 0, 730),  # and what is left of it to the second
        ("3000", "500", 730, 0),  # a loss of December comes too late for the first payment
    ],
)
def test_what_is_paid_when(november: str, december: str, first: int, second: int) -> None:
    year = lived("ireland", 2023, [
        BOUGHT,
        sell("2023-11-30T23:59:59", "1 BTC", november),
        sell("2023-12-01T00:00:00", "1 BTC", december),
    ])  # fmt: skip
    told = figures("ireland", year)
    assert told["To be paid on by 15 December"] == first
    assert told["To be paid on by 31 January"] == second


def test_a_gift_is_at_market_value_but_not_to_a_spouse() -> None:
    year = lived("ireland", 2023, [
        BOUGHT,
        event("gift", "2023-02-01", out="1 BTC 1500", subkind="gift"),
        event("gift", "2023-02-02", out="1 BTC 1500", subkind="spouse"),
    ])  # fmt: skip
    assert [row.gain for row in year.disposals] == [500]
    assert [row.amount for row in year.apart] == [1]


def test_the_year_is_that_of_dublin() -> None:
    events = [buy("2023-01-01", "1 BTC", "1"), sell("2023-12-31T23:59:59", "1 BTC", "2")]
    assert len(lived("ireland", 2023, events).disposals) == 1
