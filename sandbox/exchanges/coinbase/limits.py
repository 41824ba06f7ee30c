"""Requests in fixed windows of time: an hour on the older API, a second on the brokerage."""

from fractions import Fraction

HOUR, SECOND = 3_600_000, 1_000


class Windows:
    """Counts requests per bucket; every window starts at zero."""

    def __init__(self, limit: int, length_ms: int, speed: Fraction) -> None:
        self._limit = max(int(limit * speed), 1)
        self._length = length_ms
        self._used: dict[str, tuple[int, int]] = {}

    def add(self, bucket: str, now_ms: int) -> bool:
        """Count a request; answers whether it is let through."""
        window = now_ms // self._length
        before, used = self._used.get(bucket, (window, 0))
        used = (used if before == window else 0) + 1
        self._used[bucket] = (window, used)
        return used <= self._limit

    def forget(self) -> None:
        """Start from zero for all."""
        self._used.clear()
