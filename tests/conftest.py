"""Shared by all tests: a real PostgreSQL and a real Valkey for the run, and quick passwords.

The servers start when this file is read, which is before Django's settings are.
"""

from __future__ import annotations

import os

import django
import hypothesis
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
