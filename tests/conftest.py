"""Shared by all tests: a real PostgreSQL and a real Valkey for the run, and quick passwords.

The servers start when this file is read, which is before Django's settings are.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import django
import hypothesis
import pytest
from django.conf import settings

from tests import servers

servers.start()
settings.DATABASES  # noqa: B018  # reads the settings now
# An xdist worker that inherited this would read them before it comes here, as those of another.
del os.environ["DJANGO_SETTINGS_MODULE"]

# Tests sign many people in; the real hash is slow on purpose.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Conftests further down import models while they are read.
django.setup()

# How long an example takes says more about the machine than about the product.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

FILES = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Gives the run a directory of its own for the files of tests.

    pytest's usual one is shared by all runs of a user, and each that begins shuts it to other
    accounts, PostgreSQL's among them: the servers of a run under way would lose their files.
    """
    if config.option.basetemp is None:
        config.stash[FILES] = Path(tempfile.mkdtemp(prefix="coffer-files-"))
        config.option.basetemp = str(config.stash[FILES])


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What failed tests wrote stays to be looked at."""
    if exitstatus and FILES in session.config.stash:
        del session.config.stash[FILES]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Everything has ended by now, what runs for the whole session too."""
    if FILES in config.stash:
        shutil.rmtree(config.stash[FILES], ignore_errors=True)
