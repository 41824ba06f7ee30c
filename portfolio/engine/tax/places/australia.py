"""Australia: capital gains of an individual, with the discount after twelve months.

CGT event A1 (ITAA 1997 s.104-10) for sales, swaps, payments and gifts (ATO: "Crypto asset
investments"); cost base s.110-25. Discount of 50 % on what was held for at least 12 months, the day
of acquisition and that of the event not counted (s.115-25, TD 2002/10); capital losses come off
before it, in the order that a person chooses (s.102-5). Parcels: those that records identify,
otherwise the first in. Return: item 18, whole dollars, cents left out; H, A and V. A chain split
gives coins at no cost; staking rewards and airdrops are income when received.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

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
from portfolio.engine.tax.settings import DisposalFee, LongTerm
from portfolio.engine.tax.types import Disposal, Term

_ZERO = Decimal(0)


class _Worked(NamedTuple):
    """How gains and losses of a year come together."""

    total: Decimal  # gains before losses and discount
    net: Decimal
    carried: Decimal  # losses that are left


def work_out(rows: Sequence[Disposal]) -> _Worked:
    """Losses against what has no discount first, the rest against the other; then the discount."""
    long = sums.gains(row for row in rows if row.term is Term.LONG)
    short = sums.gains(row for row in rows if row.term is not Term.LONG)
    losses = sums.losses(rows)
    beyond = max(money.add(losses, money.negate(short)), _ZERO)
    left_short = max(money.add(short, money.negate(losses)), _ZERO)
    left_long = max(money.add(long, money.negate(beyond)), _ZERO)
    return _Worked(
        money.add(long, short),
        money.add(left_short, sums.half(left_long)),
        max(money.add(beyond, money.negate(long)), _ZERO),
    )


def figures(year: Year) -> Sequence[Figure]:
    """Item 18 of the return, what it is made of, and income."""
    rows = year.disposals
    worked = work_out(rows)
    long = [row for row in rows if row.term is Term.LONG]
    return (
        Figure(
            "18H",
            gettext_noop("Total current year capital gains"),
            sums.cut(worked.total),
            gettext_noop("before losses and discount"),
            True,
        ),
        Figure("", gettext_noop("Gains with discount"), sums.cents(sums.gains(long)), _MONTHS),
        Figure("", gettext_noop("Losses"), sums.cents(sums.losses(rows))),
        Figure(
            "18A",
            gettext_noop("Net capital gain"),
            sums.cut(worked.net),
            gettext_noop("losses first from gains without discount, then half of the others"),
            True,
        ),
        Figure(
            "18V",
            gettext_noop("Net capital losses carried forward"),
            sums.cut(worked.carried),
            gettext_noop("of this year alone"),
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


_MONTHS = gettext_noop("held for at least twelve months")


def origins(year: int) -> Origins:
    """Losses come off gains without discount first; a half of what is left of the others counts."""
    long = replace(made.GAINS, is_long=True)
    short = replace(made.GAINS, is_long=False)
    losses = made.negative(made.LOSSES)
    left = made.beyond(short, losses, gettext_noop("Left of gains without discount"))
    rest = made.beyond(losses, short, gettext_noop("Losses that are left for the others"))
    discounted = made.half(made.beyond(long, rest, gettext_noop("Left of gains with discount")))
    net = made.plus(left, discounted, gettext_noop("Both together"))
    carried = made.beyond(rest, long, gettext_noop("Losses beyond all gains"))
    return {
        "Total current year capital gains": made.cut(made.GAINS),
        "Gains with discount": made.cents(long),
        "Losses": made.cents(losses),
        "Net capital gain": made.cut(net),
        "Net capital losses carried forward": made.cut(carried),
        "Income": made.cents(made.INCOME),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="australia",
    title=gettext_noop("Australia"),
    currency="AUD",
    time_zone="",
    year_start=(7, 1),
    methods=("fifo", "specific", "hifo", "lifo", "by_year"),
    settings={"long_term": LongTerm.CALENDAR_YEAR, "disposal_fee": DisposalFee.ADD_TO_COST},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments, fees in coins and gifts given, by parcel, with the discount"
            " after twelve months."
        ),
        gettext_noop("Staking, interest, airdrops and rebates as income when received."),
        gettext_noop("Coins of a chain split as having cost nothing."),
    ),
    not_covered=(
        gettext_noop("Losses of earlier years and other assets, which item 18 takes together."),
        gettext_noop(
            "Highest and latest first need records that identify the parcels; whether you have"
            " them is yours to know."
        ),
        gettext_noop("Trading as a business, super funds, trusts and companies."),
        gettext_noop("Personal use assets; tokens of an initial airdrop, which cost nothing."),
        gettext_noop("Stolen and lost coins: they are listed apart and make no loss here."),
        gettext_noop("Coins that change hands when a relationship ends."),
        gettext_noop("Wash sales, which are no rule of days but of purpose (TR 2008/1)."),
        gettext_noop("Derivatives are given as a sum only."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "ITAA 1997 s.102-5, 104-10, 110-25, 115-25",
        "TD 2002/10",
        "TD 33",
        "ATO, Crypto asset investments",
    ),
    at_no_cost=frozenset({"fork"}),
    apart=frozenset({"lost"}),
    has_long_term=True,
    identify_by=gettext_noop(
        "Records must support which parcel was sold (TD 33, of shares; none is of coins yet);"
        " otherwise the first in is the first out."
    ),
    switching=gettext_noop(
        "Parcels may be chosen in another order from any year on, where records of the time tell"
        " which was sold. Years that were filed keep theirs."
    ),
)
