"""Celery entry points: an id in, a service call, and what follows from its answer."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from portfolio.exchanges.errors import TryAgain, WaitUntil
from portfolio.models import Connection
from portfolio.services import (
    by_hand,
    connections,
    export_jobs,
    findings,
    import_claims,
    import_work,
    imports,
    leases,
    moment_prices,
    notice_mail,
    prices,
    pruning,
    queue,
    reminders,
    renormalising,
    restorations,
    schedule,
    sync,
    tax_choices,
    tax_reports,
    transfer_matching,
    valuation,
    what_ifs,
)

log = structlog.get_logger(__name__)

SLICE_SECONDS = 15.0
MOMENTS_SECONDS = 20.0
CROWDED_SLICE_SECONDS = 3.0  # while other connections wait for a worker
RENORMALISE_SECONDS = 5.0
IMPORT_SECONDS = 5.0
# Messages that wait in the queue: more would leave the order of the schedule to the queue.
QUEUE_DEPTH = 24
TAKEN_WITHIN = timedelta(seconds=30)
# Whoever sends a connection to a worker makes it due again by then. A message that finds it due
# later has come twice, or too late: the work is done. As much again for clocks that differ.
SENT_AHEAD = 2 * TAKEN_WITHIN
# A long history is valued at once and takes minutes (ADR 0015); the broker gives a message to
# another worker after ten.
REVALUE_SECONDS = 540
# One report is made at a time: a message given to another worker meanwhile does nothing.
REPORT_SECONDS = 3600


@shared_task
def dispatch_due() -> int:
    """Sends due connections to the workers; returns how many tasks were sent."""
    leases.free_dead()
    now = timezone.now()
    # Due again soon, should the message be lost with its worker.
    hold = now + TAKEN_WITHIN
    room = QUEUE_DEPTH - queue.depth()
    checks = schedule.take_checks(now, limit=room, hold_until=hold)
    syncs = schedule.take_syncs(now, limit=room - len(checks), hold_until=hold)
    for task, ids in ((sync_connection, syncs), (check_connection, checks)):
        for pk in ids:
            task.apply_async((str(pk),), expires=TAKEN_WITHIN.total_seconds())
    return len(syncs) + len(checks)


@shared_task
def sync_connection(connection_id: str) -> str:
    """Works on one connection for a slice, then lets others have the worker."""
    pk, now = uuid.UUID(connection_id), timezone.now()
    is_crowded = schedule.is_crowded(now)
    seconds = CROWDED_SLICE_SECONDS if is_crowded else SLICE_SECONDS
    result = sync.run_slice(pk, seconds=seconds, due_by=now + SENT_AHEAD)
    if result is sync.Slice.MORE and is_crowded:
        schedule.back_in_line(pk, timezone.now())
    elif result is sync.Slice.MORE:
        within = sync.PASSED_ON_WITHIN.total_seconds()
        sync_connection.apply_async((connection_id,), expires=within)
    if result is sync.Slice.FINISHED:
        owner = Connection.objects.filter(pk=connection_id).values_list("owner_id", flat=True)
        for owner_id in owner:
            revalue.delay(owner_id)
            match_transfers.delay(owner_id)
    return result.value


@shared_task
def check_connection(connection_id: str) -> None:
    """Asks the exchange what a key may do; a good key's history starts at once."""
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return
    try:
        connections.check(connection)
    except (TryAgain, WaitUntil) as error:
        # The connection says when it is due; beat sends it again.
        log.info("check put off", connection=connection_id, reason=error.message)
        return
    ready = Connection.objects.filter(kind=Connection.Kind.KEY, status=Connection.Status.ACTIVE)
    if ready.filter(pk=connection_id).exists():
        sync_connection.delay(connection_id)


@shared_task
def audit_all() -> None:
    """Asks every day again what each key may do: rights can be added later."""
    statuses = [Connection.Status.ACTIVE, Connection.Status.PAUSED]
    held = Connection.objects.filter(kind=Connection.Kind.KEY, status__in=statuses)
    for pk in held.values_list("pk", flat=True):
        check_connection.delay(str(pk))


@shared_task
def remind() -> None:
    """Tells of keys that expire and of connections that stay behind."""
    reminders.remind(timezone.now())


@shared_task
def mail_notices() -> int:
    """Sends the notices that are to be mailed; returns how many went out."""
    return notice_mail.send_due(timezone.now())


@shared_task
def refresh_prices() -> None:
    """Fetches the newest prices, then values what they change."""
    prices.refresh()
    for owner_id in valuation.stale_owners():
        revalue.delay(owner_id)


@shared_task
def price_moments() -> int:
    """Fetches prices of minutes while nobody waits for a worker; returns how many came."""
    if schedule.is_crowded(timezone.now()):
        return 0
    found = moment_prices.fetch(seconds=MOMENTS_SECONDS)
    if found:
        for owner_id in valuation.stale_owners():
            revalue.delay(owner_id)
    return found


@shared_task(soft_time_limit=REVALUE_SECONDS, time_limit=REVALUE_SECONDS + 30)
def revalue(owner_id: int) -> None:
    """Brings one user's prices and daily values up to date."""
    by_hand.bring_forward(owner_id)
    prices.refresh(owner_id=owner_id)
    valuation.recompute(owner_id)
    look_again(owner_id)


@shared_task
def renormalise(job_id: int) -> None:
    """Reads stored records again for a slice, then lets others have the worker."""
    ended = renormalising.run_slice(job_id, seconds=RENORMALISE_SECONDS)
    if ended is None:
        return
    if not ended.is_finished:
        renormalise.delay(job_id)
        return
    revalue.delay(ended.owner_id)
    match_transfers.delay(ended.owner_id)


@shared_task
def resume_renormalisations() -> None:
    """Goes on with readings whose worker is gone."""
    for job_id in renormalising.left_alone(timezone.now()):
        renormalise.delay(job_id)


# A large file is read at once, as a long history is valued.
@shared_task(soft_time_limit=REVALUE_SECONDS, time_limit=REVALUE_SECONDS + 30)
def work_import(job_id: str) -> None:
    """Reads, books or takes back an import for a slice, then lets others have the worker."""
    ended = import_work.run_slice(uuid.UUID(job_id), seconds=IMPORT_SECONDS)
    if ended is None:
        return
    if ended.goes_on:
        work_import.delay(job_id)
    elif ended.has_booked:
        revalue.delay(ended.owner_id)
        match_transfers.delay(ended.owner_id)


@shared_task(soft_time_limit=REVALUE_SECONDS, time_limit=REVALUE_SECONDS + 30)
def work_restoration(job_id: str) -> None:
    """Checks a complete archive that was brought, or restores it."""
    job = restorations.work(uuid.UUID(job_id))
    if job is not None and job.finished_at is not None:
        revalue.delay(job.owner_id)


@shared_task
def resume_imports() -> None:
    """Goes on with imports, and with archives, whose worker is gone."""
    now = timezone.now()
    for job_id in import_claims.left_alone(now):
        work_import.delay(str(job_id))
    for job_id in restorations.left_alone(now):
        # Beat sends it again while it waits: older messages are of no use.
        work_restoration.apply_async((str(job_id),), expires=60)


@shared_task
def expire_imports() -> int:
    """Deletes the drafts of a day ago, with their files; returns how many."""
    now = timezone.now()
    return imports.expire(now) + restorations.expire(now)


@shared_task
def make_export(export_id: int) -> bool:
    """Makes a file for another program in one pass."""
    return export_jobs.make(export_id)


@shared_task
def resume_exports() -> None:
    """Begins anew what workers left: files to be made, and to be compared."""
    now = timezone.now()
    for task, ids in (
        (make_export, export_jobs.left_alone(now)),
        (compare_export, export_jobs.left_uncompared(now)),
    ):
        for export_id in ids:
            # Beat sends it again while it waits: older messages are of no use.
            task.apply_async((export_id,), expires=60)


@shared_task(soft_time_limit=REPORT_SECONDS, time_limit=REPORT_SECONDS + 30)
def make_tax_report(report_id: int) -> bool:
    """Makes the report of a tax year in one pass; then comes the next that waits."""
    is_made = tax_reports.make(report_id)
    following = tax_reports.next_waiting() if is_made else None
    if following is not None:
        make_tax_report.delay(following)
    return is_made


@shared_task(soft_time_limit=REVALUE_SECONDS, time_limit=REVALUE_SECONDS + 30)
def find_lots(offer_id: int) -> bool:
    """Finds the lots that a disposal may come from."""
    return tax_choices.make(offer_id)


@shared_task
def resume_tax_reports() -> None:
    """Begins reports anew whose worker is gone."""
    for report_id in tax_reports.left_alone(timezone.now()):
        make_tax_report.apply_async((report_id,), expires=60)


@shared_task(soft_time_limit=REVALUE_SECONDS, time_limit=REVALUE_SECONDS + 30)
def make_what_if(answer_id: int) -> bool:
    """Works out in one pass what would be."""
    return what_ifs.make(answer_id)


@shared_task
def resume_what_ifs() -> None:
    """Begins answers anew whose worker is gone."""
    for answer_id in what_ifs.left_alone(timezone.now()):
        make_what_if.apply_async((answer_id,), expires=60)


@shared_task
def prune_what_ifs() -> int:
    """Drops answers that were kept long enough."""
    return what_ifs.prune(timezone.now())


@shared_task
def compare_export(export_id: int) -> None:
    """Looks whether the ledger changed since a file was made."""
    export_jobs.compare(export_id)


@shared_task
def prune_exports() -> int:
    """Drops files that were kept long enough."""
    return export_jobs.prune(timezone.now())


@shared_task
def prune_logs() -> int:
    """Drops, or sums up, what logs told long enough; returns how many rows went."""
    return pruning.prune(timezone.now())


@shared_task
def match_transfers(owner_id: int) -> None:
    """Looks for transfers between one user's accounts among what was fetched."""
    if transfer_matching.match(owner_id).accepted:
        revalue.delay(owner_id)  # what a transfer carries keeps its cost
    look_again(owner_id)


def look_again(owner_id: int) -> None:
    """Sends the look for findings; of several that wait for one that runs, one goes on."""
    refresh_findings.delay(owner_id, timezone.now().isoformat())


@shared_task
def refresh_findings(owner_id: int, asked_at: str | None = None) -> None:
    """Looks for all that one user should look at, and closes what is mended."""
    asked = None if asked_at is None else datetime.fromisoformat(asked_at)
    findings.refresh(owner_id, asked_at=asked)


@shared_task
def refresh_all_findings() -> None:
    """Looks every day: what is found may come with time alone, or with a new version."""
    owners = Connection.objects.order_by("owner").values_list("owner", flat=True).distinct()
    for owner_id in owners:
        look_again(owner_id)
