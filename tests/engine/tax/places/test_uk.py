"""United Kingdom: boxes of SA108, the exempt amount, and what makes no gain."""

from __future__ import annotations

import pytest

from portfolio.engine.tax.places.uk import exempt_amount
from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived

BOUGHT = buy("2024-05-01", "10 BTC", "1000")


def test_the_boxes_are_in_whole_pounds_in_favour_of_the_person() -> None:
    told = figures("uk", lived("uk", 2024, [
        BOUGHT,
        sell("2024-06-01T09:00:00", "1 BTC", "200.90"),
        sell("2024-06-01T15:00:00", "1 BTC", "300.50", fee="0.30 EUR 0.30"),
        sell("2024-11-05", "2 BTC", "150.20"),
    ]))  # fmt: skip
    assert told["SA108 13.1"] == 2  # of one day
    assert (told["SA108 13.2"], told["SA108 13.3"]) == (651, 401)
    assert (told["SA108 13.4"], told["SA108 13.5"]) == (301, 50)
    assert told["Gains less losses from 30 October 2024"] == -50
    assert told["Above the exempt amount"] == 0


def test_before_2024_they_are_other_assets() -> None:
    events = [buy("2023-05-01", "1 BTC", "100"), sell("2023-06-01", "1 BTC", "7000")]
    told = figures("uk", lived("uk", 2023, events))
    assert told["SA108 14"] == 1
    assert told["Above the exempt amount"] == 900
    assert told["Report if proceeds are above"] == 50000


@pytest.mark.parametrize(
    ("year", "amount"), [(2018, None), (2022, 12300), (2023, 6000), (2024, 3000), (2026, 3000)]
)
def test_the_exempt_amount(year: int, amount: int | None) -> None:
    assert exempt_amount(year) == amount


@pytest.mark.parametrize("subkind", ["spouse", "lost"])
def test_what_makes_no_gain_is_apart_even_on_a_day_with_a_sale(subkind: str) -> None:
    kind = "gift" if subkind == "spouse" else "sell"
    into = None if subkind == "spouse" else "0 EUR 0"
    year = lived("uk", 2024, [
        BOUGHT,
        sell("2024-06-01T09:00:00", "1 BTC", "200"),
        event(kind, "2024-06-01T10:00:00", out="2 BTC 400", into=into, subkind=subkind),
    ])  # fmt: skip
    assert [(row.amount, row.proceeds) for row in year.disposals] == [(1, 200)]
    assert [(row.amount, row.gain) for row in year.apart] == [(2, 0)]
    assert [(row.amount, row.cost_basis) for row in year.closing] == [(7, 700)]


def test_a_gift_to_anybody_else_is_a_disposal_at_market_value() -> None:
    year = lived("uk", 2024, [
        BOUGHT, event("gift", "2024-06-01", out="1 BTC 150", subkind="gift"),
    ])  # fmt: skip
    assert [(row.proceeds, row.gain) for row in year.disposals] == [(150, 50)]


def test_what_is_bought_after_the_year_is_matched_with_its_last_days() -> None:
    events = [
        BOUGHT,
        sell("2025-04-05", "1 BTC", "500"),
        buy("2025-04-20", "1 BTC", "450"),
    ]
    year = lived("uk", 2024, events)
    assert [row.match.value for row in year.disposals] == ["thirty_day"]
    assert figures("uk", year)["SA108 13.4"] == 50


def test_what_was_received_in_money_is_no_income_from_coins() -> None:
    events = [
        event("income", "2025-05-01", into="1 ETH 300"),
        event("income", "2025-05-02", into="40 EUR 40", subkind="interest"),
    ]
    told = figures("uk", lived("uk", 2025, events))
    assert (told["SA100 17"], told["Received in money"]) == (300, 40)
