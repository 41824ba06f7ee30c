"""kill -9 of workers while they book a file and take it back: the same ledger, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from bench.imports_files import COFFER, file_of
from portfolio import tasks
from portfolio.models import Holding, Import, ImportedRecord, Posting, RawRecord, Transaction
from portfolio.services import gateway, import_work, imports
from tests import factories
from tests.live.workers import Worker, environment, wait_for

pytestmark = pytest.mark.worker
ROWS = 16_000  # some 5,700 entries: six batches
KILLS = 4  # of each: booking and taking back
State = Import.State


def brought(owner: User) -> UUID:
    """A draft that waits to be confirmed."""
    file = SimpleUploadedFile("life.csv", file_of(ROWS, COFFER))
    job = imports.begin(user=owner, files=[file])
    import_work.run_slice(job.pk, seconds=60)
    return job.pk


def ledger(owner: User) -> dict[str, Any]:
    """All that is booked, with names for numbers."""
    rows = Posting.objects.filter(owner=owner)
    held = Holding.objects.filter(owner=owner)
    return {
        "postings": sorted(
            rows.values_list(
                "transaction__key", "transaction__kind", "occurred_at", "asset", "amount", "role"
            )
        ),
        "transactions": Transaction.objects.filter(owner=owner).count(),
        "records": RawRecord.objects.filter(connection__owner=owner).count(),
        "held": sorted(held.values_list("wallet", "asset", "quantity")),
    }


def test_kills_while_a_file_is_booked_and_taken_back(owner: User, tmp_path: Path) -> None:
    gateway.redis_client().flushdb()
    undisturbed = factories.user()
    job_id = brought(undisturbed)
    imports.confirm(user=undisturbed, job_id=job_id)
    while (ended := import_work.run_slice(job_id, seconds=60)) is not None and ended.goes_on:
        pass
    expected = ledger(undisturbed)
    assert expected["transactions"] > 5000

    job_id = brought(owner)
    killer = Killer(tmp_path / "worker.log")
    try:
        imports.confirm(user=owner, job_id=job_id)
        killer.let_work(job_id)
        assert killer.landed >= KILLS, "the workers were done before they were killed"
        job = Import.objects.get(pk=job_id)
        assert (job.state, job.failure, job.done) == (State.DONE, "", job.total)
        assert (job.booked, job.found) == (job.total, 0)
        assert ledger(owner) == expected
        assert ImportedRecord.objects.filter(job=job).count() == job.total

        imports.undo(user=owner, job_id=job_id)
        killer.let_work(job_id)
        assert killer.landed >= 2 * KILLS, "the workers were done before they were killed"
    finally:
        killer.worker.kill()
    job.refresh_from_db()
    assert (job.state, job.failure, job.done) == (State.UNDONE, "", job.total)
    left = ledger(owner)
    assert left == {"postings": [], "transactions": 0, "records": 0, "held": []}
    assert ledger(undisturbed) == expected


class Killer:
    """Workers that are killed at random instants of their work."""

    def __init__(self, log: Path) -> None:
        self._env, self._log = environment("http://127.0.0.1:9"), log
        self._chance = random.Random(20261121)
        self.worker = Worker(self._env, log)
        self.landed = 0

    def let_work(self, job_id: UUID) -> None:
        """Kills some workers in the midst of an import, then lets them come to its end."""
        for number in range(KILLS):
            tasks.work_import.delay(str(job_id))  # as beat does with one that was left
            done = Import.objects.get(pk=job_id).done
            wait_for(lambda done=done: self._goes_on(job_id, done), seconds=300, pause=0.005)
            time.sleep(self._chance.uniform(0, 0.2))
            self.landed += Import.objects.get(pk=job_id).is_working
            if number % 2:
                self.worker.kill()
                self.worker = Worker(self._env, self._log)
            else:
                self._kill_children()
        tasks.work_import.delay(str(job_id))
        ended = wait_for(
            lambda: not Import.objects.get(pk=job_id).is_working, seconds=600, pause=0.1
        )
        assert ended, self._log.read_text()[-3000:]

    def _goes_on(self, job_id: UUID, done: int) -> bool:
        """Whether a batch was stored: the next one is under way."""
        job = Import.objects.get(pk=job_id)
        return job.done > done or not job.is_working

    def _kill_children(self) -> None:
        for pid in self.worker.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
