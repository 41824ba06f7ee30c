"""What the operator's commands share: one clear line and exit status 2 for a wrong argument."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from portfolio.models import Connection


class WrongArgument(CommandError):
    """An argument names nothing that exists, or cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)


class OperatorCommand(BaseCommand):
    """A command whose failures are one line on standard error."""

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def refuse(message: str) -> NoReturn:
            self.fail(f"{subcommand}: {message} (see: manage.py {subcommand} --help)", status=2)

        parser.error = refuse  # type: ignore[method-assign]
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except WrongArgument as error:
            self.fail(str(error), status=2)

    def print_json(self, value: Any) -> None:
        """Answers with data for scripts."""
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))

    def fail(self, message: str, *, status: int = 1) -> NoReturn:
        """Ends the command with one line and an exit status."""
        self.stderr.write(message)
        sys.exit(status)


def user_named(email: str) -> User:
    """The user with this e-mail address. May raise WrongArgument."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise WrongArgument(
            f"There is no user {email}. Make one with: manage.py create_user {email}"
        )
    return user


def connection_with(ident: str) -> Connection:
    """The connection with this id. May raise WrongArgument."""
    try:
        connection = Connection.objects.filter(pk=uuid.UUID(ident)).first()
    except (ValueError, ValidationError):
        connection = None
    if connection is None:
        raise WrongArgument(f"There is no connection {ident}.")
    return connection
