"""OKX counts each endpoint for itself, by user or by address, in windows of a few seconds."""

from fractions import Fraction


class Windows:
    """Requests in the present window, per endpoint and asker."""

    def __init__(self, speed: Fraction) -> None:
        self._speed = speed
        self._used: dict[tuple[str, str], tuple[int, int]] = {}

    def allows(self, endpoint: str, who: str, rate: tuple[int, int], now_ms: int) -> bool:
        """Count a request; ``rate`` is how many in how many seconds."""
        count, seconds = rate
        window = now_ms // (seconds * 1000)
        before, used = self._used.get((endpoint, who), (window, 0))
        used = (used if before == window else 0) + 1
        self._used[endpoint, who] = (window, used)
        return used <= max(int(count * self._speed), 1)

    def forget(self) -> None:
        """Start counting anew."""
        self._used.clear()
