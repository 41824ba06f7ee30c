"""From lots that know no wallet to lots in the wallet where they are, at one moment.

Rev. Proc. 2024-28 (IRS): from 1 January 2025 basis is kept by wallet or account. What was held then
takes over the unused basis of all, by a rule chosen before. The rule here is a global allocation:
the oldest units go to the account that was used first, as many as it holds; then to the next.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from portfolio.engine.tax import whole
from portfolio.engine.tax.compute import compute
from portfolio.engine.tax.history import History
from portfolio.engine.tax.operations import ACQUIRE, MOVE, Operations
from portfolio.engine.tax.rows import Joined
from portfolio.engine.tax.settings import Scope, Settings
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
    placed = _placed(first, before, _held(by_wallet, before))
    second = compute(by_wallet, _joined(history, moment, placed))
    return Outcome(
        disposals=Joined(first.disposals, second.disposals),
        income=[*first.income, *second.income],
        remaining=second.remaining,
        shortfalls=(*first.shortfalls, *second.shortfalls),
    )


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


def _placed(
    outcome: Outcome, history: History, held: dict[int, dict[int, int]]
) -> Iterator[Placed]:
    """The lots that are left, oldest first, cut to what each wallet holds."""
    coins = {name: coin for coin, name in enumerate(history.assets)}
    lots: dict[int, list[Remaining]] = defaultdict(list)
    for row in outcome.remaining:
        lots[coins[row.asset]].append(row)
    for coin, rows in lots.items():
        rows.sort(key=lambda row: (row.acquired or whole.moment_of(0), row.lot or 0))
        room = deque((w, units) for w, units in held[coin].items() if units > 0)
        for row in rows:
            yield from _cut(row, coin, history, room)


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
