"""United States: terms, boxes, and lots that move into their accounts in 2025."""

from __future__ import annotations

from hypothesis import given

from portfolio.engine.money import total
from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax.safe_harbour import compute_by_wallet_from
from tests.engine.tax.build import at, buy, event, sell, settings
from tests.engine.tax.places.build import figures, lived
from tests.engine.tax.test_properties import assert_conserved, histories


def test_short_and_long_have_their_parts() -> None:
    year = lived("us", 2024, [
        buy("2022-03-10", "1 BTC", "100"),
        buy("2024-01-10", "1 BTC", "300"),
        sell("2024-03-11", "1.5 BTC", "900", fee="9 EUR 9"),
    ])  # fmt: skip
    told = figures("us", year)
    assert (told["8949 I (d)"], told["8949 I (e)"], told["8949 I (h)"]) == (297, 150, 147)
    assert (told["8949 II (d)"], told["8949 II (e)"], told["8949 II (h)"]) == (594, 100, 494)
    assert told["Schedule D 16"] == 641


def test_a_loss_counts_up_to_a_limit() -> None:
    events = [buy("2024-01-01", "1 BTC", "9000"), sell("2024-02-01", "1 BTC", "1000")]
    told = figures("us", lived("us", 2024, events))
    assert (told["Schedule D 16"], told["Schedule D 21"]) == (-8000, 3000)


def test_a_gift_given_makes_no_gain() -> None:
    year = lived("us", 2024, [
        buy("2024-01-01", "2 BTC", "200"),
        event("gift", "2024-02-01", out="1 BTC 500", subkind="gift"),
    ])  # fmt: skip
    assert year.disposals == []
    assert [row.amount for row in year.apart] == [1]
    assert [row.amount for row in year.closing] == [1]


TWO_ACCOUNTS = [
    buy("2023-01-01", "1 BTC", "100", wallet="B"),
    buy("2023-02-01", "1 BTC", "300", wallet="A"),
]


def test_until_2024_the_oldest_goes_first_wherever_it_is() -> None:
    events = [*TWO_ACCOUNTS, sell("2024-06-01", "1 BTC", "500", wallet="A")]
    assert [row.cost_basis for row in lived("us", 2024, events).disposals] == [100]


def test_from_2025_on_each_account_has_its_own_lots() -> None:
    events = [*TWO_ACCOUNTS, sell("2025-06-01", "1 BTC", "500", wallet="A")]
    (row,) = lived("us", 2025, events).disposals
    assert (row.cost_basis, row.wallet, row.acquired) == (300, "A", at("2023-02-01"))
    told = figures("us", lived("us", 2025, events))
    assert told["8949 II (h)"] == 200


def test_the_oldest_lots_go_to_the_account_that_was_used_first() -> None:
    """One is sold out of A in 2024 at the cost of B's lot: B takes over what is left of A's."""
    events = [
        *TWO_ACCOUNTS,
        buy("2023-03-01", "1 BTC", "700", wallet="A"),
        sell("2024-06-01", "1 BTC", "500", wallet="A"),
        sell("2025-06-01", "1 BTC", "500", wallet="B"),
        sell("2025-06-02", "1 BTC", "500", wallet="A"),
    ]
    year = lived("us", 2025, events)
    assert [(row.wallet, row.cost_basis) for row in year.disposals] == [("B", 300), ("A", 700)]
    assert [row.cost_basis for row in year.opening] == [300, 700]


@given(events=histories())
def test_moving_lots_into_their_accounts_loses_nothing(events: list[TaxEvent]) -> None:
    told = History(events, "EUR")
    found = compute_by_wallet_from(settings(), told, at("2021-06-01"))
    assert_conserved(events, found)
    universal = compute(settings(), told)
    assert total(r.amount for r in found.disposals) == total(r.amount for r in universal.disposals)
    assert total(r.proceeds for r in found.disposals) == total(
        r.proceeds for r in universal.disposals
    )


def test_what_was_sold_beyond_an_account_is_not_owed_by_it() -> None:
    events = [
        buy("2023-01-01", "1 ETH", "30", wallet="A"),
        sell("2023-02-01", "5 BTC", "500", wallet="B"),
        buy("2023-03-01", "3 BTC", "300", wallet="B"),
        sell("2025-02-01", "3 BTC", "900", wallet="B"),
    ]
    year = lived("us", 2025, events)
    assert [(row.wallet, row.gain) for row in year.disposals] == [("B", 600)]
    assert year.shortfalls == []
