"""What the pages of "what if I sold now" show: what can be asked, answers, and their lots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax.from_ledger import FIAT, OUTSIDE
from portfolio.engine.tax.place import Without
from portfolio.models import Connection, WhatIf, WhatIfLine
from portfolio.selectors import tax_events, tax_unpriced
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.valuation import all_holdings

PAGE_SIZE = 100
MOST_LISTED = 100


# --- What can be asked ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """The coins that a person has, and the accounts that they are in."""

    assets: tuple[tuple[str, str, Decimal], ...]  # code, name, how much by the ledger
    accounts: tuple[tuple[str, str], ...]  # a connection's id, its label


def offer(user: User) -> Offer:
    """What a person could sell, of the accounts that are taxed; three queries."""
    environment, known = tax_events.environment(user), identities(user)
    amounts: dict[str, Decimal] = {}
    accounts: dict[str, str] = {}
    for row in all_holdings(user):
        source = source_name(row.connection.exchange, row.connection.environment)
        asset = known.of(source, row.asset)
        is_taxed = row.connection.environment == environment and asset not in FIAT
        if not is_taxed or row.quantity <= 0 or known.is_spam(source, row.asset):
            continue
        held = known.amount(source, row.asset, row.quantity)
        amounts[asset] = money.add(amounts.get(asset, money.ZERO), held)
        accounts[str(row.connection_id)] = str(row.connection)
    return Offer(
        tuple((asset, known.name(asset), amounts[asset]) for asset in sorted(amounts)),
        tuple(sorted(accounts.items(), key=lambda account: account[1])),
    )


# --- Answers ----------------------------------------------------------------------------------


def answers(user: User) -> list[WhatIf]:
    """What was asked, the latest first; one query."""
    return list(WhatIf.objects.of(user)[:MOST_LISTED])


def answer(user: User, answer_id: int) -> WhatIf:
    """One of them. May raise WhatIf.DoesNotExist."""
    return WhatIf.objects.of(user).get(pk=answer_id)


@dataclass(frozen=True, slots=True)
class Wash:
    """The place's rule on buying again, as it stood then."""

    bought: date | None
    free_from: date


def _wash(told: Mapping[str, str] | None) -> Wash | None:
    if told is None:
        return None
    bought = date.fromisoformat(told["bought"]) if told["bought"] else None
    return Wash(bought, date.fromisoformat(told["free_from"]))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the tax year without a sale and with it; None where it is not known."""

    code: str
    title: str
    is_main: bool
    is_count: bool
    before: Decimal | None
    after: Decimal | None
    without: Without | None = None  # what of the year it leaves out

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Method:
    """What a sale would give by one method."""

    name: str
    is_own: bool  # the one that was chosen for the place
    amount: Decimal  # more than is sold where earlier sales of the day count as one with it
    proceeds: Decimal | None  # None where the price of one of those is not known
    cost: Decimal
    denied: Decimal
    gain: Decimal | None
    gain_long: Decimal | None  # None where the place knows no terms
    lots: int
    left: int
    left_amount: Decimal | None  # None where all coins are one
    left_cost: Decimal
    figures: tuple[Figure, ...]

    @property
    def gain_short(self) -> Decimal | None:
        """The part on what was not long held."""
        if self.gain_long is None or self.gain is None:
            return None
        return money.add(self.gain, money.negate(self.gain_long))

    @property
    def shown(self) -> list[Figure]:
        """The figures that begin a summary, and those that the sale changes."""
        return [figure for figure in self.figures if figure.is_main or figure.is_changed]


def _method(told: Mapping[str, Any]) -> Method:
    numbers = ("amount", "cost", "denied", "left_cost")
    return Method(
        name=told["method"],
        is_own=told["is_own"],
        proceeds=_number(told["proceeds"]),
        gain=_number(told["gain"]),
        gain_long=_number(told["gain_long"]),
        lots=told["lots"],
        left=told["left"],
        left_amount=_number(told["left_amount"]),
        figures=tuple(
            Figure(
                *(code, title, is_main, is_count, _number(before), _number(after)),
                tax_unpriced.read(more[0]) if more else None,
            )
            for code, title, is_main, is_count, before, after, *more in told["figures"]
        ),
        **{name: Decimal(told[name]) for name in numbers},
    )


@dataclass(frozen=True, slots=True)
class SaleAnswer:
    """What a sale would give. ``price_source`` is None where the price was typed."""

    asset: str
    amount: Decimal
    price: Decimal
    price_source: str | None
    price_at: datetime | None
    proceeds: Decimal
    accounts: tuple[tuple[str, Decimal], ...]
    outside: Decimal | None
    unpriced: tuple[str, ...]
    wash: Wash | None
    methods: tuple[Method, ...]  # the least gain first

    def method(self, name: str | None) -> Method:
        """The method of this name, else the one that was chosen, else the first."""
        named = (one for one in self.methods if one.name == name)
        own = (one for one in self.methods if one.is_own)
        return next(named, None) or next(own, self.methods[0])

    @property
    def is_loss(self) -> bool:
        """Whether the chosen method ends below zero, or would without what is denied."""
        own = self.method(None)
        return own.gain is None or own.gain < 0 or own.denied > 0


def sale_answer(row: WhatIf) -> SaleAnswer:
    """The stored answer with its numbers."""
    told = row.told
    methods = [_method(one) for one in told["methods"]]
    return SaleAnswer(
        asset=told["asset"],
        amount=Decimal(told["amount"]),
        price=Decimal(told["price"]),
        price_source=told["price_source"],
        price_at=_moment(told["price_at"]),
        proceeds=Decimal(told["proceeds"]),
        accounts=tuple((account, Decimal(amount)) for account, amount in told["accounts"]),
        outside=_number(told["outside"]),
        unpriced=tuple(told["unpriced"]),
        wash=_wash(told["wash"]),
        methods=tuple(sorted(methods, key=lambda one: (one.gain or money.ZERO, one.name))),
    )


@dataclass(frozen=True, slots=True)
class AssetLoss:
    """The lots of one asset that are worth less than they cost, together."""

    asset: str
    lots: int
    amount: Decimal
    cost: Decimal
    value: Decimal
    loss: Decimal
    price: Decimal | None
    price_source: str
    price_at: datetime | None
    wash: Wash | None


@dataclass(frozen=True, slots=True)
class TodayAnswer:
    """All lots as they were: how many, those that wait, those at a loss, and what has no price."""

    lots: int
    waiting: int
    losses: int
    assets: tuple[AssetLoss, ...]
    unpriced: tuple[tuple[str, Decimal], ...]

    @property
    def loss(self) -> Decimal:
        """The losses together."""
        return money.total(one.loss for one in self.assets)


def today_answer(row: WhatIf) -> TodayAnswer:
    """The stored answer with its numbers."""
    told = row.told
    return TodayAnswer(
        lots=told["lots"],
        waiting=told["waiting"],
        losses=told["losses"],
        assets=tuple(_asset_loss(one) for one in told["assets"]),
        unpriced=tuple((one["asset"], Decimal(one["amount"])) for one in told["unpriced"]),
    )


def _asset_loss(told: Mapping[str, Any]) -> AssetLoss:
    return AssetLoss(
        asset=told["asset"],
        lots=told["lots"],
        price=_number(told["price"]),
        price_source=told["price_source"] or "",
        price_at=_moment(told["price_at"]),
        wash=_wash(told["wash"]),
        **{name: Decimal(told[name]) for name in ("amount", "cost", "value", "loss")},
    )


# --- Lots -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot of an answer; ``days`` until it is long held, counted from the answer's day."""

    line: WhatIfLine
    days: int | None

    @property
    def gain(self) -> Decimal | None:
        """What it brings more than it cost, with what is denied of a loss; None: not known."""
        line = self.line
        if line.value is None:
            return None
        return money.total([line.value, money.negate(line.cost), line.denied or money.ZERO])


@dataclass(frozen=True, slots=True)
class LotPage:
    """Some lots of one part, by position; ``after`` asks for those behind, None at the end."""

    lots: Sequence[Lot]
    total: int
    after: int | None
    before: int | None


def lots(row: WhatIf, part: str, total: int, *, start: int = 0) -> LotPage:
    """The lots of a part, of which there are ``total``, from a position on; one query."""
    rows = WhatIfLine.objects.filter(answer=row, part=part, position__gte=start)
    zone = ZoneInfo(row.settings["engine"]["tax_timezone"])
    day = None if row.at is None else row.at.astimezone(zone).date()

    def days(line: WhatIfLine) -> int | None:
        return None if line.long_from is None or day is None else (line.long_from - day).days

    end = start + PAGE_SIZE
    return LotPage(
        lots=[Lot(line, days(line)) for line in rows.order_by("position")[:PAGE_SIZE]],
        total=total,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


def labels(user: User) -> Mapping[str, str]:
    """The names of the user's accounts, by id, and of where nobody knows."""
    names = {str(row.pk): str(row) for row in Connection.objects.of(user)}
    return names | {OUTSIDE: _("left for a place not known")}
