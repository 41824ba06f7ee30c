"""Signs of life of the worker and beat processes: keys in Redis that expire."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import Literal

import redis
from celery.signals import after_task_publish, beat_init, heartbeat_sent
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

Role = Literal["worker", "beat"]
EXPIRES_SECONDS = 30  # a worker is heard of every 2 s, beat every second


@lru_cache(maxsize=1)
def client(url: str) -> redis.Redis:
    """A client that answers or fails within about a second."""
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )


def note(role: Role, url: str) -> None:
    """Says that a process of that role lives on this host. May raise redis.RedisError."""
    with client(url).pipeline(transaction=False) as pipe:
        for key in (_key(role), _key(role, socket.gethostname())):
            pipe.set(key, "1", ex=EXPIRES_SECONDS)
        pipe.execute()


def is_alive(role: Role, url: str, host: str = "") -> bool:
    """Whether one (on that host) was heard of lately. May raise redis.RedisError."""
    return bool(client(url).exists(_key(role, host)))


def listen() -> None:
    """Makes the worker and beat processes that load this note their signs of life."""

    def worker(**_signal: object) -> None:
        note("worker", settings.REDIS_URL)

    def beat(**_signal: object) -> None:
        note("beat", settings.REDIS_URL)

    def beat_starts(**_signal: object) -> None:
        beat()
        # Whatever beat sends proves that it still runs and reaches the broker.
        after_task_publish.connect(beat, weak=False)

    heartbeat_sent.connect(worker, weak=False)
    beat_init.connect(beat_starts, weak=False)


def _key(role: Role, host: str = "") -> str:
    return f"heartbeat:{role}:{host}" if host else f"heartbeat:{role}"
