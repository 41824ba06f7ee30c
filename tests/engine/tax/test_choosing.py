"""Lots chosen by hand: what of a choice is followed, what is not, and what there is to choose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import ZERO, total
from portfolio.engine.tax import History, TaxEvent, choosing, compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import place as places
from portfolio.engine.tax.choosing import Choice
from portfolio.engine.tax.method import UnknownMethod
from portfolio.engine.tax.settings import Oversell, Scope
from tests.engine.tax.build import at, buy, event, rows, run, sell, settings
from tests.engine.tax.test_properties import histories

D = Decimal
THREE = (
    buy("2023-01-01", "1 BTC", "100"),
    buy("2023-02-01", "1 BTC", "300"),
    buy("2023-03-01", "1 BTC", "200"),
)
SALE = sell("2023-06-01", "1.5 BTC", "600")


def chosen(
    events: Sequence[TaxEvent], choices: Sequence[Choice], **more: Any
) -> tuple[Any, list[choosing.Unmet]]:
    """Events are transactions of the same numbers."""
    history = History(events, "EUR")
    found = choosing.matched(choices, range(len(events)), history)
    outcome = run(list(events), "specific", picks=choosing.picks(found), **more)
    return outcome, list(choosing.unmet(found, outcome.disposals))


@pytest.mark.parametrize(
    ("rest", "costs"), [("fifo", ["300", "50"]), ("lifo", ["300", "100"]), ("hifo", ["300", "100"])]
)
def test_what_is_not_chosen_goes_by_the_method_of_the_rest(rest: str, costs: list[str]) -> None:
    outcome, missing = chosen([*THREE, SALE], [Choice(3, 1, D(1))], rest=rest)
    assert [row[2] for row in rows(outcome)] == costs
    assert missing == []


def test_the_rest_may_change_with_the_year() -> None:
    events = [*THREE, SALE, sell("2024-06-01", "0.5 BTC", "300")]
    rest = {"rest": "by_year", "method_by_year": {2023: "fifo", 2024: "lifo"}}
    outcome, _missing = chosen(events, [Choice(3, 1, D(1))], **rest)
    assert [row.lot for row in outcome.disposals] == [1, 0, 2]
    with pytest.raises(UnknownMethod):
        chosen(events, [], rest="average")


def test_a_choice_counts_once_where_a_fee_is_paid_in_the_coin_sold() -> None:
    sale = event("sell", "2023-06-01", out="0.5 BTC 500", into="500 EUR 500", fee="0.5 BTC 50")
    outcome, _missing = chosen([*THREE, sale], [Choice(3, 2, D("0.5"))])
    assert [(row.lot, str(row.amount)) for row in outcome.disposals] == [(2, "0.5"), (0, "0.5")]


def test_a_lot_that_moved_in_parts_is_taken_whole() -> None:
    moves = [
        event("transfer", f"2023-04-0{day}", out="0.5 BTC", into="0.5 BTC", to_wallet="B")
        for day in (1, 2)
    ]
    sale = sell("2023-06-01", "1 BTC", "600", wallet="B")
    events = [THREE[0], buy("2023-02-01", "1 BTC", "300", wallet="B"), *moves, sale]
    outcome, missing = chosen(events, [Choice(4, 0, D(1))], scope=Scope.PER_WALLET)
    assert total(row.cost_basis for row in outcome.disposals) == 100
    assert missing == []


def test_a_choice_finds_its_coin_in_transactions_of_several_events() -> None:
    """A conversion of two coins into one is told as three events of one transaction."""
    events = [
        buy("2023-01-01", "1 ETH", "10"),
        buy("2023-01-01", "1 BTC", "100"),
        sell("2023-02-01", "1 ETH", "20"),
        buy("2023-02-01", "1 SOL", "20"),
        buy("2023-03-01", "1 SOL", "30"),
        sell("2023-04-01", "1 BTC", "150"),
        sell("2023-04-01", "1 SOL", "50"),
    ]
    sources = [1, 2, 3, 3, 4, 5, 5]
    history = History(events, "EUR")
    for asset in ("SOL", ""):
        found = choosing.matched([Choice(5, 3, D(1), asset)], sources, history)
        assert [(row.sold, row.lot) for row in found] == [(6, 3)]


@pytest.mark.parametrize(
    ("choice", "missing", "value"),
    [
        (Choice(3, 1, D("1.25")), "0.25", "100"),  # there was less
        (Choice(3, 9, D(1), "BTC"), "1", "400"),  # the lot is gone
        (Choice(3, 4, D(1)), "1", "400"),  # it was bought later
        (Choice(9, 1, D(1)), "1", None),  # the disposal is gone
    ],
)
def test_what_cannot_be_followed_is_told(choice: Choice, missing: str, value: str | None) -> None:
    later = buy("2023-09-01", "1 BTC", "1")
    _outcome, found = chosen([*THREE, SALE, later], [choice])
    (told,) = found
    assert (str(told.missing), told.value) == (missing, None if value is None else D(value))


def test_choices_are_told_and_read_again() -> None:
    late = Choice(7, 3, D("0.10"), "BTC", at("2023-06-01"), at("2023-06-02"))
    early = late._replace(chosen_at=at("2023-05-31"), lot=4)
    assert choosing.read(choosing.told([late, early])) == [late, early]
    assert (late.is_late, early.is_late) == (True, False)
    assert choosing.read({"7": [[3, "0.10"]]}) == [Choice(7, 3, D("0.10"))]


def test_the_lots_of_the_moment_are_offered() -> None:
    at_once = buy("2023-06-01", "1 BTC", "400")  # of one moment purchases come first
    sale = event("sell", "2023-06-01", out="2.25 BTC 900", into="900 EUR 900", fee="0.25 BTC 100")
    history = History([*THREE, sale, at_once], "EUR")
    place = places.by_id("neutral")
    (offer,) = choosing.offers(place, settings("specific"), history, [3])
    assert (offer.asset, offer.amount, offer.proceeds) == ("BTC", D("2.5"), D(900))
    assert [(lot.lot, lot.cost, lot.taken) for lot in offer.lots] == [
        (0, D(100), D(1)),
        (1, D(300), D(1)),
        (2, D(200), D("0.5")),
        (4, D(400), D(0)),
    ]


@given(histories(), st.sampled_from([Scope.UNIVERSAL, Scope.PER_WALLET]), st.data())
def test_choices_conserve_quantity_and_cost(
    events: list[TaxEvent], scope: Scope, data: st.DataObject
) -> None:
    """Whatever is chosen of what is offered is taken, and nothing is lost or made."""
    plain = settings("specific", scope=scope, oversell=Oversell.ZERO_COST)
    history = History(events, "EUR")
    before = compute(plain, history)
    sales = sorted({row.event for row in before.disposals})
    if not sales:
        return
    place, sale = places.by_id("neutral"), data.draw(st.sampled_from(sales))
    until = history.before(events[sale].time + timedelta(microseconds=1))
    choices = []
    for offer in choosing.offers(place, plain, until, [sale]):
        rest = offer.amount
        for lot in data.draw(st.permutations(offer.lots)):
            share = data.draw(st.sampled_from([D(0), D("0.5"), D(1)]))
            amount = min((lot.amount * share).quantize(D("1e-8")), lot.amount, rest)
            if amount:
                choices.append(Choice(sale, lot.lot, amount, offer.asset))
                rest -= amount
    found = choosing.matched(choices, range(len(events)), history)
    after = compute(
        settings("specific", scope=scope, picks=choosing.picks(found), oversell=Oversell.ZERO_COST),
        history,
    )
    assert list(choosing.unmet(found, after.disposals)) == []
    for outcome in (before, after):
        assert total(row.amount for row in outcome.disposals) == total(
            row.amount for row in before.disposals
        )
    assert _cost(before) == _cost(after)
    assert sums.proceeds(before.disposals) == sums.proceeds(after.disposals)


def _cost(outcome: Any) -> Decimal:
    out = total(row.cost_basis for row in outcome.disposals)
    return out + total(row.cost_basis for row in outcome.remaining) + ZERO
