"""Forgetting all keys, accounts connected twice, and the address that exchanges see."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, User
from portfolio.exchanges.errors import KeyBroken
from portfolio.exchanges.types import PermissionAudit
from portfolio.models import Connection, Notice, OutboundAddress, RawRecord
from portfolio.selectors import outbound as outbound_selector
from portfolio.services import connections, forgetting, leases, outbound, runs, twins
from portfolio.services.connections import ConnectionProblem
from tests import factories
from tests.factories import NOW
from tests.portfolio.exchange import Exchange, audit
from tests.portfolio.test_service_connections import NEW, fresh, is_erased, register

# --- Forgetting -------------------------------------------------------------------------------


@pytest.fixture
def active(owner: User, exchange: Exchange) -> Connection:
    made = register(owner)
    connections.check(made)
    return fresh(made)


def test_every_key_goes_and_every_history_stays(
    active: Connection, owner: User, other: User, exchange: Exchange
) -> None:
    record = factories.raw_record(factories.stream(active))
    connections.replace_credentials(connection=active, credentials=NEW)
    exchange.permissions = audit(uid="uid-2")
    pending = register(owner, exchange="bybit")
    foreign = register(other)
    holder = leases.new_holder()
    assert leases.claim(active.pk, holder)
    run = runs.open_run(active, holder)

    assert forgetting.forget_all_keys(user=owner, ip_address="192.0.2.1") == 2

    for connection in (active, pending):
        assert is_erased(connection)
        assert fresh(connection).status == "removed"
    with pytest.raises(leases.LeaseLost):
        leases.renew(active.pk, holder)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert RawRecord.objects.filter(pk=record.pk).exists()
    assert fresh(foreign).sealed_candidate is not None
    event = AuditEvent.objects.filter(user=owner).latest("id")
    assert (event.action, event.detail) == ("all keys forgotten", {"connections": "2"})
    assert event.ip_address == "192.0.2.1"


def test_an_answer_that_comes_after_it_brings_no_key_back(
    active: Connection, owner: User, exchange: Exchange
) -> None:
    def meanwhile() -> object:
        forgetting.forget_all_keys(user=owner)
        return audit()

    connections.replace_credentials(connection=active, credentials=NEW)
    exchange.permissions = meanwhile
    assert connections.check(fresh(active)) is None
    assert is_erased(active)
    for action in (connections.resume, connections.request_sync, connections.request_check):
        with pytest.raises(ConnectionProblem):
            action(connection=fresh(active))


def test_a_refused_candidate_of_a_kept_connection_goes_too(owner: User) -> None:
    made = factories.connection(owner, status="refused", sealed_credentials=None)
    forgetting.forget_all_keys(user=owner)
    assert fresh(made).status == "refused", "there was no key to forget"


# --- One account twice ------------------------------------------------------------------------


def pair(owner: User, *, uid: str = "") -> tuple[Connection, Connection]:
    made = [
        factories.connection(owner, exchange="bingx", label=label, account_uid=uid and uid + label)
        for label in ("One", "Two")
    ]
    return made[0], made[1]


def copy_records(one: Connection, two: Connection, number: int, *, body: str = "{}") -> None:
    streams = [factories.stream(c, "deposits") for c in (one, two)]
    for place in range(number):
        for stream, text in zip(streams, ("{}", body), strict=True):
            factories.raw_record(stream, text, external_id=f"D{place}")


def test_the_same_records_are_the_same_account(owner: User) -> None:
    one, two = pair(owner)
    copy_records(one, two, 3)
    for _ in range(2):
        twins.look(two)
        twins.look(one)
    notice = Notice.objects.get()
    assert (notice.kind, notice.connection, notice.other) == ("twin", two, one)
    assert "counts twice" in notice.message


def test_the_same_ids_with_other_texts_are_two_sides_of_a_trade(owner: User) -> None:
    one, two = pair(owner)
    copy_records(one, two, 9, body='{"side": "sell"}')
    twins.look(two)
    assert not Notice.objects.exists()


@pytest.mark.parametrize(("balance", "found"), [("2", True), ("3", False)])
def test_few_records_need_the_same_balances_too(owner: User, balance: str, found: bool) -> None:
    one, two = pair(owner)
    copy_records(one, two, 1)
    factories.holding(one, "BTC", "2")
    factories.holding(two, "BTC", balance)
    twins.look(two)
    assert Notice.objects.exists() is found


def test_no_records_say_nothing(owner: User) -> None:
    one, two = pair(owner)
    factories.holding(one, "BTC", "2")
    factories.holding(two, "BTC", "2")
    twins.look(two)
    assert not Notice.objects.exists()


def test_accounts_that_the_exchange_tells_apart_are_believed(owner: User) -> None:
    one, two = pair(owner, uid="uid-")
    copy_records(one, two, 3)
    twins.look(two)
    assert not Notice.objects.exists()


def test_other_people_and_other_exchanges_are_not_compared(owner: User, other: User) -> None:
    one, two = pair(owner)
    Connection.objects.filter(pk=one.pk).update(owner=other)
    copy_records(one, two, 3)
    twins.look(two)
    Connection.objects.filter(pk=one.pk).update(owner=owner, exchange="kraken")
    twins.look(two)
    assert not Notice.objects.exists()


def test_it_is_looked_at_when_the_first_run_is_complete(owner: User) -> None:
    one, two = pair(owner)
    copy_records(one, two, 3)
    Connection.objects.filter(pk=two.pk).update(backfilled_at=None)
    two.refresh_from_db()
    holder = leases.new_holder()
    leases.claim(two.pk, holder)
    _finish(two, holder)
    assert Notice.objects.filter(kind="twin").count() == 1


def _finish(connection: Connection, holder: str) -> None:
    run = runs.open_run(connection, holder)
    connection.streams.update(state="caught_up")
    runs.finish(connection, holder, run)


def test_an_account_that_is_told_is_named_in_the_refusal(active: Connection, owner: User) -> None:
    Connection.objects.filter(pk=active.pk).update(label="The first")
    second = register(owner)
    connections.check(second)
    assert "already connected here, as “The first”" in fresh(second).status_reason


# --- The address that exchanges see -----------------------------------------------------------


def known(environment: str = "sandbox") -> list[str]:
    return [found.address for found in outbound_selector.addresses(environment, now=NOW)]


def test_what_an_exchange_names_is_remembered(owner: User, exchange: Exchange) -> None:
    error = KeyBroken("Bound to another address.")
    error.caller = "203.0.113.7"
    exchange.permissions = error
    connections.check(register(owner))
    row = OutboundAddress.objects.get()
    assert (row.address, row.exchange, row.source) == ("203.0.113.7", "kraken", "named")
    assert outbound_selector.addresses("live", now=row.seen_at) == ()


def test_a_key_bound_to_one_address_that_works_proves_it(owner: User) -> None:
    made = factories.connection(owner)
    answer = audit()
    for listed, restricted in [
        (("203.0.113.0/24",), True),
        (("203.0.113.7", "203.0.113.8"), True),
        (("203.0.113.7",), False),
        ((), True),
    ]:
        outbound.admitted(made, _bound(answer, listed, restricted))
    assert not OutboundAddress.objects.exists()
    for _ in range(2):
        outbound.admitted(made, _bound(answer, ("203.0.113.7",), True))
    assert OutboundAddress.objects.get().source == "admitted"


def _bound(answer: PermissionAudit, listed: tuple[str, ...], restricted: bool) -> PermissionAudit:
    return replace(answer, ip_allowlist=listed, ip_restricted=restricted)


def test_the_operators_word_comes_first_and_old_sightings_last(
    owner: User, settings: Settings
) -> None:
    row = OutboundAddress.objects.create(
        environment="live", address="203.0.113.7", exchange="okx", source="named", seen_at=NOW
    )
    assert known("live") == ["203.0.113.7"]
    OutboundAddress.objects.filter(pk=row.pk).update(seen_at=NOW - outbound_selector.FRESH)
    assert known("live") == []
    settings.OUTBOUND_ADDRESSES = ["198.51.100.4"]
    assert known("live") == ["198.51.100.4"]
    assert known("sandbox") == []
