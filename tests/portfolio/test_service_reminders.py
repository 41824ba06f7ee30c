"""Reminders of keys that expire, and of connections that stay behind: each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from portfolio.models import Connection, Notice
from portfolio.services import connections, reminders
from portfolio.services.credentials import seal
from tests import factories
from tests.factories import NOW
from tests.portfolio.exchange import Exchange, audit

DAY = timedelta(days=1)
END = NOW + 20 * DAY


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner, created_at=NOW - 90 * DAY)


def told(kind: str = "expires") -> list[str]:
    rows = Notice.objects.filter(kind=kind).order_by("id")
    return [key.rpartition(":")[2] for key in rows.values_list("key", flat=True)]


def test_one_reminder_at_14_7_and_1_days(connection: Connection) -> None:
    factories.audit(connection, key_expires_at=END)
    for hours in range(0, 24 * 22, 7):
        reminders.remind(NOW + timedelta(hours=hours))
        reminders.remind(NOW + timedelta(hours=hours))
    assert told() == ["14", "7", "1"]


@pytest.mark.parametrize(("left", "stage"), [(13, "14"), (5, "7"), (0.5, "1")])
def test_after_days_of_silence_only_the_nearest_is_sent(
    connection: Connection, left: float, stage: str
) -> None:
    factories.audit(connection, key_expires_at=END)
    reminders.remind(END - left * DAY)
    assert told() == [stage]


@pytest.mark.parametrize("left", [15, 0, -3])
def test_nothing_is_said_too_early_or_too_late(connection: Connection, left: int) -> None:
    factories.audit(connection, key_expires_at=END)
    reminders.remind(END - left * DAY)
    assert told() == []


def test_a_new_date_is_another_reminder(connection: Connection) -> None:
    factories.audit(connection, key_expires_at=END)
    reminders.remind(END - 6 * DAY)
    factories.audit(connection, at=NOW + DAY, key_expires_at=END + 90 * DAY)
    reminders.remind(END - 5 * DAY)
    assert told() == ["7"]
    reminders.remind(END + 84 * DAY)
    assert told() == ["7", "7"]


@pytest.mark.parametrize("fields", [{"turned_away": True}, {"verdict": "failed"}])
def test_audits_that_say_nothing_of_the_key_in_use_are_passed_over(
    connection: Connection, fields: dict[str, Any]
) -> None:
    factories.audit(connection, key_expires_at=END)
    factories.audit(connection, at=NOW + DAY, **fields)
    reminders.remind(END - 6 * DAY)
    assert told() == ["7"]


@pytest.mark.parametrize("status", ["removed", "refused", "broken", "pending"])
def test_only_keys_in_use_are_minded(connection: Connection, status: str) -> None:
    factories.audit(connection, key_expires_at=END)
    Connection.objects.filter(pk=connection.pk).update(status=status)
    reminders.remind(END - 6 * DAY)
    assert told() == []


@pytest.mark.parametrize(
    ("name", "restricted", "made", "ends", "stages"),
    [
        ("gate", False, END - 90 * DAY, END, ["7"]),
        # Not guessed: bound keys are spared, and what is not told may be so.
        ("gate", True, END - 90 * DAY, None, []),
        ("gate", None, END - 90 * DAY, None, []),
        ("gate", False, None, None, []),
        ("kraken", False, END - 90 * DAY, None, []),
    ],
)
def test_an_expiry_by_rule_needs_the_rule_and_what_it_depends_on(
    connection: Connection,
    exchange: Exchange,
    name: str,
    restricted: bool | None,
    made: datetime | None,
    ends: datetime | None,
    stages: list[str],
) -> None:
    connection.exchange = name
    connection.sealed_credentials = seal({"apiKey": "a", "secret": "b"}, row=connection.pk)
    connection.save()
    exchange.permissions = replace(audit(uid=""), ip_restricted=restricted, created_at=made)
    stored = connections.check(connection)
    assert stored is not None
    assert (stored.key_expires_at, stored.expiry_by_rule) == (ends, ends is not None)
    reminders.remind(END - 6 * DAY)
    assert told() == stages
    if stages:
        assert "Worked out from the day it was made" in Notice.objects.get().message


# --- Staying behind ---------------------------------------------------------------------------


def behind(connection: Connection, state: str = "waiting", at: datetime = NOW - DAY) -> None:
    factories.sync_run(
        connection,
        started_at=NOW,
        finished_at=None,
        outcome="waiting",
        message="Kraken cannot be reached.",
    )
    factories.stream(connection, state=state, fetched_at=at)


def test_a_run_that_brings_nothing_for_a_day_is_told_once(connection: Connection) -> None:
    behind(connection)
    reminders.remind(NOW + 0.9 * DAY)
    assert told("stale") == []
    for days in (1.1, 1.2, 5):
        reminders.remind(NOW + days * DAY)
    (notice,) = Notice.objects.all()
    assert notice.kind == "stale"
    assert "Kraken cannot be reached." in notice.message


def test_a_long_backfill_that_goes_on_is_none(connection: Connection) -> None:
    behind(connection, state="running", at=NOW + 2 * DAY)
    reminders.remind(NOW + 2.5 * DAY)
    assert told("stale") == []


def test_a_connection_that_was_paused_is_not_behind_at_once(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(last_synced_at=NOW - 9 * DAY)
    factories.sync_run(connection, started_at=NOW - 9 * DAY, outcome="abandoned")
    factories.sync_run(connection, started_at=NOW, finished_at=None, outcome="running")
    reminders.remind(NOW + 0.5 * DAY)
    assert told("stale") == []


def test_a_part_that_fails_for_a_day_is_told(connection: Connection) -> None:
    factories.stream(connection, "deposits", state="failed", caught_up_at=NOW)
    reminders.remind(NOW + 0.5 * DAY)
    assert told("stale") == []
    reminders.remind(NOW + 1.5 * DAY)
    assert "deposits" in Notice.objects.get().message


def test_a_part_that_never_came_is_told_a_day_after_the_first_run(connection: Connection) -> None:
    factories.stream(connection, "deposits", state="failed", caught_up_at=None)
    reminders.remind(NOW + 9 * DAY)
    assert told("stale") == []
    factories.sync_run(connection, finished_at=NOW, outcome="partly")
    reminders.remind(NOW + 0.5 * DAY)
    assert told("stale") == []
    reminders.remind(NOW + 1.5 * DAY)
    assert len(told("stale")) == 1


def test_a_paused_connection_is_left_alone(connection: Connection) -> None:
    behind(connection)
    Connection.objects.filter(pk=connection.pk).update(status="paused")
    reminders.remind(NOW + 5 * DAY)
    assert told("stale") == []
