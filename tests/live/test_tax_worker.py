"""A worker that is killed while it makes a tax report leaves one that another makes, the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.models import TaxDocument, TaxLine, TaxReport
from portfolio.services import gateway, seeding, tax_reports, tax_settings
from portfolio.services.tax_settings import Told
from tests.live.workers import environment, running_worker, wait_for

pytestmark = pytest.mark.worker
TRANSACTIONS = 1500


def asked(owner: User, year: int) -> TaxReport:
    return tax_reports.ask(user=owner, year=year)


def lines(report: TaxReport) -> list[tuple[object, ...]]:
    rows = TaxLine.objects.filter(report=report).order_by("part", "position")
    return list(rows.values_list("part", "position", "asset", "amount", "proceeds", "cost"))


def test_a_killed_worker_leaves_a_report_that_another_makes_the_same(
    owner: User, tmp_path: Path
) -> None:
    gateway.redis_client().flushdb()
    seeding.seed_history(owner, transactions=TRANSACTIONS)
    tax_settings.choose(user=owner, told=Told("germany", "fifo"))
    year = timezone.now().year - 1
    whole = asked(owner, year)
    assert tax_reports.make(whole.pk)
    whole.refresh_from_db()
    report = asked(owner, year)
    env, log = environment("http://127.0.0.1:9"), tmp_path / "worker.log"
    # Killed once when it has begun, and once when lines are stored that nobody may see twice.
    for attempt in (1, 2):
        moment = TaxReport.objects.filter(pk=report.pk, attempt=attempt, state="running")
        if attempt == 2:
            moment = moment.filter(stage=TaxReport.Stage.DRAW)
        with running_worker(env, log, name=f"killed{attempt}") as worker:
            tasks.make_tax_report.delay(report.pk)
            assert wait_for(moment.exists, seconds=300, pause=0.005), log.read_text()[-2000:]
            worker.kill()
        left = TaxReport.objects.get(pk=report.pk)
        assert left.state == "running", "the worker was done before it was killed"
        gateway.redis_client().flushdb()  # the broker's memory of the message went with it
    assert TaxLine.objects.filter(report=report).count() == sum(whole.counts.values())
    later = timezone.now() - timedelta(minutes=2)
    TaxReport.objects.filter(pk=report.pk).update(worked_at=later)
    with running_worker(env, log, name="next"):
        tasks.resume_tax_reports()
        assert wait_for(lambda: TaxReport.objects.get(pk=report.pk).is_finished, seconds=300)
    made = TaxReport.objects.get(pk=report.pk)
    assert (made.state, made.attempt) == ("done", 3), made.failure
    assert (made.fingerprint, made.sha256, made.counts) == (
        *(whole.fingerprint, whole.sha256),
        whole.counts,
    )
    assert lines(made) == lines(whole)
    drawn = dict(TaxDocument.objects.values_list("report_id", "sha256"))
    assert drawn[made.pk] == drawn[whole.pk]
