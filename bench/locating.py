"""Locating errors, tried on simulated accounts: python -m bench.locating [--lives N] [--seed S].

Each life is a simulated account of 60 days. It is looked at whole every day, with the records
that are in by then: an alarm is a false one. Then one record at a time is deleted, doubled, shifted
in time (by a day to 20 days) or altered, and the alarms must name the wallets and assets that it
touched, no other, and stretches of time that hold it. Ends with 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from tests.engine import lives
from tests.engine.trials import Trial, false_alarms, try_fault

RIGHT_STRETCHES = 0.95
FALSE_ALARMS = 1 / 1000


@dataclass(slots=True)
class Row:
    """What became of one kind of fault."""

    trials: list[Trial] = field(default_factory=list)

    def part(self, values: Iterable[bool]) -> float:
        return sum(values) / len(self.trials)


def main() -> int:
    """Prints the table; the exit status says whether the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = {kind: Row() for kind in lives.FAULTS}
    days = alarms = 0
    for seed in range(options.seed, options.seed + options.lives):
        told = lives.life(seed)
        of_life = false_alarms(told)
        days, alarms = days + len(of_life), alarms + sum(of_life)
        for kind, row in rows.items():
            row.trials.append(try_fault(told, lives.fault(told, kind, seed)))
    _print(rows, options)
    print(f"\nFalse alarms: {alarms} on {days} account-days.")
    right = all(
        row.part(t.is_right_place for t in row.trials) == 1
        and row.part(t.is_right_stretch for t in row.trials) >= RIGHT_STRETCHES
        for row in rows.values()
    )
    return 0 if right and alarms < days * FALSE_ALARMS else 1


_HEAD = """\
| one record | tried | right wallets and assets | right stretch | stretch, median | 95 % | \
cause first | among three |
|---|---|---|---|---|---|---|---|"""


def _print(rows: dict[str, Row], options: argparse.Namespace) -> None:
    print(f"{options.lives} lives, seeds from {options.seed}.\n")
    print(_HEAD)
    for kind, row in rows.items():
        cells = [
            kind,
            str(len(row.trials)),
            f"{row.part(t.is_right_place for t in row.trials):.1%}",
            f"{row.part(t.is_right_stretch for t in row.trials):.1%}",
            *_widths(row),
            f"{row.part(t.cause_place == 1 for t in row.trials):.0%}",
            f"{row.part(0 < t.cause_place <= 3 for t in row.trials):.0%}",
        ]
        print("| " + " | ".join(cells) + " |")


def _widths(row: Row) -> list[str]:
    """Median and 95th percentile of how long the named stretches are, in hours."""
    widths = [width / timedelta(hours=1) for trial in row.trials for width in trial.widths]
    if len(widths) < 2:
        return ["–", "–"]
    return [f"{statistics.median(widths):.1f} h", f"{statistics.quantiles(widths, n=20)[-1]:.1f} h"]


if __name__ == "__main__":
    sys.exit(main())
