"""Measuring: medians of runs that take turns, so that noise of the machine falls on all alike."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a ratio, and the most it may be."""

    work: str
    small: str
    large: str
    ratio: float
    budget: float

    @property
    def is_kept(self) -> bool:
        return self.ratio <= self.budget


def medians(works: Sequence[Callable[[], object]], *, runs: int = 15) -> list[float]:
    """The median seconds of each work, run in turns after a first run that does not count."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(runs + 1):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            if number:
                taken[place].append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


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


def table(lines: Iterable[Line]) -> str:
    """The lines as text in columns."""
    rows = [("work", "small", "large", "ratio", "budget", "")]
    rows += [
        (
            line.work,
            line.small,
            line.large,
            f"{line.ratio:.2f}",
            f"<= {line.budget:g}",
            "" if line.is_kept else "MISSED",
        )
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
