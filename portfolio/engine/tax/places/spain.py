"""Spain: gains in the savings base of an individual's income tax.

LIRPF art. 33 to 37, 46 and 49; first in, first out over all accounts (DGT V1604-18). Swaps are
exchanges (art. 37.1 h). Modelo 100, page of virtual currencies: boxes 1804 to 1814, as of the form
for 2022. Staking and lending are yields of capital (DGT V1766-22, box 0033), airdrops and forks
gains without a transfer (box 0304). Modelo 721: what custodians abroad hold on 31 December, from
50,000 euros (Orden HFP/886/2023).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
from portfolio.engine.tax.types import Disposal, IncomeLine

_YIELDS = frozenset({"reward", "interest"})
_GENERAL = frozenset({"airdrop", "fork"})


def figures(year: Year) -> Sequence[Figure]:
    """Virtual currencies of Modelo 100, receipts by kind, and the value on 31 December."""
    rows = year.disposals
    worth = sums.worth(year.closing, year.closing_values)
    by_sale = _by_sale(rows)
    mined = [line for line in year.income if _kind(year, line) not in _YIELDS | _GENERAL]
    return (
        Figure("1804", gettext_noop("Transfer value"), sums.cents(sums.proceeds(rows)), _NET),
        Figure("1806", gettext_noop("Acquisition value"), sums.cents(sums.costs(rows)), _NET),
        Figure(
            "1813",
            gettext_noop("Sum of losses"),
            sums.cents(money.total(money.negate(gain) for gain in by_sale if gain < 0)),
            gettext_noop("sale by sale"),
            True,
        ),
        Figure(
            "1814",
            gettext_noop("Sum of gains"),
            sums.cents(money.total(gain for gain in by_sale if gain > 0)),
            gettext_noop("sale by sale"),
            True,
        ),
        Figure(
            "0033",
            gettext_noop("Yields of capital"),
            sums.cents(sums.income(x for x in year.income if _kind(year, x) in _YIELDS)),
            gettext_noop("staking and interest, savings base"),
            True,
        ),
        Figure(
            "0304",
            gettext_noop("Airdrops and forks"),
            sums.cents(sums.income(x for x in year.income if _kind(year, x) in _GENERAL)),
            gettext_noop("gains without a transfer, general base"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Other income"),
            sums.cents(sums.income(mined)),
            gettext_noop("mining is a business; rebates lower a fee"),
        ),
        Figure(
            "721",
            gettext_noop("Value on 31 December"),
            None if worth is None else sums.cents(worth),
            gettext_noop("all coins; Modelo 721 asks for those with custodians abroad"),
        ),
        Figure("", gettext_noop("Contracts"), sums.cents(sums.contracts(year.contracts))),
    )


_NET = gettext_noop("after fees")


def _kind(year: Year, line: IncomeLine) -> str:
    return year.subkinds.get(line.event, "")


def _by_sale(rows: Iterable[Disposal]) -> list[Decimal]:
    """The gain of each sale of a coin, whatever its lots."""
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.gain is not None:
            found[row.event, row.asset] = money.add(found[row.event, row.asset], row.gain)
    return list(found.values())


def origins(year: int) -> Origins:
    """Gains and losses sale by sale; receipts by kind."""
    by_sale = replace(made.NET, by=("transaction", "asset", "subkind"))
    return {
        "Transfer value": made.cents(made.PROCEEDS),
        "Acquisition value": made.cents(made.COSTS),
        "Sum of losses": made.cents(made.negative(replace(by_sale, sign=-1))),
        "Sum of gains": made.cents(replace(by_sale, sign=1)),
        "Yields of capital": made.cents(replace(made.INCOME, subkinds=_YIELDS)),
        "Airdrops and forks": made.cents(replace(made.INCOME, subkinds=_GENERAL)),
        "Other income": made.cents(
            replace(made.INCOME, subkinds=_YIELDS | _GENERAL, is_other=True)
        ),
        "Value on 31 December": made.cents(made.CLOSING),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="spain",
    title=gettext_noop("Spain"),
    currency="EUR",
    time_zone="Europe/Madrid",
    year_start=(1, 1),
    methods=("fifo",),
    settings={},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Sales, trades, payments and fees in coins, first in, first out over all accounts."
        ),
        gettext_noop("Staking, interest, airdrops and forks at market value when received."),
        gettext_noop("The value of all coins on 31 December."),
    ),
    not_covered=(
        gettext_noop(
            "Losses on what is bought again within a year may have to wait (art. 33.5): nothing is"
            " held back for it."
        ),
        gettext_noop(
            "Swaps count at the higher of the two values: here at that of what is received."
        ),
        gettext_noop(
            "Gifts given: a gain is taxed, a loss is not; they are listed apart and in no sum."
        ),
        gettext_noop("Coins received as a gift cost what the gift tax valued them at."),
        gettext_noop("Forks may be taxed when they are sold; mining as a business."),
        gettext_noop("Which coins are abroad (Modelo 721); wealth tax; losses of other years."),
        gettext_noop("Numbers of boxes are those of the form for 2022: look at that of your year."),
        gettext_noop("Navarre and the Basque provinces; the hour of the Canary Islands."),
        gettext_noop("Derivatives are given as a sum only."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "LIRPF art. 25, 33 to 37, 46, 49",
        "DGT V1604-18",
        "DGT V1766-22",
        "AEAT, Modelo 100: monedas virtuales",
        "Orden HFP/886/2023",
    ),
    has_wash_sales=gettext_noop(
        "A loss may have to wait where the same coin is bought again within a year."
    ),
    wash_days=(365, 365),
)
