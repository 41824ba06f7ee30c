"""A whole Coffer of its own: `manage.py up` in an empty directory, and commands beside it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.house.programs import ROOT
from tests.house.running import Running

PASSWORD = "a long and quiet word"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def chromium() -> str:
    """Where Chromium is; a missing one fails the tests rather than skipping them."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    assert found, f"none of {', '.join(BROWSERS)} is installed (Debian: apt-get install chromium)"
    return found


class Site:
    """A running installation and its operator."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        # Quick enough for a test, slow enough to watch a history arrive.
        # No live exchange is ever asked: where one is registered, nobody listens.
        nowhere = json.dumps({"coinbase": "http://127.0.0.1:9"})
        self.up = Running(
            data_dir,
            SANDBOX_SPEED="200",
            REGISTRATION="open",
            EXCHANGE_BASE_URLS=nowhere,
            # What a test arranged is not looked at anew by a sync that comes between.
            SYNC_INTERVAL_SECONDS="86400",
        )
        self.address = f"http://localhost:{self.up.variables['PORT']}"
        self.up.wait_for("Ctrl-C stops everything", within=300)

    def manage(self, *arguments: str, stdin: str = "", status: int = 0, within: float = 300) -> str:
        """Runs a command as the operator does; answers what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.up.variables, "SANDBOX": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=within,
        )
        assert done.returncode == status, f"{arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def keys(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The demo keys by exchange and purpose."""
        listed = json.loads(self.manage("sandbox", "--list-keys", "--json"))
        return {(row["exchange"], row["purpose"]): row for row in listed}

    def user(self, name: str) -> str:
        """Makes a user who can sign in with PASSWORD."""
        email = f"{name}@example.org"
        self.manage("create_user", email, "--password-stdin", stdin=PASSWORD)
        return email

    def connect(self, email: str, exchange: str, purpose: str, *, status: int = 0) -> None:
        """Registers a demo key from the command line."""
        credentials = self.keys()[exchange, purpose]["credentials"]
        pairs = [f"--credential={name}={value}" for name, value in credentials.items()]
        self.manage("connect", email, exchange, "--environment=sandbox", *pairs, status=status)

    def sync(self, email: str) -> None:
        """Fetches whole histories, however long that takes."""
        self.manage("sync", "--user", email, "--wait", within=1500)

    def wait_for_mail(self, subject: str) -> None:
        """Until a mail with these words in its subject was printed."""
        self.up.wait_for(f"{subject}\n", within=120)

    def mailed_link(self, words: str) -> str:
        """The newest link with these words in it from the mails that were printed."""
        end = time.monotonic() + 120
        while not (links := re.findall(rf"http://\S*{words}\S*", self.up.said)):
            assert time.monotonic() < end, "no mail was printed"
            time.sleep(0.1)
        link: str = links[-1]
        return link
