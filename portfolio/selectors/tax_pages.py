"""What the tax pages show: years, reports, their lines, and how one disposal was worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Max, Min, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax import what_if
from portfolio.engine.tax.from_ledger import OUTSIDE
from portfolio.engine.tax.place import Place, Without
from portfolio.engine.tax.places import us
from portfolio.engine.tax.settings import LongTerm, Settings
from portfolio.models import Connection, TaxDocument, TaxLine, TaxReport, Transaction
from portfolio.selectors import tax_events, tax_unpriced

PAGE_SIZE = 100
Part = TaxLine.Part


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a report; ``amount`` is None where it is not known."""

    code: str
    title: str
    amount: Decimal | None
    rule: str
    is_main: bool
    is_count: bool
    without: Without | None = None  # what it leaves out, as nobody knows the price


@dataclass(frozen=True, slots=True)
class Method:
    """One year by one method, from what is stored."""

    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.told["method"])

    @property
    def left(self) -> int:
        return int(self.told["left"])

    @property
    def gain(self) -> Decimal | None:
        return self._number("gain")

    @property
    def gain_short(self) -> Decimal | None:
        return self._number("gain_short")

    @property
    def gain_long(self) -> Decimal | None:
        return self._number("gain_long")

    @property
    def cost(self) -> Decimal | None:
        return self._number("cost")

    @property
    def left_cost(self) -> Decimal | None:
        return self._number("left_cost")

    @property
    def without(self) -> Without | None:
        return tax_unpriced.read(self.told.get("without"))

    def _number(self, name: str) -> Decimal | None:
        text = self.told.get(name)
        return None if text is None else Decimal(text)


@dataclass(frozen=True, slots=True)
class Report:
    """A report with its figures as numbers."""

    row: TaxReport

    @property
    def figures(self) -> list[Figure]:
        return [
            Figure(
                *(code, title, None if amount is None else Decimal(amount)),
                rule,
                is_main,
                is_count,
                tax_unpriced.read(more[0]) if more else None,
            )
            for code, title, amount, rule, is_main, is_count, *more in self.row.figures
        ]

    @property
    def without(self) -> Without | None:
        """What the sums of all disposals leave out."""
        told = [figure.without for figure in self.figures if figure.without]
        return max((one for one in told if one.disposals), default=None)

    @property
    def leaves_out(self) -> bool:
        """Whether a sum of it leaves something out."""
        return any(figure.without for figure in self.figures)

    @property
    def begin(self) -> str:
        """The year as pages of coverage name times: a calendar year, else none."""
        return str(self.row.year) if self.row.year_name == str(self.row.year) else ""

    @property
    def main(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.is_main]

    @property
    def takes_broker_forms(self) -> bool:
        """Whether brokers tell of such a year: Form 1099-DA, of sales since 2025."""
        row = self.row
        return row.place == us.PLACE.id and row.year >= us.BY_WALLET and row.state == "done"

    @property
    def methods(self) -> list[Method]:
        """The same year by each method, the least gain first."""
        rows = [Method(told) for told in self.row.comparison]
        return sorted(rows, key=lambda row: (row.gain or money.ZERO, row.name))

    @property
    def parts(self) -> list[tuple[str, Any, int]]:
        """Each part with its title and how many lines it has."""
        found = [(part.value, part.label, self.row.counts.get(part.value, 0)) for part in Part]
        return [row for row in found if row[0] != Part.GIVEN or row[2]]


@dataclass(frozen=True, slots=True)
class Year:
    """A tax year in which something happened, with its newest report."""

    number: int
    name: str
    is_over: bool
    report: Report | None


def years(user: User, place: Place, settings: Settings, now: datetime) -> list[Year]:
    """The tax years from the first transaction on, the newest first; two queries."""
    booked = Transaction.objects.of(user).current()
    span = booked.aggregate(a=Min("occurred_at"), z=Max("occurred_at"))
    if span["a"] is None:
        return []
    first, last = (settings.year_of(settings.local_date(span[end])) for end in "az")
    newest: dict[int, TaxReport] = {}
    for row in TaxReport.objects.of(user).filter(place=place.id).order_by("asked_at", "pk"):
        newest[row.year] = row
    return [
        Year(
            year,
            settings.year_name(year),
            place.span(year, settings.tax_timezone)[1] <= now,
            Report(newest[year]) if year in newest else None,
        )
        for year in range(last, first - 1, -1)
    ]


def reports(user: User) -> list[Report]:
    """All reports, the newest first."""
    return [Report(row) for row in TaxReport.objects.of(user)]


def report(user: User, report_id: int) -> Report:
    """One report. May raise TaxReport.DoesNotExist."""
    return Report(TaxReport.objects.of(user).get(pk=report_id))


def lots_at_a_loss(report: TaxReport, *, start: int = 0) -> LinePage:
    """Lots held at the end that were worth less than they had cost, the greatest loss first."""
    rows = losing(report)
    total = report.sums["at_loss"] if report.sums else rows.count()
    found = list(rows[start : start + PAGE_SIZE])
    end = start + PAGE_SIZE
    return LinePage(
        lines=found,
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


def losing(report: TaxReport) -> QuerySet[TaxLine]:
    """The lines of such lots, in that order; there is an index for it."""
    rows = TaxLine.objects.filter(report=report, part=Part.CLOSING, value__lt=F("cost"))
    return rows.order_by((F("cost") - F("value")).desc(), "position")


def long_from(report: TaxReport, line: TaxLine) -> date | None:
    """The first day on which a lot held at the end is long held; None where there are no terms."""
    engine = report.settings["engine"]
    rule = LongTerm(engine["long_term"])
    if rule is LongTerm.NONE or line.acquired_at is None:
        return None
    settings = Settings(
        engine["method"],
        report.currency,
        tax_timezone=engine["tax_timezone"],
        long_term=rule,
        long_term_days=engine["long_term_days"],
    )
    return what_if.long_from(settings, line.acquired_at)


def document(row: TaxReport) -> bytes | None:
    """The report as it was drawn; None where it was not."""
    data = TaxDocument.objects.filter(report=row).values_list("data", flat=True).first()
    return None if data is None else bytes(data)


@dataclass(frozen=True, slots=True)
class LinePage:
    """Some lines of one part, by position; ``after`` asks for those behind, None at the end."""

    lines: Sequence[TaxLine]
    total: int
    first: int
    after: int | None
    before: int | None


def lines(report: TaxReport, part: str, *, start: int = 0) -> LinePage:
    """The lines of a part from a position on; one query."""
    total = report.counts.get(part, 0)
    rows = TaxLine.objects.filter(report=report, part=part, position__gte=start)
    found = list(rows.order_by("position")[:PAGE_SIZE])
    end = start + PAGE_SIZE
    return LinePage(
        lines=found,
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


def lines_unpriced(report: TaxReport, part: str, *, start: int = 0) -> LinePage:
    """The lines of a part that have no price, in order; two queries."""
    rows = TaxLine.objects.filter(tax_unpriced.UNPRICED, report=report, part=part)
    total, end = rows.count(), start + PAGE_SIZE
    return LinePage(
        lines=list(rows.order_by("position")[start:end]),
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of a table that is kept with a report; as LinePage."""

    rows: Sequence[Any]
    total: int
    after: int | None
    before: int | None


def rows(kept: Sequence[Any], *, start: int = 0) -> RowPage:
    """The rows from a place on."""
    end = start + PAGE_SIZE
    return RowPage(
        rows=kept[start:end],
        total=len(kept),
        after=end if end < len(kept) else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


def gain_of(line: TaxLine) -> Decimal | None:
    """Proceeds less cost, with what is denied of a loss; None where one is not known."""
    if line.proceeds is None or line.cost is None:
        return None
    return money.total([line.proceeds, money.negate(line.cost), line.denied or money.ZERO])


def labels(user: User) -> Mapping[str, str]:
    """The names of the user's accounts, by id."""
    told = {str(row.pk): str(row) for row in Connection.objects.of(user)}
    return {**told, OUTSIDE: str(_("An unknown place, still yours"))}


def labels_of(report: TaxReport) -> Mapping[str, str]:
    """The names that the accounts of a report had when it was made, by id."""
    told = {row["id"]: row["label"] for row in report.evidence.get("connections", [])}
    return {**told, OUTSIDE: str(_("An unknown place, still yours"))}


def taxed_accounts(user: User) -> dict[str, str]:
    """The titles of the accounts that are taxed, by id, the oldest connection first."""
    rows = Connection.objects.of(user).filter(environment=tax_events.environment(user))
    return {str(row.pk): str(row) for row in rows.order_by("created_at")}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one part of a disposal was worked out, with the other parts of the same disposal."""

    line: TaxLine
    parts: Sequence[TaxLine]
    amount: Decimal  # of all parts
    proceeds: Decimal | None  # None where nobody knows the price
    transaction: Transaction | None
    lot: Transaction | None
    account: str
    zone: ZoneInfo

    @property
    def gain(self) -> Decimal | None:
        return gain_of(self.line)

    @property
    def unit_cost(self) -> Decimal | None:
        cost = self.line.cost
        return (
            None if cost is None or not self.line.amount else money.divide(cost, self.line.amount)
        )

    @property
    def days_held(self) -> int | None:
        """Whole days between acquisition and disposal by the place's calendar."""
        acquired, at = self.line.acquired_on, self.line.acquired_at
        if at is not None:
            acquired = at.astimezone(self.zone).date()
        if acquired is None or self.line.on is None:
            return None
        return (self.line.on - acquired).days


def explanation(user: User, report: TaxReport, position: int) -> Explanation:
    """One line of the disposals explained. May raise TaxLine.DoesNotExist."""
    of_report = TaxLine.objects.filter(report=report, part=Part.DISPOSAL)
    line = of_report.get(position=position)
    near = of_report.filter(position__range=(position - PAGE_SIZE, position + PAGE_SIZE))
    same = near.filter(transaction=line.transaction, asset=line.asset, on=line.on)
    parts = list(same.order_by("position"))
    wanted = [pk for pk in (line.transaction, line.lot_transaction) if pk is not None]
    found = Transaction.objects.of(user).select_related("connection").in_bulk(wanted)
    proceeds = [part.proceeds for part in parts if part.proceeds is not None]
    return Explanation(
        line=line,
        parts=parts,
        amount=money.total(part.amount for part in parts),
        proceeds=money.total(proceeds) if len(proceeds) == len(parts) else None,
        transaction=found.get(line.transaction or 0),
        lot=found.get(line.lot_transaction or 0),
        account=labels(user).get(line.account, ""),
        zone=ZoneInfo(report.settings["engine"]["tax_timezone"]),
    )
