"""No place: gains and income by the method, currency and calendar year that a person chooses."""

from __future__ import annotations

from collections.abc import Sequence

from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import Figure, Place, Year, gettext_noop


def figures(year: Year) -> Sequence[Figure]:
    """Proceeds, cost, gain, income and what contracts brought."""
    contracts = sums.contracts(year.contracts)
    return (
        Figure("", gettext_noop("Proceeds"), sums.cents(sums.proceeds(year.disposals))),
        Figure("", gettext_noop("Cost"), sums.cents(sums.costs(year.disposals))),
        Figure("", gettext_noop("Gain"), sums.cents(sums.net(year.disposals)), is_main=True),
        Figure("", gettext_noop("Income"), sums.cents(sums.income(year.income)), is_main=True),
        Figure("", gettext_noop("Contracts"), sums.cents(contracts), is_main=True),
    )


def origins(year: int) -> Origins:
    """Each figure is one sum."""
    return {
        "Proceeds": made.cents(made.PROCEEDS),
        "Cost": made.cents(made.COSTS),
        "Gain": made.cents(made.NET),
        "Income": made.cents(made.INCOME),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="neutral",
    title=gettext_noop("No particular place"),
    currency="",
    time_zone="",
    year_start=(1, 1),
    methods=("fifo", "lifo", "hifo", "lofo", "average", "specific", "by_year"),
    settings={},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Gains by lots or by average cost, income at its value when received, contracts."
        ),
    ),
    not_covered=(
        gettext_noop("The law of any place: rates, allowances, holding periods and forms."),
    ),
    sources=(),
    switching=gettext_noop(
        "A year goes by the method that was named last; years before the first one named go by it"
        " too."
    ),
)
