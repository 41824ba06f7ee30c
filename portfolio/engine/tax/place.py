"""What the tax of a place is: which methods its law allows, its year, and the figures it asks for.

A place is one module in ``places`` with PLACE. Its docstring names the law and the official pages
that each rule is from; what it does not cover is said in ``not_covered``, in plain sentences.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from portfolio.engine.tax import places as package
from portfolio.engine.tax.compute import compute
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.history import History
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Disposal, IncomeLine, Outcome, Remaining, Shortfall


def gettext_noop(text: str) -> str:
    """Marks words that pages translate; this engine knows no language."""
    return text


# What no place covers whose law asks for it.
FOREIGN_MONEY = gettext_noop("Gains on foreign money: all money counts at its rate of the day.")
SOLD_SHORT = gettext_noop(
    "Coins that were borrowed and sold before they were bought: they count as having cost nothing."
)


class Without(NamedTuple):
    """What a sum leaves out since nobody knows its price: how many of each, what they had cost."""

    disposals: int
    cost: Decimal
    income: int = 0
    contracts: int = 0


class Figure(NamedTuple):
    """One number that a form asks for, or that its reader needs.

    ``code`` is the box or line of the form, "" where it is none. ``amount`` is rounded as the form
    wants, None where it cannot be known. ``rule`` tells how it comes about, in words.
    """

    code: str
    title: str
    amount: Decimal | None
    rule: str = ""
    is_main: bool = False  # among the few that a summary begins with
    is_count: bool = False  # a number of things, not money
    without: Without | None = None  # as left_out.figures tells it


Worth = Callable[[str, Decimal], Decimal | None]


def _unknown(asset: str, amount: Decimal) -> Decimal | None:
    return None


@dataclass(frozen=True, slots=True)
class Year:
    """What one tax year of a place held, from ``first`` to ``last`` (local dates).

    ``disposals`` are those that make a gain or a loss here, those of unknown price among them;
    ``apart`` are gifts, losses and the like that make none. ``closing`` is what was held when the
    year ended, with its cost. ``subkinds`` tells what an event was, by its number ("staking",
    "gift"; "" for a trade). ``opening_values`` and ``closing_values`` tell what an amount of an
    asset was worth when the year began and when it was over; None where nobody knows.
    """

    name: str
    first: date
    last: date
    begin: datetime
    end: datetime
    disposals: Sequence[Disposal]
    apart: Sequence[Disposal]
    income: Sequence[IncomeLine]
    contracts: Sequence[ContractLine]
    opening: Sequence[Remaining]
    closing: Sequence[Remaining]
    shortfalls: Sequence[Shortfall]
    subkinds: Mapping[int, str] = field(default_factory=dict)
    # Lots that the law gave to their accounts in this year.
    given: Sequence[Remaining] = ()
    opening_values: Worth = _unknown
    closing_values: Worth = _unknown


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction.

    ``methods`` are those that its law allows, the usual one first. ``settings`` are the engine's
    settings that it fixes (fees, long terms, scope). ``at_no_cost`` and ``apart``: see
    ``from_ledger.events`` and ``Year``. ``days_after`` is how long after a year its disposals are
    still matched with what is acquired. ``figures`` are what its forms ask for,
    ``origins`` what each is made of in the tax year that starts in a calendar year.
    """

    id: str
    title: str
    currency: str  # "" where the person's own counts
    time_zone: str  # "" where the person's own counts
    year_start: tuple[int, int]
    methods: tuple[str, ...]
    settings: Mapping[str, Any]
    figures: Callable[[Year], Sequence[Figure]]
    origins: Callable[[int], Origins]
    covers: tuple[str, ...]
    not_covered: tuple[str, ...]
    sources: tuple[str, ...]
    at_no_cost: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset({"gift", "spouse", "lost"})
    days_after: int = 0
    has_long_term: bool = False
    # Where the law changes in a way that settings cannot say, the place computes itself.
    compute: Callable[[Settings, History], Outcome] = compute
    # Each sale is told with what all coins were worth before it.
    needs_portfolio: bool = False
    has_wash_sales: str = ""  # the rule in a sentence, where the place has one like it
    # Days before and after a sale at a loss in which a purchase of the same coin matters to it.
    wash_days: tuple[int, int] = (0, 0)
    # A sale takes lots of the account where it is made, and of no other.
    has_lots_by_account: bool = False
    # The year in which lots of all accounts are given to accounts, how, and by what rules.
    given_in: int | None = None
    given: Callable[[Settings, History], Sequence[Remaining]] | None = None
    giving: str = ""
    # When lots must have been identified, in a sentence, where the law says so.
    identify_by: str = ""
    # What the law says about another method in another year, in a sentence.
    switching: str = ""

    def settings_for(self, method: str, currency: str = "", time_zone: str = "") -> Settings:
        """The engine's settings under one of the place's methods. May raise ValueError."""
        if method not in self.methods:
            raise ValueError(f"{method} is no method of {self.title}")
        return replace(
            Settings(method, self.currency or currency, **self.settings),
            tax_timezone=self.time_zone or time_zone or "UTC",
            tax_year_start=self.year_start,
        )

    def span(self, year: int, time_zone: str = "") -> tuple[datetime, datetime]:
        """The first moment of the tax year that starts in ``year``, and the first after it."""
        zone = ZoneInfo(self.time_zone or time_zone or "UTC")
        month, day = self.year_start
        begin = datetime(year, month, day, tzinfo=zone)
        return begin, begin.replace(year=year + 1)


class UnknownPlace(LookupError):
    """There is no place of this name."""


@cache
def all_places() -> tuple[Place, ...]:
    """The places, by title, the neutral one last."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found: list[Place] = [module.PLACE for module in modules]
    return tuple(sorted(found, key=lambda place: (place.id == "neutral", place.title)))


def by_id(ident: str) -> Place:
    """The place of this name. May raise UnknownPlace."""
    for place in all_places():
        if place.id == ident:
            return place
    raise UnknownPlace(ident)
