"""Makes an account on the command line; its address counts as confirmed."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services import people


class Command(BaseCommand):
    """``create_user EMAIL [--password-stdin]``; exit status 2 when it cannot be made."""

    help = "Makes an account; asks for the password, or reads it from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read one line from standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = _from_stdin() if options["password_stdin"] else _asked()
        try:
            user = people.create(email=options["email"], password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        self.stdout.write(f"Created {user.email}")


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked() -> str:
    """Asks twice on the terminal. May raise CommandError."""
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask on: use --password-stdin.", returncode=2)
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password again: "):
        raise CommandError("The two passwords differ.", returncode=2)
    return password
