"""How BingX counts: each endpoint by itself, in short windows; over the limit it is shut."""

from fractions import Fraction

SHUT = 300_000  # milliseconds


class Limits:
    """Requests in the present window, per bucket; ``speed`` multiplies what is allowed."""

    def __init__(self, speed: Fraction) -> None:
        self._speed = speed
        self._used: dict[str, tuple[int, int]] = {}
        self._shut: dict[str, int] = {}

    def count(self, bucket: str, allowed: int, seconds: int, now_ms: int) -> tuple[int, int]:
        """Count a request: how many are left (negative: refused), and until when that holds."""
        shut = self._shut.get(bucket, 0)
        if shut > now_ms:
            return -1, shut
        window = now_ms // (seconds * 1000)
        before, used = self._used.get(bucket, (window, 0))
        used = (used if before == window else 0) + 1
        self._used[bucket] = (window, used)
        left = max(int(allowed * self._speed), 1) - used
        if left < 0:
            self._shut[bucket] = now_ms + int(SHUT / max(self._speed, Fraction(1)))
            return left, self._shut[bucket]
        return left, (window + 1) * seconds * 1000

    def forget(self) -> None:
        """Start from zero and open what was shut."""
        self._used.clear()
        self._shut.clear()
