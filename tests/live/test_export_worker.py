"""A worker that is killed while it makes a file leaves one that another makes whole."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.models import Export
from portfolio.services import export_jobs, gateway, seeding
from portfolio.services.exports import Asked, open_file
from tests.live.workers import environment, running_worker, wait_for

pytestmark = pytest.mark.worker
TRANSACTIONS = 5000


def test_a_killed_worker_leaves_a_file_that_another_makes_whole(
    owner: User, tmp_path: Path
) -> None:
    gateway.redis_client().flushdb()
    seeding.seed_history(owner, transactions=TRANSACTIONS)
    job = export_jobs.ask(user=owner, asked=Asked("csv"))
    env = environment("http://127.0.0.1:9")
    log = tmp_path / "worker.log"
    with running_worker(env, log, name="killed") as worker:
        tasks.make_export.delay(job.pk)
        assert wait_for(job.chunks.exists, seconds=300, pause=0.005), log.read_text()[-2000:]
        worker.kill()
    left = Export.objects.get(pk=job.pk)
    assert left.state == "running", "the worker was done before it was killed"
    assert b"".join(export_jobs.pieces(left))
    Export.objects.filter(pk=job.pk).update(worked_at=timezone.now() - timedelta(minutes=2))
    gateway.redis_client().flushdb()  # the broker's memory of the message went with it
    with running_worker(env, log, name="next"):
        tasks.resume_exports()
        assert wait_for(lambda: Export.objects.get(pk=job.pk).is_finished, seconds=300)
    made = Export.objects.get(pk=job.pk)
    assert (made.state, made.attempt, made.done) == ("done", 2, TRANSACTIONS)
    kept = b"".join(export_jobs.pieces(made))
    assert kept == b"".join(open_file(owner, Asked("csv")).chunks)
    assert hashlib.sha256(kept).hexdigest() == made.sha256
