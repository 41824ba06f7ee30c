"""Each figure of each place comes about as its page says: from sums of lines, to the last digit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax import History, Leg, TaxEvent
from portfolio.engine.tax.from_ledger import ContractLine, Translation
from portfolio.engine.tax.place import Place, Year, all_places
from portfolio.engine.tax.settings import Oversell
from portfolio.engine.tax.types import EventKind
from portfolio.engine.tax.yearly import year_of
from portfolio.engine.types import TransactionKind
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_figures, tax_origins, tax_pages
from portfolio.services import tax_lines
from portfolio.services.tax_reports import _figure_told
from tests import factories

pytestmark = pytest.mark.django_db
LIVES = 2
EVENTS = 70
PLACES = pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
OLD = datetime(2020, 6, 1, tzinfo=UTC)
BEGIN = datetime(2022, 9, 1, tzinfo=UTC)
SUBKINDS = ("reward", "interest", "airdrop", "fork", "mining", "rebate")
ASSETS = ("BTC", "ETH", "SOL")
KINDS = ("buy", "buy", "sell", "sell", "sell", "trade", "income", "money", "gift", "lost")


@pytest.fixture
def owner() -> User:
    return factories.user()


class Life:
    """A history of three years at random: buys, sells, swaps, income, gifts, losses, contracts."""

    def __init__(self, seed: int, base: str) -> None:
        self.random, self.base = Random(seed), base
        self.contracts: list[ContractLine] = []
        paid = Leg(base, Decimal(90), Decimal(90))
        old = Leg("SOL", Decimal(9), Decimal(90))  # of Austria's old stock
        events = [TaxEvent(OLD, EventKind.BUY, "A", old, paid)]
        at = BEGIN
        for _ in range(EVENTS):
            at += timedelta(hours=self.random.choice((0, 1, 200, 600, 1000)))
            events.append(self._event(at))
        self.events = events

    def _number(self, places: int) -> Decimal:
        return Decimal(self.random.randint(1, 10**6)).scaleb(-places)

    def _event(self, at: datetime) -> TaxEvent:
        pick = self.random.choice
        coin = Leg(pick(ASSETS), self._number(6), self._number(3))
        price = Leg(self.base, self._number(3))
        price = price._replace(value=price.amount)
        wallet = pick("AB")
        kind = pick(
            ("buy", "buy", "sell", "sell", "sell", "trade", "income", "money", "gift", "lost")
        )
        fee = pick((None, Leg(pick(ASSETS), self._number(7), self._number(5))))
        if kind == "buy":
            coin = coin._replace(amount=money.multiply(coin.amount, Decimal(5)))  # some is left
            return TaxEvent(at, EventKind.BUY, wallet, coin, price, fee)
        if kind == "sell":
            return TaxEvent(
                at, EventKind.SELL, wallet, price, coin, fee, portfolio_value=self._all()
            )
        if kind == "trade":
            other = Leg(pick([a for a in ASSETS if a != coin.asset]), self._number(6), coin.value)
            return TaxEvent(at, EventKind.TRADE, wallet, other, coin, fee)
        if kind == "income":
            return TaxEvent(at, EventKind.INCOME, wallet, coin, subkind=pick(SUBKINDS))
        if kind == "money":
            self._contract(at, coin.asset)
            return TaxEvent(at, EventKind.INCOME, wallet, price, subkind="interest")
        if kind == "gift":
            subkind = pick(("gift", "spouse"))
            told = self._all()
            return TaxEvent(
                at, EventKind.GIFT, wallet, out=coin, subkind=subkind, portfolio_value=told
            )
        nothing = Leg(self.base, Decimal(0), Decimal(0))
        return TaxEvent(at, EventKind.SELL, wallet, nothing, coin, subkind="lost",
                        portfolio_value=self._all())  # fmt: skip

    def _all(self) -> Decimal:
        return money.add(Decimal(5000), self._number(2))

    def _contract(self, at: datetime, asset: str) -> None:
        value = self.random.choice((1, -1)) * self._number(4)
        self.contracts.append(
            ContractLine(1, at, TransactionKind.FUNDING, "A", asset, value, value)
        )


def year_lived(place: Place, life: Life, base: str, start: int) -> Year:
    """Coins that are not held cost nothing; each is worth a third of its amount at either end."""
    made = replace(place.settings_for(place.methods[0], base), oversell=Oversell.ZERO_COST)
    year = year_of(place, made, History(life.events, base), life.contracts, start)

    def third(_asset: str, amount: Decimal) -> Decimal:
        return money.multiply(amount, Decimal("0.333333333"))

    return replace(year, opening_values=third, closing_values=third)


def report_of(owner: User, place: Place, year: Year, base: str, events: int) -> tax_pages.Report:
    """What is kept of a year, as the services keep it."""
    now = timezone.now()
    row = TaxReport.objects.create(
        owner=owner, place=place.id, year=year.first.year, year_name=year.name, currency=base,
        environment="live", state="done", asked_at=now, worked_at=now, finished_at=now,
        figures=[_figure_told(figure) for figure in place.figures(year)],
    )  # fmt: skip
    made = Translation()
    made.sources += range(1000, 1000 + events)
    made.accounts += ["A"] * events
    lines = [TaxLine(report=row, **columns) for columns in tax_lines.of_year(year, made)]
    TaxLine.objects.bulk_create(lines)
    return tax_pages.Report(row)


def summed(report: tax_pages.Report, step: tax_origins.Told) -> Decimal:
    """The same sum line by line, in Python."""
    assert step.lines is not None
    rows = tax_figures.lines(report.row, step.lines)
    if step.lines.column == "number":
        return Decimal(len({tuple(getattr(row, name) for name in step.lines.by) for row in rows}))
    if step.lines.column == "gain":
        return money.total(tax_pages.gain_of(row) or money.ZERO for row in rows)
    return money.total(getattr(row, step.lines.column) for row in rows)


@PLACES
@pytest.mark.parametrize("start", [2023, 2024, 2025])
def test_each_figure_is_what_its_steps_lead_to(owner: User, place: Place, start: int) -> None:
    base = place.currency or "EUR"
    without: set[str] = set()
    with_lines: set[str] = set()
    for seed in range(LIVES):
        life = Life(seed * 31 + start, base)
        year = year_lived(place, life, base, start)
        report = report_of(owner, place, year, base, len(life.events))
        for number, figure in enumerate(report.figures):
            opened = tax_origins.opened(report, number)
            assert opened.steps, f"nothing explains {figure.title}"
            assert opened.steps[-1].amount == figure.amount, (seed, figure)
            for step in opened.sums:
                assert step.amount == summed(report, step), (seed, figure, step.words)
                (with_lines if step.total and step.total.number else without).add(step.words)
    assert start != 2024 or without <= with_lines, "a sum that nothing was ever summed in"
