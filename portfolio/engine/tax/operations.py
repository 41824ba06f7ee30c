"""Turns events into the few things that can happen to lots, in the order in which they count.

At one moment all acquisitions count before all disposals, then sales and trades, then disposals
for fees, then transfers with their fees; within each the order given.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from portfolio.engine.tax.history import BASE, History, WholeEvent, WholeLeg
from portfolio.engine.tax.settings import (
    CryptoFee,
    DisposalFee,
    Scope,
    Settings,
    TradeFee,
    TradeValues,
    TransferFee,
)
from portfolio.engine.tax.types import EventKind

ACQUIRE: Final = 1  # units come in; money is their cost, value what of it is not fees
DISPOSE: Final = -1  # units go out; money is the proceeds, value the price before fees
MOVE: Final = 2  # units go from one wallet to another and keep what they cost
VANISH: Final = 3  # units are gone, what they cost stays with the rest


class Special(NamedTuple):
    """What few operations have. ``more_cost`` adds to what the units had cost.

    ``is_exempt``: without gain or loss (TCGA 1992 s.58). ``is_unpriced``: at a price that nobody
    knows.
    """

    more_cost: int = 0
    to_wallet: int = 0
    is_exempt: bool = False
    portfolio_value: int | None = None
    is_fee: bool = False
    is_unpriced: bool = False


_NOTHING = Special()
_NONE: frozenset[int] = frozenset()


class Operation(NamedTuple):
    """One operation as a row."""

    kind: int
    event: int
    coin: int
    wallet: int
    units: int
    money: int
    value: int
    special: Special = _NOTHING


class Operations:
    """Operations in columns of the same length, in the order in which they count.

    ``unpriced`` are the places of disposals of which nobody knows the price: their money means
    nothing. They are worked out once for a history and all settings that are alike here; of a part
    of a history they are cut from those of the whole.
    """

    def __init__(self, settings: Settings, history: History) -> None:
        """May raise BadEvent."""
        self.settings, self.history = settings, history
        worked = _worked(settings, history)
        self.kinds, self.events, self.coins, self.wallets = worked.columns[:4]
        self.units, self.money, self.values = worked.columns[4:]
        self.special = worked.special
        self.unpriced = worked.unpriced

    def of_event(self, number: int) -> Special:
        """What an operation has beyond its columns."""
        return self.special.get(number, _NOTHING)


# --- Worked out -------------------------------------------------------------------------------


class _Worked(NamedTuple):
    """Columns in the order of ``Operation``, and what few operations have, by their place."""

    columns: tuple[list[int], ...]
    special: dict[int, Special]
    unpriced: frozenset[int] = _NONE


def _worked(settings: Settings, history: History) -> _Worked:
    """May raise BadEvent."""
    choices = (
        *(settings.disposal_fee, settings.trade_fee, settings.crypto_fee),
        *(settings.transfer_fee, settings.trade_values, settings.scope, settings.exempt),
    )
    known: _Worked | None = history.worked.get(choices)
    if known is None:
        known = history.worked[choices] = _cut(settings, history) or _made(settings, history)
    return known


def _cut(settings: Settings, history: History) -> _Worked | None:
    """From those of the whole history; None where that has none."""
    cut = history.cut_of
    if cut is None:
        return None
    try:
        columns, special, unpriced = _worked(settings, cut.whole)
    except BadEvent:
        return None  # it may be one outside of the part
    at, events = history.at, columns[1]
    first = bisect_left(events, cut.begin, key=at.__getitem__)
    last = bisect_left(events, cut.end, lo=first, key=at.__getitem__)
    return _Worked(
        tuple(column[first:last] for column in columns),
        {place - first: told for place, told in special.items() if first <= place < last},
        frozenset(place - first for place in unpriced if first <= place < last),
    )


def _made(settings: Settings, history: History) -> _Worked:
    """May raise BadEvent."""
    sides, values, fees = history.sides, history.values, history.fees
    special: dict[int, Special] = {}
    if settings.disposal_fee is DisposalFee.REDUCE_PROCEEDS:
        money = [
            value + fee if side > 0 else value - fee
            for side, value, fee in zip(sides, values, fees, strict=True)
        ]
    else:
        money = [
            value + fee if side > 0 else value
            for side, value, fee in zip(sides, values, fees, strict=True)
        ]
        for number, (side, fee) in enumerate(zip(sides, fees, strict=True)):
            if fee and side < 0:
                special[number] = Special(more_cost=fee)
    who = (sides, history.events, history.coins, history.places)
    plain = _Worked((*who, history.units, money, values), special)
    return _joined(settings, history, plain) if history.others else plain


def _joined(settings: Settings, history: History, plain: _Worked) -> _Worked:
    """The worked-out operations between the plain ones."""
    at, number = history.at, len(plain.columns[0])
    rows = list(_of_all(settings, history))
    kinds, events = plain.columns[:2]
    keys = [(at[event] * 4 + (kind < 0), event) for kind, event in zip(kinds, events, strict=True)]
    keys += [(at[row.event] * 4 + rank, row.event) for rank, row in rows]
    # Sorting leaves the operations of one event and rank in the order given.
    order = sorted(range(len(keys)), key=keys.__getitem__)
    special = plain.special | {
        number + i: row.special for i, (_, row) in enumerate(rows) if row.special is not _NOTHING
    }
    columns = []
    for place, column in enumerate(plain.columns):
        both: list[Any] = [*column, *(row[place] for _, row in rows)]
        columns.append([both[old] for old in order])
    unpriced = {number + i for i, (_, row) in enumerate(rows) if row.special.is_unpriced}
    return _Worked(
        tuple(columns),
        {new: special[old] for new, old in enumerate(order) if old in special},
        frozenset(new for new, old in enumerate(order) if old in unpriced) if unpriced else _NONE,
    )


class BadEvent(ValueError):
    """An event lacks what its kind must have."""

    def __init__(self, event: int, what: str) -> None:
        super().__init__(f"event {event}: {what}")
        self.event = event


_OF_MONEY = (EventKind.BUY, EventKind.SELL, EventKind.TRADE, EventKind.INCOME)
_Ranked = tuple[int, Operation]
_IN, _OUT, _FEE, _TRANSFER = range(4)


def _of_all(settings: Settings, history: History) -> Iterator[_Ranked]:
    for event in history.others:
        if event.kind is EventKind.TRANSFER:
            yield from _transfer(settings, history, event)
        elif event.kind not in (EventKind.DEPOSIT, EventKind.WITHDRAWAL):
            yield from _exchange(settings, history, event)


def _exchange(settings: Settings, history: History, event: WholeEvent) -> Iterable[_Ranked]:
    """Whatever comes in, whatever goes out, and the fee between them."""
    got = event.into if event.into and event.into.asset != BASE else None
    given = event.out if event.out and event.out.asset != BASE else None
    if got is None and given is None:
        if event.kind in _OF_MONEY and (event.into or event.out):
            return  # money for money, or money received: no coin moves
        raise BadEvent(event.number, f"nothing moves in this {event.kind}")
    on_out, on_in, joined = _fees(settings, event, got, given)
    in_rank, out_rank = (_FEE, _FEE) if event.kind is EventKind.FEE else (_IN, _OUT)
    if got:
        worth = _cost(settings, event, got)
        place = (got.asset, event.wallet, got.units)
        yield in_rank, Operation(ACQUIRE, event.number, *place, worth + on_in, worth)
    if given:
        yield out_rank, _dispose(settings, event, given, on_out, joined)
    fee = event.fee
    if fee and fee.asset != BASE and not joined:
        yield _FEE, _spent(event, fee)


def _fees(
    settings: Settings, event: WholeEvent, got: WholeLeg | None, given: WholeLeg | None
) -> tuple[int, int, int]:
    """The fee borne by what goes out, by what comes in, and the units joined to what goes out.

    A fee of a worth that nobody knows takes nothing off.
    """
    fee = event.fee
    if fee is None:
        return 0, 0, 0
    if given and fee.asset == given.asset and settings.crypto_fee is CryptoFee.CONSUME:
        return 0, 0, fee.units
    value = fee.value or 0
    if given is None:
        return 0, value, 0
    if got is None or settings.trade_fee is TradeFee.DISPOSAL:
        return value, 0, 0
    if settings.trade_fee is TradeFee.ACQUISITION:
        return 0, value, 0
    return value // 2, value - value // 2, 0


def _cost(settings: Settings, event: WholeEvent, got: WholeLeg) -> int:
    """What was paid for what came in, without fees; nothing where nobody knows."""
    out = event.out
    if out is None or event.kind in (EventKind.INCOME, EventKind.GIFT):
        return got.value or 0
    crosses = settings.trade_values is TradeValues.CROSS and out.value is not None
    if out.asset == BASE or crosses or got.value is None:
        return out.value or 0
    return got.value


def _dispose(
    settings: Settings, event: WholeEvent, given: WholeLeg, fee: int, joined: int
) -> Operation:
    into = event.into
    told = None if into is None else into.value
    told = given.value if told is None else told
    price = told or 0
    reduces = settings.disposal_fee is DisposalFee.REDUCE_PROCEEDS
    special = Special(
        more_cost=0 if reduces else fee,
        is_exempt=event.subkind in settings.exempt,
        is_fee=event.kind is EventKind.FEE,
        portfolio_value=event.portfolio_value,
        is_unpriced=told is None,
    )
    place = (given.asset, event.wallet, given.units + joined)
    proceeds = price - fee if reduces else price
    return Operation(DISPOSE, event.number, *place, proceeds, price, special)


def _spent(event: WholeEvent, fee: WholeLeg) -> Operation:
    """A fee paid in a coin: a disposal at its value."""
    value = fee.value or 0
    place = (fee.asset, event.wallet, fee.units)
    special = Special(is_fee=True, is_unpriced=fee.value is None)
    return Operation(DISPOSE, event.number, *place, value, value, special)


def _transfer(settings: Settings, history: History, event: WholeEvent) -> Iterator[_Ranked]:
    out, fee = event.out, event.fee
    if out is None:
        raise BadEvent(event.number, "the leg of the transfer is missing")
    arrived = event.into.units if event.into else 0
    if out.asset != BASE:
        place = (event.number, out.asset, event.wallet)
        if settings.scope is Scope.PER_WALLET and arrived:
            special = Special(to_wallet=event.to_wallet)
            yield _TRANSFER, Operation(MOVE, *place, arrived, 0, 0, special)
        lost = out.units - arrived
        if lost < 0:
            raise BadEvent(event.number, "more arrives than was sent")
        if lost and settings.transfer_fee is TransferFee.KEEP_COST:
            special = Special(to_wallet=event.to_wallet)
            yield _TRANSFER, Operation(VANISH, *place, lost, 0, 0, special)
        elif lost:
            value = fee.value if fee and fee.asset == out.asset else None
            yield _TRANSFER, _spent(event, WholeLeg(out.asset, lost, value))
    if fee and fee.asset not in (out.asset, BASE):
        yield _TRANSFER, _spent(event, fee)
