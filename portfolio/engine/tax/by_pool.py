"""Methods that keep one pool for each asset (and wallet, where wallets matter)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.operations import Acquire, Dispose, Move, Operation, Vanish
from portfolio.engine.tax.pool import Pool
from portfolio.engine.tax.settings import Oversell, Scope, Settings
from portfolio.engine.tax.types import (
    Disposal,
    InsufficientHoldings,
    Match,
    Outcome,
    Remaining,
    Shortfall,
)

_ZERO = Decimal(0)


class PoolRun:
    """One pass over the operations by moving average."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._wallets = settings.scope is Scope.PER_WALLET
        self._pools: dict[tuple[str, str], Pool] = {}
        self._rows: list[Disposal] = []
        self._short: list[Shortfall] = []

    def run(self, operations: Sequence[Operation]) -> Outcome:
        """Return what comes of them. May raise InsufficientHoldings."""
        for row in operations:
            if type(row) is Acquire:
                self.pool(row.asset, row.wallet).add(row.amount, row.cost)
            elif type(row) is Dispose:
                self._dispose(row)
            elif type(row) is Move:
                self._move(row)
            elif type(row) is Vanish:
                self._vanish(row)
        return Outcome(tuple(self._rows), (), tuple(self._remaining()), tuple(self._short))

    def pool(self, asset: str, wallet: str) -> Pool:
        """Return the pool of an asset, which may be empty."""
        place = (asset, wallet if self._wallets else "")
        return self._pools.setdefault(place, Pool())

    def denied(self, row: Dispose, loss: Decimal) -> Decimal:
        """Return how much of a loss (above zero) does not count; it is added to the pool."""
        return _ZERO

    def _dispose(self, row: Dispose) -> None:
        pool = self.pool(row.asset, row.wallet)
        missing = EXACT.subtract(row.amount, pool.amount)
        if missing > 0:
            self._miss(row.event, row.asset, missing)
        held = pool.amount if missing > 0 else row.amount
        cost = EXACT.add(pool.take(held), row.more_cost)
        loss = EXACT.subtract(cost, row.proceeds)
        denied = self.denied(row, loss) if loss > 0 else _ZERO
        if denied:
            pool.add(_ZERO, denied)
        self._rows.append(
            Disposal(
                *(row.event, row.time, self.settings.local_date(row.time), row.asset),
                *(row.wallet if self._wallets else "", row.amount, row.proceeds, cost),
                *(Match.POOL if held else Match.NONE, None, None, denied),
            )
        )

    def _miss(self, event: int, asset: str, missing: Decimal) -> None:
        if self.settings.oversell is Oversell.ERROR:
            raise InsufficientHoldings(event, asset, missing)
        self._short.append(Shortfall(event, asset, missing))

    def _move(self, row: Move) -> None:
        source = self.pool(row.asset, row.wallet)
        missing = EXACT.subtract(row.amount, source.amount)
        if missing > 0:
            self._miss(row.event, row.asset, missing)
        held = source.amount if missing > 0 else row.amount
        self.pool(row.asset, row.to_wallet).add(row.amount, source.take(held))

    def _vanish(self, row: Vanish) -> None:
        pool = self.pool(row.asset, row.wallet)
        missing = EXACT.subtract(row.amount, pool.amount)
        if missing > 0:
            self._miss(row.event, row.asset, missing)
        pool.amount = EXACT.subtract(pool.amount, pool.amount if missing > 0 else row.amount)

    def _remaining(self) -> Iterator[Remaining]:
        for (asset, wallet), pool in sorted(self._pools.items()):
            if pool.amount:
                yield Remaining(asset, pool.amount, pool.cost, None, wallet)
