"""United States: federal income tax on digital assets held as capital assets.

Digital assets are property (Notice 2014-21). Holding periods: IRC 1222, Rev. Rul. 66-7; long is
more than a year. Lots: FIFO unless identified (Reg. 1.1012-1(j), A39 of the IRS questions and
answers); by wallet or account from 1 January 2025 (Rev. Proc. 2024-28). Income when received: Rev.
Rul. 2019-24, Rev. Rul. 2023-14. Forms: 8949 with boxes G to L for digital assets since 2025, C and
F before; Schedule D; Schedule 1 line 8v. Loss limit: IRC 1211(b). Gifts given are no sale (IRC 102,
1015); theft is not deducted (IRC 165(h)(5)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import origins as made
from portfolio.engine.tax.history import History
from portfolio.engine.tax.origins import Origins
from portfolio.engine.tax.place import (
    FOREIGN_MONEY,
    SOLD_SHORT,
    Figure,
    Place,
    Year,
    gettext_noop,
)
from portfolio.engine.tax.safe_harbour import compute_by_wallet_from, given
from portfolio.engine.tax.settings import HifoKey, LongTerm, Settings
from portfolio.engine.tax.types import Disposal, Outcome, Remaining, Term

BY_WALLET = 2025
_MOST_LOSS = Decimal(3000)


def compute(settings: Settings, history: History) -> Outcome:
    """Lots of all wallets together until the end of 2024, lots by wallet since."""
    return compute_by_wallet_from(settings, history, _moment(settings))


def given_lots(settings: Settings, history: History) -> Sequence[Remaining]:
    """The lots of 1 January 2025 with the accounts they were given to."""
    return given(settings, history, _moment(settings))


def _moment(settings: Settings) -> datetime:
    return datetime(BY_WALLET, 1, 1, tzinfo=settings.zone or UTC)


def figures(year: Year) -> Sequence[Figure]:
    """Form 8949 by part, Schedule D, ordinary income, and the loss that counts this year."""
    short = [row for row in year.disposals if row.term is not Term.LONG]
    long = [row for row in year.disposals if row.term is Term.LONG]
    boxes = ("I", "L") if year.first.year >= BY_WALLET else ("C", "F")
    total = sums.cents(sums.net(year.disposals))
    contracts = sums.cents(sums.contracts(year.contracts))
    return (
        *_part("8949 I", _SHORT, _RULES[boxes[0]], short),
        *_part("8949 II", _LONG, _RULES[boxes[1]], long),
        Figure(
            "Schedule D 16",
            gettext_noop("Capital gain or loss"),
            total,
            gettext_noop("Part I and Part II together"),
            True,
        ),
        Figure(
            "Schedule D 21",
            gettext_noop("Loss that counts this year"),
            min(money.negate(total), _MOST_LOSS) if total < 0 else Decimal(0),
            gettext_noop(
                "at most 3,000; the rest is carried to the next year (half of it when married and"
                " filing apart)"
            ),
        ),
        Figure(
            "Schedule 1 8v",
            gettext_noop("Ordinary income from digital assets"),
            sums.cents(sums.in_coins(year.income, "USD")),
            gettext_noop("at market value when received"),
            True,
        ),
        Figure(
            "",
            gettext_noop("Received in money"),
            sums.cents(sums.in_money(year.income, "USD")),
            gettext_noop("interest and bonuses; they belong to other lines"),
        ),
        Figure(
            "",
            gettext_noop("Contracts"),
            contracts,
            gettext_noop("cash flows of derivatives: no form is filled in"),
            True,
        ),
    )


def _part(
    code: str, titles: tuple[str, str, str], rule: str, rows: Sequence[Disposal]
) -> tuple[Figure, ...]:
    got, cost, gain = titles
    return (
        Figure(f"{code} (d)", got, sums.cents(sums.proceeds(rows)), rule),
        Figure(f"{code} (e)", cost, sums.cents(sums.costs(rows)), rule),
        Figure(f"{code} (h)", gain, sums.cents(sums.net(rows)), rule, True),
    )


_SHORT = (
    gettext_noop("Short term: proceeds"),
    gettext_noop("Short term: cost or other basis"),
    gettext_noop("Short term: gain or loss"),
)
_LONG = (
    gettext_noop("Long term: proceeds"),
    gettext_noop("Long term: cost or other basis"),
    gettext_noop("Long term: gain or loss"),
)
_RULES = {
    "C": gettext_noop("box C: no Form 1099-B taken into account"),
    "F": gettext_noop("box F: no Form 1099-B taken into account"),
    "I": gettext_noop("boxes G, H and I together: G and H where a Form 1099-DA was had"),
    "L": gettext_noop("boxes J, K and L together: J and K where a Form 1099-DA was had"),
}


def origins(year: int) -> Origins:
    """The two parts of Form 8949, both together, and the loss that counts."""
    total = made.cents(made.NET)
    most = made.Law(gettext_noop("Limit of a year (IRC 1211(b))"), _MOST_LOSS)
    parts = {
        title: made.cents(replace(column, is_long=is_long))
        for titles, is_long in ((_SHORT, False), (_LONG, True))
        for title, column in zip(titles, (made.PROCEEDS, made.COSTS, made.NET), strict=True)
    }
    return {
        **parts,
        "Capital gain or loss": total,
        "Loss that counts this year": made.at_most(made.above_zero(made.negative(total)), most),
        "Ordinary income from digital assets": made.cents(made.IN_COINS),
        "Received in money": made.cents(made.IN_MONEY),
        "Contracts": made.cents(made.CONTRACTS),
    }


PLACE = Place(
    id="us",
    title=gettext_noop("United States"),
    currency="USD",
    time_zone="",
    year_start=(1, 1),
    methods=("fifo", "specific", "hifo", "lifo", "lofo", "by_year"),
    # Highest first is by basis, fees in it: lots of before 2025 come with theirs alone.
    settings={"long_term": LongTerm.CALENDAR_YEAR, "hifo_key": HifoKey.COST},
    figures=figures,
    origins=origins,
    covers=(
        gettext_noop("Sales, trades, payments and fees in coins, short and long term, by lot."),
        gettext_noop(
            "Lots of all accounts together until 2024, by account since 1 January 2025, given to"
            " them by a global rule (Rev. Proc. 2024-28): the oldest to the account that was used"
            " first, or the order that you choose."
        ),
        gettext_noop("Income when received: staking, interest, airdrops, mining, forks, rebates."),
    ),
    not_covered=(
        gettext_noop(
            "Forms 1099-B are not compared; where you give a Form 1099-DA it is held against the"
            " report, and its boxes of Form 8949 are told on their own, on the page and in the"
            " export. The figures with a part's name are of all its boxes."
        ),
        gettext_noop(
            "Highest, lowest and latest first need identification made before each sale; whether"
            " you made it is yours to know."
        ),
        gettext_noop(
            "Gifts received count as if they had cost nothing: enter the giver's basis by hand."
        ),
        gettext_noop(
            "Derivatives (section 1256 and others), mark to market, state taxes, NFTs as"
            " collectibles."
        ),
        gettext_noop(
            "Wash sale rules do not apply to digital assets today; nothing is adjusted for them."
        ),
        FOREIGN_MONEY,
        SOLD_SHORT,
    ),
    sources=(
        "Notice 2014-21",
        "Rev. Proc. 2024-28",
        "Reg. 1.1012-1(j)",
        "Rev. Rul. 2019-24",
        "Rev. Rul. 2023-14",
        "Instructions for Form 8949",
    ),
    at_no_cost=frozenset({"gift"}),
    apart=frozenset({"gift", "spouse", "lost"}),
    has_long_term=True,
    compute=compute,
    given_in=BY_WALLET,
    given=given_lots,
    giving=gettext_noop(
        "On 1 January 2025 the lots of all accounts were given to the accounts that held the coins"
        " (Rev. Proc. 2024-28, section 5.02). The rule must have been described in your books"
        " before that day, and cannot be changed afterwards. Single units allocated by hand are not"
        " covered."
    ),
    has_wash_sales=gettext_noop(
        "Not law for digital assets today: where securities are bought again within 30 days before"
        " or after, a loss does not count."
    ),
    wash_days=(30, 30),
    has_lots_by_account=True,
    identify_by=gettext_noop(
        "A lot counts as identified only if your books named it no later than the date and time of"
        " the sale (Reg. 1.1012-1(j)); otherwise the oldest units of the account are the ones sold."
    ),
    switching=gettext_noop(
        "Lots are identified sale by sale, so that another order may be used from any year on: it"
        " must have been in your books before the first sale that it is used for. Years that were"
        " filed keep theirs."
    ),
)
