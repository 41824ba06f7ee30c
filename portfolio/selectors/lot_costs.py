"""What open lots cost in the reporting currency, by the prices of when they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from portfolio.engine import legs, lots, money
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.selectors.asset_places import AssetPlaces
from portfolio.selectors.assets import source_name
from portfolio.selectors.lots import INCOME, OpenLot
from portfolio.selectors.moments import Moments

# What these bring costs what it was worth. What a deposit brought cost something elsewhere.
_TOLD = frozenset({TransactionKind.TRADE, TransactionKind.CONVERSION, *INCOME})


@dataclass(frozen=True, slots=True)
class LotCost:
    """What is left of a lot cost and is worth now; None where it is not known."""

    row: OpenLot
    cost: Decimal | None
    value: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        if self.cost is None or self.value is None:
            return None
        return money.add(self.value, money.negate(self.cost))


def lot_costs(
    places: AssetPlaces, rows: Sequence[OpenLot], currency: str, price: Decimal | None
) -> tuple[LotCost, ...]:
    """The lots with their costs, in the order given, in five queries; ``price`` is today's."""
    oldest_first = sorted(rows, key=lambda row: row.transaction.occurred_at)
    costs = _costs(places, oldest_first, currency) if rows else {}
    return tuple(
        LotCost(
            row,
            costs[row.lot.ref],
            None if price is None else money.multiply(row.lot.left, price),
        )
        for row in rows
    )


def _costs(
    places: AssetPlaces, rows: Sequence[OpenLot], currency: str
) -> dict[int, Decimal | None]:
    """By transaction; ``rows`` are oldest first."""
    told = {row.lot.ref: _legs(places, row) for row in rows}
    first, last = (
        row.transaction.occurred_at.astimezone(UTC).date() for row in (rows[0], rows[-1])
    )
    moments = Moments(
        places.owner_id,
        currency,
        first,
        until=last,
        assets={leg.asset for found in told.values() for leg in found},
        known=places.known,
    )
    return {row.lot.ref: _cost(places, row, told[row.lot.ref], currency, moments) for row in rows}


def _legs(places: AssetPlaces, row: OpenLot) -> list[legs.Leg]:
    source = _source(row)
    return [
        legs.Leg(
            places.known.of(source, posting.asset),
            places.known.amount(source, posting.asset, posting.amount),
            is_fee=posting.role == PostingRole.FEE,
        )
        for posting in row.postings
    ]


def _source(row: OpenLot) -> str:
    connection = row.transaction.connection
    return source_name(connection.exchange, connection.environment)


def _cost(
    places: AssetPlaces,
    row: OpenLot,
    told: Sequence[legs.Leg],
    currency: str,
    moments: Moments,
) -> Decimal | None:
    """What was paid for what is left, fees in other assets included."""
    entry = getattr(row.transaction, "manual_entry", None)
    if entry is not None and entry.cost is not None:
        return lots.share(entry.cost, row.lot) if entry.cost_currency == currency else None
    if row.transaction.kind not in _TOLD:
        return None
    at, source = row.transaction.occurred_at, _source(row)
    worths = legs.worths(told, currency, lambda asset: moments.price(source, asset, at))
    parts = [
        worth.value if leg.asset == places.asset else _negated(worth.value)
        for leg, worth in zip(told, worths, strict=True)
        if (leg.asset == places.asset and not leg.is_fee)
        or (leg.asset != places.asset and leg.is_fee)
    ]
    known = [part for part in parts if part is not None]
    return lots.share(money.total(known), row.lot) if len(known) == len(parts) else None


def _negated(value: Decimal | None) -> Decimal | None:
    return None if value is None else money.negate(value)
