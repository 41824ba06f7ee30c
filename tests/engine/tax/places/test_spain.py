"""Spain: first in, first out over all accounts, boxes of Modelo 100, and 31 December."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived


def test_gains_and_losses_are_summed_sale_by_sale() -> None:
    year = lived("spain", 2024, [
        buy("2024-01-05", "1 BTC", "1000", wallet="A"),
        buy("2024-02-21", "1 BTC", "1200", wallet="B"),
        sell("2024-08-01", "1.5 BTC", "1700", wallet="B"),  # 133.33 won, 33.33 lost
        sell("2024-09-01", "0.5 BTC", "500"),
    ])  # fmt: skip
    told = figures("spain", year)
    assert (told["1804"], told["1806"]) == (2200, 2200)
    assert (told["1814"], told["1813"]) == (100, 100)


def test_what_is_received_goes_by_its_kind() -> None:
    year = lived("spain", 2024, [
        event("income", f"2024-02-1{number}", into=f"1 ETH {worth}", subkind=kind)
        for number, (kind, worth) in enumerate(
            [("reward", 1), ("interest", 2), ("airdrop", 4), ("fork", 8), ("mining", 16)]
        )
    ])  # fmt: skip
    told = figures("spain", year)
    assert (told["0033"], told["0304"], told["Other income"]) == (3, 12, 16)


def test_gifts_are_apart() -> None:
    year = lived("spain", 2024, [
        buy("2024-01-05", "1 BTC", "1000"),
        event("gift", "2024-02-01", out="1 BTC 400", subkind="gift"),
    ])  # fmt: skip
    assert year.disposals == []
    assert figures("spain", year)["1813"] == 0


def test_the_value_on_the_last_day() -> None:
    events = [buy("2024-12-31T22:59:59", "1 BTC", "1"), buy("2024-12-31T23:00:00", "1 BTC", "1")]
    year = lived("spain", 2024, events)
    priced = replace(year, closing_values=lambda asset, amount: 60000 * amount)
    assert figures("spain", priced)["721"] == 60000
    assert figures("spain", year)["721"] is None
