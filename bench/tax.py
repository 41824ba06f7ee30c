"""The tax engine beside a bare loop over integers, and whole processes beside other programs.

python -m bench.tax [--events 10000,100000,1000000] [--seed 1] [--only-engine]
Prints a table in Markdown and ends with 1 if a budget is missed. The history: buys and sells over
ten assets, fees in money. Seconds are of a processor: what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench import tax_others
from portfolio.engine.tax import History, Leg, Settings, TaxEvent, compute
from portfolio.engine.tax.types import EventKind
from portfolio.engine.tax.whole import VALUE_DIGITS

METHODS = (
    *("lifo", "hifo", "lofo", "average", "acb_superficial", "total_average"),
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


# --- Measuring --------------------------------------------------------------------------------

COUNTED = "events made and counted, once for all methods"
FLOOR, SLOWEST, GROWS, TIMES = 5.0, 3.0, 11.0, 100.0
MEMORY = 1 << 30
AGAIN = 3  # times that what is over its budget is measured once more: noise goes


class Row(NamedTuple):
    """One line of the table; ``ratio`` is of what ``against`` names, and kept within ``budget``."""

    events: int
    what: str
    seconds: float
    memory: int
    ratio: float | None = None
    against: str = ""
    budget: float | None = None
    is_least: bool = False  # the ratio must be at least the budget

    @property
    def is_kept(self) -> bool:
        if self.ratio is None or self.budget is None:
            return True
        return self.ratio >= self.budget if self.is_least else self.ratio <= self.budget


def say(row: Row) -> bool:
    """Prints a row; whether its budget was kept."""
    ratio = "" if row.ratio is None else f"{row.ratio:,.1f} {row.against}"
    sign = ">=" if row.is_least else "<="
    budget = "" if row.budget is None else f"{sign} {row.budget:g}"
    told = f"{row.seconds:,.3f} | {ratio} | {budget}{'' if row.is_kept else ' MISSED'}"
    print(f"| {row.events:,} | {row.what} | {told} | {row.memory >> 20} |", flush=True)
    return row.is_kept


def timed(work: Callable[[], Any], times: int) -> float:
    """Seconds of the quickest of some runs."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def engine(number: int, seed: int, methods: Sequence[str]) -> Iterator[Row]:
    """The floor, and every method with all parts of all disposals, in this process."""
    start = time.process_time()
    told = History(history(number, seed), BASE)
    built = time.process_time() - start
    times = max(1, 300_000 // number)

    def taken(name: str) -> float:
        def work() -> None:
            told.worked.clear()  # of the run before
            compute(Settings(name, BASE), told)

        return timed(work, times)

    least = timed(partial(floor, plain(told)), times)
    yield Row(number, "floor", least, _memory())
    first = taken("fifo")
    for _ in range(AGAIN):
        if first <= FLOOR * least:
            break
        least = min(least, timed(partial(floor, plain(told)), times))
        first = min(first, taken("fifo"))
    yield Row(number, "fifo", first, _memory(), first / least, "floors", FLOOR)
    for name in methods:
        took = taken(name)
        for _ in range(AGAIN):
            if took <= SLOWEST * first:
                break
            took = min(took, taken(name))
        yield Row(number, name, took, _memory(), took / first, "times fifo", SLOWEST)
    yield Row(number, COUNTED, built, _memory())


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def engines(lengths: Sequence[int], seed: int, methods: Sequence[str]) -> Iterator[Row]:
    """Each length in a process of its own: memory is never given back."""
    first: dict[int, Row] = {}
    for number in lengths:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows = pool.submit(_engine, number, seed, methods).result()
        yield from rows
        first[number] = rows[1]
    if 100_000 in first and 1_000_000 in first:
        long, short = first[1_000_000], first[100_000]
        ratio = long.seconds / short.seconds
        yield Row(1_000_000, "fifo", *long[2:4], ratio, "times 100,000", GROWS)
        most = rows[-1].memory
        yield Row(1_000_000, "memory", 0, most, most / 2**30, "GB", MEMORY / 2**30)


def _engine(number: int, seed: int, methods: Sequence[str]) -> list[Row]:
    return list(engine(number, seed, methods))


# --- Whole processes --------------------------------------------------------------------------


def processes(
    lengths: Sequence[int], seed: int, engine: Mapping[int, float]
) -> Iterator[Row | str]:
    """RP2 and BittyTax beside the engine and its seconds, and beside Coffer from a file.

    Why one is not run is told in words.
    """
    with TemporaryDirectory() as folder:
        for number in lengths:
            home = Path(folder) / str(number)
            home.mkdir()
            case = home / "case.json"
            case.write_text(json.dumps(_case(number, seed)))
            own = min((tax_others.coffer(case, home / str(n)) for n in range(3)), key=_cpu)
            yield Row(number, "Coffer: from a file to every part", own.cpu, own.memory)
            for name, title in (("rp2", "RP2"), ("bittytax", "BittyTax")):
                why = tax_others.refused(name, number)
                if why:
                    yield f"| {number:,} | {title} | {why} | | | |"
                    continue
                ran = tax_others.measured(name, history(number, seed), home / name)
                told = (ran.cpu / engine[number], "times the engine", TIMES, True)
                yield Row(number, title, ran.cpu, ran.memory, *told)
                told_whole = (ran.cpu / own.cpu, "times Coffer from a file")
                yield Row(number, title, ran.cpu, ran.memory, *told_whole)


def _cpu(ran: tax_others.Ran) -> float:
    return ran.cpu


def _case(number: int, seed: int) -> dict[str, Any]:
    def leg(told: Leg | None) -> dict[str, str] | None:
        if told is None:
            return None
        return {"asset": told.asset, "amount": f"{told.amount:f}", "value": f"{told.value:f}"}

    events = [
        {
            "time": event.time.isoformat(),
            "kind": event.kind.value,
            "wallet": event.wallet,
            "in": leg(event.into),
            "out": leg(event.out),
            "fee": leg(event.fee),
        }
        for event in history(number, seed)
    ]
    return {"settings": {"method": "fifo", "base_currency": BASE}, "events": events}


def main() -> int:
    """Prints the table; the exit status says whether all budgets were kept."""
    parser = argparse.ArgumentParser(prog="bench.tax", description=__doc__)
    parser.add_argument("--events", default="10000,100000,1000000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--only-engine", action="store_true", help="no whole processes")
    options = parser.parse_args()
    lengths = [int(number) for number in options.events.split(",")]
    print("| events | what | seconds | ratio | budget | memory, MB |")
    print("| ---: | --- | ---: | ---: | :--- | ---: |", flush=True)
    kept, spent = [], dict.fromkeys(lengths, 0.0)
    for line in engines(lengths, options.seed, options.methods.split(",")):
        kept.append(say(line))
        if line.what in ("fifo", COUNTED) and not line.against.startswith("times"):
            spent[line.events] += line.seconds
    if not options.only_engine:
        short = [number for number in lengths if number <= 100_000]
        for row in processes(short, options.seed, spent):
            if isinstance(row, str):
                print(row, flush=True)
            else:
                kept.append(say(row))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
