"""The same tax year by every method that the place allows, kept with its report."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portfolio.engine.money import plain
from portfolio.engine.tax.place import Place, Year
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.what_if import MethodYear, compare, methods_of
from portfolio.selectors import tax_unpriced
from portfolio.services.tax_ledger import TaxLedger


def told(
    place: Place,
    settings: Settings,
    ledger: TaxLedger,
    year: int,
    known: Year,
    *,
    tell: Callable[[int], None] = lambda number: None,
) -> list[dict[str, Any]]:
    """One row a method as JSON; none where there is nothing to choose from. May raise BadEvent.

    ``known`` is the year by the method of the settings. ``tell`` is told how many are computed.
    """
    if len(methods_of(place, settings)) < 2:
        return []
    found = compare(place, settings, ledger.history, ledger.made.contracts, year, known)
    rows = []
    for number, row in enumerate(found, 1):
        rows.append(_row(row))
        tell(number)
    return rows


def _row(row: MethodYear) -> dict[str, Any]:
    return {
        "method": row.method,
        "proceeds": plain(row.proceeds),
        "cost": plain(row.cost),
        "gain": plain(row.gain),
        "gain_short": _plain(row.gain_short),
        "gain_long": _plain(row.gain_long),
        "left": row.left,
        "left_cost": plain(row.left_cost),
        "without": tax_unpriced.told(row.without),
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
