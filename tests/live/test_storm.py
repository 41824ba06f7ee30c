"""A few kills of workers and servers with every task delivered twice; a thousand on demand.

``python -m bench.kills --kills 1000 --restarts 20`` is the same at length.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from portfolio.engine import money
from portfolio.models import Posting
from tests.live import storm
from tests.live.conftest import Connect
from tests.live.test_sync import finish

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.worker
def test_kills_of_workers_and_servers_change_nothing() -> None:
    """In a process of its own, since it kills its own PostgreSQL and Valkey."""
    ours = ("TEST_DIRECTORY", "DATABASE_URL", "TEST_REDIS_URL", "REDIS_URL")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env = {name: value for name, value in env.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "bench.kills", "--kills", "12", "--restarts", "2"]
    done = subprocess.run(
        [*command, "--exchanges", "okx,kraken"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "| kill -9 in all | 12 |" in done.stdout
    assert "| ledgers and coverages that differ from the undisturbed run | 0 |" in done.stdout


def test_a_posting_more_or_another_digit_makes_another_digest(connect: Connect) -> None:
    connection = connect("okx", storm.PURPOSE)
    finish(connection)
    before = storm.digest(connection)
    assert storm.digest(connection) == before
    posting = Posting.objects.filter(connection=connection).first()
    assert posting is not None
    amount = posting.amount
    Posting.objects.filter(pk=posting.pk).update(amount=money.add(amount, Decimal("1e-18")))
    assert storm.digest(connection) != before
    Posting.objects.filter(pk=posting.pk).update(amount=amount)
    assert storm.digest(connection) == before
    assert posting.raw_record is not None
    posting.raw_record.delete()
    assert storm.digest(connection) != before


def test_coverage_is_the_same_but_for_the_time_between_two_runs() -> None:
    start, now = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    one = [("deposits", "fetched", start, now)]
    assert storm.is_same(one, [("deposits", "fetched", start, now + timedelta(minutes=5))])
    assert not storm.is_same(one, [("deposits", "failed", start, now)])
    assert not storm.is_same(one, [("deposits", "fetched", start + timedelta(days=1), now)])
    assert not storm.is_same(one, [])
