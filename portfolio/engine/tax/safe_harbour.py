"""From lots that know no wallet to lots in the wallet where they are, at one moment.

Rev. Proc. 2024-28 (IRS): from 1 January 2025 basis is kept by wallet or account. What was held then
takes over the unused basis of all, by a rule that the person's books describe before that day: a
global allocation (section 5.02). It puts the lots in an order, by when they were acquired or by
what a unit had cost, and the wallets too: the first lots go to the first wallet, as many as it
holds; then to the next. Allocating single units by hand (specific unit allocation) is not here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.tax import whole
from portfolio.engine.tax.compute import compute
from portfolio.engine.tax.history import History
from portfolio.engine.tax.operations import ACQUIRE, MOVE, Operations
from portfolio.engine.tax.rows import Joined
from portfolio.engine.tax.settings import Placing, Scope, Settings
from portfolio.engine.tax.types import Outcome, Remaining


class Placed(NamedTuple):
    """Units of an old lot, by the event it came of, and the wallet they were given to."""

    event: int
    coin: int
    wallet: int
    units: int
    cost: int


def compute_by_wallet_from(settings: Settings, history: History, moment: datetime) -> Outcome:
    """Universal lots before ``moment``, lots by wallet from it on.

    May raise what ``compute`` may.
    """
    universal = replace(settings, scope=Scope.UNIVERSAL)
    before = history.before(moment)
    first = compute(universal, before)
    if len(before.events) + len(before.others) == len(history.events) + len(history.others):
        return first
    by_wallet = replace(settings, scope=Scope.PER_WALLET)
    second = compute(by_wallet, _joined(history, moment, _placed(by_wallet, first, before)))
    return Outcome(
        disposals=Joined(first.disposals, second.disposals),
        income=[*first.income, *second.income],
        remaining=second.remaining,
        shortfalls=(*first.shortfalls, *second.shortfalls),
    )


def given(settings: Settings, history: History, moment: datetime) -> list[Remaining]:
    """The lots of ``moment`` with the wallets they are given to, by asset, in that order.

    May raise what ``compute`` may.
    """
    before = history.before(moment)
    first = compute(replace(settings, scope=Scope.UNIVERSAL), before)
    by_wallet = replace(settings, scope=Scope.PER_WALLET)
    rows = [
        Remaining(
            before.assets[lot.coin],
            whole.amount_of(lot.units, before.digits),
            whole.value_of(lot.cost),
            whole.moment_of(before.at[lot.event]),
            before.wallets[lot.wallet],
            lot.event,
        )
        for lot in _placed(by_wallet, first, before)
    ]
    return sorted(rows, key=lambda row: row.asset)  # of one asset the order stays


def _held(settings: Settings, history: History) -> dict[int, dict[int, int]]:
    """Units by coin and wallet, wallets in the order in which they were first used.

    What was sold in one beyond what it had is not owed, as in the lots of all: together wallets
    never hold less than there are lots.
    """
    operations = Operations(settings, history)
    held: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    rows = zip(
        *(operations.kinds, operations.coins, operations.wallets, operations.units), strict=True
    )
    for number, (kind, coin, wallet, units) in enumerate(rows):
        change = units if kind == ACQUIRE else -units
        held[coin][wallet] = max(held[coin][wallet] + change, 0)
        if kind == MOVE:
            held[coin][operations.of_event(number).to_wallet] += units
    return held


def _placed(settings: Settings, outcome: Outcome, history: History) -> Iterator[Placed]:
    """The lots that are left, in the order of the settings, cut to what each wallet holds."""
    held = _held(settings, history)
    coins = {name: coin for coin, name in enumerate(history.assets)}
    lots: dict[int, list[Remaining]] = defaultdict(list)
    for row in outcome.remaining:
        lots[coins[row.asset]].append(row)
    for coin, rows in lots.items():
        room = deque(
            (wallet, held[coin][wallet])
            for wallet in _in_order(settings, history, held[coin])
            if held[coin][wallet] > 0
        )
        _sort(rows, settings.placing)
        for row in rows:
            yield from _cut(row, coin, history, room)


def _in_order(settings: Settings, history: History, wallets: Iterable[int]) -> list[int]:
    """Wallets that are named first, then the others as they were used."""
    places = {name: place for place, name in enumerate(settings.wallet_order)}
    last = len(places)
    return sorted(wallets, key=lambda wallet: places.get(history.wallets[wallet], last))


def _sort(rows: list[Remaining], placing: Placing) -> None:
    """Of one price the older first, whatever the order."""
    rows.sort(key=lambda row: (row.acquired or whole.moment_of(0), row.lot or 0))
    if placing is Placing.YOUNGEST:
        rows.reverse()
    elif placing is not Placing.OLDEST:
        is_first_dear = placing is Placing.DEAREST
        rows.sort(key=lambda row: money.divide(row.cost_basis, row.amount), reverse=is_first_dear)


def _cut(
    row: Remaining, coin: int, history: History, room: deque[tuple[int, int]]
) -> Iterator[Placed]:
    event = row.lot or 0
    units, cost = whole.units(row.amount, history.digits), whole.value(row.cost_basis)
    while units:
        wallet, free = room.popleft()
        part = min(units, free)
        share = cost if part == units else cost * part // units
        yield Placed(event, coin, wallet, part, share)
        units, cost = units - part, cost - share
        if free > part:
            room.appendleft((wallet, free - part))


def _joined(history: History, moment: datetime, placed: Iterator[Placed]) -> History:
    """What happened since, with the old lots as purchases of when they were acquired."""
    since = history.since(moment)
    for lot in placed:
        since.add_lot(lot.event, lot.coin, lot.wallet, lot.units, lot.cost)
    since.sort()
    return since
