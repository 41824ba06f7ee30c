"""A sandbox whose Binance has a crowd of accounts, all alike; it counts weights minute by minute.

python -m bench.crowd_sandbox --crowd N --speed S: prints its address, and when it is told to stop,
one line of JSON: the weight used in each minute, and how often each status was answered. Its limits
are lifted until it gets SIGUSR1, which also sets its counts to zero.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from collections import Counter
from fractions import Fraction
from threading import Thread
from typing import Any

from sandbox.accounts import Key, keys_of
from sandbox.app import Sandbox
from sandbox.exchanges.binance.exchange import API_LIMIT, Binance
from sandbox.limits import MINUTE, MinuteWeights
from sandbox.options import Options
from sandbox.server import Server


def api_key(number: int) -> dict[str, str]:
    """The credentials of one of the crowd."""
    model = keys_of("binance")
    small = next(key for key in model.values() if key.purpose == "read-only-small")
    name = f"Crowd{number:05d}"
    return {"apiKey": name + small.api_key[len(name) :], "secret": small.secret}


class CountedWeights(MinuteWeights):
    """Remembers what each minute came to."""

    def __init__(self) -> None:
        super().__init__()
        self.by_minute: Counter[int] = Counter()

    def add(self, bucket: str, weight: int, now_ms: int) -> int:
        if bucket.startswith("api "):
            self.by_minute[now_ms // MINUTE] += weight
        return super().add(bucket, weight, now_ms)


def fill(sandbox: Sandbox, number: int) -> CountedWeights:
    """Gives Binance that many accounts more, each with the history of the small one."""
    binance: Any = sandbox._exchanges["binance"]
    assert isinstance(binance, Binance)
    crowd: Any = binance
    small = crowd._lives["small"]
    for place in range(number):
        name = f"crowd-{place}"
        life = object.__new__(type(small))
        life.__dict__ = dict(small.__dict__)
        life.account = dataclasses.replace(small.account, id=f"binance-{name}", uid=500_000 + place)
        crowd._lives[name] = life
        values = api_key(place)
        crowd._keys[values["apiKey"]] = Key(
            "binance", name, values, name, frozenset(), (), expired=False
        )
    crowd._weights = CountedWeights()
    weights: CountedWeights = crowd._weights
    return weights


def _begin(sandbox: Sandbox, weights: CountedWeights, speed: Fraction) -> None:
    """Makes the limits what they shall be, and counts from here."""
    binance: Any = sandbox._exchanges["binance"]
    binance._speed = speed
    weights.by_minute.clear()
    sandbox._log.clear()


def main() -> None:
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser(prog="bench.crowd_sandbox", description=__doc__)
    parser.add_argument("--crowd", type=int, required=True)
    parser.add_argument("--speed", default="1")
    asked = parser.parse_args()
    options = Options(port=0, speed=Fraction(1000))
    sandbox = Sandbox(options)
    weights = fill(sandbox, asked.crowd)
    server = Server(options, sandbox)
    signal.signal(signal.SIGUSR1, lambda *_: _begin(sandbox, weights, Fraction(asked.speed)))
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: Thread(target=server.shutdown).start())
    host, port = server.server_address[:2]
    print(f"http://{host!s}:{port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    refused = Counter(
        row["status"]
        for row in sandbox._log.listed("binance")["requests"]
        for _ in range(row["count"])
    )
    told = {
        "limit": int(API_LIMIT * Fraction(asked.speed)),
        "weights": {minute * MINUTE: used for minute, used in sorted(weights.by_minute.items())},
        "statuses": dict(refused),
    }
    json.dump(told, sys.stdout)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
