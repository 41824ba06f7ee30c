"""manage.py restore: reads a complete archive back into an empty account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portfolio.engine.archive import ArchiveProblem
from portfolio.management.base import OperatorCommand, WrongArgument, user_named
from portfolio.services import findings, restoring, valuation


class Command(OperatorCommand):
    help = "Restores a complete archive into an empty account: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the e-mail address of an account without connections")
        parser.add_argument("file", help="the archive")
        parser.add_argument("--preview", action="store_true", help="say what is in it, store none")
        parser.add_argument(
            "--without-prices",
            action="store_true",
            help="leave its prices out: they would hold for everybody here",
        )
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        try:
            with Path(options["file"]).open("rb") as file:
                if options["preview"]:
                    told = restoring.preview(file)
                else:
                    with_prices = not options["without_prices"]
                    told = restoring.restore(user, file, with_prices=with_prices)
        except OSError as error:
            raise WrongArgument(f"Cannot read {options['file']}: {error.strerror}.") from None
        except ArchiveProblem as problem:
            raise CommandError(str(problem)) from None
        if not options["preview"]:
            valuation.recompute(user.pk, wait=True)
            findings.refresh(user.pk)
        self._report(told, options)

    def _report(self, told: restoring.Summary, options: dict[str, Any]) -> None:
        if options["json"]:
            rows = {member.name: member.rows for member in told.manifest.members}
            self.print_json({"rows": rows, "connections": list(told.connections)})
            return
        word = "In the archive" if options["preview"] else "Restored"
        self.stdout.write(
            f"{word}: {told.transactions} transactions of {', '.join(told.connections) or 'none'}."
        )
        if not options["preview"]:
            self.stdout.write("Connections have no keys: add one to each to go on.")
