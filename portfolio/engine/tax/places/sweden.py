"""Sweden: gains on other assets, by the average method (IL 44 kap., 48 kap. 7 §, 52 kap.).

HFD 2018 ref. 72: coins are other assets (52 kap.). Seventy per cent of a loss counts (52 kap. 5 §).
Form K4 section D, whole kronor, öre left out (SFF 22 kap. 1 §); its gains go to 7.5 and its losses
to 8.4 of INK1, interest to 7.2 (Skatteverket, "Kryptovalutor"). A gift is no sale, and its receiver
goes on with the giver's cost (44 kap. 21 §); who loses coins has no loss to deduct.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
from portfolio.engine.tax.types import IncomeLine

_COUNTS = Decimal("0.7")


def figures(year: Year) -> Sequence[Figure]:
    """Sums of K4 section D, what counts of its losses, and income."""
    rows = year.disposals
    losses = sums.losses(rows)
    section = gettext_noop("K4 section D")
    return (
        Figure("", gettext_noop("Sale price"), sums.cut(sums.proceeds(rows)), section),
        Figure("", gettext_noop("Cost"), sums.cut(sums.costs(rows)), section),
        Figure("INK1 7.5", gettext_noop("Gains"), sums.cut(sums.gains(rows)), section, True),
        Figure("INK1 8.4", gettext_noop("Losses"), sums.cut(losses), section, True),
        Figure(
            "",
            gettext_noop("Losses that count"),
            sums.cut(money.multiply(losses, _COUNTS)),
            gettext_noop("70 % of them"),
        ),
        Figure(
            "INK1 7.2",
            gettext_noop("Interest"),
            sums.cut(sums.income(_only(year, interest=True))),
            gettext_noop("at market value when received"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Other income"),
            sums.cut(sums.income(_only(year, interest=False))),
            gettext_noop("at market value when received; where it belongs depends on what it is"),
            True,
        ),
        Figure("", gettext_noop("Contracts"), sums.cut(sums.contracts(year.contracts))),
    )


def _only(year: Year, *, interest: bool) -> list[IncomeLine]:
    kinds = year.subkinds
    return [row for row in year.income if (kinds.get(row.event) in _INTEREST) is interest]


def origins(year: int) -> Origins:
    """Gains and losses apart; seventy per cent of the losses count."""
    losses = made.negative(made.LOSSES)
    interest = replace(made.INCOME, subkinds=_INTEREST)
    return {
        "Sale price": made.cut(made.PROCEEDS),
        "Cost": made.cut(made.COSTS),
        "Gains": made.cut(made.GAINS),
        "Losses": made.cut(losses),
        "Losses that count": made.cut(made.share(losses, _COUNTS)),
        "Interest": made.cut(interest),
        "Other income": made.cut(replace(interest, is_other=True)),
        "Contracts": made.cut(made.CONTRACTS),
    }


_INTEREST = frozenset({"interest"})


PLACE = Place(
    id="sweden",
    title=gettext_noop("Sweden"),
    currency="SEK",
    time_zone="Europe/Stockholm",
    year_start=(1, 1),
    methods=("average",),
    settings={},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments and fees in coins, by the average cost of each coin over all"
            " accounts."
        ),
        gettext_noop("Interest and other income at market value when received."),
        gettext_noop("Gifts given, which are no sale, and lost coins, which make no loss."),
    ),
    not_covered=(
        gettext_noop("Rows of K4, one for each sale: the sums of the section are given."),
        gettext_noop(
            "Coins received as a gift go on with the giver's cost: here they cost nothing."
        ),
        gettext_noop("Whether mining and staking are interest, a hobby or a business."),
        gettext_noop("Lending out, which may be a sale; coins of a fork or an airdrop."),
        gettext_noop("Derivatives are given as a sum only; losses against other capital income."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=("IL 44, 48 and 52 kap.", "HFD 2018 ref. 72", "Skatteverket, Kryptovalutor", "K4"),
    at_no_cost=frozenset({"gift"}),
)
