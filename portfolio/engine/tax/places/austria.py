"""Austria: income from cryptocurrencies of a private person since the reform of 2022.

EStG s.27b and s.27a (27.5 %), KryptowährungsVO (BGBl. II 455/2022), EStR 2000 Rz 6178 to 6178aa.
Coin for coin is no sale; what was acquired before 1 March 2021 is old stock, exempt by now; the
moving average holds for what is sold since 2023. Lending and mining are income when received;
staking, airdrops and forks are none and cost nothing (s.27b (2)). A gift is no sale; theft and lost
keys are none either, and no loss (EStR Rz 6178w).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

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
from portfolio.engine.tax.settings import DisposalFee, Scope
from portfolio.engine.tax.types import Term

_SINCE = 2023


def figures(year: Year) -> Sequence[Figure]:
    """Gains and losses on new stock, current income, and what is exempt; unknown before 2023."""
    old = [row for row in year.disposals if row.term is Term.LONG]
    new = [row for row in year.disposals if row.term is not Term.LONG]
    is_known = year.first.year >= _SINCE

    def known(amount: Decimal) -> Decimal | None:
        return sums.cents(amount) if is_known else None

    return (
        Figure("", gettext_noop("Gains on new stock"), known(sums.gains(new)), _SALES, True),
        Figure("", gettext_noop("Losses on new stock"), known(sums.losses(new)), _SALES, True),
        Figure(
            "",
            gettext_noop("Current income"),
            known(sums.income(year.income)),
            gettext_noop("lending and mining, at market value when received"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Gains on old stock"),
            known(sums.net(old)),
            gettext_noop("acquired before 1 March 2021: exempt"),
        ),
        Figure("", gettext_noop("Contracts"), known(sums.contracts(year.contracts))),
    )


_SALES = gettext_noop("sales for money and payments; coin for coin is none")


def origins(year: int) -> Origins:
    """New stock and old, apart; nothing of years before 2023."""
    if year < _SINCE:
        unknown = made.Law(gettext_noop("Other rules held before 2023"), None)
        return dict.fromkeys(_TITLES, unknown)
    new = replace(made.NET, is_long=False)
    return {
        "Gains on new stock": made.cents(replace(new, sign=1)),
        "Losses on new stock": made.cents(made.negative(replace(new, sign=-1))),
        "Current income": made.cents(made.INCOME),
        "Gains on old stock": made.cents(replace(made.NET, is_long=True)),
        "Contracts": made.cents(made.CONTRACTS),
    }


_TITLES = (
    *("Gains on new stock", "Losses on new stock", "Current income", "Gains on old stock"),
    "Contracts",
)


PLACE = Place(
    id="austria",
    title=gettext_noop("Austria"),
    currency="EUR",
    time_zone="Europe/Vienna",
    year_start=(1, 1),
    methods=("at_old_and_new",),
    settings={"scope": Scope.PER_WALLET, "disposal_fee": DisposalFee.ADD_TO_COST},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales and payments since 2023, by the moving average of each account; coin for coin"
            " hands its cost on."
        ),
        gettext_noop("Old stock, acquired before 1 March 2021: exempt, and taken first."),
        gettext_noop("Interest and mining as income; staking, airdrops and forks at no cost."),
    ),
    not_covered=(
        gettext_noop("Years before 2023 have no figures here: other rules held."),
        gettext_noop(
            "What was sold between March 2021 and the end of 2022 is taken out at the average,"
            " where first in, first out held: look at the cost of what was left."
        ),
        gettext_noop("Another order of old and new stock, which you may choose."),
        gettext_noop("Fees paid in coins are counted as sales, those of swaps and transfers too."),
        gettext_noop("Tax withheld by an Austrian provider, and costs that it took at half price."),
        gettext_noop(
            "Coins received as a gift go on with the giver's cost: here they cost nothing."
        ),
        gettext_noop("Losses against other capital income; tokens that are no means of exchange."),
        gettext_noop("Form E1kv is not filled in; derivatives are given as a sum only."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=("EStG s.27, 27a, 27b, 124b", "KryptowährungsVO", "EStR 2000 Rz 6178 ff"),
    at_no_cost=frozenset({"reward", "airdrop", "fork", "gift"}),
    has_long_term=True,
    has_lots_by_account=True,
)
