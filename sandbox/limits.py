"""How exchanges count requests: weights per minute with bans, and counters that decay."""

from dataclasses import dataclass
from fractions import Fraction

MINUTE = 60_000


class MinuteWeights:
    """Weight used in the present minute, per bucket; it starts at zero with every minute."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[int, int]] = {}

    def add(self, bucket: str, weight: int, now_ms: int) -> int:
        """Count a request and answer how much the bucket has used in this minute."""
        minute = now_ms // MINUTE
        before, used = self._used.get(bucket, (minute, 0))
        used = (used if before == minute else 0) + weight
        self._used[bucket] = (minute, used)
        return used


@dataclass(slots=True)
class _Offence:
    refused: int = 0
    minute: int = 0
    banned_until: int = 0
    bans: int = 0


class Bans:
    """Addresses that keep asking after they were told to stop are shut out for a while."""

    PATIENCE = 10  # refusals in one minute before a ban
    FIRST = 120_000
    LONGEST = 3 * 24 * 3_600_000

    def __init__(self, speed: Fraction) -> None:
        self._speed = max(speed, Fraction(1))
        self._offences: dict[str, _Offence] = {}

    def remaining(self, address: str, now_ms: int) -> int:
        """Milliseconds until the address is let in again; 0 if it is not banned."""
        offence = self._offences.get(address)
        return max(offence.banned_until - now_ms, 0) if offence else 0

    def refused(self, address: str, now_ms: int) -> None:
        """Count a request over the limit; too many within a minute bring a ban."""
        offence = self._offences.setdefault(address, _Offence())
        minute = now_ms // MINUTE
        if offence.minute != minute:
            offence.minute, offence.refused = minute, 0
        offence.refused += 1
        if offence.refused > self.PATIENCE:
            length = min(self.FIRST * 2**offence.bans, self.LONGEST)
            offence.banned_until = now_ms + int(length / self._speed)
            offence.bans += 1
            offence.refused = 0

    def forget(self) -> None:
        """Lift all bans."""
        self._offences.clear()


class Counter:
    """A call counter per key that decays with time; a call over the maximum is refused."""

    def __init__(self, maximum: Fraction, decay_per_second: Fraction) -> None:
        self._maximum = maximum
        self._decay = decay_per_second / 1000
        self._counts: dict[str, tuple[int, Fraction]] = {}

    def add(self, key: str, cost: int, now_ms: int) -> bool:
        """Count a call; answers whether it is let through."""
        before, count = self._counts.get(key, (now_ms, Fraction(0)))
        count = max(count - self._decay * max(now_ms - before, 0), Fraction(0)) + cost
        allowed = count <= self._maximum
        # A refused call does not make the wait longer.
        self._counts[key] = (now_ms, count if allowed else count - cost)
        return allowed

    def forget(self) -> None:
        """Start from zero for all keys."""
        self._counts.clear()
