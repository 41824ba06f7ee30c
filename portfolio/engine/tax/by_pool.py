"""Methods that keep one pool for each asset (and wallet, where wallets matter)."""

from __future__ import annotations

from collections.abc import Iterator

from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.settings import Scope
from portfolio.engine.tax.telling import NOTHING, Part, Teller
from portfolio.engine.tax.types import Disposal, Outcome, Remaining, Shortfall
from portfolio.engine.tax.whole import value_of


class Pool:
    """Units of one asset that all cost the same on average, and what they cost together."""

    __slots__ = ("cost", "units")

    def __init__(self) -> None:
        self.units = 0
        self.cost = 0

    def take(self, units: int) -> int:
        """Take units out, at most those that are in; return their share of the cost."""
        have, cost = self.units, self.cost
        part = cost if units == have else cost * units // have
        self.units, self.cost = have - units, cost - part
        return part


class PoolRun:
    """One pass over the operations by moving average."""

    by_wallet = True  # where the settings say so

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.settings = operations.settings
        self.tell = Teller(operations)
        self._wallets = self.by_wallet and self.settings.scope is Scope.PER_WALLET
        self._pools: dict[tuple[int, int], Pool] = {}
        self._parts: list[Part] = []
        self._short: list[Shortfall] = []

    def run(self) -> Outcome:
        """Return what comes of them. May raise InsufficientHoldings."""
        operations, wallets = self.operations, self._wallets
        rows = zip(
            *(operations.kinds, operations.coins, operations.wallets),
            *(operations.units, operations.money),
            strict=True,
        )
        for number, (kind, coin, wallet, units, money) in enumerate(rows):
            pool = self.pool(coin, wallet if wallets else 0)
            if kind == ACQUIRE:
                pool.units += units
                pool.cost += money
            elif kind == DISPOSE:
                self.dispose(number, pool, units, money)
            elif kind == MOVE:
                self._move(number, pool, units)
            else:
                pool.units -= self.held(number, pool, units)
        return self.outcome()

    def outcome(self) -> Outcome:
        """Tell what was found, and what is left."""
        disposals: Rows[Disposal] = Rows(self._parts, self.tell.pool_part, self.tell.day_of_part)
        return Outcome(disposals, (), tuple(self._remaining()), tuple(self._short))

    def pool(self, coin: int, wallet: int) -> Pool:
        """Return the pool of an asset, which may be empty."""
        pool = self._pools.get((coin, wallet))
        if pool is None:
            pool = self._pools[coin, wallet] = Pool()
        return pool

    def denied(self, number: int, loss: int) -> int:
        """Return how much of a loss (above zero) does not count; it is added to the pool."""
        return 0

    def dispose(self, number: int, pool: Pool, units: int, price: int) -> None:
        """Take a disposal's units out of its pool. May raise InsufficientHoldings."""
        held = units if units <= pool.units else self.held(number, pool, units)
        cost = pool.take(held) if held else 0
        if self.operations.special:
            cost += self.operations.of_event(number).more_cost
        denied = self.denied(number, cost - price) if held and cost > price else 0
        pool.cost += denied
        self._parts.append((number, denied if held else NOTHING, units, price, cost))

    def held(self, number: int, pool: Pool, units: int) -> int:
        """Return how many of the units are there. May raise InsufficientHoldings."""
        if units <= pool.units:
            return units
        self._short.append(self.tell.shortfall(number, units - pool.units))
        return pool.units

    def _move(self, number: int, source: Pool, units: int) -> None:
        held = self.held(number, source, units)
        operations = self.operations
        target = self.pool(operations.coins[number], operations.of_event(number).to_wallet)
        target.units += units
        target.cost += source.take(held) if held else 0

    def _remaining(self) -> Iterator[Remaining]:
        names, tell = self.operations.history, self.tell
        by_name = sorted(
            (names.assets[coin], names.wallets[wallet] if self._wallets else "", coin, wallet)
            for coin, wallet in self._pools
        )
        for asset, place, coin, wallet in by_name:
            pool = self._pools[coin, wallet]
            if pool.units:
                yield Remaining(asset, tell.amount(pool.units), value_of(pool.cost), None, place)
