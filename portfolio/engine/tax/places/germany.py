"""Germany: private sales (section 23 EStG) and other benefits (section 22 no. 3 EStG).

BMF letter of 6 March 2025 (before: 10 May 2022): each wallet for itself, the first in being the
first out, or the very coin where it is known. A sale more than a year after the purchase is exempt
(section 23 (1) no. 2); staking and lending do not make it ten. Limits, each a cliff: gains of 1,000
euros a year (600 until 2023), benefits of 256 euros. Anlage SO, lines as of the form for 2023 and
later: 41 to 47 and 54 (sales), 10 to 16 (benefits); contracts belong to Anlage KAP (section 20).
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
from portfolio.engine.tax.settings import DisposalFee, LongTerm, Scope
from portfolio.engine.tax.types import Term

_BENEFITS = Decimal(256)
_ZERO = Decimal(0)


def limit(year: int) -> Decimal:
    """Gains below it are not taxed; from it on all of them are (section 23 (3) EStG)."""
    return Decimal(1000 if year >= 2024 else 600)


def figures(year: Year) -> Sequence[Figure]:
    """Anlage SO, what is exempt, and what belongs to Anlage KAP."""
    taxed = [row for row in year.disposals if row.term is not Term.LONG]
    exempt = [row for row in year.disposals if row.term is Term.LONG]
    gain = sums.cents(sums.net(taxed))
    benefits = sums.cents(sums.in_coins(year.income, "EUR"))
    cliff = limit(year.first.year)
    contracts = [line.value for line in year.contracts if line.value is not None]
    return (
        Figure(
            "SO 44",
            gettext_noop("Sale price"),
            sums.cents(sums.proceeds(taxed)),
            gettext_noop("held for up to a year"),
        ),
        Figure(
            "SO 45", gettext_noop("Acquisition cost and expenses"), sums.cents(sums.costs(taxed))
        ),
        Figure(
            "SO 47", gettext_noop("Gain or loss"), gain, gettext_noop("held for up to a year"), True
        ),
        Figure(
            "",
            gettext_noop("Gain that is taxed"),
            gain if gain >= cliff else min(gain, _ZERO),
            gettext_noop(
                "nothing below 1,000 euros a year (600 until 2023), all from there on; with"
                " all other private sales"
            ),
            True,
        ),
        Figure(
            "",
            gettext_noop("Gain of what was held longer"),
            sums.cents(sums.net(exempt)),
            gettext_noop("exempt"),
            True,
        ),
        Figure(
            "SO 11",
            gettext_noop("Benefits"),
            benefits,
            gettext_noop("staking, lending, mining and the like"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Benefits that are taxed"),
            benefits if benefits >= _BENEFITS else _ZERO,
            gettext_noop(
                "nothing below 256 euros a year, all from there on; with all other benefits"
            ),
            True,
        ),
        Figure(
            "",
            gettext_noop("Received in money"),
            sums.cents(sums.in_money(year.income, "EUR")),
            gettext_noop("interest and bonuses; they belong to other lines"),
        ),
        Figure(
            "KAP",
            gettext_noop("Contracts: gains"),
            sums.cents(money.total(value for value in contracts if value > 0)),
            gettext_noop("cash flows of derivatives (section 20 EStG)"),
        ),
        Figure(
            "KAP",
            gettext_noop("Contracts: losses"),
            sums.cents(money.negate(money.total(value for value in contracts if value < 0))),
        ),
    )


def origins(year: int) -> Origins:
    """What was held for up to a year and for longer, apart; what is taxed by its limit."""
    taxed = replace(made.NET, is_long=False)
    gain, benefits = made.cents(taxed), made.cents(made.IN_COINS)
    cliff = made.Law(gettext_noop("Limit of the year (section 23 (3) EStG)"), limit(year))
    small = made.Law(gettext_noop("Limit of the year (section 22 no. 3 EStG)"), _BENEFITS)
    return {
        "Sale price": made.cents(replace(made.PROCEEDS, is_long=False)),
        "Acquisition cost and expenses": made.cents(replace(made.COSTS, is_long=False)),
        "Gain or loss": gain,
        "Gain that is taxed": made.from_limit(gain, cliff),
        "Gain of what was held longer": made.cents(replace(made.NET, is_long=True)),
        "Benefits": benefits,
        "Benefits that are taxed": made.from_limit(benefits, small),
        "Received in money": made.cents(made.IN_MONEY),
        "Contracts: gains": made.cents(replace(made.CONTRACTS, sign=1)),
        "Contracts: losses": made.cents(made.negative(replace(made.CONTRACTS, sign=-1))),
    }


PLACE = Place(
    id="germany",
    title=gettext_noop("Germany"),
    currency="EUR",
    time_zone="Europe/Berlin",
    year_start=(1, 1),
    methods=("fifo", "specific"),
    settings={
        "scope": Scope.PER_WALLET,
        "long_term": LongTerm.CALENDAR_YEAR,
        "disposal_fee": DisposalFee.ADD_TO_COST,
    },
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments and fees in coins, each account for itself, with the year"
            " after which they are exempt."
        ),
        gettext_noop("Benefits at market value when received: staking, interest, mining, rebates."),
        gettext_noop("Airdrops and forks as coins that cost nothing."),
    ),
    not_covered=(
        gettext_noop(
            "Coins received as a gift go on with the giver's cost and date: here they cost nothing."
        ),
        gettext_noop("Airdrops for which something was done are benefits: tell them as a reward."),
        gettext_noop("A fork's share of the cost of the coins it came from."),
        gettext_noop("Average cost, which the letter of 2025 allows too; trading as a business."),
        gettext_noop("Anlage KAP is not filled in: derivatives are given as sums only."),
        gettext_noop(
            "Other private sales and benefits, which share the limits; losses of other years."
        ),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=("EStG sections 20, 22 and 23", "BMF letter of 6 March 2025", "Anlage SO"),
    at_no_cost=frozenset({"airdrop", "fork", "gift"}),
    apart=frozenset({"gift", "spouse", "lost"}),
    has_long_term=True,
    has_lots_by_account=True,
    identify_by=gettext_noop(
        "The very coin counts only where records show which one was sold (BMF letter of 6 March"
        " 2025); otherwise the first in is the first out."
    ),
)
