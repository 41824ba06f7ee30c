"""``manage.py up``: starts everything on this machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import local_run
from config.servers import ServerError


class Command(BaseCommand):
    """Web, workers, beat and sandbox over the embedded servers, until Ctrl-C."""

    help = "Starts the whole installation on this machine and stops it at Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs until told to stop."""
        try:
            local_run.up()
        except ServerError as error:
            raise CommandError(f"coffer: {error}") from error
