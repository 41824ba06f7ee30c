"""The test run itself stands on the parts that production uses."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_postgresql_and_keeps_every_digit() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s::numeric * 1, current_setting('server_version_num')::int",
            ["123456.123456789012345678"],
        )
        quantity, version = cursor.fetchone()
    assert quantity == Decimal("123456.123456789012345678")
    assert version >= 180000


def test_the_cache_is_the_runs_own_valkey() -> None:
    cache.set("house", "here", 10)
    assert cache.get("house") == "here"
    assert settings.REDIS_URL.startswith("redis://:")


def test_each_worker_of_the_run_has_a_database_of_its_own() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    assert settings.REDIS_URL.endswith(f"/{number}")
    assert os.environ["DATA_DIR"] == str(settings.DATA_DIR)
    assert settings.DATA_DIR.name == (worker or "main")
