"""Compares histories of several lengths and prints ratios beside their budgets.

python -m bench [--postings 10000,100000,1000000] [--only WORD]: ends with 1 if a budget is missed.
Each line is printed when it is measured, so a run can be stopped at any time with what it has.
Needs nothing but the installed packages: it starts database servers of its own and removes them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from bench import measure

SIZES = "10000,100000,1000000"


def main() -> int:
    """Prints the table; the exit status says whether all budgets were kept."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--postings", default=SIZES, help="of each history, shortest first")
    parser.add_argument("--only", default="", help="works with this word in their name")
    options = parser.parse_args()
    sizes = [int(size) for size in options.postings.split(",")]

    from tests import servers

    servers.start()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    try:
        return _measure(sizes, options.only)
    except KeyboardInterrupt:
        print("\nstopped")
        return 1
    finally:
        print(f"\n{time.perf_counter() - start:.0f} s in all")


def _measure(sizes: Sequence[int], only: str) -> int:
    from bench import works, world

    world.add_prices()
    start = time.perf_counter()
    subjects = [world.subject(f"size{size}", size) for size in sizes]
    world.settle()
    told = ", ".join(f"{world.postings(one):,}" for one in subjects)
    print(f"postings: {told}; made in {time.perf_counter() - start:.0f} s\n", flush=True)
    print(measure.head([f"{size:,}" for size in sizes]), flush=True)
    missed = 0
    for name, work in works.WORKS.items():
        if only not in name:
            continue
        for line in work(subjects):
            print(measure.row(line), flush=True)
            missed += not line.is_kept
    return 1 if missed else 0
