"""A year of a place, from events written down shortly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from portfolio.engine.tax import History, TaxEvent
from portfolio.engine.tax.place import Year, by_id
from portfolio.engine.tax.settings import Oversell
from portfolio.engine.tax.types import Leg
from portfolio.engine.tax.yearly import year_of


def in_money(events: Iterable[TaxEvent], currency: str) -> list[TaxEvent]:
    """The same events with the place's money in the place of euros."""

    def leg(told: Leg | None) -> Leg | None:
        return told._replace(asset=currency) if told and told.asset == "EUR" else told

    return [replace(row, into=leg(row.into), out=leg(row.out), fee=leg(row.fee)) for row in events]


def lived(place_id: str, year: int, events: Iterable[TaxEvent], method: str = "") -> Any:
    """The tax year that starts in ``year``; loosely typed, so that tests compare whole numbers."""
    place = by_id(place_id)
    made = place.settings_for(method or place.methods[0], place.currency or "EUR", "UTC")
    made = replace(made, oversell=Oversell.ZERO_COST)
    told = History(in_money(events, made.base_currency), made.base_currency)
    return year_of(place, made, told, (), year)


def figures(place_id: str, year: Year) -> dict[str, Any]:
    """The figures by their codes, or by their titles where they have none."""
    found = by_id(place_id).figures(year)
    return {figure.code or figure.title: figure.amount for figure in found}
