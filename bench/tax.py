"""The tax engine beside a bare loop over integers, the least that any FIFO must do.

python -m bench.tax [--events 10000,100000,1000000] [--seed 1]
Prints a table in Markdown. The history: buys and sells over ten assets, fees in money.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.tax import History, Leg, Settings, TaxEvent, compute
from portfolio.engine.tax.types import EventKind
from portfolio.engine.tax.whole import VALUE_DIGITS

METHODS = (
    *("fifo", "lifo", "hifo", "lofo", "average", "acb_superficial", "total_average"),
    *("uk_share_pooling", "ie_fifo_4week"),
)
ASSETS = tuple(f"COIN{number}" for number in range(10))
BASE = "EUR"
CENT = Decimal("0.01")
START = datetime(2018, 1, 1, tzinfo=UTC)
Plain = tuple[int, int, int, bool]


def history(number: int, seed: int) -> Iterator[TaxEvent]:
    """``number`` buys and sells, about half of each; never more sold than is held."""
    rng = random.Random(seed)  # noqa: S311
    held = dict.fromkeys(ASSETS, 0)
    step = timedelta(seconds=int(6 * 365 * 86400 / number))
    for place in range(number):
        yield _event(rng, held, START + place * step)


def _event(rng: random.Random, held: dict[str, int], at: datetime) -> TaxEvent:
    asset = rng.choice(ASSETS)
    units = rng.randint(1, 10**9)
    value = Decimal(units * rng.randint(500, 1500)) / 10**10
    coin = Leg(asset, Decimal(units).scaleb(-8), value)
    fee = Leg(BASE, CENT, CENT)
    if held[asset] > units and rng.random() < 0.6:
        held[asset] -= units
        return TaxEvent(at, EventKind.SELL, "A", Leg(BASE, value, value), coin, fee)
    held[asset] += units
    return TaxEvent(at, EventKind.BUY, "A", coin, Leg(BASE, value, value), fee)


def plain(told: History) -> list[Plain]:
    """The same for the floor, in numbers that fit a machine's word: asset, units, value, bought."""
    unit = 10 ** (VALUE_DIGITS - 10)
    columns = zip(told.coins, told.units, told.values, told.sides, strict=True)
    return [(coin, units, value // unit, side > 0) for coin, units, value, side in columns]


def floor(rows: Sequence[Plain]) -> int:
    """FIFO over integers and nothing else: the gain, in cents."""
    lots: list[deque[list[int]]] = [deque() for _ in ASSETS]
    gain = 0
    for asset, units, cents, is_buy in rows:
        queue = lots[asset]
        if is_buy:
            queue.append([units, cents])
            continue
        left = units
        gain += cents
        while left:
            lot = queue[0]
            if lot[0] <= left:
                left -= lot[0]
                gain -= lot[1]
                queue.popleft()
            else:
                cost = lot[1] * left // lot[0]
                lot[0] -= left
                lot[1] -= cost
                gain -= cost
                left = 0
    return gain


def timed(work: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the quickest of some runs."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="bench.tax", description=__doc__)
    parser.add_argument("--events", default="10000,100000,1000000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--bare", action="store_true", help="rows only, in this process")
    options = parser.parse_args()
    if options.bare:
        _measure(int(options.events), options)
        return
    print("| events | what | seconds | times the floor | memory so far, MB |")
    print("| ---: | --- | ---: | ---: | ---: |", flush=True)
    for number in options.events.split(","):
        # A process of its own for each: memory is never given back.
        more = ["--seed", str(options.seed), "--methods", options.methods, "--bare"]
        command = [sys.executable, "-m", "bench.tax", "--events", number, *more]
        subprocess.run(command, check=True)


def _measure(number: int, options: argparse.Namespace) -> None:
    start = time.perf_counter()
    told = History(history(number, options.seed), BASE)
    built = time.perf_counter() - start
    times = 3 if number <= 100_000 else 1
    least = timed(partial(floor, plain(told)), times)
    _row(number, "floor", least, least)
    for name in options.methods.split(","):
        took = timed(partial(compute, Settings(name, BASE), told), times)
        _row(number, name, took, least)
    _row(number, "events made and counted, once for all methods", built, least)


def _row(number: int, name: str, took: float, least: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {number:,} | {name} | {took:.3f} | {took / least:.1f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
