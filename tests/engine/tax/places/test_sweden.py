"""Sweden: the average, whole kronor, and what counts of losses."""

from __future__ import annotations

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived


def test_gains_and_losses_have_their_boxes() -> None:
    year = lived("sweden", 2024, [
        buy("2024-01-01", "0.5 BTC", "20000"),
        buy("2024-02-01", "0.2 BTC", "10000"),
        sell("2024-03-01", "0.35 BTC", "21000.90"),
        sell("2024-04-01", "0.35 BTC", "13500.10"),
    ])  # fmt: skip
    told = figures("sweden", year)
    assert (told["Sale price"], told["Cost"]) == (34501, 30000)
    assert (told["INK1 7.5"], told["INK1 8.4"]) == (6000, 1499)
    assert told["Losses that count"] == 1049  # 70 % of 1,499.90


def test_interest_has_a_box_of_its_own() -> None:
    year = lived("sweden", 2024, [
        event("income", "2024-02-10", into="1 ETH 300", subkind="interest"),
        event("income", "2024-02-11", into="1 ETH 200", subkind="mining"),
    ])  # fmt: skip
    told = figures("sweden", year)
    assert (told["INK1 7.2"], told["Other income"]) == (300, 200)


def test_gifts_and_lost_coins_make_neither_gain_nor_loss() -> None:
    year = lived("sweden", 2024, [
        buy("2024-01-01", "3 BTC", "300"),
        event("gift", "2024-02-01", out="1 BTC 500", subkind="gift"),
        event("sell", "2024-02-02", out="1 BTC", into="0 EUR 0", subkind="lost"),
    ])  # fmt: skip
    assert year.disposals == []
    assert [(row.amount, row.cost_basis) for row in year.closing] == [(1, 100)]


def test_the_year_is_that_of_stockholm() -> None:
    events = [buy("2024-01-01", "1 BTC", "1"), sell("2024-12-31T23:30:00", "1 BTC", "2")]
    assert lived("sweden", 2024, events).disposals == []
    assert len(lived("sweden", 2025, events).disposals) == 1
