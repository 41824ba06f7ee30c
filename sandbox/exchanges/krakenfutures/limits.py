"""Two pools per key: 500 in ten seconds for /derivatives, 100 that refill in ten minutes."""

from fractions import Fraction

from sandbox.exchanges.krakenfutures.errors import FuturesError
from sandbox.limits import Counter

DERIVATIVES, TEN_SECONDS = 500, 10_000
HISTORY, REFILL = Fraction(100), Fraction(100, 600)
# What a page of the account log costs, by how many entries are asked for.
LOG_COSTS = ((25, 1), (50, 2), (1_000, 3), (5_000, 6), (100_000, 10))


class Pools:
    """Counts what is spent; a request that cannot be paid is refused and costs nothing."""

    def __init__(self, speed: Fraction) -> None:
        self._speed = speed
        self._history = Counter(HISTORY * speed, REFILL * speed)
        self._used: dict[str, tuple[int, int]] = {}

    def pay(self, key: str, path: str, cost: int, now_ms: int) -> None:
        """Count a request. May raise FuturesError."""
        if path.startswith("/api/history/"):
            if not self._history.add(key, cost, now_ms):
                raise FuturesError("apiLimitExceeded", 429)
            return
        window = now_ms // TEN_SECONDS
        before, used = self._used.get(key, (window, 0))
        used = (used if before == window else 0) + cost
        if used > DERIVATIVES * self._speed:
            raise FuturesError("apiLimitExceeded")
        self._used[key] = (window, used)

    def forget(self) -> None:
        """Fill both pools."""
        self._history.forget()
        self._used.clear()


def log_cost(count: int) -> int:
    """What a page of so many entries of the account log costs."""
    return next((cost for most, cost in LOG_COSTS if count <= most), LOG_COSTS[-1][1])
