"""Accounts by hand: nothing is asked of them, and their balances are reconciled like others."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import AuditEvent, User
from portfolio import tasks
from portfolio.engine.edits import Leg
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exchanges import closed
from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.exchanges.types import Verdict
from portfolio.models import Checkpoint, Connection, Holding, LatestPrice
from portfolio.selectors.finders import connections as of_connections
from portfolio.selectors.finders import discrepancies
from portfolio.services import (
    by_hand,
    connections,
    edit_reverts,
    edits,
    leases,
    prices,
    refetch,
    reminders,
)
from portfolio.services.by_hand import ByHandProblem, Reported
from portfolio.services.connections import ConnectionProblem
from portfolio.services.edits import Added
from tests import factories
from tests.portfolio.conftest import Sent

NOW = factories.DAY_AFTER
DAY = timedelta(days=1)


@pytest.fixture
def drawer(owner: User) -> Connection:
    return by_hand.create(
        user=owner, label="The drawer", exchange=closed.NONE, wallets=["main", "savings"]
    )


def add(of: Connection, amount: str, *, days_ago: int) -> None:
    legs = (Leg("main", "BTC", Decimal(amount), PostingRole.PRINCIPAL, NOW - days_ago * DAY),)
    kind = TransactionKind.DEPOSIT if Decimal(amount) > 0 else TransactionKind.WITHDRAWAL
    edits.add(user=of.owner, connection_id=of.pk, told=Added(kind, legs))


def told(quantity: str, *, days_ago: int, asset: str = "BTC", wallet: str = "main") -> Reported:
    return Reported(wallet, asset, Decimal(quantity), NOW - days_ago * DAY)


def differences(of: Connection) -> dict[str, Decimal]:
    rows = Holding.objects.filter(connection=of).exclude(reported=None)
    return {row.asset: (row.reported or Decimal(0)) - row.quantity for row in rows}


# --- Nothing is asked -----------------------------------------------------------------------------


def test_nobody_asks_anything_of_it(owner: User, drawer: Connection, sent: Sent) -> None:
    now = timezone.now()
    Connection.objects.filter(pk=drawer.pk).update(next_sync_at=now - DAY)
    assert list(Connection.objects.due(now)) == []
    assert leases.claim(drawer.pk, "worker") is None
    for action in (connections.request_sync, connections.request_check, connections.pause):
        with pytest.raises(ConnectionProblem):
            action(connection=drawer)
    with pytest.raises(ConnectionProblem):
        refetch.fetch_again(connection=drawer, kind="", since=None)
    tasks.audit_all()
    assert sent.calls == []
    reminders.remind(now + 30 * DAY)
    assert not owner.notices.exists()
    assert list(of_connections.find(owner)) == []


def test_prices_are_not_sought_where_nobody_answers(owner: User, drawer: Connection) -> None:
    add(drawer, "1", days_ago=3)
    asked = []

    def open_client(exchange: str, environment: str) -> object:
        asked.append(exchange)
        raise AssertionError(exchange)

    assert prices.refresh(owner_id=owner.pk, open_client=open_client).problems == ()  # type: ignore[arg-type]
    assert asked == []


# --- Reconciled like the rest ---------------------------------------------------------------------


def test_a_balance_of_the_past_is_held_against_the_ledger_of_then(
    owner: User, drawer: Connection
) -> None:
    add(drawer, "2", days_ago=20)
    add(drawer, "-0.5", days_ago=5)
    by_hand.report(user=owner, connection_id=drawer.pk, told=told("2", days_ago=10))
    assert differences(drawer) == {"BTC": Decimal(0)}
    by_hand.report(user=owner, connection_id=drawer.pk, told=told("1.4", days_ago=1))
    assert differences(drawer) == {"BTC": Decimal("-0.1")}
    factories.price("BTC", "50000", at=timezone.now())
    LatestPrice.objects.update(source="kraken")  # not of the sandbox: the account is a real one
    (found,) = discrepancies.find(owner)
    assert found.value == Decimal(5000)


def test_what_is_booked_later_makes_no_difference_and_what_is_booked_before_does(
    owner: User, drawer: Connection
) -> None:
    add(drawer, "2", days_ago=20)
    by_hand.report(user=owner, connection_id=drawer.pk, told=told("2", days_ago=10))
    add(drawer, "7", days_ago=3)
    assert differences(drawer) == {"BTC": Decimal(0)}
    add(drawer, "1", days_ago=15)
    assert differences(drawer) == {"BTC": Decimal(-1)}
    latest = drawer.edits.order_by("-pk").first()
    assert latest is not None
    edit_reverts.revert(user=owner, edit_id=latest.pk)
    assert differences(drawer) == {"BTC": Decimal(0)}


def test_a_balance_can_be_corrected_and_taken_back(owner: User, drawer: Connection) -> None:
    by_hand.report(user=owner, connection_id=drawer.pk, told=told("3", days_ago=2, asset="ETH"))
    point = by_hand.report(
        user=owner, connection_id=drawer.pk, told=told("4", days_ago=2, asset="ETH")
    )
    assert Checkpoint.objects.count() == 1
    assert differences(drawer) == {"ETH": Decimal(4)}
    by_hand.withdraw_report(user=owner, connection_id=drawer.pk, checkpoint_id=point.pk)
    assert differences(drawer) == {}
    drawer.refresh_from_db()
    assert drawer.balances_at is None
    assert AuditEvent.objects.filter(action__contains="by hand").count() == 4


@pytest.mark.parametrize(
    "wrong",
    [
        told("1", days_ago=-1),
        told("1", days_ago=1, wallet="pocket"),
        told("1", days_ago=1, asset=""),
        told("1e60", days_ago=1),
    ],
)
def test_what_cannot_be_is_refused(owner: User, drawer: Connection, wrong: Reported) -> None:
    with pytest.raises(ByHandProblem):
        by_hand.report(user=owner, connection_id=drawer.pk, told=wrong)
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize(
    ("exchange", "wallets"),
    [("nowhere", ["main"]), ("kraken", []), ("kraken", ["x" * 41]), ("kraken", ["a\nb"])],
)
def test_an_account_that_cannot_be_is_refused(
    owner: User, exchange: str, wallets: list[str]
) -> None:
    with pytest.raises(ByHandProblem):
        by_hand.create(user=owner, label="x", exchange=exchange, wallets=wallets)


def test_another_persons_account_is_out_of_reach(other: User, drawer: Connection) -> None:
    with pytest.raises(Connection.DoesNotExist):
        by_hand.report(user=other, connection_id=drawer.pk, told=told("1", days_ago=1))


# --- A key for it ---------------------------------------------------------------------------------


def _with_key(owner: User) -> Connection:
    made = by_hand.create(user=owner, label="Old", exchange="kraken", wallets=["spot"])
    connections.replace_credentials(
        connection=made, credentials={"apiKey": "k" * 56, "secret": "c2VjcmV0" * 11}
    )
    made.refresh_from_db()
    return made


def _answer(**more: object) -> Answer:
    good: dict[str, Any] = {
        "verdict": Verdict.READ_ONLY,
        "permissions": ("Query Funds",),
        "dangerous": (),
        "ip_restricted": None,
        "ip_allowlist": (),
        "created_at": None,
        "expires_at": None,
        "account_uid": "",
    }
    return Answer(**(good | more))


def test_a_good_key_makes_it_one_that_is_asked(owner: User) -> None:
    made = _with_key(owner)
    assert (made.kind, made.status) == (Connection.Kind.MANUAL, Connection.Status.ACTIVE)
    connections._store_answer(made, bytes(made.sealed_candidate or b""), _answer())
    made.refresh_from_db()
    assert (made.kind, made.status) == (Connection.Kind.KEY, Connection.Status.ACTIVE)
    assert made.next_sync_at is not None
    assert made.backfilled_at is None


def test_a_refused_key_leaves_it_as_it_was(owner: User) -> None:
    made = _with_key(owner)
    refused = _answer(verdict=Verdict.CAN_WITHDRAW, dangerous=("Withdraw Funds",))
    connections._store_answer(made, bytes(made.sealed_candidate or b""), refused)
    made.refresh_from_db()
    assert (made.kind, made.status) == (Connection.Kind.MANUAL, Connection.Status.ACTIVE)
    assert made.sealed_candidate is None
    assert made.status_reason


# --- Pages ----------------------------------------------------------------------------------------


def test_the_way_through_the_pages(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asked = {"label": "Old BitMEX", "exchange": "bitmex", "wallets": "spot, futures"}
    page.post(reverse("portfolio:by-hand-create"), asked)
    made = Connection.objects.get()
    assert (made.exchange, made.wallets) == ("bitmex", ["spot", "futures"])
    detail = reverse("portfolio:connection-detail", args=[made.pk])
    text = page.get(detail).content.decode()
    assert "By hand and by file: nothing is asked." in text
    for wrong in ("Fetch now", "Key passport", "Add a key"):
        assert wrong not in text
    reported = reverse("portfolio:by-hand-reported", args=[made.pk])
    row = {"wallet": "futures", "asset": "XBT", "quantity": "1.25", "at": "2024-03-01T10:00"}
    with django_capture_on_commit_callbacks(execute=True):
        page.post(reported, row)
    assert Checkpoint.objects.get().reported == Decimal("1.25")
    assert "XBT" in page.get(reported).content.decode()
    assert ("revalue", (owner.pk,)) in sent.calls
    coverage = page.get(reverse("portfolio:connection-coverage", args=[made.pk]))
    assert "nothing is asked" in coverage.content.decode()
    proof = page.get(reverse("portfolio:proof-sheet", args=[made.pk]))
    assert "XBT" in proof.content.decode()
    point = Checkpoint.objects.get()
    page.post(reverse("portfolio:by-hand-withdraw", args=[made.pk, point.pk]))
    assert not Checkpoint.objects.exists()
    change = reverse("portfolio:by-hand-change", args=[made.pk])
    page.post(change, {"label": "BitMEX", "wallets": "spot"})
    made.refresh_from_db()
    assert (made.label, made.wallets) == ("BitMEX", ["spot"])
    assert "by hand and by file" in page.get(reverse("portfolio:connection-list")).content.decode()
    page.post(reverse("portfolio:connection-remove", args=[made.pk]), {"history": "delete"})
    assert not Connection.objects.exists()


def test_forms_say_what_is_wrong(page: Client, drawer: Connection) -> None:
    answer = page.post(
        reverse("portfolio:by-hand-reported", args=[drawer.pk]),
        {"wallet": "main", "asset": "BTC", "quantity": "1", "at": "2199-01-01T00:00"},
    )
    assert answer.status_code == 422
    assert "already come" in answer.content.decode()
    wrong = {"label": "x", "exchange": "other", "wallets": " , "}
    assert page.post(reverse("portfolio:by-hand-create"), wrong).status_code == 422


def test_a_key_is_offered_where_one_can_be_had(page: Client, owner: User) -> None:
    made = by_hand.create(user=owner, label="K", exchange="kraken", wallets=["spot"])
    detail = reverse("portfolio:connection-detail", args=[made.pk])
    assert "Add a key" in page.get(detail).content.decode()


def test_an_account_with_a_key_has_no_such_pages(page: Client, owner: User) -> None:
    kraken = factories.connection(owner)
    for name in ("by-hand-reported", "by-hand-change"):
        assert page.get(reverse(f"portfolio:{name}", args=[kraken.pk])).status_code == 404


def test_pages_ask_little(
    page: Client,
    owner: User,
    drawer: Connection,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        point = told("1", days_ago=2, asset=f"A{number}")
        by_hand.report(user=owner, connection_id=drawer.pk, told=point)
    for name in ("connection-detail", "by-hand-reported", "proof-sheet", "connection-coverage"):
        with django_assert_max_num_queries(15):
            page.get(reverse(f"portfolio:{name}", args=[drawer.pk]))
