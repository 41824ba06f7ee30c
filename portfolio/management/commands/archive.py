"""manage.py archive: writes all that is a user's to one file, or holds one against the ledger."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portfolio.engine.archive import ArchiveProblem
from portfolio.management.base import OperatorCommand, WrongArgument, user_named
from portfolio.management.output import written_whole
from portfolio.services import archiving


class Command(OperatorCommand):
    help = "Writes a complete archive of a user's ledger, or compares one with it (--verify)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("--out", metavar="FILE", help="- is standard output")
        parser.add_argument("--verify", metavar="FILE", help="an archive to compare with")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["out"]) == bool(options["verify"]):
            raise WrongArgument("Give either --out FILE or --verify FILE.")
        if options["out"]:
            self._write(options)
        else:
            self._verify(options)

    def _write(self, options: dict[str, Any]) -> None:
        name = options["out"]
        if name == "-" and options["json"]:
            raise WrongArgument("--json answers on standard output: give --out a file.")
        chunks = archiving.chunks(user_named(options["user"]))
        with written_whole(name) as out, closing(chunks):
            size = sum(out.write(chunk) for chunk in chunks)
        if options["json"]:
            self.print_json({"file": name, "bytes": size})
        elif name != "-":
            self.stdout.write(f"{name}: {size} bytes")

    def _verify(self, options: dict[str, Any]) -> None:
        user = user_named(options["user"])
        try:
            with Path(options["verify"]).open("rb") as file:
                found = archiving.differences(user, file)
        except OSError as error:
            raise WrongArgument(f"Cannot read {options['verify']}: {error.strerror}.") from None
        except ArchiveProblem as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.print_json({"equal": not found, "tables": [each.table for each in found]})
        for each in found:
            self.stderr.write(f"{each.table} differs from line {each.line} on.")
        if found:
            self.fail(f"{len(found)} of the tables differ.")
        if not options["json"]:
            self.stdout.write("The ledger and the archive are equal.")
