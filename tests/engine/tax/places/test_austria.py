"""Austria: new stock at its average, old stock apart, and swaps that hand their cost on."""

from __future__ import annotations

import pytest
from hypothesis import given

from portfolio.engine.money import ZERO, total
from portfolio.engine.tax import TaxEvent
from portfolio.engine.tax.settings import Oversell, Scope
from portfolio.engine.tax.types import Match
from tests.engine.tax.build import buy, event, run, sell
from tests.engine.tax.places.build import figures, lived
from tests.engine.tax.test_properties import histories

GAINS, LOSSES, OLD = "Gains on new stock", "Losses on new stock", "Gains on old stock"


def test_new_stock_has_an_average_in_each_account() -> None:
    year = lived("austria", 2024, [
        buy("2023-01-01", "1 BTC", "100"),
        buy("2023-02-01", "1 BTC", "300"),
        buy("2023-03-01", "1 BTC", "900", wallet="B"),
        sell("2024-05-01", "1 BTC", "500", fee="5 EUR 5"),
        sell("2024-06-01", "1 BTC", "800", wallet="B"),
    ])  # fmt: skip
    told = figures("austria", year)
    assert (told[GAINS], told[LOSSES]) == (295, 100)


@pytest.mark.parametrize(
    ("bought", "old", "new"),
    [("2021-02-28T22:59:59", 400, 0), ("2021-02-28T23:00:00", 0, 400)],
)
def test_what_was_bought_until_february_2021_is_exempt(bought: str, old: int, new: int) -> None:
    """March begins at 23:00 UTC in Vienna."""
    year = lived("austria", 2024, [buy(bought, "1 BTC", "100"), sell("2024-05-01", "1 BTC", "500")])
    told = figures("austria", year)
    assert (told[OLD], told[GAINS]) == (old, new)


def test_old_stock_goes_first_and_stays_out_of_the_average() -> None:
    year = lived("austria", 2024, [
        buy("2021-01-01", "1 BTC", "100"),
        buy("2022-01-01", "1 BTC", "300"),
        sell("2024-05-01", "1.5 BTC", "1500"),
    ])  # fmt: skip
    told = figures("austria", year)
    assert (told[OLD], told[GAINS]) == (900, 350)
    assert [(row.amount, row.cost_basis) for row in year.closing] == [(0.5, 150)]


def test_coin_for_coin_hands_the_cost_on() -> None:
    events = [
        buy("2023-01-01", "2 BTC", "200"),
        event("trade", "2023-06-01", out="1 BTC 900", into="10 ETH 900", fee="3 EUR 3"),
        event("trade", "2023-06-01", out="5 ETH 450", into="50 ADA 450"),
        sell("2024-05-01", "10 ADA", "100"),
    ]
    assert lived("austria", 2023, events).disposals == []
    year = lived("austria", 2024, events)
    assert figures("austria", year)[GAINS] == 90
    assert [(row.asset, row.cost_basis) for row in year.closing] == [
        ("ADA", 40), ("BTC", 100), ("ETH", 50),
    ]  # fmt: skip


def test_old_stock_that_is_swapped_is_sold_and_what_comes_is_new() -> None:
    events = [
        buy("2021-01-01", "1 BTC", "100"),
        buy("2022-05-01", "1 BTC", "300"),
        event("trade", "2023-06-01", out="2 BTC 1800", into="10 ETH 1800"),
    ]
    year = lived("austria", 2023, events)
    assert figures("austria", year)[OLD] == 800
    assert [(row.asset, row.cost_basis) for row in year.closing] == [("ETH", 1200)]


def test_before_march_2022_a_swap_was_a_sale() -> None:
    events = [
        buy("2022-01-01", "1 BTC", "100"),
        event("trade", "2022-02-28T22:59:59", out="1 BTC 900", into="10 ETH 900"),
    ]
    assert [row.cost_basis for row in lived("austria", 2022, events).closing] == [900]
    assert figures("austria", lived("austria", 2022, events))[GAINS] is None


def test_a_transfer_takes_old_stock_first_and_keeps_it_old() -> None:
    year = lived("austria", 2024, [
        buy("2021-01-01", "1 BTC", "100"),
        buy("2022-01-01", "1 BTC", "300"),
        event("transfer", "2023-01-01", out="1.5 BTC", into="1.5 BTC", to_wallet="B"),
        sell("2024-05-01", "1.5 BTC", "1500", wallet="B"),
        sell("2024-05-02", "0.5 BTC", "500"),
    ])  # fmt: skip
    told = figures("austria", year)
    assert (told[OLD], told[GAINS]) == (900, 700)


def test_what_was_never_held_costs_nothing() -> None:
    events = [
        event("trade", "2023-06-01", out="1 BTC 900", into="10 ETH 900"),
        sell("2023-07-01", "1 BTC", "500"),
    ]
    found = run(events, "at_old_and_new", oversell=Oversell.ZERO_COST)
    assert [row.event for row in found.shortfalls] == [0, 1]
    (row,) = found.disposals
    assert row.gain == 500
    assert row.match is Match.NONE


@given(events=histories())
def test_units_and_cost_are_conserved(events: list[TaxEvent]) -> None:
    """What a swap hands on is neither got nor lost; what it sells of old stock is paid again."""
    found = run(events, "at_old_and_new", scope=Scope.PER_WALLET)
    swaps = {number for number, row in enumerate(events) if row.kind == "trade"}
    cost = [row.proceeds or ZERO for row in found.disposals if row.event in swaps]
    units = []
    for row in events:
        if row.into and row.kind in ("buy", "income"):
            cost.append(row.into.value or ZERO)
        for leg, sign in ((row.into, 1), (row.out, -1)):
            if leg and leg.asset != "EUR":
                units.append(leg.amount * sign)
    assert total(units) == total(row.amount for row in found.remaining)
    used = [row.cost_basis for row in found.disposals]
    used += [row.cost_basis for row in found.remaining]
    assert total(used) == total(cost)
