"""How much may be asked of an exchange, shared by all workers through Redis.

A worker never sleeps on it: what is not to be had now raises ``WaitUntil``, and the work is put
off. Buckets are named by exchange, environment and allowance, and by a fingerprint of the account
where the exchange counts per account; never by a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from portfolio.exchanges.errors import WaitUntil
from portfolio.exchanges.profile import Allowance

_PREFIX = "budget"
_PAUSE_LIMIT = timedelta(days=4)  # the longest ban that is known; bounds a mad Retry-After
_USED_UP = "The request allowance of this exchange is used up for the moment."
_PAUSED = "The exchange has asked this server to wait."


class Budget(Protocol):
    """What the gateway asks before and tells after each request."""

    def acquire(self, bucket: str, cost: int, *, allowance: Allowance) -> None: ...
    def observe(self, bucket: str, used: int, *, allowance: Allowance) -> None: ...
    def pause(self, bucket: str, until: datetime) -> None: ...
    def paused_until(self, exchange: str, environment: str = "live") -> datetime | None: ...


def environment_of(base_url: str | None) -> str:
    """Return the word that keeps the real exchange's buckets apart from any other's."""
    return "live" if base_url is None else "other"


def fingerprint(account: str) -> str:
    """Return a short one-way name of an account, fit for a key in Redis."""
    return hashlib.sha256(account.encode()).hexdigest()[:16]


# KEYS: the bucket, then the pauses that apply. ARGV: kind, capacity, period or refill, cost.
# Answers the milliseconds to wait (0: granted), negative while paused.
_ACQUIRE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for i = 2, #KEYS do
  local till = tonumber(redis.call('GET', KEYS[i]) or '0')
  if till > now then return -(till - now) end
end
local capacity, pace, cost = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if ARGV[1] == 'window' then
  local period = pace * 1000
  local window = math.floor(now / period)
  local kept = redis.call('HMGET', KEYS[1], 'window', 'used')
  local used = 0
  if tonumber(kept[1] or '-1') == window then used = tonumber(kept[2]) end
  if used > 0 and used + cost > capacity then return (window + 1) * period - now + 50 end
  redis.call('HSET', KEYS[1], 'window', window, 'used', used + cost)
  redis.call('PEXPIRE', KEYS[1], 2 * period)
  return 0
end
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local passed = (now - tonumber(kept[2] or now)) / 1000
local level = math.max(0, tonumber(kept[1] or '0') - passed * pace)
if level > 0 and level + cost > capacity then
  -- Until a third is free again: a few requests in a row cost less than a wait after each.
  local wanted = math.max(level + cost - capacity, level - capacity * 2 / 3)
  return math.ceil(math.min(level, wanted) / pace * 1000) + 1
end
redis.call('HSET', KEYS[1], 'level', tostring(level + cost), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((level + cost) / pace * 1000) + 60000)
return 0
"""

# What the exchange says it has counted is believed when it is more than what we have counted.
_OBSERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local period = tonumber(ARGV[1]) * 1000
local window = math.floor(now / period)
local kept = redis.call('HMGET', KEYS[1], 'window', 'used')
local used = 0
if tonumber(kept[1] or '-1') == window then used = tonumber(kept[2]) end
redis.call('HSET', KEYS[1], 'window', window, 'used', math.max(used, tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], 2 * period)
return 0
"""


class RedisBudget:
    """The budget of all workers of one installation.

    ``scale`` multiplies every allowance (a sandbox that runs at many times the real speed).
    ``is_last`` is for work that anything else comes before: it stops at half of what is used, by
    whomever, and its waits are nobody else's.
    """

    def __init__(self, client: Any, scale: Decimal | int = 1, *, is_last: bool = False) -> None:
        self._client = client
        self._scale = Decimal(scale)
        self._is_last = is_last
        self._acquire = client.register_script(_ACQUIRE)
        self._observe = client.register_script(_OBSERVE)

    def acquire(self, bucket: str, cost: int, *, allowance: Allowance) -> None:
        """Take ``cost`` units out of ``bucket``. May raise WaitUntil."""
        windowed = allowance.period > 0
        share = (1 - allowance.reserve) * allowance.capacity * self._scale
        if self._is_last:
            share /= 2
        pace = Decimal(allowance.period) if windowed else allowance.refill * self._scale
        keys = [_key(bucket), *(_pause_key(name) for name in _scopes(bucket))]
        arguments = ["window" if windowed else "decay", str(share), str(pace), str(cost)]
        wait = int(self._acquire(keys=keys, args=arguments))
        if wait:
            if wait > 0 and not allowance.per_account and not self._is_last:
                self._client.set(_full_key(_scopes(bucket)[0]), 1, px=wait)
            until = datetime.now(UTC) + timedelta(milliseconds=abs(wait))
            raise WaitUntil(_PAUSED if wait < 0 else _USED_UP, until=until)

    def observe(self, bucket: str, used: int, *, allowance: Allowance) -> None:
        """Believe the exchange when it has counted more in this window than we have."""
        if allowance.period:
            self._observe(keys=[_key(bucket)], args=[str(allowance.period), str(used)])

    def pause(self, bucket: str, until: datetime) -> None:
        """Stop all requests of ``bucket`` (or of ``exchange:environment``) until then."""
        now = datetime.now(UTC)
        length = min(max(until - now, timedelta()), _PAUSE_LIMIT)
        ms = length // timedelta(milliseconds=1)
        if ms:
            till = int(now.timestamp() * 1000) + ms
            self._client.set(_pause_key(bucket), till, px=ms)

    def paused_until(self, exchange: str, environment: str = "live") -> datetime | None:
        """Return until when everything asked of ``exchange`` is put off, or None."""
        text = self._client.get(_pause_key(f"{exchange}:{environment}"))
        until = datetime.fromtimestamp(int(text) / 1000, UTC) if text else None
        return until if until and until > datetime.now(UTC) else None

    def put_off(self, exchanges: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of ``(exchange, environment)`` of which nothing can be asked just now.

        They are paused, or an allowance that all their keys share is used up: work on any of
        their connections would only be told to wait.
        """
        named = sorted(exchanges)
        keys = [make(f"{x}:{e}") for x, e in named for make in (_pause_key, _full_key)]
        found = self._client.mget(keys) if keys else []
        pairs = zip(found[::2], found[1::2], strict=True)
        return {name for name, marks in zip(named, pairs, strict=True) if any(marks)}


def _key(bucket: str) -> str:
    return f"{_PREFIX}:{bucket}"


def _full_key(scope: str) -> str:
    return f"{_PREFIX}:full:{scope}"


def _pause_key(scope: str) -> str:
    return f"{_PREFIX}:pause:{scope}"


def _scopes(bucket: str) -> tuple[str, str]:
    """Return whose pauses stop ``bucket``: the whole exchange's and its own."""
    exchange, environment, *_ = bucket.split(":")
    return f"{exchange}:{environment}", bucket


def used_from(headers: Mapping[str, str], allowance: Allowance) -> int | None:
    """Return what the exchange's header says of ``allowance``, where it says something."""
    text = headers.get(allowance.used_header, "") if allowance.used_header else ""
    if text.isdigit():
        return int(text)
    left = headers.get(allowance.left_header, "") if allowance.left_header else ""
    return max(allowance.capacity - int(left), 0) if left.isdigit() else None
