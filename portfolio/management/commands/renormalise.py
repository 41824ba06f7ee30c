"""manage.py renormalise: applies the rules of today to the records that are stored."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portfolio.management.base import OperatorCommand, connection_with, user_named
from portfolio.models import Connection, Renormalisation
from portfolio.services import findings, renormalising, transfer_matching, valuation
from portfolio.services.rebooking import Counts

SLICE_SECONDS = 5.0
COUNTED = ("read", "same", "changed", "now_readable", "now_unreadable")


class Command(OperatorCommand):
    help = (
        "Reads the stored records again and books anew what the rules tell otherwise now. No "
        "exchange is asked. It may be stopped at any time; run again, it goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--connection", metavar="ID")
        which.add_argument("--user", metavar="EMAIL")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--rebuild", action="store_true", help="book everything anew, not only what differs"
        )
        how.add_argument("--dry-run", action="store_true", help="only count; write nothing")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = []
        for connection in _chosen(options["connection"], options["user"]):
            if options["dry_run"]:
                counts = self._look(connection)
            else:
                counts = self._apply(connection, is_rebuild=options["rebuild"])
            report.append(
                {"connection": str(connection.pk), "exchange": connection.exchange, **counts}
            )
        if options["json"]:
            self.print_json(report)
            return
        for entry in report:
            told = ", ".join(f"{name.replace('_', ' ')} {entry[name]}" for name in COUNTED)
            self.stdout.write(f"{entry['connection']} {entry['exchange']}: {told}")

    def _look(self, connection: Connection) -> dict[str, int]:
        total = Counts()
        for counts in renormalising.preview(connection):
            total.add(counts)
            self.stderr.write(f"{connection.exchange}: {total.read} read")
        return _counted(total)

    def _apply(self, connection: Connection, *, is_rebuild: bool) -> dict[str, int]:
        """Slice after slice, sharing the reading with workers that may be at it too."""
        job = renormalising.start(connection=connection, is_rebuild=is_rebuild)
        while not job.is_finished:
            renormalising.run_slice(job.pk, seconds=SLICE_SECONDS)
            job.refresh_from_db()
            self.stderr.write(f"{connection.exchange}: {job.read} of {job.total} read")
        if job.failure:
            self.fail(f"{connection.pk} {connection.exchange}: {job.failure}")
        if job.is_rebuild or job.read > job.same:
            valuation.recompute(connection.owner_id, wait=True)
            transfer_matching.match(connection.owner_id)
            findings.refresh(connection.owner_id)
        return _counted(job)


def _counted(found: Counts | Renormalisation) -> dict[str, int]:
    return {name: getattr(found, name) for name in COUNTED}


def _chosen(ident: str | None, email: str | None) -> list[Connection]:
    """Of removed connections too, whose history was kept."""
    if ident:
        return [connection_with(ident)]
    rows = Connection.objects.order_by("owner", "created_at")
    return list(rows.filter(owner=user_named(email)) if email else rows)
