"""connect, sync and holdings as an operator calls them: one line and status 2 for what is wrong."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import SystemCheckError
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio.exchanges.errors import TryAgain
from portfolio.exchanges.types import Verdict
from portfolio.management.commands import connect
from portfolio.models import Connection
from portfolio.services.credentials import open_sealed, seal
from tests import factories
from tests.portfolio.conftest import Sent
from tests.portfolio.exchange import Exchange, audit, last_page

SECRET = "c2VjcmV0LW5vYm9keS1tYXktc2Vl"
KEY = {"apiKey": "key", "secret": SECRET}
OWNER = "owner@example.org"


class Ran:
    """What a command answered."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def manage(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs manage.py with its words, as from a shell, but for the end of the database session."""

    def run(*words: str) -> Ran:
        command, status = load_command_class("portfolio", words[0]), 0
        command._called_from_command_line = True  # type: ignore[attr-defined]
        try:
            options = vars(command.create_parser("manage.py", words[0]).parse_args(words[1:]))
            command.execute(*options.pop("args", ()), **options)
        except SystemExit as ended:
            status = int(ended.code or 0)
        told = capsys.readouterr()
        return Ran(status, told.out, told.err)

    return run


GOOD = ["connect", OWNER, "kraken", "--environment", "sandbox"]
PAIRS = ["--credential", "apiKey=key", "--credential", f"secret={SECRET}"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["connect", "nobody@example.org", "kraken", *PAIRS], "no user nobody@example.org"),
        (["connect", OWNER, "mtgox", *PAIRS], "no exchange mtgox"),
        ([*GOOD, *PAIRS, "--credential", "colour=blue"], "colour"),
        ([*GOOD, "--credential", "apiKey=key"], "missing"),
        ([*GOOD, *PAIRS, "--credential", "apiKey=other"], "given twice"),
        ([*GOOD, "--credential", SECRET], "NAME=VALUE"),
        ([*GOOD, "--credential", "secret=@/nowhere/at/all"], "secret cannot be read"),
        (["connect", OWNER, "kraken", "--environment", "mars"], "mars"),
        (["connect", OWNER], "exchange"),
        (["sync", "--user", "nobody@example.org"], "no user nobody@example.org"),
        (["sync", "--connection", "not-an-id"], "no connection not-an-id"),
        (["sync", "--connection", "0d9f1d3a-3f7e-4d2e-9a53-1f5b4f0f7a11"], "no connection"),
        (["sync", "--user", OWNER, "--connection", "x"], "not allowed with"),
        (["sync", "--soon"], "--soon"),
        (["holdings", "nobody@example.org", "--json"], "no user nobody@example.org"),
        (["holdings"], "user"),
    ],
)
def test_a_wrong_argument_is_one_line_and_status_2(
    owner: User, manage: Any, words: list[str], told: str
) -> None:
    ran = manage(*words)
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert told in ran.err
    assert ran.out == ""
    assert SECRET not in ran.err
    assert not Connection.objects.exists()


def test_sandbox_keys_need_the_sandbox(owner: User, manage: Any, settings: Settings) -> None:
    settings.SANDBOX = False
    ran = manage(*GOOD, *PAIRS)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "switched off" in ran.err


# --- connect ----------------------------------------------------------------------------------


def test_a_key_by_value_file_and_standard_input(
    owner: User,
    exchange: Exchange,
    manage: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "key"
    file.write_text("key\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    ran = manage(*GOOD, "--credential", f"apiKey=@{file}", "--credential", "secret=-", "--json")
    assert ran.status == 0, ran.err
    made = Connection.objects.get()
    assert open_sealed(made.sealed_credentials or b"", row=made.pk) == KEY
    assert (ran.data["id"], ran.data["status"]) == (str(made.pk), "active")
    assert ran.data["audit"]["verdict"] == "read_only"
    assert SECRET not in ran.out + ran.err


def test_an_empty_standard_input_is_said(
    owner: User, manage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ran = manage(*GOOD, "--credential", "apiKey=key", "--credential", "secret=-")
    assert (ran.status, ran.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (audit(Verdict.CAN_WITHDRAW), "refused", "may do more than read"),
        (TryAgain("Kraken is busy."), "pending", "Kraken is busy. The check is repeated"),
    ],
)
def test_a_key_that_is_not_in_use_is_status_1_with_the_reason(
    owner: User, exchange: Exchange, manage: Any, answer: object, status: str, words: str
) -> None:
    exchange.permissions = answer
    ran = manage(*GOOD, *PAIRS, "--json")
    assert (ran.status, ran.data["status"]) == (1, status)
    assert ran.err.count("\n") == 1
    assert words in ran.err


def test_no_key_is_sealed_under_a_key_that_everybody_knows(owner: User, settings: Settings) -> None:
    settings.DEBUG = False
    settings.CREDENTIALS_KEY = settings.UNSAFE_KEY
    with pytest.raises(SystemCheckError, match="CREDENTIALS_KEY"):
        call_command(connect.Command(), OWNER, "kraken", skip_checks=False)
    assert not Connection.objects.exists()


# --- sync and holdings ------------------------------------------------------------------------


@pytest.fixture
def active(owner: User) -> Connection:
    made = factories.connection(owner, backfilled_at=None, last_synced_at=None)
    made.sealed_credentials = seal(KEY, row=made.pk)
    made.save()
    return made


def test_sync_waits_until_all_is_in(active: Connection, exchange: Exchange, manage: Any) -> None:
    ran = manage("sync", "--user", OWNER, "--wait", "--json")
    assert ran.status == 0, ran.err
    (told,) = ran.data
    assert (told["connection"], told["outcome"]) == (str(active.pk), "done")
    assert [stream["key"] for stream in told["streams"]] == ["ledger"]


def test_sync_with_gaps_is_status_1(active: Connection, exchange: Exchange, manage: Any) -> None:
    exchange.pages = lambda stream, cursor, now: ValueError("a page that cannot be read")
    ran = manage("sync", "--connection", str(active.pk), "--wait")
    assert ran.status == 1
    assert "Not fetched: ledger" in ran.out


def test_a_paused_connection_is_no_gap_but_not_synced_by_name(
    active: Connection, exchange: Exchange, manage: Any
) -> None:
    exchange.pages = lambda stream, cursor, now: last_page(now)
    Connection.objects.update(status="paused")
    factories.sync_run(active, outcome="abandoned", started_at=timezone.now())
    assert manage("sync", "--user", OWNER, "--wait").status == 0
    ran = manage("sync", "--connection", str(active.pk))
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "paused" in ran.err


def test_without_wait_the_workers_are_asked(active: Connection, manage: Any, sent: Sent) -> None:
    assert manage("sync").status == 0
    assert sent.calls == [("sync_connection", (str(active.pk),))]
    active.refresh_from_db()
    assert active.next_sync_at is not None
    assert active.next_sync_at <= timezone.now()


def test_holdings_in_full_precision(active: Connection, manage: Any) -> None:
    factories.holding(active, "BTC", "0.123456789012345678", reported="0.2")
    factories.holding(active, "EUR", "1520.40", reported=None)
    factories.holding(active, "GONE", "0", reported="0")
    rows = {row["asset"]: row for row in manage("holdings", OWNER.upper(), "--json").data}
    assert sorted(rows) == ["BTC", "EUR"]
    assert rows["BTC"]["quantity"] == "0.123456789012345678"
    assert rows["BTC"]["discrepancy"] == "0.076543210987654322"
    assert (rows["EUR"]["quantity"], rows["EUR"]["reported"]) == ("1520.4", None)
