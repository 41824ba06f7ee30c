"""United Kingdom: capital gains tax of an individual, and income from tokens.

Pooling: TCGA 1992 s.104 to s.106A (HMRC manual CRYPTO22200 to CRYPTO22256); disposals of one day
are one (s.105). Expenses: s.38. Gifts at market value (s.17), to a spouse without gain or loss
(s.58); theft is no disposal (CRYPTO22500). Income: CRYPTO21000. Form SA108: from 2024-25 boxes 13.1
to 13.5, whole pounds, rounded in your favour. Annual exempt amount: s.1K; rates changed on 30
October 2024.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

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
from portfolio.engine.tax.settings import DisposalFee, TradeFee
from portfolio.engine.tax.types import Disposal

# By the year in which the tax year starts.
_EXEMPT = {2019: 12000, 2020: 12300, 2021: 12300, 2022: 12300, 2023: 6000}
_EXEMPT_SINCE_2024 = 3000
_OWN_SECTION = 2024
_REPORT_ABOVE = {**{year: 4 * amount for year, amount in _EXEMPT.items()}, 2023: 50000}
_NEW_RATES = date(2024, 10, 30)
_ZERO = Decimal(0)


def exempt_amount(year: int) -> Decimal | None:
    """The annual exempt amount of the tax year that starts in ``year``; None: not known here."""
    if year > 2023:
        return Decimal(_EXEMPT_SINCE_2024)
    known = _EXEMPT.get(year)
    return None if known is None else Decimal(known)


def figures(year: Year) -> Sequence[Figure]:
    """SA108 and what it takes to know whether to fill it in."""
    by_day = _by_day(year.disposals)
    gains = [gain for gain in by_day.values() if gain > 0]
    losses = [money.negate(gain) for gain in by_day.values() if gain < 0]
    exempt = exempt_amount(year.first.year)
    net = money.add(money.total(gains), money.negate(money.total(losses)))
    contracts = sums.contracts(year.contracts)
    return (
        *_sa108(year, len(by_day), gains, losses),
        *_at_new_rates(year, by_day),
        Figure("", gettext_noop("Gains less losses"), _down(net), is_main=True),
        Figure("", gettext_noop("Annual exempt amount"), exempt, gettext_noop("TCGA 1992 s.1K")),
        Figure(
            "",
            gettext_noop("Above the exempt amount"),
            None if exempt is None else max(money.add(_down(net), money.negate(exempt)), _ZERO),
            gettext_noop("losses of earlier years are not taken off"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Report if proceeds are above"),
            _report_above(year.first.year),
            gettext_noop("also if gains are above the exempt amount, or losses are to be claimed"),
        ),
        Figure(
            "SA100 17",
            gettext_noop("Other taxable income"),
            _down(sums.in_coins(year.income, "GBP")),
            gettext_noop("at market value when received"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Received in money"),
            _down(sums.in_money(year.income, "GBP")),
            gettext_noop("interest and bonuses; they belong to other lines"),
        ),
        Figure(
            "",
            gettext_noop("Contracts"),
            _down(contracts),
            gettext_noop("cash flows of derivatives: not in SA108 13"),
            True,
        ),
    )


def _by_day(rows: Iterable[Disposal]) -> dict[tuple[date, str], Decimal]:
    """The gain of each disposal: all of one asset on one day are one (s.105)."""
    found: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.gain is not None:
            found[row.on, row.asset] = money.add(found[row.on, row.asset], row.gain)
    return found


def _sa108(
    year: Year, number: int, gains: Sequence[Decimal], losses: Sequence[Decimal]
) -> tuple[Figure, ...]:
    boxes = ("13.1", "13.2", "13.3", "13.4", "13.5")
    if year.first.year < _OWN_SECTION:
        boxes = ("14", "15", "16", "17", "19")  # other property, assets and gains
    one, two, three, four, five = (f"SA108 {box}" for box in boxes)
    day = gettext_noop("all disposals of one asset on one day are one")
    return (
        Figure(one, gettext_noop("Number of disposals"), Decimal(number), day, True, is_count=True),
        Figure(
            two, gettext_noop("Disposal proceeds"), _down(sums.proceeds(year.disposals)), "", True
        ),
        Figure(three, gettext_noop("Allowable costs"), _up(sums.costs(year.disposals))),
        Figure(
            four,
            gettext_noop("Gains in the year, before losses"),
            _down(money.total(gains)),
            "",
            True,
        ),
        Figure(five, gettext_noop("Losses in the year"), _up(money.total(losses)), "", True),
    )


def _at_new_rates(year: Year, by_day: dict[tuple[date, str], Decimal]) -> tuple[Figure, ...]:
    """The gains of 2024-25 from the day of the new rates on."""
    if not year.first <= _NEW_RATES <= year.last:
        return ()
    late = money.total(gain for (on, _), gain in by_day.items() if on >= _NEW_RATES)
    return (
        Figure(
            "",
            gettext_noop("Gains less losses from 30 October 2024"),
            _down(late),
            gettext_noop("rates changed that day"),
        ),
    )


def _report_above(year: int) -> Decimal | None:
    if year > 2023:
        return Decimal(50000)
    known = _REPORT_ABOVE.get(year)
    return None if known is None else Decimal(known)


def _down(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), rounding=ROUND_FLOOR, context=money.EXACT)


def _up(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), rounding=ROUND_CEILING, context=money.EXACT)


def origins(year: int) -> Origins:
    """Gains and losses by day and asset, and what is above the exempt amount."""
    by_day = replace(made.NET, by=("on", "asset"))
    exempt = made.Law(gettext_noop("Annual exempt amount (TCGA 1992 s.1K)"), exempt_amount(year))
    net = made.down(made.NET)
    return {
        "Number of disposals": replace(by_day, column="number"),
        "Disposal proceeds": made.down(made.PROCEEDS),
        "Allowable costs": made.up(made.COSTS),
        "Gains in the year, before losses": made.down(replace(by_day, sign=1)),
        "Losses in the year": made.up(made.negative(replace(by_day, sign=-1))),
        "Gains less losses from 30 October 2024": made.down(replace(made.NET, since=_NEW_RATES)),
        "Gains less losses": net,
        "Annual exempt amount": exempt,
        "Above the exempt amount": made.beyond(
            net, exempt, gettext_noop("Above the exempt amount")
        ),
        "Report if proceeds are above": made.Law(
            gettext_noop("Limit of the notes to SA108"), _report_above(year)
        ),
        "Other taxable income": made.down(made.IN_COINS),
        "Received in money": made.down(made.IN_MONEY),
        "Contracts": made.down(made.CONTRACTS),
    }


PLACE = Place(
    id="uk",
    title=gettext_noop("United Kingdom"),
    currency="GBP",
    time_zone="Europe/London",
    year_start=(4, 6),
    methods=("uk_share_pooling",),
    settings={
        "disposal_fee": DisposalFee.ADD_TO_COST,
        "trade_fee": TradeFee.SPLIT,
        "exempt": frozenset({"spouse", "lost"}),
    },
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop(
            "Same day, 30 days and section 104 pool, gifts at market value, gifts to a spouse (tag"
            " them “spouse”), coins spent on goods and fees."
        ),
        gettext_noop("Income when received: staking, interest, airdrops, mining, rebates."),
        gettext_noop("Coins of a fork as having cost nothing."),
    ),
    not_covered=(
        gettext_noop(
            "Losses and claims of other years, other assets, reliefs, negligible value claims."
        ),
        gettext_noop(
            "A fork's share of the pool's cost: HMRC wants it split; here the new coins"
            " cost nothing."
        ),
        gettext_noop(
            "Airdrops for which nothing was done may be no income (CRYPTO21250): here they are."
        ),
        gettext_noop("Lending and liquidity pools as disposals (CRYPTO61000); derivatives."),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "TCGA 1992",
        "HMRC Cryptoassets Manual",
        "SA108 and its notes",
    ),
    at_no_cost=frozenset({"fork"}),
    apart=frozenset(),  # what makes no gain leaves the pool so, and is told by that
    days_after=31,
    has_wash_sales=gettext_noop(
        "What is bought again the same day or within 30 days after counts as what was sold: the"
        " loss shrinks to what lies between the two prices."
    ),
    wash_days=(0, 30),
)
