"""Japan: the tax office's example by both averages, yen, and gifts."""

from __future__ import annotations

import pytest

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived

# The tax office's example of a year: 4 for 2,000,000; 0.2 sold, 0.3 paid with, 1 swapped; 2 for
# 1,600,000. Units cost 600,000 by total average, 500,000 until November by moving average.
EXAMPLE = [
    buy("2017-03-09", "4 BTC", "2000000"),
    sell("2017-05-20", "0.2 BTC", "110000"),
    event("sell", "2017-09-28", out="0.3 BTC 155000"),
    event("trade", "2017-11-02", out="1 BTC 600000", into="10 ETH 600000"),
    buy("2017-11-30", "2 BTC", "1600000"),
]


@pytest.mark.parametrize(("method", "gain"), [("total_average", -35000), ("average", 115000)])
def test_the_offices_example(method: str, gain: int) -> None:
    told = figures("japan", lived("japan", 2017, EXAMPLE, method))
    assert (told["Sale prices"], told["Gain or loss"]) == (865000, gain)


@pytest.mark.parametrize(("method", "gain"), [("total_average", 250000), ("average", 750000)])
def test_what_is_bought_later_counts_in_the_average_of_the_year(method: str, gain: int) -> None:
    year = lived("japan", 2021, [
        buy("2021-02-01", "1 BTC", "1000000"),
        buy("2021-04-01", "1 BTC", "1500000"),
        sell("2021-06-01", "1 BTC", "2000000"),
        buy("2021-09-01", "1 BTC", "2750000"),
    ], method)  # fmt: skip
    assert figures("japan", year)["Gain or loss"] == gain


def test_income_and_gain_are_one_sum_in_yen() -> None:
    year = lived("japan", 2024, [
        buy("2024-01-01", "1 BTC", "100"),
        sell("2024-02-01", "1 BTC", "200.7"),
        event("income", "2024-03-01", into="1 ETH 50.6", subkind="mining"),
    ])  # fmt: skip
    told = figures("japan", year)
    assert (told["Gain or loss"], told["Other receipts"]) == (100, 50)
    assert told["Miscellaneous income"] == 151


def test_a_gift_is_at_market_value() -> None:
    events = [
        buy("2024-01-01", "2 BTC", "200"),
        event("gift", "2024-02-01", out="1 BTC 500", subkind="spouse"),
    ]
    assert figures("japan", lived("japan", 2024, events))["Gain or loss"] == 400


def test_the_year_is_that_of_tokyo() -> None:
    events = [buy("2024-01-01", "1 BTC", "1"), sell("2024-12-31T15:00:00", "1 BTC", "2")]
    assert lived("japan", 2024, events).disposals == []
    assert len(lived("japan", 2025, events).disposals) == 1
