"""Sums over the lines of a tax report: by asset, of what was assumed, of lots given to accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum

from portfolio.engine import money
from portfolio.engine.tax.place import Without
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_unpriced

Part = TaxLine.Part


GIVEN_SHOWN = 100  # of one asset's lots on a page; the file has them all


@dataclass(frozen=True, slots=True)
class GivenAccount:
    """What went to one account of one asset, and what its coins cost afterwards."""

    asset: str
    account: str
    lots: int
    amount: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class GivenLots:
    """One asset's lots on the day on which they went to accounts, the first ``GIVEN_SHOWN``."""

    before: Sequence[tuple[TaxLine, Decimal, Decimal]]  # accounts apart: amount and cost
    after: Sequence[TaxLine]  # in the order in which they were given
    total: int  # lines in all

    @property
    def is_cut(self) -> bool:
        """Whether there are more than are shown; no lot is without a line."""
        return self.total > len(self.after)


def given(report: TaxReport) -> list[GivenAccount]:
    """What was given to accounts, by asset and account; one query."""
    rows = (
        TaxLine.objects.filter(report=report, part=Part.GIVEN)
        .values_list("asset", "account")
        .annotate(
            lots=Count("lot_transaction", distinct=True),
            amounts=Sum("amount"),
            costs=Sum("cost"),
            first=Min("position"),
        )
        .order_by("asset", "first")
    )
    return [
        GivenAccount(asset, account, lots, amount, cost or money.ZERO)
        for asset, account, lots, amount, cost, _ in rows
    ]


def given_lots(report: TaxReport, asset: str) -> GivenLots:
    """The lots of one asset before and after; one query, as many lots as were held of it."""
    lines = list(
        TaxLine.objects.filter(report=report, part=Part.GIVEN, asset=asset).order_by("position")
    )
    lots: dict[int | None, list[TaxLine]] = {}
    for line in lines:
        lots.setdefault(line.lot_transaction, []).append(line)
    before = [
        (
            parts[0],
            money.total(part.amount for part in parts),
            money.total(part.cost or money.ZERO for part in parts),
        )
        for parts in lots.values()
    ]
    return GivenLots(before[:GIVEN_SHOWN], lines[:GIVEN_SHOWN], len(lines))


@dataclass(frozen=True, slots=True)
class AssetSum:
    """One asset's disposals of a year; the sums are of those of a known price, None: of none."""

    asset: str
    proceeds: Decimal | None
    cost: Decimal | None
    denied: Decimal
    without: Without | None = None

    @property
    def gain(self) -> Decimal | None:
        if self.proceeds is None or self.cost is None:
            return None
        return money.total([self.proceeds, money.negate(self.cost), self.denied])


def by_asset(report: TaxReport, lines: QuerySet[TaxLine] | None = None) -> list[AssetSum]:
    """Disposals by asset, the greatest gain first; kept with the report. ``lines``: of these."""
    if lines is None and report.sums:
        return [_asset_sum(*told) for told in report.sums["assets"]]
    return summed_by_asset(report, lines)


def _asset_sum(
    asset: str, proceeds: str | None, cost: str | None, denied: str, without: Any = None
) -> AssetSum:
    sums = (_number(proceeds), _number(cost), Decimal(denied))
    return AssetSum(asset, *sums, tax_unpriced.read(without))


def told_by_asset(row: AssetSum) -> list[Any]:
    """As JSON."""
    known = [None if value is None else money.plain(value) for value in (row.proceeds, row.cost)]
    return [row.asset, *known, money.plain(row.denied), tax_unpriced.told(row.without)]


def summed_by_asset(report: TaxReport, lines: QuerySet[TaxLine] | None = None) -> list[AssetSum]:
    """The same from the lines; one query."""
    if lines is None:
        lines = TaxLine.objects.filter(report=report, part=Part.DISPOSAL)
    rows = lines.values("asset").annotate(
        got=Sum("proceeds"),
        costs=Sum("cost", filter=Q(proceeds__isnull=False)),
        kept=Sum("denied"),
        unpriced=Count("transaction", filter=Q(proceeds=None), distinct=True),
        unpriced_cost=Sum("cost", filter=Q(proceeds=None)),
    )
    found = [
        AssetSum(
            *(row["asset"], row["got"], row["costs"], row["kept"] or money.ZERO),
            Without(row["unpriced"], row["unpriced_cost"] or money.ZERO)
            if row["unpriced"]
            else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (-(row.gain or money.ZERO), row.asset))


@dataclass(frozen=True, slots=True)
class AssumedSum:
    """What was assumed of one kind: how often, and the money it is about."""

    what: str
    number: int
    value: Decimal | None
    unknown: int  # of unknown worth
    touched: Decimal | None  # the gain of the year that stands on it; None where it was not asked


def assumed(report: TaxReport, lines: QuerySet[TaxLine] | None = None) -> list[AssumedSum]:
    """What was taken for granted, by what it is; kept with the report. ``lines``: of these."""
    if lines is None and report.sums:
        told = report.sums["assumed"]
    else:
        told = summed_assumed(report, lines)
    touched = report.evidence.get("assumed", {})
    return [
        AssumedSum(
            *(what, number, None if worth is None else Decimal(worth), unknown),
            _number(touched.get(what, {}).get("gain")),
        )
        for what, number, worth, unknown in told
    ]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def summed_assumed(report: TaxReport, lines: QuerySet[TaxLine] | None = None) -> list[list[Any]]:
    """What was assumed, how often, what it was worth in all, and how often that is not known."""
    if lines is None:
        lines = TaxLine.objects.filter(report=report, part=Part.ASSUMED)
    rows = (
        lines.values("subkind")
        .annotate(number=Count("pk"), worth=Sum("value"), unknown=Count("pk", filter=Q(value=None)))
        .order_by("subkind")
    )
    return [
        [
            r["subkind"],
            r["number"],
            None if r["worth"] is None else money.plain(r["worth"]),
            r["unknown"],
        ]
        for r in rows
    ]
