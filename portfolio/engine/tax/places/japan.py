"""Japan: miscellaneous income of an individual from crypto-assets, in yen.

NTA, "Tax treatment of crypto-assets" (FAQ): gains are miscellaneous income; unit cost by total
average, by moving average where that was filed (Income Tax Act s.48-2, Cabinet Order s.119-2,
119-5). Coins of a fork cost nothing and are no income; mining, staking and lending are income at
market value. Gifts given count at market value (s.40). Sums are cut to yen.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def figures(year: Year) -> Sequence[Figure]:
    """What was got and what it cost, as the office's sheet sums it up, and other receipts."""
    received = sums.income(year.income)
    gain = sums.net(year.disposals)
    return (
        Figure(
            "",
            gettext_noop("Sale prices"),
            sums.down(sums.proceeds(year.disposals)),
            gettext_noop("sales, swaps, payments and gifts"),
        ),
        Figure("", gettext_noop("Cost of what was sold"), sums.down(sums.costs(year.disposals))),
        Figure("", gettext_noop("Gain or loss"), sums.down(gain), "", True),
        Figure(
            "",
            gettext_noop("Other receipts"),
            sums.down(received),
            gettext_noop("mining, staking, lending and the like, at market value when received"),
        ),
        Figure(
            "",
            gettext_noop("Miscellaneous income"),
            sums.down(money.add(gain, received)),
            gettext_noop("gain or loss and other receipts; with all other miscellaneous income"),
            True,
        ),
        Figure("", gettext_noop("Contracts"), sums.down(sums.contracts(year.contracts))),
    )


def origins(year: int) -> Origins:
    """Gain or loss and receipts, each and together."""
    both = made.plus(made.NET, made.INCOME, gettext_noop("Both together"))
    return {
        "Sale prices": made.down(made.PROCEEDS),
        "Cost of what was sold": made.down(made.COSTS),
        "Gain or loss": made.down(made.NET),
        "Other receipts": made.down(made.INCOME),
        "Miscellaneous income": made.down(both),
        "Contracts": made.down(made.CONTRACTS),
    }


PLACE = Place(
    id="japan",
    title=gettext_noop("Japan"),
    currency="JPY",
    time_zone="Asia/Tokyo",
    year_start=(1, 1),
    methods=("total_average", "average"),
    settings={},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments, fees in coins and gifts given, by the total average of the"
            " year, or by moving average for who filed for it."
        ),
        gettext_noop("Mining, staking, lending and rebates as income when received."),
        gettext_noop("Coins of a fork as having cost nothing."),
    ),
    not_covered=(
        gettext_noop("A change of method needs the office's consent: years before keep theirs."),
        gettext_noop("Unit costs rounded up to a yen, as the office's sheet has them."),
        gettext_noop("Expenses beside fees; trading as a business; margin trading."),
        gettext_noop("Stolen and lost coins: they are listed apart and make no loss here."),
        gettext_noop("Derivatives are given as a sum only; the limit of 200,000 yen for filing."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "Income Tax Act s.35, 40, 48-2",
        "Cabinet Order s.119-2, 119-5",
        "NTA, FAQ on crypto-assets",
    ),
    at_no_cost=frozenset({"fork"}),
    apart=frozenset({"lost"}),
)
