"""Canada: capital gains of an individual, by adjusted cost base with the superficial-loss rule.

Adjusted cost base: ITA s.47; superficial losses: s.54 and s.40(2)(g)(i), IT-456R par. 12 (units
bought from 30 days before to 30 days after, as far as they are held then). Half of a gain is taxed
(s.38; the rise to two thirds that was announced for 2024 was withdrawn on 21 March 2025). Gifts are
sold at market value (s.69), to a spouse at cost (s.73). Form: Schedule 3, section of bonds and
crypto-assets (CRA: "Completing Schedule 3"); 2024 is told in two periods, from 25 June the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import (
    FOREIGN_MONEY,
    SOLD_SHORT,
    Figure,
    Place,
    Year,
    gettext_noop,
)

_SECOND_PERIOD = date(2024, 6, 25)
_ZERO = Decimal(0)


def figures(year: Year) -> Sequence[Figure]:
    """Sums of Schedule 3, the half that is taxed, and what was denied of losses."""
    rows = year.disposals
    net = sums.net(rows)
    denied = sums.denied(rows)
    return (
        Figure(
            "",
            gettext_noop("Proceeds of disposition"),
            sums.cents(sums.proceeds(rows)),
            gettext_noop("Schedule 3, crypto-assets"),
        ),
        Figure(
            "",
            gettext_noop("Adjusted cost base and outlays"),
            sums.cents(sums.costs(rows)),
            gettext_noop("Schedule 3, crypto-assets"),
        ),
        Figure("", gettext_noop("Superficial losses"), sums.cents(denied), _DENIED),
        Figure("", gettext_noop("Gain or loss"), sums.cents(net), _LESS_DENIED, True),
        *_periods(year),
        Figure(
            "12700",
            gettext_noop("Taxable capital gain"),
            sums.cents(sums.half(max(net, _ZERO))),
            gettext_noop("half of the gain; with all other capital gains"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Net capital loss"),
            sums.cents(sums.half(max(money.negate(net), _ZERO))),
            gettext_noop("half of the loss; it counts against capital gains of other years"),
        ),
        Figure(
            "",
            gettext_noop("Income"),
            sums.cents(sums.income(year.income)),
            gettext_noop("at market value when received"),
            True,
        ),
        Figure("", gettext_noop("Contracts"), sums.cents(sums.contracts(year.contracts))),
    )


_DENIED = gettext_noop("added to the cost of what is held")
_LESS_DENIED = gettext_noop("superficial losses are left out")


def _periods(year: Year) -> tuple[Figure, ...]:
    """The two periods of 2024."""
    if not year.first <= _SECOND_PERIOD <= year.last:
        return ()
    early = [row for row in year.disposals if row.on < _SECOND_PERIOD]
    late = [row for row in year.disposals if row.on >= _SECOND_PERIOD]
    return (
        Figure("", gettext_noop("Gain or loss until 24 June"), sums.cents(sums.net(early))),
        Figure("", gettext_noop("Gain or loss from 25 June"), sums.cents(sums.net(late))),
    )


def origins(year: int) -> Origins:
    """Half of the gain or loss of all sales; the two periods of 2024 by day."""
    loss = made.above_zero(made.negative(made.NET))
    return {
        "Proceeds of disposition": made.cents(made.PROCEEDS),
        "Adjusted cost base and outlays": made.cents(made.COSTS),
        "Superficial losses": made.cents(made.DENIED),
        "Gain or loss": made.cents(made.NET),
        "Gain or loss until 24 June": made.cents(replace(made.NET, before=_SECOND_PERIOD)),
        "Gain or loss from 25 June": made.cents(replace(made.NET, since=_SECOND_PERIOD)),
        "Taxable capital gain": made.cents(made.half(made.above_zero(made.NET))),
        "Net capital loss": made.cents(made.half(loss)),
        "Income": made.cents(made.INCOME),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="canada",
    title=gettext_noop("Canada"),
    currency="CAD",
    time_zone="",
    year_start=(1, 1),
    methods=("acb_superficial",),
    settings={"exempt": frozenset({"spouse", "lost"})},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments, fees in coins and gifts at market value, by adjusted cost"
            " base over all accounts."
        ),
        gettext_noop("Superficial losses: the part that is denied goes into the cost."),
        gettext_noop("Income at market value when received."),
    ),
    not_covered=(
        gettext_noop("Trading as a business, where all of a profit is income."),
        gettext_noop("Whether mining and staking are a business, and what they cost."),
        gettext_noop("What a spouse or your company buys within the 30 days."),
        gettext_noop("Stolen and lost coins: they are listed apart and make no loss here."),
        gettext_noop("Coins of a fork or an airdrop may be no income: here they are."),
        gettext_noop("Form T1135 (property abroad), losses of other years, other property."),
        gettext_noop("Derivatives are given as a sum only."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "Income Tax Act s.38, 40, 47, 54, 69, 73",
        "IT-456R",
        "CRA, Schedule 3: crypto-assets",
    ),
    apart=frozenset({"spouse", "lost"}),
    days_after=31,
    has_wash_sales=gettext_noop(
        "A loss does not count as far as the same coin is bought within 30 days before or after"
        " and is still held then."
    ),
    wash_days=(30, 30),
)
