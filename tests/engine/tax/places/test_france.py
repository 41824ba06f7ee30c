"""France: parts of what was paid for all coins, and the limit of a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from portfolio.engine.tax.holdings import Holdings, Unpriced
from tests.engine.tax.build import buy, event, run, sell
from tests.engine.tax.places.build import figures, lived

BOUGHT = buy("2023-01-10", "10 BTC", "2000")


def test_each_sale_takes_its_part_of_what_was_paid_for_all() -> None:
    """2,000 paid; 1,000 of 2,500 sold takes 800, 500 of 3,000 takes 200 of the 1,200 left."""
    year = lived("france", 2023, [
        BOUGHT,
        replace(sell("2023-03-10", "4 BTC", "1000"), portfolio_value=Decimal(2500)),
        replace(event("sell", "2023-06-10", out="1 BTC 500"), portfolio_value=Decimal(3000)),
    ])  # fmt: skip
    told = figures("france", year)
    assert (told["Sale prices"], told["Gain or loss"]) == (1500, 500)
    assert (told["3AN"], told["3BN"]) == (500, 0)
    assert [row.cost_basis for row in year.closing] == [1000]


@pytest.mark.parametrize(("price", "gain"), [("305", 0), ("305.01", 244)])
def test_the_limit_is_of_sale_prices(price: str, gain: int) -> None:
    sold = replace(sell("2023-03-10", "4 BTC", price), portfolio_value=Decimal(price) * 10)
    bought = buy("2023-01-10", "40 BTC", "610")
    assert figures("france", lived("france", 2023, [bought, sold]))["3AN"] == gain


def test_a_fee_is_told_with_the_cost_and_lowers_the_gain() -> None:
    sold = sell("2023-03-10", "4 BTC", "1000", fee="10 EUR 10")
    year = lived("france", 2023, [BOUGHT, replace(sold, portfolio_value=Decimal(2500))])
    told = figures("france", year)
    assert (told["Sale prices"], told["3AN"]) == (1000, 190)


# --- What all is worth ----------------------------------------------------------------------


def _price(asset: str, at: datetime) -> Decimal | None:
    return {"BTC": Decimal(300), "ETH": Decimal(20)}.get(asset)


def _values(*events: object) -> tuple[list[Decimal | None], list[Unpriced]]:
    holdings = Holdings("EUR", _price)
    told = [holdings.follow(each) for each in events]  # type: ignore[arg-type]
    return [each.portfolio_value for each in told], holdings.unpriced


def test_what_is_sold_counts_at_its_price_the_rest_at_that_of_the_moment() -> None:
    values, unpriced = _values(
        BOUGHT,
        event("trade", "2023-02-01", out="1 BTC 300", into="15 ETH 300", fee="1 ETH 20"),
        event("transfer", "2023-02-02", out="2 BTC", into="1 BTC", to_wallet="B"),
        sell("2023-03-10", "4 BTC", "1000"),
        sell("2023-03-11", "4 BTC", "1600"),
        event("gift", "2023-03-12", out="4 ETH 100"),
    )
    # 8 - 4 BTC and 14 ETH are left of the first, 14 ETH of the second, 10 ETH of the gift.
    assert values == [None, None, None, 1000 + 1200 + 280, 1600 + 280, 100 + 200]
    assert unpriced == []


def test_a_coin_without_a_price_counts_as_nothing_and_is_named_once() -> None:
    values, unpriced = _values(
        BOUGHT,
        buy("2023-01-11", "7 XYZ", "70"),
        sell("2023-03-10", "5 BTC", "1000"),
        sell("2023-03-11", "5 BTC", "1000"),
        sell("2023-03-12", "7 XYZ", "90"),
    )
    assert values[2:] == [2500, 1000, 90]
    assert unpriced == [Unpriced("XYZ", Decimal(7))]


def test_more_than_is_known_can_be_sold_and_lost_for_nothing() -> None:
    lost = event("sell", "2023-03-10", out="11 BTC", into="0 EUR 0", subkind="lost")
    values, _ = _values(BOUGHT, lost)
    assert values == [None, 1]


def test_a_fee_of_its_own_is_no_sale() -> None:
    events = [BOUGHT, event("fee", "2023-02-01", out="1 BTC 200")]
    found = run(events, "fr_portfolio")
    assert len(found.disposals) == 0
    (row,) = found.remaining
    assert row.amount == 9
    assert row.cost_basis == 2000
