"""The lines of a tax report, made of a computed year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from portfolio.engine.tax import choosing
from portfolio.engine.tax.choosing import Choice, Matched
from portfolio.engine.tax.from_ledger import FIAT, Assumed, Translation
from portfolio.engine.tax.place import Place, Year
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Disposal, Match, Remaining
from portfolio.models import TaxLine

Part = TaxLine.Part
Columns = dict[str, Any]


def of_year(year: Year, made: Translation, more: Iterable[Columns] = ()) -> Iterator[Columns]:
    """All lines of a year, in order; positions count from 0 within each part.

    ``more`` is told with what was taken for granted.
    """
    sources = made.sources
    parts: tuple[tuple[TaxLine.Part, Iterable[Columns]], ...] = (
        (Part.DISPOSAL, (_disposal(row, year, made) for row in year.disposals)),
        (Part.APART, (_disposal(row, year, made) for row in year.apart)),
        (Part.INCOME, _income(year, made)),
        (Part.CONTRACT, _contracts(year)),
        (Part.OPENING, (_lot(row, sources, year.opening_values) for row in year.opening)),
        (Part.GIVEN, (_lot(row, sources, year.opening_values) for row in year.given)),
        (Part.CLOSING, (_lot(row, sources, year.closing_values) for row in year.closing)),
        (Part.ASSUMED, chain(_assumed(year, made), more)),
    )
    for part, rows in parts:
        for position, columns in enumerate(rows):
            yield {"part": part.value, "position": position, **columns}


def _disposal(row: Disposal, year: Year, made: Translation) -> Columns:
    acquired = row.acquired
    is_moment = isinstance(acquired, datetime)
    return {
        "at": row.time,
        "on": row.on,
        "asset": row.asset,
        "account": made.accounts[row.event],
        "amount": row.amount,
        "proceeds": row.proceeds,
        "cost": None if _has_no_part(row) else row.cost_basis,
        "denied": row.denied or None,
        "acquired_at": acquired if is_moment else None,
        "acquired_on": None if is_moment else acquired,
        "term": row.term.value if row.term else "",
        "match": row.match.value,
        "subkind": year.subkinds.get(row.event, ""),
        "transaction": made.sources[row.event],
        "lot_transaction": None if row.lot is None else made.sources[row.lot],
    }


def _has_no_part(row: Disposal) -> bool:
    """Whether a sale would take its part of what all coins had cost by a price that is unknown."""
    return row.proceeds is None and row.match is Match.PORTFOLIO


def _income(year: Year, made: Translation) -> Iterator[Columns]:
    for line in year.income:
        yield {
            "at": line.time,
            "on": line.on,
            "asset": line.asset,
            "account": made.accounts[line.event],
            "amount": line.amount,
            "value": line.value,
            "subkind": year.subkinds.get(line.event, ""),
            "transaction": made.sources[line.event],
        }


def _contracts(year: Year) -> Iterator[Columns]:
    for line in year.contracts:
        yield {
            "at": line.time,
            "asset": line.asset,
            "account": line.account,
            "amount": line.amount,
            "value": line.value,
            "subkind": line.kind.value,
            "transaction": line.transaction,
        }


def _lot(
    row: Remaining, sources: Sequence[int], worth: Callable[[str, Decimal], Decimal | None]
) -> Columns:
    return {
        "asset": row.asset,
        "account": row.wallet,
        "amount": row.amount,
        "cost": row.cost_basis,
        "value": worth(row.asset, row.amount),
        "acquired_at": row.acquired,
        "lot_transaction": None if row.lot is None else sources[row.lot],
    }


def _assumed(year: Year, made: Translation) -> Iterator[Columns]:
    """What was taken for granted in the year, and before it of lots that are used in it."""
    used = {made.sources[row.lot] for row in year.disposals if row.lot is not None}
    unpriced = set(_unpriced(year, made))
    for found in made.assumptions:
        is_of_year = year.begin <= found.time < year.end
        if found.what is Assumed.UNPRICED:  # what makes no gain here needs no price
            named = (found.transaction, found.asset) in unpriced
            is_told = is_of_year and (named or found.asset in FIAT)
        else:
            is_told = is_of_year or found.transaction in used
        if is_told:
            yield {
                "at": found.time,
                "asset": found.asset,
                "account": found.account,
                "amount": found.amount,
                "value": found.value,
                "subkind": found.what.value,
                "transaction": found.transaction,
            }
    for short in year.shortfalls:
        yield {
            "asset": short.asset,
            "amount": short.missing,
            "subkind": NOT_HELD,
            "transaction": made.sources[short.event],
        }


def _unpriced(year: Year, made: Translation) -> Iterator[tuple[int, str]]:
    """The transactions and assets of what no sum of the year has."""
    for row in year.disposals:
        if row.proceeds is None:
            yield made.sources[row.event], row.asset
    for line in year.income:
        if line.value is None:
            yield made.sources[line.event], line.asset
    for flow in year.contracts:
        if flow.value is None:
            yield flow.transaction, flow.asset


def of_choices(
    place: Place, settings: Settings, chosen: Sequence[Matched], year: Year
) -> Iterator[Columns]:
    """The chosen lots of a year that could not be taken, and those that were chosen too late."""
    if settings.method != "specific":
        return
    of_year = [row for row in chosen if _is_of(row, year)]
    rows = [*year.disposals, *year.apart]
    for left in choosing.unmet(of_year, rows):
        yield _of_choice(left.choice, left.missing, left.value, NOT_AS_CHOSEN)
    if place.identify_by:
        for row in of_year:
            if row.choice.is_late:
                yield _of_choice(row.choice, row.choice.amount, None, CHOSEN_LATE)


def _is_of(row: Matched, year: Year) -> bool:
    """By when it was sold; where nobody knows, in every year."""
    at = row.choice.sold_at
    return at is None or year.begin <= at < year.end


def _of_choice(choice: Choice, amount: Decimal, value: Decimal | None, what: str) -> Columns:
    return {
        "at": choice.sold_at,
        "asset": choice.asset,
        "amount": amount,
        "value": value,
        "subkind": what,
        "transaction": choice.sold,
        "lot_transaction": choice.lot,
    }


NOT_AS_CHOSEN = "not_as_chosen"  # a lot that was chosen is not there, or not enough of it
CHOSEN_LATE = "chosen_late"  # a lot was chosen after the sale
NOT_HELD = "not_held"  # more was disposed of than was held: taken at no cost


def number_of(year: Year) -> int:
    """About how many lines a year has."""
    lots = (year.opening, year.closing)
    return sum(map(len, (year.disposals, year.apart, year.income, year.contracts, *lots)))
