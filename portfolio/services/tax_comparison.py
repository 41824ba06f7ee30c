"""The same tax year by every method that the place allows, kept with its report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine.money import plain
from portfolio.engine.tax.place import Place
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.what_if import MethodYear, compare, methods_of
from portfolio.services.tax_ledger import TaxLedger


def told(place: Place, settings: Settings, ledger: TaxLedger, year: int) -> list[dict[str, Any]]:
    """One row a method as JSON; none where there is nothing to choose from. May raise BadEvent."""
    if len(methods_of(place, settings)) < 2:
        return []
    found = compare(place, settings, ledger.history, ledger.made.contracts, year)
    return [_row(row) for row in found]


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
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
