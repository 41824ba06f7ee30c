"""France: gains of a private person on digital assets, form 2086.

CGI art. 150 VH bis: each sale for money or goods takes its part of the price that was paid for all
coins, by the value of all of them (line 212); coin for coin is no event (II A). Years in which sale
prices are 305 euros or less in all are exempt (II B). Net gain or loss of the year: 3AN and 3BN of
form 2042 C, whole euros. Mining and staking are non-commercial profits when received (CGI art. 92).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import Figure, Place, Year, gettext_noop
from portfolio.engine.tax.settings import DisposalFee

EXEMPT = Decimal(305)  # of sale prices, a year
_ZERO = Decimal(0)


def figures(year: Year) -> Sequence[Figure]:
    """Sums of form 2086, what goes to 2042 C, and receipts."""
    rows = year.disposals
    got, net = sums.proceeds(rows), sums.net(rows)
    counts = net if got > EXEMPT else _ZERO
    return (
        Figure("", gettext_noop("Sale prices"), sums.cents(got), gettext_noop("form 2086"), True),
        Figure(
            "",
            gettext_noop("Parts of the acquisition price, and fees"),
            sums.cents(sums.costs(rows)),
            gettext_noop("form 2086"),
        ),
        Figure("", gettext_noop("Gain or loss"), sums.cents(net), "", True),
        Figure("3AN", gettext_noop("Gain of the year"), sums.whole(max(counts, _ZERO)), _LIMIT),
        Figure(
            "3BN",
            gettext_noop("Loss of the year"),
            sums.whole(max(money.negate(counts), _ZERO)),
            _LIMIT,
        ),
        Figure(
            "",
            gettext_noop("Receipts"),
            sums.cents(sums.income(year.income)),
            gettext_noop("mining, staking and the like, at market value when received"),
            True,
        ),
        Figure("", gettext_noop("Contracts"), sums.cents(sums.contracts(year.contracts))),
    )


_LIMIT = gettext_noop("nothing where sale prices are 305 euros or less in the year")


def origins(year: int) -> Origins:
    """Nothing of gain or loss counts unless sale prices are above the limit."""
    words = gettext_noop("Limit of sale prices in a year (CGI art. 150 VH bis II B)")
    limit = made.Law(words, EXEMPT)
    counts = made.if_more(made.NET, made.PROCEEDS, limit)
    return {
        "Sale prices": made.cents(made.PROCEEDS),
        "Parts of the acquisition price, and fees": made.cents(made.COSTS),
        "Gain or loss": made.cents(made.NET),
        "Gain of the year": made.whole(made.above_zero(counts)),
        "Loss of the year": made.whole(made.above_zero(made.negative(counts))),
        "Receipts": made.cents(made.INCOME),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="france",
    title=gettext_noop("France"),
    currency="EUR",
    time_zone="Europe/Paris",
    year_start=(1, 1),
    methods=("fr_portfolio",),
    settings={"disposal_fee": DisposalFee.ADD_TO_COST},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales for money and payments, by the price and the value of all coins; coin for coin"
            " is no event."
        ),
        gettext_noop("The limit of 305 euros of sale prices a year."),
        gettext_noop("Receipts at market value when received."),
    ),
    not_covered=(
        gettext_noop(
            "The value of all coins is that of what is known here at Coffer's prices; a coin"
            " without a price counts as nothing, and is told."
        ),
        gettext_noop("Coins at places that are not connected belong into that value."),
        gettext_noop("A sale of unknown price takes no part of the total acquisition price."),
        gettext_noop("What another person of the household sold."),
        gettext_noop(
            "What was sold before 2019, under another law: it takes its part of the price."
        ),
        gettext_noop("Conversions of several coins at once count as sales; balances in money."),
        gettext_noop("Coins received as a gift, and what a gift given takes of the price."),
        gettext_noop("Coins that contracts took count as sold; derivatives are a sum only."),
        gettext_noop("Trading as a business; form 3916-bis (accounts abroad); losses that wait."),
        gettext_noop("Airdrops and forks may be no receipts: here they are."),
    ),
    sources=("CGI art. 150 VH bis", "Form 2086 and its notice", "Form 2042 C"),
    needs_portfolio=True,
)
