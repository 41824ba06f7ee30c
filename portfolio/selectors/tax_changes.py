"""How a report that was made again differs from a former one, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from portfolio.engine import money
from portfolio.models import TaxChanges, TaxLine, TaxLineChange, TaxReport, Transaction
from portfolio.selectors.tax_pages import PAGE_SIZE, gain_of

KINDS = ("added", "changed", "priced", "removed")
# What a line is compared by, in the order of the page.
_COMPARED = ("amount", "proceeds", "cost", "value", "denied", "term")


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that was another before; None where it was not there, or is not known."""

    was: Decimal | None
    now: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """What there is more now."""
        if self.was is None or self.now is None:
            return None
        return money.add(self.now, money.negate(self.was))


@dataclass(frozen=True, slots=True)
class MovedFigure:
    """One figure that differs."""

    code: str
    title: str
    amount: Moved
    is_count: bool


@dataclass(frozen=True, slots=True)
class Transactions:
    """Those that differ in one way: how many, and the first of them with their rows, if any."""

    kind: str
    number: int
    shown: Sequence[tuple[int, Transaction | None]]


@dataclass(frozen=True, slots=True)
class MovedLine:
    """One line of one report or both."""

    part: str
    was: TaxLine | None
    now: TaxLine | None

    @property
    def line(self) -> TaxLine:
        """The line to name it by."""
        line = self.now or self.was
        if line is None:
            raise LookupError("a changed line is of one report at least")
        return line

    @property
    def amount(self) -> Moved:
        return self._of("amount")

    @property
    def value(self) -> Moved:
        """What counts in the figures: the gain of a disposal, else the worth or the cost."""
        if self.part in (TaxLine.Part.DISPOSAL, TaxLine.Part.APART):
            return Moved(*(None if line is None else gain_of(line) for line in self._both))
        has_cost = self.part in (TaxLine.Part.OPENING, TaxLine.Part.CLOSING)
        return self._of("cost" if has_cost else "value")

    @property
    def names(self) -> list[str]:
        """The columns that differ, where both have the line."""
        was, now = self._both
        if was is None or now is None:
            return []
        return [name for name in _COMPARED if getattr(was, name) != getattr(now, name)]

    @property
    def _both(self) -> tuple[TaxLine | None, TaxLine | None]:
        return (self.was, self.now)

    def _of(self, name: str) -> Moved:
        return Moved(*(None if line is None else getattr(line, name) for line in self._both))


@dataclass(frozen=True, slots=True)
class LinePage:
    """Some of the lines that differ; ``has_former`` is False where the former one is gone."""

    lines: Sequence[MovedLine]
    total: int
    after: int | None
    before: int | None
    has_former: bool

    @property
    def rows(self) -> Sequence[MovedLine]:
        """As other pages of rows name them."""
        return self.lines


def of_report(report: TaxReport) -> TaxChanges | None:
    """How a report differs from the former one; None of the first."""
    return TaxChanges.objects.filter(report=report).select_related("former").first()


def figures(changes: TaxChanges) -> list[MovedFigure]:
    """The figures that differ."""
    return [
        MovedFigure(code, title, Moved(_number(was), _number(now)), is_count)
        for code, title, was, now, is_count in changes.told["figures"]
    ]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def transactions(user: User, changes: TaxChanges) -> list[Transactions] | None:
    """The transactions that differ, by how; None where the former kept no list. One query."""
    told: Mapping[str, Any] | None = changes.told["ledger"]
    if told is None:
        return None
    wanted = [number for kind in KINDS for number in told[kind]["shown"]]
    rows = Transaction.objects.of(user).select_related("connection").prefetch_related("postings")
    found = rows.in_bulk(wanted)
    return [
        Transactions(kind, told[kind]["number"], [(n, found.get(n)) for n in told[kind]["shown"]])
        for kind in KINDS
        if told[kind]["number"]
    ]


def lines(changes: TaxChanges, *, start: int = 0) -> LinePage:
    """The lines that differ from a place on; three queries."""
    total = sum(added + gone + changed for _, _, added, gone, changed in _counts(changes))
    end = start + PAGE_SIZE
    rows = list(
        TaxLineChange.objects.filter(changes=changes, position__gte=start).order_by("position")[
            :PAGE_SIZE
        ]
    )
    was = _lines(changes.former_id, [(row.part, row.was) for row in rows])
    now = _lines(changes.report_id, [(row.part, row.now) for row in rows])
    moved = [MovedLine(r.part, was.get((r.part, r.was)), now.get((r.part, r.now))) for r in rows]
    return LinePage(
        lines=[line for line in moved if line.was or line.now],
        total=total,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
        has_former=changes.former_id is not None,
    )


def _counts(changes: TaxChanges) -> Sequence[Any]:
    found: Sequence[Any] = changes.told.get("lines", [])
    return found


def _lines(
    report_id: int | None, places: Sequence[tuple[str, int | None]]
) -> dict[tuple[str, int | None], TaxLine]:
    if report_id is None:
        return {}
    parts = {part for part, _ in places}
    numbers = {number for _, number in places if number is not None}
    rows = TaxLine.objects.filter(report=report_id, part__in=parts, position__in=numbers)
    return {(row.part, row.position): row for row in rows}
