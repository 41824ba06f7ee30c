"""Every fault at every simulated exchange, for real; prints the table in Markdown.

python -m bench.faults [--exchanges a,b] [--faults word,word]: ends with 1 if anything came out
otherwise than it must. Needs nothing but the installed packages.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.live.faults.cells import Cell
    from tests.live.faults.matrix import Fault


def main() -> int:
    """Prints the table; the exit status says whether every cell is as it must be."""
    from tests import servers

    parser = argparse.ArgumentParser(prog="bench.faults", description=__doc__)
    parser.add_argument("--exchanges", default="", help="with commas; all simulated ones otherwise")
    parser.add_argument("--faults", default="", help="words of their names, with commas")
    options = parser.parse_args()
    servers.start()
    import django

    django.setup()
    from django.core.management import call_command

    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    from tests.live.faults.matrix import MATRIX
    from tests.live.faults.places import PLACES

    exchanges = [name for name in options.exchanges.split(",") if name] or list(PLACES)
    words = options.faults.lower().split(",")
    faults = [fault for fault in MATRIX if any(word in fault.name.lower() for word in words)]
    start = time.monotonic()
    cells = _cells(exchanges, faults)
    _print(exchanges, faults, cells, time.monotonic() - start)
    return 1 if any(cell.problem for cell in cells) else 0


def _cells(exchanges: Sequence[str], faults: Sequence[Fault]) -> list[Cell]:
    from django.conf import settings

    from accounts.models import User
    from tests.live.faults.cells import Subject
    from tests.sandbox_server import running_sandbox

    cells: list[Cell] = []
    for exchange, some in itertools.product(exchanges, _in_groups(faults)):
        # A new life each time: what happens for one fault makes the rounds of the next ones longer.
        with running_sandbox() as url:
            settings.SANDBOX_URL = url
            owner = User.objects.create_user(f"{exchange}-{len(cells)}@example.org", "bench")
            subject = Subject(exchange, url, owner)
            for fault in some:
                cell = subject.strike(fault)
                if cell is not None:
                    cells.append(cell)
                    said = cell.problem or f"as it must, {cell.seconds:.1f} s"
                    sys.stderr.write(f"{exchange}: {fault.name}: {said}\n")
    return cells


def _in_groups(faults: Sequence[Fault]) -> list[Sequence[Fault]]:
    """Those that one life goes through: few where much happens for each of them."""
    few = [fault for fault in faults if not fault.many]
    many = [fault for fault in faults if fault.many]
    return [*_batches(few, 32), *_batches(many, 3)]


def _batches(faults: Sequence[Fault], size: int) -> list[Sequence[Fault]]:
    return [faults[start : start + size] for start in range(0, len(faults), size)]


def _print(
    exchanges: Sequence[str], faults: Sequence[Fault], cells: Sequence[Cell], seconds: float
) -> None:
    found = {(cell.fault.name, cell.exchange): cell for cell in cells}
    print(f"| fault | what must come of it | {' | '.join(exchanges)} |")
    print(f"| --- | --- | {' | '.join('---' for _ in exchanges)} |")
    for fault in faults:
        row = [_shown(found.get((fault.name, exchange))) for exchange in exchanges]
        print(f"| {fault.name} | {fault.expect} | {' | '.join(row)} |")
    good = sum(not cell.problem for cell in cells)
    print(
        f"\n{len(faults)} kinds of fault, {len(cells)} cells, {good} as they must be, "
        f"{sum(cell.requests for cell in cells):,} requests, {seconds:.0f} s."
    )
    for cell in cells:
        if cell.problem:
            print(f"\n{cell.exchange}, {cell.fault.name}: {cell.problem}")


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "cannot be"
    if cell.problem:
        return "**no**"
    return "yes" if cell.expected is cell.fault.expect else f"yes: {cell.expected}"


if __name__ == "__main__":
    raise SystemExit(main())
