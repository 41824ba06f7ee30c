"""Runs the programs that judge exports, each away from its user's files and from any network."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run."""

    status: int
    said: str  # standard output
    errors: str

    @property
    def all_said(self) -> str:
        return self.said + self.errors


def python_tool(environment: str, name: str) -> str:
    """A program of one of the environments in .venv-judges, or the test is skipped by name."""
    found = ROOT / ".venv-judges" / environment / "bin" / name
    if not found.exists():
        pytest.skip(f"NOT TESTED: {name} is not here (make .venv-judges/{environment}/.installed)")
    return str(found)


def debian_tool(name: str) -> str:
    """hledger or ledger, or the test is skipped by name."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT TESTED: {name} is not here (Debian: apt-get install {name})")
    return found


@functools.cache
def _without_network() -> tuple[str, ...]:
    """What makes a program run in an empty network namespace; nothing where that is forbidden."""
    for words in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        if shutil.which("unshare") and not subprocess.run([*words, "true"]).returncode:
            return words
    return ()


def run(home: Path, *words: str, **more: str) -> Outcome:
    """Runs a program in ``home`` as its user's own and working directory."""
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        **more,
    }
    done = subprocess.run(
        [*_without_network(), *words],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
