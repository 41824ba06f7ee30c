"""Turns events into the few things that can happen to lots, in the order in which they count.

At one moment all acquisitions count before all disposals, then sales and trades, then disposals
for fees, then transfers with their fees; within each the order given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine.money import EXACT
from portfolio.engine.tax.settings import (
    CryptoFee,
    DisposalFee,
    Scope,
    Settings,
    TradeFee,
    TradeValues,
    TransferFee,
)
from portfolio.engine.tax.types import EventKind, IncomeLine, Leg, TaxEvent

_ZERO = Decimal(0)
_HALF = Decimal("0.5")


class Acquire(NamedTuple):
    """Units come in at a cost; ``value`` is the cost without fees."""

    event: int
    time: datetime
    asset: str
    wallet: str
    amount: Decimal
    cost: Decimal
    value: Decimal


class Dispose(NamedTuple):
    """Units go out for ``proceeds``; ``more_cost`` adds to what they had cost.

    ``gross`` is the price before fees. ``is_exempt``: without gain or loss (TCGA 1992 s.58).
    """

    event: int
    time: datetime
    asset: str
    wallet: str
    amount: Decimal
    proceeds: Decimal
    more_cost: Decimal
    gross: Decimal
    is_exempt: bool = False
    portfolio_value: Decimal | None = None
    is_fee: bool = False


class Move(NamedTuple):
    """Units go from one wallet to another and keep what they cost."""

    event: int
    time: datetime
    asset: str
    wallet: str
    to_wallet: str
    amount: Decimal


class Vanish(NamedTuple):
    """Units are gone, what they cost stays with the rest."""

    event: int
    time: datetime
    asset: str
    wallet: str
    amount: Decimal


Operation = Acquire | Dispose | Move | Vanish


class BadEvent(ValueError):
    """An event lacks what its kind must have."""

    def __init__(self, event: int, what: str) -> None:
        super().__init__(f"event {event}: {what}")
        self.event = event


def operations(settings: Settings, events: Sequence[TaxEvent]) -> list[Operation]:
    """All operations in the order in which they count. May raise BadEvent."""
    rows: list[Operation] = []
    ranks: list[int] = []
    for number, event in enumerate(events):
        for rank, operation in _of(settings, number, event):
            rows.append(operation)
            ranks.append(rank)
    # Sorting leaves those of one moment and rank in the order given.
    order = sorted(range(len(rows)), key=lambda place: (rows[place].time, ranks[place]))
    return [rows[place] for place in order]


def income(settings: Settings, events: Iterable[TaxEvent]) -> Iterator[IncomeLine]:
    """Each income at its value when received."""
    for number, event in enumerate(events):
        if event.kind is EventKind.INCOME:
            leg = _leg(number, event.into, "income")
            value = _value(number, leg)
            on = settings.local_date(event.time)
            yield IncomeLine(number, event.time, on, leg.asset, leg.amount, value)


_Ranked = tuple[int, Operation]
_IN, _OUT, _FEE, _TRANSFER = range(4)


def _of(settings: Settings, number: int, event: TaxEvent) -> Iterable[_Ranked]:
    kind = event.kind
    if kind in (EventKind.DEPOSIT, EventKind.WITHDRAWAL):
        return ()
    if kind is EventKind.TRANSFER:
        return _transfer(settings, number, event)
    return _exchange(settings, number, event)


def _leg(number: int, leg: Leg | None, what: str) -> Leg:
    if leg is None:
        raise BadEvent(number, f"the leg of the {what} is missing")
    return leg


def _value(number: int, leg: Leg) -> Decimal:
    if leg.value is None:
        raise BadEvent(number, f"the value of {leg.amount:f} {leg.asset} is not known")
    return leg.value


def _exchange(settings: Settings, number: int, event: TaxEvent) -> list[_Ranked]:
    """Whatever comes in, whatever goes out, and the fee between them."""
    base, kind = settings.base_currency, event.kind
    got = event.into if event.into and event.into.asset != base else None
    given = event.out if event.out and event.out.asset != base else None
    if got is None and given is None:
        if kind in (EventKind.BUY, EventKind.SELL, EventKind.TRADE):
            return []  # base currency for base currency
        raise BadEvent(number, f"nothing moves in this {kind}")
    on_out, on_in, joined = _fees(settings, number, event, got, given)
    made: list[_Ranked] = []
    if got:
        worth = _cost(settings, number, event, got)
        cost = EXACT.add(worth, on_in) if on_in else worth
        row = Acquire(number, event.time, got.asset, event.wallet, got.amount, cost, worth)
        made.append((_IN, row))
    if given:
        made.append((_OUT, _dispose(settings, number, event, given, on_out, joined)))
    fee = event.fee
    if fee and fee.asset != base and not joined:
        made.append((_FEE, _spent(number, event, fee)))
    if kind is EventKind.FEE:
        made = [(_FEE, row) for _, row in made]
    return made


def _fees(
    settings: Settings, number: int, event: TaxEvent, got: Leg | None, given: Leg | None
) -> tuple[Decimal, Decimal, Decimal]:
    """The fee borne by what goes out, by what comes in, and the units joined to what goes out."""
    fee = event.fee
    if fee is None:
        return _ZERO, _ZERO, _ZERO
    if given and fee.asset == given.asset and settings.crypto_fee is CryptoFee.CONSUME:
        return _ZERO, _ZERO, fee.amount
    value = _value(number, fee)
    if given is None:
        return _ZERO, value, _ZERO
    if got is None or settings.trade_fee is TradeFee.DISPOSAL:
        return value, _ZERO, _ZERO
    if settings.trade_fee is TradeFee.ACQUISITION:
        return _ZERO, value, _ZERO
    half = EXACT.multiply(value, _HALF)
    return half, EXACT.subtract(value, half), _ZERO


def _cost(settings: Settings, number: int, event: TaxEvent, got: Leg) -> Decimal:
    """What was paid for what came in, without fees."""
    out = event.out
    if out is None or event.kind in (EventKind.INCOME, EventKind.GIFT):
        return _value(number, got)
    if out.asset == settings.base_currency:
        return out.amount if out.value is None else out.value
    if settings.trade_values is TradeValues.CROSS or got.value is None:
        return _value(number, out)
    return got.value


def _price(number: int, event: TaxEvent, given: Leg) -> Decimal:
    """What was got for what went out, before fees."""
    into = event.into
    return _value(number, given) if into is None or into.value is None else into.value


def _dispose(
    settings: Settings,
    number: int,
    event: TaxEvent,
    given: Leg,
    fee: Decimal,
    joined: Decimal,
) -> Dispose:
    price = _price(number, event, given)
    proceeds, more_cost = price, _ZERO
    if fee and settings.disposal_fee is DisposalFee.REDUCE_PROCEEDS:
        proceeds = EXACT.subtract(price, fee)
    elif fee:
        more_cost = fee
    return Dispose(
        number,
        event.time,
        given.asset,
        event.wallet,
        EXACT.add(given.amount, joined) if joined else given.amount,
        proceeds,
        more_cost,
        price,
        event.kind is EventKind.GIFT and event.subkind == "spouse",
        event.portfolio_value,
    )


def _spent(number: int, event: TaxEvent, fee: Leg) -> Dispose:
    """A fee paid in a coin: a disposal at its value."""
    value = _value(number, fee)
    return Dispose(
        *(number, event.time, fee.asset, event.wallet, fee.amount, value, _ZERO, value),
        is_fee=True,
    )


def _transfer(settings: Settings, number: int, event: TaxEvent) -> Iterator[_Ranked]:
    out, fee = _leg(number, event.out, "transfer"), event.fee
    arrived = event.into.amount if event.into else _ZERO
    if out.asset != settings.base_currency:
        if settings.scope is Scope.PER_WALLET and arrived:
            row = Move(number, event.time, out.asset, event.wallet, event.to_wallet, arrived)
            yield _TRANSFER, row
        lost = EXACT.subtract(out.amount, arrived)
        if lost < 0:
            raise BadEvent(number, "more arrives than was sent")
        if lost:
            yield _TRANSFER, _lost(settings, number, event, out, lost)
    if fee and fee.asset not in (out.asset, settings.base_currency):
        yield _TRANSFER, _spent(number, event, fee)


def _lost(
    settings: Settings, number: int, event: TaxEvent, out: Leg, lost: Decimal
) -> Dispose | Vanish:
    if settings.transfer_fee is TransferFee.KEEP_COST:
        return Vanish(number, event.time, out.asset, event.wallet, lost)
    fee = event.fee
    if fee is None or fee.asset != out.asset:
        raise BadEvent(number, "the value of the transfer's fee is not known")
    return _spent(number, event, Leg(out.asset, lost, fee.value))
