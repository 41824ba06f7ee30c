"""United States: terms, boxes, and lots that move into their accounts in 2025."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import total
from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.places.us import PLACE
from portfolio.engine.tax.safe_harbour import compute_by_wallet_from
from portfolio.engine.tax.safe_harbour import given as given_lots
from portfolio.engine.tax.settings import Placing
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
    assert sums.proceeds(found.disposals) == sums.proceeds(universal.disposals)


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


def test_lots_go_to_accounts_in_the_order_that_was_chosen() -> None:
    told = History([
        buy("2021-01-01", "1 BTC", "100", wallet="A"),
        buy("2021-02-01", "1 BTC", "300", wallet="B"),
        buy("2021-03-01", "1 BTC", "200", wallet="B"),
    ], "EUR")  # fmt: skip

    def found(placing: Placing, *order: str) -> list[tuple[str, str]]:
        chosen = settings(placing=placing, wallet_order=order)
        rows = given_lots(chosen, told, at("2022-01-01"))
        return [(row.wallet, f"{row.cost_basis:f}") for row in rows]

    assert found(Placing.OLDEST) == [("A", "100"), ("B", "300"), ("B", "200")]
    assert found(Placing.YOUNGEST) == [("A", "200"), ("B", "300"), ("B", "100")]
    assert found(Placing.DEAREST) == [("A", "300"), ("B", "200"), ("B", "100")]
    assert found(Placing.CHEAPEST) == [("A", "100"), ("B", "200"), ("B", "300")]
    assert found(Placing.OLDEST, "B") == [("B", "100"), ("B", "300"), ("A", "200")]
    assert found(Placing.OLDEST, "C", "B", "A") == found(Placing.OLDEST, "B")


@given(histories(), st.sampled_from(Placing))
def test_whatever_the_order_what_is_given_is_what_there_was(
    events: list[TaxEvent], placing: Placing
) -> None:
    moment = at("2022-01-01")
    history = History(events, "EUR")
    chosen = settings(placing=placing, wallet_order=("B",))
    before = compute(settings(), history.before(moment)).remaining
    after = given_lots(chosen, history, moment)
    assert total(row.amount for row in after) == total(row.amount for row in before)
    assert total(row.cost_basis for row in after) == total(row.cost_basis for row in before)
    assert_conserved(events, compute_by_wallet_from(chosen, history, moment))


def test_what_was_received_in_money_is_no_income_from_coins() -> None:
    events = [
        event("income", "2025-05-01", into="1 ETH 300"),
        event("income", "2025-05-02", into="40 EUR 40", subkind="interest"),
    ]
    told = figures("us", lived("us", 2025, events))
    assert (told["Schedule 1 8v"], told["Received in money"]) == (300, 40)


def test_highest_first_is_by_basis_for_lots_of_before_and_after_2025() -> None:
    """Fees in it: 109 and 112. Of the older the fee is not told apart any more."""
    events = [
        buy("2024-06-01", "1 BTC", "105", fee="4 EUR 4"),
        buy("2025-02-01", "1 BTC", "100", fee="12 EUR 12"),
        sell("2025-03-01", "1 BTC", "200"),
    ]
    chosen = replace(PLACE.settings_for("hifo"), base_currency="EUR")
    (row,) = PLACE.compute(chosen, History(events, "EUR")).disposals
    assert row.cost_basis == 112
