"""One pause for all workers when an endpoint of an exchange fails everybody.

Each connection backs off by itself; with many of them a dead exchange would still be asked by one
after the other. When an endpoint has failed several accounts with no answer in between, it is left
alone for a while; then one request is let through, and its answer decides. It is kept per endpoint,
so that one that is broken for good does not stop the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

_PREFIX = "circuit"
ACCOUNTS = 3  # that must have failed in a row
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
PROBE = timedelta(seconds=30)  # longer than the longest answer
_FORGOTTEN = timedelta(minutes=30)


class Circuit(Protocol):
    """What the gateway asks before a request and tells after it."""

    def enter(self, place: str) -> datetime | None: ...
    def failed(self, place: str, account: str) -> None: ...
    def answered(self, place: str) -> None: ...


# KEYS: the place. ARGV: milliseconds of a probe.
# Answers -1 where nothing is known, 0 where a request may go, else milliseconds to wait.
_ENTER = """
local till = redis.call('HGET', KEYS[1], 'till')
if not till then return redis.call('EXISTS', KEYS[1]) - 1 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if tonumber(till) > now then return tonumber(till) - now end
redis.call('HSET', KEYS[1], 'till', now + tonumber(ARGV[1]))
return 0
"""

# KEYS: the place. ARGV: account, accounts that open it, first and longest pause, when forgotten.
_FAILED = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'account:' .. ARGV[1], 1)
local pauses = tonumber(redis.call('HGET', KEYS[1], 'pauses') or '0')
local accounts = redis.call('HLEN', KEYS[1])
if pauses > 0 then accounts = accounts - 2 end
if accounts >= tonumber(ARGV[2]) then
  local pause = math.min(tonumber(ARGV[3]) * 2 ^ math.min(pauses, 20), tonumber(ARGV[4]))
  redis.call('HSET', KEYS[1], 'pauses', pauses + 1, 'till', now + math.floor(pause))
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 0
"""


class RedisCircuit:
    """The circuits of all workers of one installation."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._enter = client.register_script(_ENTER)
        self._failed = client.register_script(_FAILED)
        self._doubted: set[str] = set()

    def enter(self, place: str) -> datetime | None:
        """Return until when ``place`` is left alone, or None: the caller may ask."""
        wait = int(self._enter(keys=[_key(place)], args=[_ms(PROBE)]))
        if wait >= 0:
            self._doubted.add(place)
        return datetime.now(UTC) + timedelta(milliseconds=wait) if wait > 0 else None

    def failed(self, place: str, account: str) -> None:
        """Count a failure of the exchange itself; ``account`` is a fingerprint."""
        lengths = [_ms(FIRST_PAUSE), _ms(LONGEST_PAUSE), _ms(_FORGOTTEN)]
        self._failed(keys=[_key(place)], args=[account, ACCOUNTS, *lengths])

    def answered(self, place: str) -> None:
        """The exchange answers there: all that was counted is forgotten."""
        if place in self._doubted:
            self._doubted.discard(place)
            self._client.delete(_key(place))


def _key(place: str) -> str:
    return f"{_PREFIX}:{place}"


def _ms(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
