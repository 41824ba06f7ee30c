"""Locks that outlast a transaction, and what is said where they cannot."""

from __future__ import annotations

import pytest
from django.db import connection as database
from structlog.testing import capture_logs

from portfolio.services import locks

pytestmark = pytest.mark.django_db


def test_a_lock_is_held_over_transactions_and_let_go() -> None:
    with capture_logs() as told, locks.valuing(1, wait=False) as is_mine:
        assert is_mine
        assert _held() == 1
    assert _held() == 0
    assert told == []


def test_a_lock_that_the_connection_does_not_have_any_more_is_told() -> None:
    # As behind a pooler that gives each transaction another session.
    with capture_logs() as told, locks.reporting(), database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    assert [line["event"] for line in told] == ["lock lost: is there a pooler in transaction mode?"]


def _held() -> int:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])
