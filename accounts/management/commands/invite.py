"""Makes the link with which somebody can register where registration is by invitation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services import invitations


class Command(BaseCommand):
    """``invite EMAIL [--base-url URL]``; exit status 2 when the address cannot be invited."""

    help = "Prints a link with which the address can register; it works for seven days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--base-url", default=_base_url(), help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path = invitations.make(options["email"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        self.stdout.write(options["base_url"].rstrip("/") + path)


def _base_url() -> str:
    host = next((name for name in settings.ALLOWED_HOSTS if name.strip("*")), "localhost")
    return f"https://{host}" if settings.SECURE else f"http://{host}:{settings.PORT}"
