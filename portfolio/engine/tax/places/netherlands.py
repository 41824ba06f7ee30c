"""Netherlands: box 3, what was held on 1 January; gains of a private person are not taxed.

Wet IB 2001 art. 5.2 and 5.3: other assets at market value when the year begins, at the rate of the
platform that is used (Belastingdienst, "Overige bezittingen"). Free capital: art. 5.5. Whole euros,
rounded down.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import Figure, Place, Year, gettext_noop

# By calendar year, for one person (art. 5.5); double with a partner.
_FREE = {
    **{2017: 25000, 2018: 30000, 2019: 30360, 2020: 30846, 2021: 50000, 2022: 50650},
    **{2023: 57000, 2024: 57000, 2025: 57684},
}


def free_capital(year: int) -> Decimal | None:
    """The capital that is not taxed; None: not known here."""
    known = _FREE.get(year)
    return None if known is None else Decimal(known)


def figures(year: Year) -> Sequence[Figure]:
    """The value on 1 January, what is free of all capital, and what is not asked for."""
    worth = sums.worth(year.opening, year.opening_values)
    return (
        Figure(
            "Box 3",
            gettext_noop("Other assets: value on 1 January"),
            None if worth is None else sums.down(worth),
            gettext_noop("all coins, at the price when the year begins"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Free capital"),
            free_capital(year.first.year),
            gettext_noop("for one person, of all capital together"),
        ),
        Figure(
            "", gettext_noop("Gains less losses"), sums.cents(sums.net(year.disposals)), _ACTUAL
        ),
        Figure("", gettext_noop("Received"), sums.cents(sums.income(year.income)), _BOX),
    )


_ACTUAL = gettext_noop("not taxed; for the actual return, if you give that")
_BOX = gettext_noop("staking, interest and the like; part of the actual return in box 3")


def origins(year: int) -> Origins:
    """The worth of what was held when the year began."""
    free = made.Law(gettext_noop("Free capital of one person (art. 5.5)"), free_capital(year))
    return {
        "Other assets: value on 1 January": made.down(made.OPENING),
        "Free capital": free,
        "Gains less losses": made.cents(made.NET),
        "Received": made.cents(made.INCOME),
    }


PLACE = Place(
    id="netherlands",
    title=gettext_noop("Netherlands"),
    currency="EUR",
    time_zone="Europe/Amsterdam",
    year_start=(1, 1),
    methods=("fifo",),
    settings={},
    figures=figures,
    origins=origins,
    covers=(gettext_noop("What was held on 1 January, with its value."),),
    not_covered=(
        gettext_noop("Box 3 itself: deemed or actual return, debts, savings, a partner's share."),
        gettext_noop("The platform's own rate: values are at Coffer's prices."),
        gettext_noop("Coins without a price: the value is then unknown, not nothing."),
        gettext_noop("Mining, trading and other work that is income in box 1."),
        gettext_noop("The actual return also needs the change in value over the year."),
        gettext_noop("Money and open contracts: they are no coins."),
    ),
    sources=("Wet IB 2001 art. 5.2, 5.3, 5.5", "Belastingdienst, Overige bezittingen"),
)
