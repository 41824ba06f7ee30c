"""``manage.py sandbox``: serve the stand-in exchanges, or list their demo keys."""

import sys
from argparse import Namespace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from sandbox.cli import add_arguments, run


class Command(BaseCommand):
    """Runs the sandbox with the addresses from the settings."""

    help = "Serve stand-in exchanges on loopback, or list their demo keys."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_arguments(
            parser,
            port=settings.SANDBOX_PORT,
            speed=str(settings.SANDBOX_SPEED),
            url=settings.SANDBOX_URL,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until stopped; the exit status says whether it could."""
        status = run(Namespace(**options))
        if status:
            sys.exit(status)
