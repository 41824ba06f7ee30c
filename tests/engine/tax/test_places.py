"""What holds for every place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bench import places as page
from portfolio.engine.tax import History
from portfolio.engine.tax.method import methods
from portfolio.engine.tax.place import (
    FOREIGN_MONEY,
    SOLD_SHORT,
    Place,
    UnknownPlace,
    all_places,
    by_id,
)
from portfolio.engine.tax.yearly import year_of
from tests.engine.tax.build import buy, sell


def test_places_are_found_by_themselves() -> None:
    assert by_id("neutral") is all_places()[-1]
    with pytest.raises(UnknownPlace):
        by_id("atlantis")


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_its_methods_exist_and_its_settings_are_whole(place: Place) -> None:
    assert set(place.methods) <= methods().keys()
    for method in place.methods:
        made = place.settings_for(method, "EUR", "Europe/Berlin")
        assert made.base_currency == (place.currency or "EUR")
        assert made.tax_year_start == place.year_start
    assert place.covers
    assert place.not_covered
    assert place.sources or place.id == "neutral"
    with pytest.raises(ValueError, match="is no method of"):
        place.settings_for("guessing")


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_what_is_not_worked_out_of_money_and_loans_is_said(place: Place) -> None:
    taxes_gains = place.id not in ("france", "netherlands", "neutral", "switzerland")
    assert ({FOREIGN_MONEY, SOLD_SHORT} <= set(place.not_covered)) is taxes_gains


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_a_year_is_a_year_of_the_place(place: Place) -> None:
    begin, end = place.span(2024, "Europe/Berlin")
    made = place.settings_for(place.methods[0], "EUR", "Europe/Berlin")
    assert made.year_of(made.local_date(begin)) == 2024
    assert made.local_date(begin).year == 2024
    assert (made.local_date(end) - made.local_date(begin)).days in (365, 366)


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_an_empty_year_has_its_figures(place: Place) -> None:
    made = place.settings_for(place.methods[0], "EUR")
    year = year_of(place, made, History((), made.base_currency), (), 2024)
    # Limits of the law are there all the same.
    assert all(not figure.amount for figure in place.figures(year) if figure.is_main)
    assert any(figure.is_main for figure in place.figures(year))


def test_the_neutral_figures() -> None:
    place = by_id("neutral")
    made = place.settings_for("fifo", "EUR")
    events = [buy("2024-01-01", "1 BTC", "100"), sell("2024-02-01", "0.5 BTC", "75.555")]
    year = year_of(place, made, History(events, "EUR"), (), 2024)
    told = {figure.title: figure.amount for figure in place.figures(year)}
    assert told["Proceeds"] == Decimal("75.56")
    assert told["Gain"] == Decimal("25.56")


def test_the_page_is_what_the_places_say() -> None:
    told = Path(__file__).parents[3] / "docs" / "taxes.md"
    assert told.read_text() == page.document(), "python -m bench.places > docs/taxes.md"
