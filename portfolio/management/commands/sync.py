"""manage.py sync: brings connections up to date now."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from portfolio import tasks
from portfolio.management.base import OperatorCommand, connection_with, user_named
from portfolio.models import Connection
from portfolio.selectors import sync_report
from portfolio.selectors.pairs import PairProgress
from portfolio.services import connections, prices, progress, sync, transfer_matching, valuation

SLICE_SECONDS = 10.0
TOLD_FROM_SECONDS = 5


class Command(OperatorCommand):
    help = "Fetches what is new at the exchanges; with --wait, here and now, until all is in."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--connection", metavar="ID")
        which.add_argument("--user", metavar="EMAIL")
        parser.add_argument("--wait", action="store_true", help="until all is in")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _chosen(options["connection"], options["user"])
        active = [c for c in chosen if c.status == Connection.Status.ACTIVE and not c.is_by_hand]
        if options["connection"] and not active:
            self.fail(_inactive(chosen[0]))
        if options["wait"]:
            self._run_all(active)
        else:
            for connection in active:
                connections.request_sync(connection=connection)
                tasks.sync_connection.delay(str(connection.pk))
        report = [_report(connection) for connection in chosen]
        if options["json"]:
            self.print_json(report)
        else:
            self._print(report)
        if options["wait"] and any(_has_gaps(entry) for entry in report):
            self.fail("Not everything could be fetched; see above.")

    def _run_all(self, active: list[Connection]) -> None:
        started = timezone.now()
        for connection in active:
            self._run(connection, started)
        for owner_id in {connection.owner_id for connection in active}:
            prices.refresh(owner_id=owner_id)
            valuation.recompute(owner_id, wait=True)
            transfer_matching.match(owner_id)

    def _run(self, connection: Connection, started: datetime) -> None:
        """Slice after slice, sharing the connection with workers that may be at it too."""
        while True:
            result = sync.run_slice(connection.pk, seconds=SLICE_SECONDS)
            current = Connection.objects.filter(pk=connection.pk).first()
            if current is None or current.status != Connection.Status.ACTIVE:
                return
            if result is sync.Slice.FINISHED or (
                current.last_synced_at is not None and current.last_synced_at >= started
            ):
                return
            if result is not sync.Slice.NOT_TAKEN:
                self._tell_pairs(current)
            if result is sync.Slice.LATER and current.next_sync_at is not None:
                self._sleep(current, until=current.next_sync_at)
            elif result is sync.Slice.NOT_TAKEN:
                time.sleep(0.5)

    def _tell_pairs(self, connection: Connection) -> None:
        """Says how far trades are where they come pair by pair."""
        told = _pairs_of(connection)
        if told is not None:
            self.stderr.write(f"{connection.exchange}: {progress.in_words(told)}.")

    def _sleep(self, connection: Connection, *, until: datetime) -> None:
        """Waits as long as the exchange wants, and says so where it is long."""
        seconds = (until - timezone.now()).total_seconds()
        run = connection.sync_runs.first()
        if seconds > TOLD_FROM_SECONDS and run is not None:
            self.stderr.write(f"{connection.exchange}: {run.message} Until {until:%H:%M:%S} UTC.")
        time.sleep(max(0.1, seconds))

    def _print(self, report: list[dict[str, Any]]) -> None:
        for entry in report:
            self.stdout.write(f"{entry['connection']} {entry['exchange']}: {entry['outcome']}")
            if entry["message"]:
                self.stdout.write(f"  {entry['message']}")
            if entry["pairs"]:
                self.stdout.write(f"  {entry['pairs']['words']}")
            for kind, count in entry["records"].items():
                self.stdout.write(f"  {kind}: {count}")


def _pairs_of(connection: Connection) -> PairProgress | None:
    return progress.of_pairs(connection, connection.sync_runs.first(), now=timezone.now())


def _report(connection: Connection) -> dict[str, Any]:
    """What the selector says, and how far pairs are (None where none are waited for)."""
    told = _pairs_of(connection)
    pairs = told and {
        "done": told.done,
        "total": told.total,
        "seconds_left": None if told.left is None else int(told.left.total_seconds()),
        "words": progress.in_words(told),
    }
    return {**sync_report.of(connection), "pairs": pairs}


def _has_gaps(entry: dict[str, Any]) -> bool:
    """Whether a connection that should have been synced was not, or not whole."""
    meant = (Connection.Status.ACTIVE, Connection.Status.BROKEN)
    return entry["status"] in meant and entry["outcome"] not in ("done", "")


def _inactive(connection: Connection) -> str:
    if connection.is_by_hand:
        return "This connection is kept by hand: there is nothing to fetch."
    state = connection.get_status_display().lower()
    reason = f" {connection.status_reason}" if connection.status_reason else ""
    return f"This connection is not synced, it is: {state}.{reason}"


def _chosen(ident: str | None, email: str | None) -> list[Connection]:
    if ident:
        return [connection_with(ident)]
    kept = Connection.objects.exclude(status=Connection.Status.REMOVED)
    return list(kept.filter(owner=user_named(email)) if email else kept)
