"""``python -m config.probe web|worker|beat``: a container's health check; status 0 is healthy."""

from __future__ import annotations

import os
import socket
import sys
from http.client import HTTPConnection

import redis

from config import heartbeats


def main(arguments: list[str]) -> int:
    """Asks about the process of this host; returns the exit status."""
    match arguments:
        case ["web"]:
            return _web()
        case ["worker" | "beat" as role]:
            return _process(role)
    sys.stderr.write("usage: python -m config.probe web|worker|beat\n")
    return 2


def _web() -> int:
    web = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=3)
    try:
        web.request("GET", "/healthz")
        return 0 if web.getresponse().status == 200 else 1
    except OSError as error:
        sys.stderr.write(f"{web.host}:{web.port}: {error}\n")
        return 1
    finally:
        web.close()


def _process(role: heartbeats.Role) -> int:
    try:
        return 0 if heartbeats.is_alive(role, os.environ["REDIS_URL"], socket.gethostname()) else 1
    except redis.RedisError as error:
        sys.stderr.write(f"Redis does not answer: {type(error).__name__}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
