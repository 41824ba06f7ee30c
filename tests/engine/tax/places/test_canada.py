"""Canada: half of the gain, superficial losses, and the two periods of 2024."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived


def test_half_of_a_gain_is_taxed() -> None:
    year = lived("canada", 2025, [
        buy("2025-01-15", "1 BTC", "50000"),
        buy("2025-03-10", "0.5 BTC", "30000"),
        sell("2025-06-20", "0.8 BTC", "52000"),
    ])  # fmt: skip
    told = figures("canada", year)
    assert told["Gain or loss"] == Decimal("9333.33")
    assert told["12700"] == Decimal("4666.67")
    assert told["Net capital loss"] == 0
    assert "Gain or loss until 24 June" not in told


PARTIAL = [  # the quantities of IT-456R, paragraph 12
    buy("2023-01-10", "50 BTC", "5000"),
    sell("2023-06-01", "20 BTC", "1400"),
    buy("2023-06-15", "15 BTC", "1125"),
]


def test_a_superficial_loss_counts_in_part_and_goes_into_the_cost() -> None:
    year = lived("canada", 2023, PARTIAL)
    told = figures("canada", year)
    assert (told["Gain or loss"], told["Superficial losses"]) == (-150, 450)
    assert told["Net capital loss"] == 75
    assert [row.cost_basis for row in year.closing] == [4575]


@pytest.mark.parametrize(("again", "denied"), [("2024-01-30", 50), ("2024-01-31", 0)])
def test_what_is_bought_after_the_year_makes_a_loss_superficial(again: str, denied: int) -> None:
    """30 days from 31 December are over with 30 January."""
    events = [
        buy("2023-05-01", "1 BTC", "100"),
        sell("2023-12-31", "1 BTC", "50"),
        buy(again, "1 BTC", "60"),
    ]
    assert figures("canada", lived("canada", 2023, events))["Superficial losses"] == denied


def test_2024_is_told_in_two_periods() -> None:
    year = lived("canada", 2024, [
        buy("2024-01-01", "2 BTC", "200"),
        sell("2024-06-24", "1 BTC", "150"),
        sell("2024-06-25", "1 BTC", "170"),
    ])  # fmt: skip
    told = figures("canada", year)
    assert told["Gain or loss until 24 June"] == 50
    assert told["Gain or loss from 25 June"] == 70


def test_a_gift_is_sold_at_market_value_but_not_to_a_spouse() -> None:
    year = lived("canada", 2024, [
        buy("2024-01-01", "3 BTC", "300"),
        event("gift", "2024-02-01", out="1 BTC 150", subkind="gift"),
        event("gift", "2024-02-02", out="1 BTC 150", subkind="spouse"),
    ])  # fmt: skip
    assert [row.gain for row in year.disposals] == [50]
    assert [row.amount for row in year.apart] == [1]


def test_lost_coins_take_their_cost_with_them() -> None:
    """None of it is denied and added to the rest."""
    year = lived("canada", 2024, [
        buy("2024-01-20", "2 BTC", "200"),
        event("sell", "2024-02-01", out="1 BTC", into="0 EUR 0", subkind="lost"),
    ])  # fmt: skip
    assert [row.denied for row in year.apart] == [0]
    assert [row.cost_basis for row in year.closing] == [100]
