"""manage.py connect: registers a key and asks the exchange what it may do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandParser

from portfolio.exchanges import catalogue
from portfolio.exchanges.errors import TryAgain, WaitUntil
from portfolio.management.base import OperatorCommand, WrongArgument, user_named
from portfolio.models import Connection, PermissionAudit
from portfolio.services import connections
from portfolio.services.connections import ConnectionProblem


class Command(OperatorCommand):
    help = "Registers a read-only key at an exchange and shows what the exchange says of it."
    requires_system_checks = [Tags.security]  # no key is sealed under a key that everybody knows

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("exchange", help="the exchange's id, e.g. kraken")
        parser.add_argument("--environment", choices=["live", "sandbox"], default="live")
        parser.add_argument("--label", default="", help="a name for the connection")
        parser.add_argument(
            "--credential",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="NAME=VALUE, NAME=@FILE (the file's text) or NAME=- (standard input)",
        )
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        values = _credentials(options["credential"])
        try:
            connection = connections.register(
                user=user,
                exchange=options["exchange"],
                environment=options["environment"],
                label=options["label"],
                credentials=values,
            )
        except catalogue.UnknownExchange:
            raise WrongArgument(f"There is no exchange {options['exchange']}.") from None
        except (ConnectionProblem, ValueError) as error:
            raise WrongArgument(str(error)) from None
        later = _check(connection)
        connection.refresh_from_db()
        self._report(connection, as_json=options["json"])
        if connection.status != Connection.Status.ACTIVE:
            self.fail(later or connection.status_reason)

    def _report(self, connection: Connection, *, as_json: bool) -> None:
        audit = connection.audits.first()
        if as_json:
            self.print_json(_as_data(connection, audit))
        else:
            self.stdout.write(f"{connection.id} {connection.status}")
            self.stdout.write(audit.get_verdict_display() if audit else "not checked yet")


def _check(connection: Connection) -> str:
    """Asks the exchange; says why it could not be asked now, or nothing."""
    try:
        connections.check(connection)
    except (TryAgain, WaitUntil) as error:
        return f"{error.message} The check is repeated by the workers."
    return ""


def _as_data(connection: Connection, audit: PermissionAudit | None) -> dict[str, Any]:
    return {
        "id": str(connection.id),
        "exchange": connection.exchange,
        "environment": connection.environment,
        "label": connection.label,
        "status": connection.status,
        "reason": connection.status_reason,
        "audit": _audit_data(audit) if audit else None,
    }


def _audit_data(audit: PermissionAudit) -> dict[str, Any]:
    return {
        "at": audit.at.isoformat(),
        "verdict": audit.verdict,
        "permissions": audit.permissions,
        "dangerous": audit.dangerous,
        "missing": audit.missing,
        "warnings": audit.warnings,
        "ip_restricted": audit.ip_restricted,
        "ip_allowlist": audit.ip_allowlist,
        "key_created_at": audit.key_created_at and audit.key_created_at.isoformat(),
        "key_expires_at": audit.key_expires_at and audit.key_expires_at.isoformat(),
        "message": audit.message,
    }


def _credentials(arguments: list[str]) -> dict[str, str]:
    """Reads --credential arguments; a value never appears in an error message."""
    values: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise WrongArgument("--credential takes NAME=VALUE, NAME=@FILE or NAME=-.")
        if name in values:
            raise WrongArgument(f"--credential {name} is given twice.")
        values[name] = _value(name, value)
    return values


def _value(name: str, value: str) -> str:
    if value == "-":
        text = sys.stdin.read()
        if not text.strip():
            raise WrongArgument(f"Nothing came on standard input for {name}.")
        return text
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text()
    except (OSError, UnicodeDecodeError):
        raise WrongArgument(f"The file given for {name} cannot be read.") from None
