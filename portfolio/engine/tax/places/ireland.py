"""Ireland: capital gains tax of an individual, in the two periods in which it is paid.

Crypto-assets: Revenue, Tax and Duty Manual Part 02-01-03. First in, first out with the four-week
rule (TCA 1997 s.580, s.581). Exempt: 1,270 euros a year (s.601). Gifts at market value (s.547), to
a spouse without gain or loss (s.1028). Tax on gains from 1 January to 30 November is paid by 15
December, on those of December by 31 January (Revenue, "When to pay CGT").
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
from portfolio.engine.tax.settings import DisposalFee

EXEMPT = Decimal(1270)  # since 2002
_ZERO = Decimal(0)


def figures(year: Year) -> Sequence[Figure]:
    """Consideration, cost and gain, what is taxed of it by each date of payment, and income."""
    rows = year.disposals
    early = _taxed(sums.net(row for row in rows if row.on.month < 12))
    whole = _taxed(sums.net(rows))
    return (
        Figure("", gettext_noop("Consideration"), sums.cents(sums.proceeds(rows))),
        Figure("", gettext_noop("Allowable costs"), sums.cents(sums.costs(rows))),
        Figure("", gettext_noop("Gains less losses"), sums.cents(sums.net(rows)), "", True),
        Figure("", gettext_noop("Personal exemption"), EXEMPT, _ALL),
        Figure(
            "",
            gettext_noop("Above the exemption"),
            sums.cents(whole),
            gettext_noop("TCA s.601"),
            True,
        ),
        Figure(
            "",
            gettext_noop("To be paid on by 15 December"),
            sums.cents(early),
            gettext_noop("gains of 1 January to 30 November above the exemption"),
        ),
        Figure(
            "",
            gettext_noop("To be paid on by 31 January"),
            sums.cents(max(money.add(whole, money.negate(early)), _ZERO)),
            gettext_noop("what December adds to it"),
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


_ALL = gettext_noop("once a year, for all gains together")


def _taxed(net: Decimal) -> Decimal:
    return max(money.add(net, money.negate(EXEMPT)), _ZERO)


def origins(year: int) -> Origins:
    """What is above the exemption, and what of it had come about by the end of November."""
    exempt = made.Law(gettext_noop("Personal exemption (TCA s.601)"), EXEMPT)
    until_december = replace(made.NET, before=date(year, 12, 1))
    early = made.beyond(until_december, exempt, _ABOVE)
    all_year = made.beyond(made.NET, exempt, _ABOVE)
    december = made.beyond(all_year, early, gettext_noop("What December adds"))
    return {
        "Consideration": made.cents(made.PROCEEDS),
        "Allowable costs": made.cents(made.COSTS),
        "Gains less losses": made.cents(made.NET),
        "Personal exemption": exempt,
        "Above the exemption": made.cents(all_year),
        "To be paid on by 15 December": made.cents(early),
        "To be paid on by 31 January": made.cents(december),
        "Income": made.cents(made.INCOME),
        "Contracts": made.cents(made.CONTRACTS),
    }


_ABOVE = gettext_noop("Above the exemption")


PLACE = Place(
    id="ireland",
    title=gettext_noop("Ireland"),
    currency="EUR",
    time_zone="Europe/Dublin",
    year_start=(1, 1),
    methods=("ie_fifo_4week", "fifo"),
    settings={"disposal_fee": DisposalFee.ADD_TO_COST},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments, fees in coins and gifts given: what was bought in the four"
            " weeks before first, then the oldest."
        ),
        gettext_noop("The exemption and the two dates of payment."),
        gettext_noop("Income at market value when received."),
    ),
    not_covered=(
        gettext_noop(
            "Whether the four-week rule, written for shares, holds for coins is disputed: the plain"
            " first in, first out is a method here too."
        ),
        gettext_noop(
            "A loss counts only against the gain on what is bought within four weeks after: nothing"
            " is held back for it."
        ),
        gettext_noop("Losses of earlier years, other assets, trading as a business."),
        gettext_noop("Stolen and lost coins: they are listed apart and make no loss here."),
        gettext_noop("Coins of a fork or an airdrop may be no income: here they are."),
        gettext_noop("Forms 11, 12 and CG1 are not filled in; derivatives are a sum only."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=("TCA 1997 s.547, 580, 581, 601, 1028", "Revenue TDM Part 02-01-03"),
    apart=frozenset({"spouse", "lost"}),
    has_wash_sales=gettext_noop(
        "A loss on what is bought again within four weeks counts only against the gain on that."
    ),
    wash_days=(0, 28),
)
