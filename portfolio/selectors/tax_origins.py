"""How a figure comes about, told for people: its steps, each sum with the lines behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from string import ascii_lowercase

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portfolio.engine.tax import origins
from portfolio.engine.tax.origins import Lines, Origin, Worked
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_figures, tax_words
from portfolio.selectors.tax_figures import Total
from portfolio.selectors.tax_pages import Figure, LinePage, Report

_COLUMNS: dict[str, Promise] = {
    "proceeds": _("proceeds"),
    "cost": _("cost"),
    "gain": _("gains less losses"),
    "denied": _("losses that do not count"),
    "value": _("worth then"),
    "number": _("their number"),
}
_SIGNS: dict[int, Promise] = {1: _("gains alone"), -1: _("losses alone")}
_TOGETHER: dict[tuple[str, ...], Promise] = {
    ("on", "asset"): _("all of one asset on one day as one"),
    ("transaction", "asset", "subkind"): _("sale by sale"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One step: a sum of lines, an amount of the law, or arithmetic on steps before it."""

    letter: str
    words: str
    formula: str  # with the letters of the steps it takes; "" of a sum or of the law
    amount: Decimal | None
    lines: Lines | None = None
    total: Total | None = None
    also: tuple[int, str] | None = None  # another figure that is this very sum: place, title


@dataclass(frozen=True, slots=True)
class Opened:
    """A figure with its steps, and the lines of one of its sums."""

    number: int
    figure: Figure
    steps: Sequence[Told]
    chosen: Told | None  # the sum whose lines are shown
    page: LinePage | None

    @property
    def is_told(self) -> bool:
        """Whether the steps lead to the figure, as they do for what this version made."""
        return bool(self.steps) and self.steps[-1].amount == self.figure.amount

    @property
    def part(self) -> str:
        """The part that the lines shown are of; "" where none are."""
        return self.chosen.lines.part if self.chosen and self.chosen.lines else ""

    @property
    def sums(self) -> list[Told]:
        return [step for step in self.steps if step.lines is not None]


def opened(report: Report, number: int, *, letter: str = "", start: int = 0) -> Opened:
    """One figure by its place in the report. May raise IndexError: it has no so many."""
    row, figures = report.row, report.figures
    figure = figures[number]
    steps = list(_told(row, figures, number))
    sums = [step for step in steps if step.total is not None and step.total.number]
    chosen = next((step for step in sums if step.letter == letter), sums[0] if sums else None)
    page = None
    if chosen is not None and chosen.lines is not None and chosen.total is not None:
        page = tax_figures.page(row, chosen.lines, chosen.total.number, start=start)
    return Opened(number, figure, steps, chosen, page)


def _told(report: TaxReport, figures: Sequence[Figure], number: int) -> Iterator[Told]:
    made_of = tax_figures.origin(report, figures[number])
    if made_of is None:
        return
    totals: dict[Lines, Total] = {}

    def total(wanted: Lines) -> Decimal | None:
        totals[wanted] = tax_figures.total(report, wanted)
        return totals[wanted].amount

    for place, step in enumerate(origins.steps(made_of, total)):
        one, letter = step.origin, ascii_lowercase[place]
        if isinstance(one, Lines):
            same = _same_sum(report, figures, number, one)
            yield Told(letter, words(one), "", step.amount, one, totals[one], same)
        else:
            formula = ""
            if isinstance(one, Worked):
                formula = _now(one.formula).format(*(ascii_lowercase[of] for of in step.of))
            yield Told(letter, _now(one.words), formula, step.amount)


def _same_sum(
    report: TaxReport, figures: Sequence[Figure], number: int, wanted: Lines
) -> tuple[int, str] | None:
    """Another figure that is nothing but this sum, rounded or told above zero."""
    for place, figure in enumerate(figures):
        made_of = tax_figures.origin(report, figure)
        while isinstance(made_of, Worked) and len(made_of.of) == 1 and _is_plain(made_of):
            made_of = made_of.of[0]
        if place != number and made_of == wanted:
            return place, figure.title
    return None


def _is_plain(step: Worked) -> bool:
    return step.formula in ("{}", "−{}")


# --- Words ------------------------------------------------------------------------------------


def words(wanted: Lines) -> str:
    """Which lines, and what of them is summed: "Disposals, long term: gains alone"."""
    about = [str(TaxLine.Part(wanted.part).label), *_which(wanted)]
    column = _SIGNS[wanted.sign] if wanted.sign else _COLUMNS[wanted.column]
    return f"{', '.join(about)}: {column}"


def _which(wanted: Lines) -> Iterator[str]:
    if wanted.is_long is not None:
        yield _now("long term") if wanted.is_long else _now("not long term")
    if wanted.subkinds is not None:
        kinds = ", ".join(sorted(tax_words.subkind(name) for name in wanted.subkinds))
        yield (_now("all but {kinds}") if wanted.is_other else "{kinds}").format(kinds=kinds)
    if wanted.is_money is not None:
        yield _now("received in money") if wanted.is_money else _now("received in coins")
    if wanted.since is not None:
        yield _now("from {day}").format(day=wanted.since.isoformat())
    if wanted.before is not None:
        yield _now("before {day}").format(day=wanted.before.isoformat())
    if wanted.by:
        yield str(_TOGETHER[wanted.by])


def made_of(report: TaxReport, figure: Figure) -> str:
    """A figure's steps in one line, for documents; "" where they are no longer known."""
    found = tax_figures.origin(report, figure)
    return "" if found is None else _in_one_line(found)


def _in_one_line(made_of: Origin) -> str:
    steps = origins.steps(made_of, lambda _lines: None)
    if all(len(step.of) < 2 for step in steps):
        return "; ".join(_step_words(step.origin) for step in steps)
    return "; ".join(
        f"{ascii_lowercase[place]} = {_in_short(step.origin, step.of)}"
        for place, step in enumerate(steps)
    )


def _in_short(made_of: Origin, of: Sequence[int]) -> str:
    if not isinstance(made_of, Worked):
        return _step_words(made_of)
    told = _now(made_of.formula).format(*(ascii_lowercase[place] for place in of))
    return f"{told} ({_now(made_of.words)})" if made_of.formula == "{}" else told


def _step_words(made_of: Origin) -> str:
    return words(made_of) if isinstance(made_of, Lines) else _now(made_of.words)
