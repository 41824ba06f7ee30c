"""Compares a short history with a long one and prints ratios beside their budgets.

python -m bench [--small N] [--large N]: numbers of transactions; ends with 1 if a budget is missed.
Needs nothing but the installed packages: it starts database servers of its own and removes them.
"""

from __future__ import annotations

import argparse
import time

from bench.measure import Line, table

SMALL, LARGE = 10_000, 200_000


def main() -> int:
    """Prints the table; the exit status says whether all budgets were kept."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    options = parser.parse_args()

    from tests import servers

    servers.start()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    lines = _measure(options.small, options.large)
    print(table(lines))
    return 0 if all(line.is_kept for line in lines) else 1


def _measure(small: int, large: int) -> list[Line]:
    from bench import works, world

    world.add_prices()
    start = time.perf_counter()
    one, two = world.subject("short", small), world.subject("long", large)
    taken = time.perf_counter() - start
    world.settle()
    print(
        f"{small:,} against {large:,} transactions ({world.postings(one):,} against "
        f"{world.postings(two):,} postings), made in {taken:.0f} s\n"
    )
    return works.measure(one, two)
