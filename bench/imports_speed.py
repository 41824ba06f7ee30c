"""Imports of long files, step by step as workers take them: seconds of work, and memory.

python -m bench.imports_speed [--rows 10000,100000,200000] [--layouts coffer,kraken]
Ends with 1 if the longest takes more of a row than 1.5 times what the shortest does. Each length
has a process and database servers of its own, so that memory and tables are its alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.imports_files import KRAKEN, LAYOUTS, answers, file_of

BUDGET = 1.5
PAGE = 1000
SLICE = 5.0  # seconds, as portfolio.tasks has it
# Seconds: what takes less is not judged, its growth is noise.
_SHORT = 5.0


def main() -> int:
    """Prints the table; the exit status says whether the budget was kept."""
    parser = argparse.ArgumentParser(prog="bench.imports_speed", description=__doc__)
    parser.add_argument("--rows", default="10000,100000,200000", help="shortest first")
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--bare", action="store_true", help="measures in this process, as JSON")
    parser.add_argument("--profile", default="", help="with --bare: a step to profile")
    options = parser.parse_args()
    sizes = [int(size) for size in options.rows.split(",")]
    if options.bare:
        _bare(sizes[0], options.layouts, options.profile)
        return 0
    return _compare(sizes, options.layouts.split(","))


def _compare(sizes: list[int], layouts: list[str]) -> int:
    cells = " | ".join(f"{size:,} rows" for size in sizes)
    print(f"| file | step | {cells} | of a row, longest to shortest | budget |")
    print(f"| --- | --- |{' ---: |' * (len(sizes) + 1)} :--- |")
    missed = 0
    for layout in layouts:
        found = [_own_process(size, layout) for size in sizes]
        for step in found[0]:
            missed += _row(layout, step, sizes, [each[step] for each in found])
    return 1 if missed else 0


def _own_process(size: int, layout: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.imports_speed", "--bare"]
    done = subprocess.run(
        [*command, "--rows", str(size), "--layouts", layout],
        check=True,
        stdout=subprocess.PIPE,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _row(layout: str, step: str, sizes: list[int], taken: list[float]) -> bool:
    """Prints a row; returns whether its budget was missed."""
    if step == "memory":
        cells = " | ".join(f"{megabytes:,.0f} MB" for megabytes in taken)
        print(f"| {layout} | memory of the process | {cells} | | |", flush=True)
        return False
    ratio = (taken[-1] / sizes[-1]) / (taken[0] / sizes[0])
    cells = " | ".join(f"{seconds:,.1f} s" for seconds in taken)
    is_missed = ratio > BUDGET and taken[-1] > _SHORT
    told = f"<= {BUDGET}{' missed' if is_missed else ''}"
    print(f"| {layout} | {step} | {cells} | {ratio:.2f} | {told} |", flush=True)
    return is_missed


# --- One length -------------------------------------------------------------------------------


def _bare(size: int, layout: str, profiled: str) -> None:
    from tests import servers

    servers.start()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(dict(_steps(size, layout, profiled))))


def _steps(size: int, layout: str, profiled: str) -> Iterator[tuple[str, float]]:
    from accounts.models import User
    from portfolio.services import imports, transfer_matching, valuation

    data = file_of(size, layout)
    owner = User.objects.create_user("bench@example.org", "bench")

    def timed(name: str, work: Callable[[], Any]) -> tuple[str, float]:
        print(f"{layout} {size:,}: {name}", file=sys.stderr, flush=True)
        start, worked = time.perf_counter(), _worked()
        _run(work, is_profiled=name == profiled)
        taken, worked = time.perf_counter() - start, _worked() - worked
        print(f"  {worked:.1f} s of work in {taken:.1f} s", file=sys.stderr, flush=True)
        return name, worked

    first = _brought(owner, data)
    yield timed("read, to the preview", lambda: _work(first))
    _settle()
    imports.confirm(user=owner, job_id=first)
    yield timed("booked", lambda: _work(first))
    _settle()
    yield timed("valued", lambda: valuation.recompute(owner.pk))
    yield timed("transfers looked for", lambda: transfer_matching.match(owner.pk))
    again = _brought(owner, data)
    yield timed("the same file again: read", lambda: _work(again))
    imports.confirm(user=owner, job_id=again)
    yield timed("the same file again: confirmed", lambda: _work(again))
    imports.undo(user=owner, job_id=again)
    yield timed("the second undone: nothing goes", lambda: _work(again))
    imports.undo(user=owner, job_id=first)
    yield timed("the first undone: all goes", lambda: _work(first))
    _require_empty(owner)
    if layout == KRAKEN:
        yield from _beside_answers(size, data, timed)
    yield "memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _beside_answers(
    size: int, data: bytes, timed: Callable[[str, Callable[[], Any]], tuple[str, float]]
) -> Iterator[tuple[str, float]]:
    """The same file where the exchange has told all of it already."""
    from accounts.models import User
    from portfolio.models import Posting
    from portfolio.services import imports

    owner = User.objects.create_user("answered@example.org", "bench")
    yield timed("the exchange's answers, a page each", lambda: _fetched(owner, size))
    _settle()
    before = Posting.objects.filter(owner=owner).count()
    job = _brought(owner, data)
    yield timed("beside the answers: read", lambda: _work(job))
    _settle()
    imports.confirm(user=owner, job_id=job)
    yield timed("beside the answers: confirmed", lambda: _work(job))
    if Posting.objects.filter(owner=owner).count() != before:
        raise RuntimeError("the file and the answers are not one ledger")
    imports.undo(user=owner, job_id=job)
    yield timed("beside the answers: undone", lambda: _work(job))


def _fetched(owner: Any, size: int) -> None:
    from django.db import transaction
    from django.utils import timezone

    from portfolio.models import Stream
    from portfolio.services import ledger
    from tests import factories

    connection = factories.connection(owner, environment="live")
    stream: Stream = factories.stream(connection, "ledger")
    told = answers(size)
    while page := list(islice(told, PAGE)):
        with transaction.atomic():
            ledger.store(stream, page, endpoint="bench", now=timezone.now())


def _brought(owner: Any, data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from portfolio.services import imports

    return imports.begin(user=owner, files=[SimpleUploadedFile("life.csv", data)]).pk


def _work(job: Any) -> None:
    """What workers do, slice after slice, until a person is wanted again."""
    from portfolio.models import Import
    from portfolio.services import import_work

    while (ended := import_work.run_slice(job, seconds=SLICE)) is not None and ended.goes_on:
        pass
    state = Import.objects.get(pk=job).state
    if state not in (Import.State.READY, Import.State.DONE, Import.State.UNDONE):
        raise RuntimeError(f"the import is {state}")


def _require_empty(owner: Any) -> None:
    from portfolio.models import Posting, RawRecord, Transaction

    for model in (Posting, Transaction):
        if model.objects.filter(owner=owner).exists():
            raise RuntimeError(f"something is left of {model.__name__}")
    if RawRecord.objects.filter(connection__owner=owner).exists():
        raise RuntimeError("something is left of the records")


def _worked() -> float:
    """Seconds that processors worked for this process and for its connection to PostgreSQL.

    Unlike a clock on the wall they do not tell what else the machine had to do.
    """
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    # In ticks, after the name in brackets: proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _settle() -> None:
    """Lets PostgreSQL learn what the tables hold, as it does in time by itself."""
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _run(work: Callable[[], Any], *, is_profiled: bool) -> None:
    if not is_profiled:
        work()
        return
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(work)
    told = pstats.Stats(profile, stream=sys.stderr)
    told.sort_stats("cumulative").print_stats(60)
    told.sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    sys.exit(main())
