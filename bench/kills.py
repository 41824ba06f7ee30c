"""Kills workers, PostgreSQL and Valkey at random, delivers every task twice, compares the ledgers.

python -m bench.kills [--kills N] [--restarts M] [--exchanges a,b]: prints a table in Markdown; ends
with 1 if anything differs from a run that nothing disturbed. Needs nothing but the installed
packages: it starts database servers, a sandbox and a worker of its own and removes them.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.servers import Lease
    from tests.live.storm import Storm

SEED = 20261121
# Windows, tokens, offsets and ids; the others' many windows and pairs only make it longer.
EXCHANGES = "bitget,coinbase,kraken,okx"


def main() -> int:
    """Prints the table; the exit status says whether all was the same."""
    parser = argparse.ArgumentParser(prog="bench.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kill -9, of whatever it may be")
    parser.add_argument("--restarts", type=int, default=4, help="of them: of servers")
    parser.add_argument("--exchanges", default=EXCHANGES, help="with commas")
    options = parser.parse_args()

    from tests import servers

    lease = servers.start(durable=True)
    if lease is None:
        parser.error("servers of another run are in the environment")
    import django

    django.setup()
    from django.core.management import call_command

    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    return _run(lease, options.kills, options.restarts, options.exchanges.split(","))


def _run(lease: Lease, kills: int, restarts: int, exchanges: list[str]) -> int:
    from django.conf import settings

    import bench.twice  # noqa: F401  # this process sends twice, too
    from tests.live.storm import Storm
    from tests.live.workers import environment
    from tests.sandbox_server import running_sandbox

    with running_sandbox() as url:
        settings.SANDBOX_URL = url
        settings.SYNC_LEASE_SECONDS = 3
        log = Path(os.environ["TEST_DIRECTORY"]) / "worker.log"
        storm = Storm(lease, environment(url), log, seed=SEED)
        try:
            return _compare(storm, exchanges, kills, restarts)
        finally:
            storm.end()


def _compare(storm: Storm, exchanges: list[str], kills: int, restarts: int) -> int:
    from accounts.models import User
    from tests.live import storm as storms

    peace = storms.register(User.objects.create_user("peace@example.org", "bench"), exchanges)
    storms.fetch_in_peace(peace)
    digests = {one.exchange: storms.digest(one) for one in peace}
    maps = {one.exchange: storms.coverage(one) for one in peace}
    start, rounds, different = time.monotonic(), 0, []
    while storm.kills < kills:
        owner = User.objects.create_user(f"storm-{rounds}@example.org", "bench")
        made = storms.patiently(lambda: storms.register(owner, exchanges))  # noqa: B023
        storm.pass_over(made, kills=kills, restarts=restarts)
        storms.retire(made)
        rounds += 1
        for one in made:
            found, expected = storms.digest(one), digests[one.exchange]
            apart = [part for part in expected if found[part] != expected[part]]
            if apart:
                different.append(f"{one.exchange}, history {rounds}: {', '.join(apart)}")
            if not storms.is_same(storms.coverage(one), maps[one.exchange]):
                different.append(f"{one.exchange}, history {rounds}: coverage")
        sys.stderr.write(f"{storm.kills} kills, {len(different)} different\n")
    _print(storm, rounds * len(exchanges), exchanges, different, time.monotonic() - start)
    return 1 if different else 0


def _print(
    storm: Storm, histories: int, exchanges: list[str], different: list[str], seconds: float
) -> None:
    ended = storm.counts["ended by itself"]
    lines = [
        ("kill -9 in all", str(storm.kills)),
        ("of a pool process at work on a connection", str(storm.counts["pool process"])),
        ("of a whole worker", str(storm.counts["worker"])),
        ("of PostgreSQL, with all its processes", str(storm.counts["PostgreSQL"])),
        ("of Valkey", str(storm.counts["Valkey"])),
        ("workers that ended with their broker and were started again", str(ended)),
        ("deliveries of each task", "2"),
        ("histories fetched meanwhile", str(histories)),
        ("exchanges", ", ".join(exchanges)),
        ("ledgers and coverages that differ from the undisturbed run", str(len(different))),
        ("seconds", f"{seconds:.0f}"),
    ]
    print("| what | |\n| --- | ---: |")
    for name, value in lines:
        print(f"| {name} | {value} |")
    for line in different:
        print(f"DIFFERENT: {line}")


if __name__ == "__main__":
    raise SystemExit(main())
