"""Works out which lots turn long-term later, and which are at a loss. Reads, stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.moments import Found
from portfolio.engine.money import plain
from portfolio.engine.tax import what_if
from portfolio.engine.tax.selling import lots_now
from portfolio.engine.tax.settings import LongTerm
from portfolio.engine.tax.types import Remaining
from portfolio.models import WhatIfLine
from portfolio.services.what_if_case import Answer, Case, assumed, price_told, wash


def of_today(case: Case) -> Answer:
    """The lots that turn long-term later, and those at a loss. May raise BadEvent."""
    place, settings = case.place, case.settings
    lots: list[Remaining] = []
    if not place.needs_portfolio:  # there a sale takes its part of all coins, and of no lot
        lots = list(lots_now(place, settings, case.ledger.history, case.at))
    prices = case.prices({lot.asset for lot in lots})
    found = {asset: prices.found(asset) for asset in sorted({lot.asset for lot in lots})}

    def price(asset: str) -> Decimal | None:
        told = found[asset]
        return None if told is None else told.price

    waits = what_if.waiting(settings, lots, case.today)
    losses = what_if.harvest(lots, price)
    told = {
        "lots": len(lots),
        "waiting": len(waits),
        "losses": len(losses),
        "assets": _losses(case, losses, found),
        "unpriced": _unpriced(lots, price),
    }
    used = {asset: plain(known.price) if known else "" for asset, known in found.items()}
    return Answer(told, _listed(case, waits, losses, price), used)


def _losses(
    case: Case, losses: Iterable[what_if.Harvest], prices: Mapping[str, Found | None]
) -> list[dict[str, Any]]:
    """Losses by asset, the greatest first."""
    of_asset: dict[str, list[what_if.Harvest]] = {}
    for row in losses:
        of_asset.setdefault(row.lot.asset, []).append(row)
    rule = wash(case) if of_asset else None
    rows = [
        {
            "asset": asset,
            "lots": len(rows),
            "amount": plain(money.total(row.lot.amount for row in rows)),
            "cost": plain(money.total(row.lot.cost_basis for row in rows)),
            "value": plain(money.total(row.value for row in rows)),
            "loss": plain(money.total(row.loss for row in rows)),
            **price_told(prices[asset]),
            "wash": rule(asset) if rule else None,
        }
        for asset, rows in of_asset.items()
    ]
    return sorted(rows, key=lambda row: (-Decimal(str(row["loss"])), row["asset"]))


def _unpriced(
    lots: Iterable[Remaining], price: Callable[[str], Decimal | None]
) -> list[dict[str, str]]:
    found = what_if.unpriced(lots, price)
    return [{"asset": asset, "amount": plain(found[asset])} for asset in sorted(found)]


def _listed(
    case: Case,
    waits: Iterable[what_if.Waiting],
    losses: Iterable[what_if.Harvest],
    price: Callable[[str], Decimal | None],
) -> Iterator[WhatIfLine]:
    assumptions = assumed(case.ledger)

    def line(part: str, position: int, lot: Remaining, value: Decimal | None) -> WhatIfLine:
        source = None if lot.lot is None else case.ledger.made.sources[lot.lot]
        return WhatIfLine(
            part=part,
            position=position,
            asset=lot.asset,
            account=lot.wallet,
            amount=lot.amount,
            cost=lot.cost_basis,
            value=value,  # type: ignore[misc]  # the field may be null
            acquired_at=lot.acquired,
            assumed="" if source is None else assumptions.get(source, ""),
            lot_transaction=source,
            **_term(case, lot),
        )

    for position, wait in enumerate(waits):
        unit = price(wait.lot.asset)
        value = None if unit is None else money.multiply(wait.lot.amount, unit)
        yield line(WhatIfLine.WAITING, position, wait.lot, value)
    for position, row in enumerate(losses):
        yield line(WhatIfLine.LOSS, position, row.lot, row.value)


def _term(case: Case, lot: Remaining) -> dict[str, Any]:
    """Whether a lot is long held now, and from when on."""
    settings = case.settings
    if lot.acquired is None or settings.long_term is LongTerm.NONE:
        return {}
    term = settings.term(lot.acquired, case.at, case.today)
    return {
        "term": term.value if term else "",
        "long_from": what_if.long_from(settings, lot.acquired),
    }
