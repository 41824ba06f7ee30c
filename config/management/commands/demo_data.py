"""``manage.py demo_data``: an account with two simulated exchanges and their whole history."""

from __future__ import annotations

import io
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import people
from config.servers.process import end, port_answers
from portfolio.models import Connection

EMAIL = "demo@example.org"
EXCHANGES = ("binance", "kraken")


class Command(BaseCommand):
    """Makes the account once; run again, it brings the account up to date."""

    help = f"Makes {EMAIL} with two simulated exchanges and fetches their whole history."

    def handle(self, *args: Any, **options: Any) -> None:
        """Starts the sandbox for its own time if none runs."""
        if not settings.SANDBOX:
            raise CommandError("The simulated exchanges are off; set SANDBOX=1.")
        with _sandbox():
            password = _account()
            _connect()
            call_command("sync", user=EMAIL, wait=True, stdout=self.stdout)
        self.stdout.write(f"Sign in as {EMAIL}" + (f" with {password}" if password else ""))


def _account() -> str:
    """Makes the account and answers its password; empty when it was there already."""
    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.filter(email=EMAIL).exists():
        return ""
    password = secrets.token_urlsafe(12)
    people.create(email=EMAIL, password=password)
    return password


def _connect() -> None:
    connected = set(
        Connection.objects.filter(owner__email=EMAIL).values_list("exchange", flat=True)
    )
    answer = io.StringIO()
    with redirect_stdout(answer):
        call_command("sandbox", list_keys=True, json=True)
    for key in json.loads(answer.getvalue()):
        exchange = key["exchange"]
        wanted = exchange in EXCHANGES and exchange not in connected
        if wanted and key["purpose"] == "read-only":
            credential = [f"{name}={value}" for name, value in key["credentials"].items()]
            call_command("connect", EMAIL, exchange, environment="sandbox", credential=credential)


@contextmanager
def _sandbox() -> Iterator[None]:
    """The one that runs, or one of our own meanwhile."""
    if port_answers(settings.SANDBOX_PORT):
        yield
        return
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    program = subprocess.Popen(  # noqa: S603
        [sys.executable, manage, "sandbox"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not port_answers(settings.SANDBOX_PORT):
            if program.poll() is not None:
                raise CommandError("The sandbox did not start; see above.")
            time.sleep(0.1)
        yield
    finally:
        end(program)
