"""manage.py import: reads a file into a user's ledger, as the page does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management import call_command
from django.core.management.base import CommandParser

from accounts.models import User
from portfolio.imports import archives, registry
from portfolio.management.base import OperatorCommand, WrongArgument, connection_with, user_named
from portfolio.models import Import
from portfolio.selectors import imports as selector
from portfolio.services import (
    findings,
    import_work,
    imports,
    transfer_matching,
    valuation,
)
from portfolio.services.import_inspection import unanswered
from portfolio.services.import_uploads import ImportProblem

SLICE_SECONDS = 5.0
State = Import.State


class Command(OperatorCommand):
    help = (
        "Imports a file: CSV, XLSX, ODS or a ZIP of them. Nothing is stored unless all of it is "
        "understood; what the ledger has already is not stored twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="the user's e-mail address")
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--format", metavar="F", help="where several formats fit the heading")
        parser.add_argument("--connection", metavar="ID", help="where all of it goes")
        parser.add_argument("--zone", metavar="Z", help="of times without one, as Europe/Berlin")
        parser.add_argument("--day-first", action="store_true", help="03/04 is the third of April")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be stored")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        if _is_archive(Path(options["file"])):
            asked = {"preview": options["dry_run"], "json": options["json"]}
            call_command("restore", user.email, options["file"], **asked, stdout=self.stdout)
            return
        job = self._begin(user, Path(options["file"]))
        try:
            self._answer(user, job, options)
            report = self._report(job)
            if not options["dry_run"]:
                imports.confirm(user=user, job_id=job.pk)
                _work(job)
                report |= {"booked": job.booked, "found": job.found}
        except ImportProblem as error:
            self.fail(str(error))
        finally:
            _discard(user, job)
        if job.failure:
            self.fail(job.failure)
        if not options["dry_run"]:
            valuation.recompute(user.pk, wait=True)
            transfer_matching.match(user.pk)
            findings.refresh(user.pk)
        self._tell(report, as_json=options["json"])

    def _begin(self, user: User, path: Path) -> Import:
        try:
            with path.open("rb") as opened:
                job = imports.begin(user=user, files=[File(opened, name=path.name)])
        except OSError as error:
            raise WrongArgument(f"{path}: {error.strerror}") from None
        except ImportProblem as error:
            self.fail(str(error))
        _work(job)
        return job

    def _answer(self, user: User, job: Import, options: dict[str, Any]) -> None:
        """Answers what is asked with the arguments. May raise ImportProblem, WrongArgument."""
        given = {"zone": options["zone"], "day_first": options["day_first"] or None}
        if options["format"]:
            self._choose(user, job, options["format"])
        for table in job.files.all():
            known = {name: value for name, value in given.items() if value is not None}
            if known and job.state != State.FAILED and not table.is_refused:
                imports.answer(user=user, job_id=job.pk, file_id=table.pk, answers=known)
                _work(job)
        self._refuse(job)
        for table in job.files.all():
            if missing := unanswered(table):
                raise WrongArgument(f"{table.name}: {_ASKED.get(missing[0], missing[0])}")
        self._place(user, job, options["connection"])

    def _choose(self, user: User, job: Import, format_id: str) -> None:
        try:
            registry.by_id(format_id)
        except registry.UnknownFormat:
            names = ", ".join(known.id for known in registry.formats())
            raise WrongArgument(f"There is no format {format_id}. There are: {names}.") from None
        for table in job.files.filter(refusal=""):
            imports.answer(
                user=user, job_id=job.pk, file_id=table.pk, answers={"format": format_id}
            )
            _work(job)

    def _place(self, user: User, job: Import, connection: str | None) -> None:
        if connection is None and not job.accounts.filter(is_decided=False).exists():
            return
        choice = "new" if connection is None else str(connection_with(connection).pk)
        choices = {account.pk: (choice, "") for account in job.accounts.all()}
        imports.place(user=user, job_id=job.pk, choices=choices)
        _work(job)

    def _refuse(self, job: Import) -> None:
        refused = [table for table in job.files.all() if table.is_refused]
        if refused or job.state == State.FAILED:
            lines = [line for table in refused for line in selector.refusal_lines(table)]
            self.fail("\n".join(lines) or job.failure or "Nothing in it tells of a transaction.")

    def _report(self, job: Import) -> dict[str, Any]:
        counts = selector.counts(job)
        return {"rows": sum(table.rows for table in job.files.all()), **counts}

    def _tell(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.print_json(report)
        else:
            told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.items())
            self.stdout.write(told)


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return archives.is_archive(file)
    except OSError as error:
        raise WrongArgument(f"{path}: {error.strerror}") from None


_ASKED = {
    "format": "several formats fit, or none; name one with --format",
    "columns": "no format knows its heading; explain its columns on the page Imports",
    "zone": "it does not say its time zone; name it with --zone",
    "day_first": "its dates may start with the day or the month; say --day-first, or use the page",
    "decimal_comma": "its amounts may have decimal commas; answer that on the page Imports",
}


def _work(job: Import) -> None:
    """Does here what a worker would do, until something else is to be done."""
    while (ended := import_work.run_slice(job.pk, seconds=SLICE_SECONDS)) and ended.goes_on:
        pass
    job.refresh_from_db()


def _discard(user: User, job: Import) -> None:
    job.refresh_from_db()
    if job.is_draft or (job.state == State.FAILED and not job.records.exists()):
        imports.discard(user=user, job_id=job.pk)
