"""Switzerland: wealth at the end of the year and income; private gains are exempt.

DBG art. 16 (3), StHG art. 7 (4) g: gains on private movable property. Wealth: StHG art. 13 and 14.
ESTV, working paper on cryptocurrencies and tokens: coins belong into the register of securities at
the year-end rate of the ESTV's list; staking, lending, mining and airdrops are income when received
(DBG art. 16, 20). Francs and centimes.
"""

from __future__ import annotations

from collections.abc import Sequence

from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import Figure, Place, Year, gettext_noop


def figures(year: Year) -> Sequence[Figure]:
    """Wealth, income, and gains that are exempt."""
    worth = sums.worth(year.closing, year.closing_values)
    return (
        Figure(
            "",
            gettext_noop("Wealth on 31 December"),
            None if worth is None else sums.cents(worth),
            gettext_noop("register of securities: all coins, at the price when the year ends"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Income"),
            sums.cents(sums.income(year.income)),
            gettext_noop("at market value when received"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Gains less losses"),
            sums.cents(sums.net(year.disposals)),
            gettext_noop("exempt as private property; losses do not count"),
        ),
        Figure("", gettext_noop("Contracts"), sums.cents(sums.contracts(year.contracts))),
    )


def origins(year: int) -> Origins:
    """The worth of what was held when the year ended; income; gains."""
    return {
        "Wealth on 31 December": made.cents(made.CLOSING),
        "Income": made.cents(made.INCOME),
        "Gains less losses": made.cents(made.NET),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="switzerland",
    title=gettext_noop("Switzerland"),
    currency="CHF",
    time_zone="Europe/Zurich",
    year_start=(1, 1),
    methods=("fifo",),
    settings={},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop("What was held when the year ended, with its value."),
        gettext_noop("Income at market value when received."),
        gettext_noop("Gains, which are exempt, by first in, first out."),
    ),
    not_covered=(
        gettext_noop(
            "The year-end rates of the ESTV's list: values are at Coffer's prices, enter the list's"
            " where it has the coin."
        ),
        gettext_noop("Coins without a price: the wealth is then unknown, not nothing."),
        gettext_noop("Professional trading (circular no. 36), where gains are income."),
        gettext_noop("Tokens that are shares or loans; wealth tax of cantons."),
        gettext_noop("Money and open contracts: they are no coins."),
    ),
    sources=(
        "DBG art. 16, 20",
        "StHG art. 7, 13, 14",
        "ESTV, working paper on cryptocurrencies",
        "ESTV circular no. 36",
    ),
)
