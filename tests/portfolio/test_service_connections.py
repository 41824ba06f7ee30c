"""A key is judged by what the exchange says of it, whatever happens while it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges.errors import KeyBroken, TryAgain, WaitUntil
from portfolio.exchanges.types import Verdict
from portfolio.models import Connection, RawRecord, Stream, SyncRun
from portfolio.services import connections, leases
from portfolio.services.connections import ConnectionProblem
from portfolio.services.credentials import open_sealed, seal
from tests import factories
from tests.portfolio.exchange import Exchange, audit

KEY = {"apiKey": "key", "secret": "c2VjcmV0"}
NEW = {"apiKey": "new", "secret": "bmV3bmV3"}


def register(owner: User, **fields: str) -> Connection:
    given = {"exchange": "kraken", "environment": "sandbox", "label": ""} | fields
    return connections.register(user=owner, credentials=KEY, **given)


@pytest.fixture
def active(owner: User, exchange: Exchange) -> Connection:
    """A connection whose key was taken."""
    made = register(owner)
    connections.check(made)
    assert fresh(made).status == "active"
    return fresh(made)


def fresh(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def key_of(connection: Connection) -> dict[str, str] | None:
    """The key in use, opened."""
    sealed = fresh(connection).sealed_credentials
    return None if sealed is None else open_sealed(sealed, row=connection.pk)


def is_erased(connection: Connection) -> bool:
    row = fresh(connection)
    return row.sealed_credentials is None and row.sealed_candidate is None


# --- The first key ----------------------------------------------------------------------------


def test_a_key_is_not_used_before_the_exchange_was_asked(owner: User) -> None:
    made = fresh(register(owner))
    assert (made.status, made.sealed_credentials) == ("pending", None)
    assert made.sealed_candidate is not None
    assert made.check_at is not None
    assert made.next_sync_at is None


def test_a_good_key_starts_at_once(active: Connection) -> None:
    assert key_of(active) == KEY
    assert active.account_uid == "uid-1"
    assert active.next_sync_at is not None
    assert active.check_at is None


@pytest.mark.parametrize("verdict", [Verdict.CAN_WITHDRAW, Verdict.CAN_TRADE])
def test_a_dangerous_first_key_is_erased(owner: User, exchange: Exchange, verdict: Verdict) -> None:
    made = register(owner)
    exchange.permissions = audit(verdict)
    connections.check(made)
    assert fresh(made).status == "refused"
    assert is_erased(made)


def test_a_first_key_that_does_not_work_is_kept_for_another_try(
    owner: User, exchange: Exchange
) -> None:
    made = register(owner)
    exchange.permissions = KeyBroken("Bound to another address.")
    connections.check(made)
    assert (fresh(made).status, fresh(made).status_reason) == (
        "broken",
        "Bound to another address.",
    )
    exchange.permissions = audit()
    connections.resume(connection=fresh(made))
    assert fresh(made).status == "pending"
    connections.check(fresh(made))
    assert fresh(made).status == "active"


@pytest.mark.parametrize("known", [False, True])
def test_a_check_that_cannot_be_made_now_is_made_later(
    owner: User, exchange: Exchange, known: bool
) -> None:
    made = register(owner)
    if known:
        connections.check(made)
    until = datetime(2030, 1, 1, tzinfo=UTC)
    exchange.permissions = WaitUntil("Slow down.", until=until)
    with pytest.raises(WaitUntil):
        connections.check(fresh(made))
    row = fresh(made)
    assert row.check_at == until
    # Of a key that is in use nothing needs to be said.
    assert (row.status, row.status_reason) == (
        ("active", "") if known else ("pending", "Slow down.")
    )


def test_an_unreadable_key_says_what_to_do(owner: User, exchange: Exchange) -> None:
    made = register(owner)
    Connection.objects.filter(pk=made.pk).update(sealed_candidate=b"tampered")
    connections.check(fresh(made))
    assert fresh(made).status == "broken"
    assert "CREDENTIALS_KEY" in fresh(made).status_reason


# --- A key that was fine ----------------------------------------------------------------------


def test_a_key_that_became_dangerous_is_frozen_and_erased(
    active: Connection, exchange: Exchange
) -> None:
    run = SyncRun.objects.create(connection=active, started_at=timezone.now())
    holder = leases.new_holder()
    assert leases.claim(active.pk, holder)
    exchange.permissions = audit(Verdict.CAN_WITHDRAW)
    connections.check(active)
    row = fresh(active)
    assert (row.status, row.next_sync_at) == ("refused", None)
    assert is_erased(active)
    assert "may do more than read" in row.status_reason
    with pytest.raises(leases.LeaseLost):  # a worker at it stores nothing more
        leases.renew(active.pk, holder)
    assert leases.claim(active.pk, leases.new_holder()) is None
    run.refresh_from_db()
    assert run.outcome == "failed"
    assert run.finished_at is not None


def test_a_key_that_works_no_more_stops_with_the_reason(
    active: Connection, exchange: Exchange
) -> None:
    exchange.permissions = KeyBroken("Expired.")
    connections.check(active)
    assert (fresh(active).status, fresh(active).status_reason) == ("broken", "Expired.")
    assert key_of(active) == KEY


def test_a_fault_in_passing_breaks_no_key(active: Connection, exchange: Exchange) -> None:
    exchange.permissions = TryAgain("HTTP 502")
    with pytest.raises(TryAgain):
        connections.check(active)
    assert fresh(active).status == "active"


# --- Replacing --------------------------------------------------------------------------------


def test_a_new_key_takes_over_once_it_is_checked(active: Connection) -> None:
    connections.replace_credentials(connection=active, credentials=NEW)
    assert key_of(active) == KEY
    connections.check(fresh(active))
    assert key_of(active) == NEW
    assert fresh(active).sealed_candidate is None


def test_a_new_key_is_put_to_use_at_once_and_one_asked_about_again_is_not(
    active: Connection,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Connection.objects.update(next_sync_at=later)
    connections.check(fresh(active))
    assert fresh(active).next_sync_at == later
    connections.replace_credentials(connection=active, credentials=NEW)
    connections.check(fresh(active))
    row = fresh(active)
    assert row.next_sync_at is not None
    assert row.next_sync_at <= timezone.now()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (audit(uid="uid-2"), "another account"),
        (audit(Verdict.CAN_WITHDRAW), "may do more than read"),
        (KeyBroken("No such key."), "No such key."),
    ],
)
def test_a_new_key_that_is_not_taken_leaves_the_old_one_in_use(
    active: Connection, exchange: Exchange, answer: object, words: str
) -> None:
    connections.replace_credentials(connection=active, credentials=NEW)
    exchange.permissions = answer
    connections.check(fresh(active))
    row = fresh(active)
    assert (row.status, row.sealed_candidate) == ("active", None)
    assert words in row.status_reason
    assert key_of(active) == KEY
    assert row.next_sync_at is not None


def test_replacing_changes_nothing_that_a_worker_wrote_meanwhile(active: Connection) -> None:
    seen_by_page = fresh(active)
    holder = leases.new_holder()
    leases.claim(active.pk, holder)
    connections.replace_credentials(connection=seen_by_page, credentials=NEW)
    leases.renew(active.pk, holder)


def test_replacing_does_not_bring_an_erased_key_back(
    active: Connection, exchange: Exchange
) -> None:
    seen_by_page = fresh(active)
    exchange.permissions = audit(Verdict.CAN_WITHDRAW)
    connections.check(active)
    connections.replace_credentials(connection=seen_by_page, credentials=NEW)
    assert (fresh(active).status, key_of(active)) == ("pending", None)


def replaced(connection: Connection) -> None:
    connections.replace_credentials(connection=connection, credentials=NEW)


def removed(connection: Connection) -> None:
    connections.remove(connection=connection, with_history=False)


def deleted(connection: Connection) -> None:
    connections.remove(connection=connection, with_history=True)


@pytest.mark.parametrize("change", [replaced, removed, deleted])
@pytest.mark.parametrize("answer", [audit(), audit(Verdict.CAN_WITHDRAW), KeyBroken("No.")])
def test_an_answer_about_a_key_that_is_gone_changes_nothing(
    active: Connection, exchange: Exchange, change: Callable[[Connection], None], answer: object
) -> None:
    def meanwhile() -> object:
        change(active)
        return answer

    exchange.permissions = meanwhile
    assert connections.check(active) is None
    row = Connection.objects.filter(pk=active.pk).first()
    if change is replaced:
        assert row is not None
        assert (row.status, key_of(active)) == ("active", KEY)
        assert open_sealed(row.sealed_candidate or b"", row=active.pk) == NEW
    elif change is removed:
        assert row is not None
        assert (row.status, row.sealed_credentials) == ("removed", None)
    else:
        assert row is None


def test_the_old_key_breaking_does_not_break_the_new_one(active: Connection) -> None:
    seen_by_worker = fresh(active)
    replaced(active)
    connections.check(fresh(active))
    assert connections.mark_broken(seen_by_worker, KeyBroken("Deleted.")) is False
    assert fresh(active).status == "active"
    assert connections.mark_broken(fresh(active), KeyBroken("Deleted.")) is True
    assert fresh(active).status == "broken"


# --- One account once -------------------------------------------------------------------------


def test_a_second_key_of_the_same_account_is_refused(active: Connection, owner: User) -> None:
    second = register(owner)
    connections.check(second)
    assert fresh(second).status == "refused"
    assert "already connected" in fresh(second).status_reason
    assert is_erased(second)


@pytest.mark.parametrize("second", ["binanceusdm", "binancecoinm"])
def test_an_account_shown_under_two_names_is_connected_once(
    owner: User, exchange: Exchange, second: str
) -> None:
    whole, part = (
        register(owner, exchange="binance", label="All of it"),
        register(owner, exchange=second),
    )
    connections.check(whole)
    connections.check(part)
    assert (fresh(whole).status, fresh(part).status) == ("active", "refused")
    reason = fresh(part).status_reason
    assert "already connected here, as “All of it”" in reason
    assert "Binance shows all of its wallets" in reason
    assert is_erased(part)
    removed(whole)
    again = register(owner, exchange=second)
    connections.check(again)
    assert fresh(again).status == "active"


def test_a_kept_history_counts_under_every_name_of_its_exchange(
    owner: User, exchange: Exchange
) -> None:
    part = register(owner, exchange="binanceusdm")
    connections.check(part)
    factories.raw_record(factories.stream(part))
    removed(part)
    whole = register(owner, exchange="binance")
    connections.check(whole)
    assert fresh(whole).status == "refused"
    assert "would double it" in fresh(whole).status_reason


def test_another_person_may_connect_the_same_account(active: Connection, other: User) -> None:
    second = register(other)
    connections.check(second)
    assert fresh(second).status == "active"


@pytest.mark.parametrize("status", ["removed", "refused"])
def test_a_history_that_was_kept_is_not_fetched_a_second_time(
    active: Connection, owner: User, status: str
) -> None:
    factories.raw_record(factories.stream(active))
    removed(active)
    Connection.objects.filter(pk=active.pk).update(status=status)
    second = register(owner)
    connections.check(second)
    assert fresh(second).status == "refused"
    assert "would double it" in fresh(second).status_reason
    replaced(active)
    connections.check(fresh(active))
    assert (fresh(active).status, key_of(active)) == ("active", NEW)
    assert RawRecord.objects.filter(connection=active).exists()


def test_a_removed_connection_without_history_is_in_nobodys_way(
    active: Connection, owner: User
) -> None:
    removed(active)
    second = register(owner)
    connections.check(second)
    assert fresh(second).status == "active"
    with pytest.raises(ConnectionProblem, match="already connected"):
        replaced(active)
    assert fresh(active).status == "removed"


# --- Pause, resume, remove --------------------------------------------------------------------


def test_a_pause_is_not_overtaken_by_what_a_page_had_seen(
    active: Connection, exchange: Exchange
) -> None:
    seen_by_page = fresh(active)
    exchange.permissions = audit(Verdict.CAN_WITHDRAW)
    connections.check(active)
    for action in (connections.pause, connections.request_sync, connections.resume):
        with pytest.raises(ConnectionProblem):
            action(connection=seen_by_page)
    assert fresh(active).status == "refused"


def test_a_pause_ends_the_run_and_resuming_starts_another(active: Connection) -> None:
    run = SyncRun.objects.create(connection=active, started_at=timezone.now())
    connections.pause(connection=active)
    run.refresh_from_db()
    assert run.outcome == "abandoned"
    assert leases.claim(active.pk, leases.new_holder()) is None
    connections.resume(connection=active)
    row = fresh(active)
    assert row.next_sync_at is not None
    assert row.check_at is not None


def test_removing_with_its_history_leaves_nothing(active: Connection, owner: User) -> None:
    stream = factories.stream(active)
    factories.transaction(stream, ("1", "BTC"))
    factories.raw_revision(factories.raw_record(stream))
    factories.coverage(stream, factories.NOW - timedelta(days=1), factories.NOW)
    factories.holding(active)
    connections.remove(connection=active, with_history=True)
    assert not Connection.objects.filter(pk=active.pk).exists()
    assert not Stream.objects.exists()
    connections.remove(connection=active, with_history=True)  # a second click


def test_a_sealed_key_of_another_row_does_not_open(active: Connection, owner: User) -> None:
    thief = register(owner, label="thief")
    stolen = fresh(active).sealed_credentials
    Connection.objects.filter(pk=thief.pk).update(sealed_candidate=stolen)
    connections.check(fresh(thief))
    assert fresh(thief).status == "broken"
    assert seal(KEY, row=thief.pk) != stolen
