"""manage.py export: writes all of a user's transactions to a file for another program."""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import Any

from django.core.management.base import CommandParser

from accounts.models import User
from portfolio.engine.types import TransactionKind
from portfolio.management.base import OperatorCommand, WrongArgument, connection_with, user_named
from portfolio.management.output import written_whole
from portfolio.services import archiving, exports

YEARS = range(2009, 2200)  # there was nothing to export before the first block


class Command(OperatorCommand):
    help = "Writes a user's transactions to a file, streamed: of one year, or all."

    def add_arguments(self, parser: CommandParser) -> None:
        known = ", ".join(entry.id for entry in exports.formats())
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("format", help=f"one of: {known}")
        parser.add_argument("--year", metavar="Y", help="a calendar year, in the user's time zone")
        parser.add_argument(
            "--connection", metavar="ID", action="append", help="only this connection (repeatable)"
        )
        parser.add_argument(
            "--wallet", metavar="W", action="append", help="only this wallet: spot ... (repeatable)"
        )
        parser.add_argument(
            "--kind", metavar="K", action="append", help="only this kind: trade ... (repeatable)"
        )
        parser.add_argument("--out", required=True, metavar="FILE", help="- is standard output")
        parser.add_argument("--json", action="store_true", help="say what was written as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["out"] == "-" and options["json"]:
            raise WrongArgument("--json answers on standard output: give --out a file.")
        user = user_named(options["user"])
        known = {entry.id for entry in exports.formats()}
        if options["format"] not in known:
            raise WrongArgument(
                f"There is no format {options['format']}. Formats: {', '.join(sorted(known))}."
            )
        if options["format"] == archiving.ID:
            _require_all(options)
        asked = exports.Asked(
            options["format"],
            year=_year(options["year"]),
            connections=_connections(user, options["connection"]),
            wallets=_wallets(user, options["wallet"]),
            kinds=_kinds(options["kind"]),
        )
        file = exports.open_file(user, asked)
        with written_whole(options["out"]) as out, closing(file.chunks):
            size = sum(out.write(chunk) for chunk in file.chunks)
        self._report(options, file, size)
        for words, number in exports.shortfalls(options["format"], file.tally):
            self.stderr.write(f"{number} transactions: {words}")

    def _report(self, options: dict[str, Any], file: exports.ExportFile, size: int) -> None:
        if options["json"]:
            self.print_json(
                {
                    "format": options["format"],
                    "file": options["out"],
                    "content_type": file.content_type,
                    "bytes": size,
                }
            )
        elif options["out"] != "-":
            self.stdout.write(f"{options['out']}: {file.content_type}, {size} bytes")


def _require_all(options: dict[str, Any]) -> None:
    """May raise WrongArgument: an archive has no parts."""
    if any(options[name] for name in ("year", "connection", "wallet", "kind")):
        raise WrongArgument("An archive is always of everything.")


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) not in YEARS:
        raise WrongArgument(f"{text} is not a year.")
    return int(text)


def _connections(user: User, idents: str | list[str] | None) -> tuple[uuid.UUID, ...]:
    return tuple(_connection(user, ident) for ident in _several(idents))


def _connection(user: User, ident: str) -> uuid.UUID:
    connection = connection_with(ident)
    if connection.owner_id != user.pk:
        raise WrongArgument(f"There is no connection {ident}.")
    return connection.pk


def _wallets(user: User, names: str | list[str] | None) -> tuple[str, ...]:
    wanted = tuple(_several(names))
    for name in wanted:
        if name not in exports.wallets(user):
            raise WrongArgument(f"There is no wallet {name}.")
    return wanted


def _kinds(names: str | list[str] | None) -> tuple[TransactionKind, ...]:
    return tuple(_kind(name) for name in _several(names))


def _kind(name: str) -> TransactionKind:
    try:
        return TransactionKind(name)
    except ValueError:
        raise WrongArgument(f"There is no kind {name}.") from None


def _several(given: str | list[str] | None) -> list[str]:
    """An option that may be given several times; called from Python it may be one text."""
    return [given] if isinstance(given, str) else given or []
