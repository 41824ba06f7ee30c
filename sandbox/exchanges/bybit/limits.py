"""Bybit's two counts: requests per address in five seconds, per account and endpoint a second."""

from fractions import Fraction

from sandbox.exchanges.bybit.errors import BybitError
from sandbox.http import Response

ADDRESS_LIMIT, ADDRESS_WINDOW = 600, 5_000
BAN = 10 * 60_000


class Limits:
    """Counts in fixed windows; one address that asks too much is shut out for ten minutes."""

    def __init__(self, speed: Fraction) -> None:
        self._speed = speed
        self._used: dict[str, tuple[int, int]] = {}
        self._banned_until: dict[str, int] = {}

    def count_address(self, address: str, now_ms: int) -> None:
        """Count a request of an address. May raise BybitError (HTTP 403)."""
        if self._banned_until.get(address, 0) > now_ms:
            raise too_frequent()
        if self._add(address, ADDRESS_WINDOW, now_ms) > self._scaled(ADDRESS_LIMIT):
            self._banned_until[address] = now_ms + int(BAN / max(self._speed, Fraction(1)))
            raise too_frequent()

    def count_account(
        self, bucket: str, limit: int, window: int, now_ms: int
    ) -> tuple[bool, dict[str, str]]:
        """Count a request of an account to one endpoint: whether it may pass, and the headers."""
        allowed = self._scaled(limit)
        used = self._add(bucket, window, now_ms)
        reset = now_ms if used <= allowed else (now_ms // window + 1) * window
        return used <= allowed, {
            "X-Bapi-Limit": str(allowed),
            "X-Bapi-Limit-Status": str(max(allowed - used, 0)),
            "X-Bapi-Limit-Reset-Timestamp": str(reset),
        }

    def forget(self) -> None:
        """Start counting anew and lift bans."""
        self._used.clear()
        self._banned_until.clear()

    def _add(self, bucket: str, window: int, now_ms: int) -> int:
        place = now_ms // window
        before, used = self._used.get(bucket, (place, 0))
        used = (used if before == place else 0) + 1
        self._used[bucket] = (place, used)
        return used

    def _scaled(self, limit: int) -> int:
        return max(int(limit * self._speed), 1)


def too_frequent() -> BybitError:
    """What an address is told that asks too much."""
    return BybitError(10018, "access too frequent", 403)


def forbidden() -> Response:
    """The ban as it is really sent: a few words, no JSON."""
    body = b"403 Forbidden: access too frequent"
    return Response(403, body, {"Content-Type": "text/plain"})
