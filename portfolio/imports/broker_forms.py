"""Reads what a broker reported on Forms 1099-DA, from CSV: a row a sale, all of them or nothing.

The columns, by any of their names: asset (``asset_symbol``), date sold (``disposed_date``, box 1e),
proceeds (box 1f), basis (``cost_basis``, box 1g; empty where it was not told), box (``checkbox``:
the code for Form 8949, G, H, J, K, or Y where the broker did not know the term). Others are passed
over. Dates as 2025-12-31 or 12/31/2025, money in dollars.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.tax.broker import Told

MOST_ROWS = 20_000
MOST_PROBLEMS = 10
BOXES = ("G", "H", "J", "K", "Y")
NAMES = {
    "asset": ("asset", "assetsymbol", "symbol", "currencyname"),
    "on": ("datesold", "disposeddate", "solddate", "dateofsale", "box1e", "1e"),
    "proceeds": ("proceeds", "box1f", "1f"),
    "basis": ("basis", "costbasis", "costorotherbasis", "box1g", "1g"),
    "box": ("box", "checkbox", "applicablecheckbox", "applicablecheckboxonform8949"),
}
_MONEY = re.compile(r"\$?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,12})?")
_ASSET = re.compile(r"[A-Za-z0-9.$_-]{1,40}")


class BadForm(Exception):
    """What is wrong, as (line, sentence with names in it, its values), the first ones."""

    def __init__(self, problems: list[tuple[int, str, dict[str, Any]]]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def _noop(text: str) -> str:
    """Marks words that pages translate."""
    return text


def read(data: bytes, year: int) -> list[Told]:
    """The sales of a tax year. May raise BadForm; then nothing of it counts."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadForm([(0, _noop("This is no text: give a CSV file."), {})]) from None
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        raise BadForm([(0, _noop("This is no CSV file."), {})]) from None
    heading = _heading(rows)
    problems: list[tuple[int, str, dict[str, Any]]] = []
    found: list[Told] = []
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            try:
                found.append(_told(row, heading, year))
            except _Bad as bad:
                problems.append((number, bad.words, bad.values))
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise BadForm(problems)
    if not found:
        raise BadForm([(0, _noop("There is no sale in it."), {})])
    return found


def _heading(rows: list[list[str]]) -> dict[str, int]:
    if len(rows) > MOST_ROWS:
        raise BadForm([(0, _noop("More than %(most)s rows."), {"most": MOST_ROWS})])
    told = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in rows[0]] if rows else []
    found = {
        name: told.index(other)
        for name, others in NAMES.items()
        for other in others[::-1]
        if other in told
    }
    lacking = [name.replace("on", "date sold") for name in NAMES if name not in found]
    if lacking:
        words = _noop("The heading lacks: %(names)s.")
        raise BadForm([(1, words, {"names": ", ".join(lacking)})])
    return found


class _Bad(Exception):
    def __init__(self, words: str, **values: Any) -> None:
        super().__init__(words)
        self.words, self.values = words, values


def _told(row: list[str], heading: dict[str, int], year: int) -> Told:
    cells = {name: row[at].strip() if at < len(row) else "" for name, at in heading.items()}
    asset, box = cells["asset"], cells["box"].upper()
    if not _ASSET.fullmatch(asset):
        raise _Bad(_noop("“%(text)s” is no asset."), text=asset[:40])
    if box not in BOXES:
        raise _Bad(_noop("The box is one of G, H, J, K and Y, not “%(text)s”."), text=box[:40])
    on = _day(cells["on"])
    if on.year != year:
        raise _Bad(_noop("%(day)s is not in %(year)s."), day=on.isoformat(), year=year)
    basis = _dollars(cells["basis"]) if cells["basis"] else None
    if basis is None and box in ("G", "J"):
        raise _Bad(_noop("Box %(box)s says that the basis was reported: tell it."), box=box)
    return Told(asset.upper(), on, _dollars(cells["proceeds"]), basis, box)


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise _Bad(_noop("“%(text)s” is no date like 2025-12-31 or 12/31/2025."), text=text[:40])


def _dollars(text: str) -> Decimal:
    if not _MONEY.fullmatch(text):
        raise _Bad(_noop("“%(text)s” is no amount in dollars."), text=text[:40])
    return money.parse(text.replace("$", "").replace(",", ""))
