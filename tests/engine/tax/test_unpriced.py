"""What nobody knows the price of is unknown, and changes no sum of what is known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import ZERO
from portfolio.engine.tax import History, Outcome, TaxEvent, compute, left_out
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.compute import totals
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.place import Place, Without, all_places
from portfolio.engine.tax.settings import Oversell, Settings
from portfolio.engine.tax.types import Disposal
from portfolio.engine.tax.what_if import compare
from portfolio.engine.tax.yearly import year_of
from portfolio.engine.types import TransactionKind
from tests.engine.tax.build import UK, at, buy, event, left, rows, run, sell, settings
from tests.engine.tax.test_properties import METHODS, histories

PLACES = all_places()
quick = hypothesis.settings(max_examples=30)
# Elsewhere what the law makes of a sale depends on the gain of those before it.
INDEPENDENT = [method for method in METHODS if method != "acb_superficial"]


def unpriced(told: TaxEvent) -> TaxEvent:
    """The same event, of a price that nobody knows."""
    assert told.out is not None
    into = None if told.into is None or told.into.asset == "EUR" else told.into._replace(value=None)
    return replace(told, into=into, out=told.out._replace(value=None))


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[TaxEvent], list[TaxEvent]]:
    """A history of known prices, and the same with some sales of unknown ones."""
    known = draw(histories())
    sales = [number for number, told in enumerate(known) if told.kind == "sell"]
    chosen = set(draw(st.lists(st.sampled_from(sales)))) if sales else set()
    return known, [unpriced(e) if n in chosen else e for n, e in enumerate(known)]


def known_rows(found: Outcome, other: Outcome) -> tuple[list[Disposal], list[Disposal]]:
    """The rows of both without those that one of them does not know."""
    assert len(found.disposals) == len(other.disposals)
    both = [
        (one, two)
        for one, two in zip(found.disposals, other.disposals, strict=True)
        if two.proceeds is not None
    ]
    return [one for one, _ in both], [two for _, two in both]


@pytest.mark.parametrize("method", INDEPENDENT)
@quick
@given(both=lives())
def test_an_unknown_price_changes_nothing_that_is_known(
    method: str, both: tuple[list[TaxEvent], list[TaxEvent]]
) -> None:
    more = UK if method == "uk_share_pooling" else {}
    one, two = (compute(settings(method, **more), told) for told in both)
    kept, same = known_rows(one, two)
    assert kept == same
    assert list(one.remaining) == list(two.remaining)
    assert [r._replace(proceeds=None) for r in one.disposals] == [
        r._replace(proceeds=None) for r in two.disposals
    ]
    assert totals(settings(method, **more), replace(one, disposals=kept)) == totals(
        settings(method, **more), two
    )


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.id)
@quick
@given(events=histories())
def test_where_all_prices_are_known_nothing_is_left_out(
    place: Place, events: list[TaxEvent]
) -> None:
    for year in (2021, 2023):
        found = _year(place, events, year)
        assert left_out.figures(place, found) == list(place.figures(found))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.id)
@quick
@given(both=lives())
def test_the_figures_of_a_place_are_those_of_what_is_known(
    place: Place, both: tuple[list[TaxEvent], list[TaxEvent]]
) -> None:
    for year in (2021, 2023):
        found = _year(place, both[1], year)
        kept = [row for row in found.disposals if row.proceeds is not None]
        told = left_out.figures(place, found)
        assert [figure.amount for figure in told] == [
            figure.amount for figure in place.figures(replace(found, disposals=kept))
        ]
        number = len({(row.event, row.asset) for row in found.disposals if row.proceeds is None})
        without = [figure.without for figure in told if figure.without]
        assert max((each.disposals for each in without), default=0) == (
            number if _has_sums(place, year) else 0
        )


def _has_sums(place: Place, year: int) -> bool:
    """Whether sales count there at all: of some only what is held does."""
    return place.id != "austria" or year >= 2023


def _settings(place: Place) -> Settings:
    found = place.settings_for(place.methods[0])
    return replace(found, base_currency="EUR", oversell=Oversell.ZERO_COST)


def _year(place: Place, events: list[TaxEvent], year: int) -> Any:
    if place.needs_portfolio:
        big = Decimal(10) ** 12
        events = [replace(e, portfolio_value=big) if e.kind == "sell" else e for e in events]
    return year_of(place, _settings(place), History(events, "EUR"), (), year)


# --- Case by case ----------------------------------------------------------------------------


NEUTRAL = next(place for place in PLACES if place.id == "neutral")
US = next(place for place in PLACES if place.id == "us")
SOLD = [
    buy("2023-01-01", "3 BTC", "300"),
    sell("2023-02-01", "1 BTC", "150"),
    event("sell", "2023-03-01", out="1 BTC"),
]


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"uk_share_pooling"}))
def test_a_sale_of_unknown_price_uses_its_lots_and_has_no_gain(method: str) -> None:
    found = run(SOLD, method)
    assert [row[:4] for row in rows(found)] == [
        ("1", "150", "100", "50"),
        ("1", "unknown", "100", "unknown"),
    ]
    assert left(found) == [("BTC", "1", "100")]
    assert totals(settings(), found)["2023"]["gain"] == 50


def test_a_loss_that_nobody_knows_is_not_denied() -> None:
    events = [*SOLD, buy("2023-03-05", "1 BTC", "100")]
    found = run(events, "acb_superficial")
    assert [row.denied for row in found.disposals] == [ZERO, ZERO]
    assert left(found) == [("BTC", "2", "200")]


def test_of_a_day_that_is_one_disposal_one_unknown_price_leaves_all_unknown() -> None:
    events = [*SOLD, sell("2023-03-01T15:00", "0.5 BTC", "80")]
    found = run(events, "uk_share_pooling", **UK)
    assert [row.proceeds for row in found.disposals] == [150, None]
    gift = event("gift", "2023-03-01", out="0.5 BTC", subkind="spouse")
    given_away = run([*SOLD[:2], gift], "uk_share_pooling", **UK)
    assert [row.proceeds for row in given_away.disposals] == [150, 50]  # without gain or loss


def test_income_of_unknown_worth_is_told_and_in_no_sum() -> None:
    found = run(
        [event("income", "2023-01-01", into="1 XYZ"), event("income", "2023-02-01", into="1 XYZ 5")]
    )
    assert [line.value for line in found.income] == [None, 5]
    assert totals(settings(), found)["2023"] == {"income": 5}
    assert left(found) == [("XYZ", "1", "0"), ("XYZ", "1", "5")]


def test_what_a_transfer_costs_may_be_unknown() -> None:
    moved = event("transfer", "2023-02-01", out="1 BTC", into="0.9 BTC", to_wallet="B")
    found = run([buy("2023-01-01", "1 BTC", "100"), moved])
    assert rows(found) == [("0.1", "unknown", "10", "unknown", "lot")]


def test_each_figure_tells_what_it_leaves_out_and_no_other_does() -> None:
    """Of the United States one is short, one long; income and contracts have their own."""
    events = [
        buy("2023-01-01", "3 BTC", "300"),
        event("sell", "2023-06-01", out="1 BTC"),
        event("sell", "2024-06-01", out="0.5 BTC"),
        event("sell", "2024-07-01", out="0.5 BTC"),
        buy("2024-07-01", "1 ETH", "7"),
        event("sell", "2024-08-01", out="1 ETH"),
        event("income", "2024-08-02", into="1 XYZ"),
    ]
    line = ContractLine(1, at("2024-02-01"), TransactionKind.FUNDING, "A", "XYZ", Decimal(1), None)
    year = year_of(US, _settings(US), History(events, "EUR"), (line,), 2024)
    told = {figure.code or figure.title: figure.without for figure in left_out.figures(US, year)}
    short, long = Without(1, Decimal(7)), Without(2, Decimal(100))
    both = Without(3, Decimal(107))
    assert told == {
        "8949 I (d)": short, "8949 I (e)": short, "8949 I (h)": short,
        "8949 II (d)": long, "8949 II (e)": long, "8949 II (h)": long,
        "Schedule D 16": both, "Schedule D 21": both,
        "Schedule 1 8v": Without(0, ZERO, income=1),
        "Received in money": None,
        "Contracts": Without(0, ZERO, contracts=1),
    }  # fmt: skip


def test_the_methods_compared_tell_what_each_leaves_out() -> None:
    events = [buy("2022-01-01", "1 BTC", "50"), *SOLD]
    history = History(events, "EUR")
    found = {m.method: m for m in compare(NEUTRAL, settings(), history, (), 2023)}
    assert found["fifo"].without == Without(1, Decimal(100))
    assert [found["fifo"].gain, found["fifo"].cost] == [100, 50]
    assert found["lofo"].without == Without(1, Decimal(100))
    known = {
        m.method: m for m in compare(NEUTRAL, settings(), History(events[:3], "EUR"), (), 2023)
    }
    assert {m.without for m in known.values()} == {None}
    assert {name: m.gain for name, m in known.items()} == {n: m.gain for n, m in found.items()}


def test_a_price_of_nothing_is_a_price() -> None:
    """Worthless and sold so is a loss; that is known."""
    found = run([SOLD[0], sell("2023-02-01", "1 BTC", "0")])
    assert sums.net(found.disposals) == -100
