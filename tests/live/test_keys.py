"""Keys that may do more than read, are expired or bound elsewhere: the right words, every time."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio.models import Connection, OutboundAddress
from sandbox import exchanges as simulated
from tests.live.conftest import Connect
from tests.sandbox_server import credentials

EXCHANGES = list(simulated.ids())


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_read_only_key_is_taken(exchange: str, connect: Connect) -> None:
    connection = connect(exchange)
    audit = connection.audits.get()
    assert (connection.status, audit.verdict) == ("active", "read_only")
    assert audit.dangerous == []
    assert connection.sealed_credentials is not None
    assert connection.sealed_candidate is None


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize(
    ("purpose", "verdict"), [("withdraw", "can_withdraw"), ("trade", "can_trade")]
)
def test_a_key_that_may_do_more_is_refused_and_erased(
    exchange: str, purpose: str, verdict: str, connect: Connect
) -> None:
    connection = connect(exchange, purpose)
    audit = connection.audits.get()
    assert (connection.status, audit.verdict) == ("refused", verdict)
    assert audit.dangerous
    assert "Refused" in connection.status_reason
    assert connection.sealed_credentials is None
    assert connection.sealed_candidate is None


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_operator_may_allow_trading_but_never_withdrawing(
    exchange: str, connect: Connect, settings: Settings
) -> None:
    settings.ALLOW_TRADE_KEYS = True
    assert connect(exchange, "trade").status == "active"
    Connection.objects.all().delete()
    assert connect(exchange, "withdraw").status == "refused"


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("purpose", ["expired", "other-ip"])
def test_a_key_that_does_not_work_is_marked(exchange: str, purpose: str, connect: Connect) -> None:
    connection = connect(exchange, purpose)
    assert connection.status in ("broken", "refused")
    assert connection.status_reason
    assert connection.next_sync_at is None


def test_an_exchange_that_names_our_address_lets_it_be_shown(connect: Connect) -> None:
    connect("okx", "other-ip")
    row = OutboundAddress.objects.get()
    assert (row.address, row.environment, row.source) == ("127.0.0.1", "sandbox", "named")


def test_a_second_key_of_the_same_account_is_refused(connect: Connect) -> None:
    connect("binance")
    second = connect("binance")
    assert second.status == "refused"
    assert "already connected" in second.status_reason


def run(*arguments: str, expect: int = 0) -> dict[str, Any]:
    """Runs manage.py connect and reads its answer."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("connect", *arguments, "--json", stdout=out, stderr=err)
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == expect, err.getvalue()
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize(
    ("purpose", "statuses"),
    [
        ("read-only", {"active"}),
        ("trade", {"refused"}),
        ("withdraw", {"refused"}),
        ("expired", {"broken"}),
        ("other-ip", {"broken"}),
    ],
)
def test_connect_says_the_same(
    exchange: str, purpose: str, statuses: set[str], owner: User, sandbox: str
) -> None:
    secrets = credentials(exchange, purpose)
    pairs = [f"--credential={name}={value}" for name, value in secrets.items()]
    told = run(
        owner.email,
        exchange,
        "--environment=sandbox",
        *pairs,
        expect=0 if purpose == "read-only" else 1,
    )
    assert told["status"] in statuses
    assert told["audit"]["verdict"]
    assert secrets["secret"] not in json.dumps(told)
