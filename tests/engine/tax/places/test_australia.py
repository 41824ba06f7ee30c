"""Australia: the discount, the order of losses, and a year from July."""

from __future__ import annotations

import pytest

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived


@pytest.mark.parametrize(("sold", "net"), [("2023-02-02", 100), ("2023-02-03", 50)])
def test_twelve_months_without_the_first_and_the_last_day(sold: str, net: int) -> None:
    """Bought on 2 February: the discount begins on the 3rd of the next (TD 2002/10)."""
    events = [buy("2022-02-02", "1 BTC", "100"), sell(sold, "1 BTC", "200")]
    told = figures("australia", lived("australia", 2022, events))
    assert (told["18H"], told["18A"]) == (100, net)


LONG = buy("2020-08-01", "1 BTC", "1000")


@pytest.mark.parametrize(
    ("loss", "net", "carried"),
    [(0, 900, 0), (150, 750, 0), (300, 600, 0), (700, 400, 0), (1500, 0, 0), (1600, 0, 100)],
)
def test_losses_come_off_what_has_no_discount_first(loss: int, net: int, carried: int) -> None:
    """300 without and 1,200 with it: a loss beyond the 300 comes off the 1,200 before the half."""
    year = lived("australia", 2023, [
        LONG,
        sell("2023-08-01", "1 BTC", "2200"),
        buy("2023-09-01", "1 ETH", "100"),
        sell("2023-10-01", "1 ETH", "400"),
        buy("2023-11-01", "1 ADA", "2000"),
        sell("2023-12-01", "1 ADA", str(2000 - loss)),
    ])  # fmt: skip
    told = figures("australia", year)
    assert (told["18H"], told["18A"], told["18V"]) == (1500, net, carried)


def test_a_swap_without_a_value_received_has_that_of_what_is_given() -> None:
    """The tax office's example of Katrina: 20 of 100 coins, bought for 15,000, are worth 5,000."""
    year = lived("australia", 2021, [
        buy("2021-07-05", "100 COINA", "15000"),
        event("trade", "2021-11-15", out="20 COINA 5000", into="100 COIND"),
    ])  # fmt: skip
    assert year.name == "2021-22"
    assert figures("australia", year)["18A"] == 2000


def test_the_return_has_no_cents() -> None:
    events = [LONG, sell("2020-09-01", "1 BTC", "1100.99")]
    assert figures("australia", lived("australia", 2020, events))["18A"] == 100


def test_the_year_ends_with_june() -> None:
    events = [
        LONG,
        sell("2021-06-30T23:59:59", "0.5 BTC", "900"),
        sell("2021-07-01T00:00:00", "0.5 BTC", "1"),
    ]
    assert len(lived("australia", 2020, events).disposals) == 1
    assert len(lived("australia", 2021, events).disposals) == 1


def test_a_gift_is_an_event_even_to_a_spouse() -> None:
    events = [LONG, event("gift", "2020-09-01", out="1 BTC 1500", subkind="spouse")]
    assert figures("australia", lived("australia", 2020, events))["18A"] == 500
