"""``manage.py up``: everything of one installation on one machine, from one terminal."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from contextlib import redirect_stdout
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import boot, running, static
from config.servers import Lease, ServerError
from config.servers.process import LOOPBACK, free_port, port_answers, port_is_free
from config.supervisor import Program, Supervisor

READY_WITHIN_SECONDS = 90
ASK_READY_SECONDS = 0.3
LOOK_AFTER_SERVERS_SECONDS = 2.0


def up() -> None:
    """Starts all and returns when it was ended. May raise ServerError."""
    data_dir = boot.data_dir()
    with running.claim(data_dir):
        _check_port()
        sandbox = _choose_sandbox_port() if settings.SANDBOX else {}
        address = f"http://localhost:{settings.PORT}"
        running.announce(data_dir, pid=os.getpid(), address=address, sandbox=sandbox)
        _migrate()
        static.collect_if_changed()
        Run(address, boot.lease()).supervisor.run()


class Run:
    """The programs of one run and the greeting once they answer."""

    def __init__(self, address: str, lease: Lease | None) -> None:
        self.address = address
        self.lease = lease
        self.supervisor = Supervisor(programs(), tick=self.tick, asked_to_end=boot.asked_to_end)
        self.began = self.looked = self.asked = time.monotonic()
        self.greeted = self.complained = False

    def tick(self) -> None:
        """Greets once everything is ready; brings a killed database or Valkey back."""
        if not self.greeted and time.monotonic() - self.asked > ASK_READY_SECONDS:
            self.asked = time.monotonic()
            self._greet_if_ready()
        if self.lease is not None and time.monotonic() - self.looked > LOOK_AFTER_SERVERS_SECONDS:
            self.looked = time.monotonic()
            try:
                self.lease.ensure_running()
            except ServerError as error:
                self.supervisor.say(str(error))

    def _greet_if_ready(self) -> None:
        missing = _missing()
        if not missing:
            self.greeted = True
            for line in greeting(self.address):
                self.supervisor.say(line)
        elif not self.complained and time.monotonic() - self.began > READY_WITHIN_SECONDS:
            self.complained = True
            self.supervisor.say(f"not ready after {READY_WITHIN_SECONDS} s: {missing}")


def programs() -> list[Program]:
    """What runs, in the order of starting."""
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "--app", "config"]
    level = f"--loglevel={settings.LOG_LEVEL}"
    host = os.environ.get("BIND", LOOPBACK)
    web = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"{host}:{settings.PORT}"]
    web += ["--config", "python:config.gunicorn"]
    workers = os.environ.get("WORKER_CONCURRENCY", "2")
    worker = [*celery, "worker", level, "--concurrency", workers, "--without-mingle"]
    beat = [*celery, "beat", level, "--pidfile="]
    chosen = [Program("web", web), Program("worker", worker), Program("beat", beat)]
    if settings.SANDBOX:
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        chosen.insert(0, Program("sandbox", [python, manage, "sandbox"]))
    return chosen


def greeting(address: str) -> list[str]:
    """What a person needs to know now."""
    lines = [""]
    if settings.SANDBOX:
        answer = io.StringIO()
        with redirect_stdout(answer):
            call_command("sandbox", list_keys=True)
        lines += ["Keys for the simulated exchanges:", *answer.getvalue().splitlines(), ""]
    return [
        *lines,
        f"Coffer is ready: {address}",
        "Mails (sign-up, password reset) are printed here, in the lines of web.",
        "Ctrl-C stops everything.",
        "",
    ]


def _check_port() -> None:
    host = os.environ.get("BIND", LOOPBACK)
    if not port_is_free(settings.PORT, host):
        raise ServerError(
            f"port {settings.PORT} is in use by another program; "
            f"choose another one: PORT={free_port(settings.PORT + 1)} make run"
        )


def _choose_sandbox_port() -> dict[str, str]:
    """The port wished for if it is free, else any; put where the programs look for it."""
    port = free_port(settings.SANDBOX_PORT)
    chosen = {"SANDBOX_PORT": str(port), "SANDBOX_URL": f"http://{LOOPBACK}:{port}"}
    os.environ.update(chosen)
    settings.SANDBOX_PORT, settings.SANDBOX_URL = port, chosen["SANDBOX_URL"]
    return chosen


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    connection.close()


def _missing() -> str:
    """What is not ready yet, in words; empty when all is."""
    if settings.SANDBOX and not port_answers(settings.SANDBOX_PORT):
        return "the sandbox does not answer"
    if not port_answers(settings.PORT):
        return "the web server does not answer"
    web = HTTPConnection(LOOPBACK, settings.PORT, timeout=3)
    try:
        web.request("GET", "/readyz")
        answer = web.getresponse()
        parts: dict[str, object] = json.loads(answer.read()) if answer.status in (200, 503) else {}
    except OSError as error:
        return str(error)
    finally:
        web.close()
    if answer.status == 200:
        return ""
    waiting = [f"{name} {state}" for name, state in parts.items() if state not in ("ok", False)]
    return "; ".join(waiting) or f"status {answer.status}"
