"""The tax engine beside a bare loop over integers, the least that any FIFO must do.

python -m bench.tax [--events 10000,100000,1000000] [--seed 1]
Prints a table in Markdown. The history: buys and sells over ten assets, fees in money.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.tax import Leg, Settings, TaxEvent, compute
from portfolio.engine.tax.types import EventKind

METHODS = (
    *("fifo", "lifo", "hifo", "lofo", "average", "acb_superficial", "total_average"),
    *("uk_share_pooling", "ie_fifo_4week"),
)
ASSETS = tuple(f"COIN{number}" for number in range(10))
BASE = "EUR"
CENT = Decimal("0.01")
START = datetime(2018, 1, 1, tzinfo=UTC)
Plain = tuple[int, int, int, bool]


def history(number: int, seed: int) -> list[TaxEvent]:
    """``number`` buys and sells, about half of each; never more sold than is held."""
    rng = random.Random(seed)  # noqa: S311
    held = dict.fromkeys(ASSETS, 0)
    step = timedelta(seconds=int(6 * 365 * 86400 / number))
    return [_event(rng, held, START + place * step) for place in range(number)]


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


def plain(events: Sequence[TaxEvent]) -> list[Plain]:
    """The same as integers: asset, units (below zero where sold), cents."""
    rows = []
    for event in events:
        leg = event.into if event.kind is EventKind.BUY else event.out
        assert leg is not None
        assert leg.value is not None
        units, cents = int(leg.amount.scaleb(8)), int(leg.value.scaleb(12))
        rows.append((ASSETS.index(leg.asset), units, cents, event.kind is EventKind.BUY))
    return rows


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
    options = parser.parse_args()
    print("| events | method | seconds | times the floor | memory so far, MB |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for number in map(int, options.events.split(",")):
        events = history(number, options.seed)
        rows = plain(events)
        times = 3 if number <= 100_000 else 1
        least = timed(partial(floor, rows), times)
        _row(number, "floor", least, least)
        for name in options.methods.split(","):
            took = timed(partial(compute, Settings(name, BASE), events), times)
            _row(number, name, took, least)


def _row(number: int, name: str, took: float, least: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {number:,} | {name} | {took:.3f} | {took / least:.1f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
