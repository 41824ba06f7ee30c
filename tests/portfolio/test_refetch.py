"""A stretch is read once more when somebody asks, and the last weeks now and then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges import registry
from portfolio.exchanges.paging import from_ms, to_ms
from portfolio.models import Connection, Stream
from portfolio.services import leases, ledger, refetch, runs
from portfolio.services.connections import ConnectionProblem
from tests import factories

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def binance(owner: User) -> Connection:
    return factories.connection(owner, exchange="binance", next_sync_at=None)


def windowed(connection: Connection, **fields: object) -> Stream:
    at = to_ms(NOW - DAY)
    cursor = {"v": 1, "since": to_ms(NOW - 900 * DAY), "from": at, "offset": 0, "width": 9}
    values = {"kind": "deposits", "cursor": cursor, "record_count": 1} | fields
    return factories.stream(connection, key="deposits", **values)


def start_of(stream: Stream) -> datetime:
    stream.refresh_from_db()
    return from_ms(stream.cursor["from"])


def test_a_stream_is_sent_back_and_due_at_once(binance: Connection) -> None:
    stream = windowed(binance)
    other = factories.stream(binance, key="rewards", kind="rewards", cursor={"v": 1, "from": 5})
    assert refetch.fetch_again(connection=binance, kind="deposits", since=NOW - 40 * DAY) == 1
    assert start_of(stream) == NOW - 40 * DAY
    assert stream.state == Stream.State.WAITING
    other.refresh_from_db()
    assert other.cursor == {"v": 1, "from": 5}
    binance.refresh_from_db()
    assert binance.next_sync_at is not None


def test_a_stream_is_never_sent_forward(binance: Connection) -> None:
    stream = windowed(binance)
    refetch.fetch_again(connection=binance, since=NOW)
    assert start_of(stream) == NOW - DAY


def test_without_a_day_it_begins_anew(binance: Connection) -> None:
    stream = windowed(binance)
    refetch.fetch_again(connection=binance)
    stream.refresh_from_db()
    assert stream.cursor == {}


def test_trades_go_back_to_the_last_one_before_the_day(binance: Connection) -> None:
    cursor = {"v": 1, "next": 900, "back": [[900, to_ms(NOW)]]}
    stream = factories.stream(
        binance, key="trades:BTCUSDT", kind="trades", scope={"symbol": "BTCUSDT"}, cursor=cursor
    )
    for ident, day in ((7, 50), (8, 41), (9, 39)):
        factories.raw_record(stream, external_id=str(ident), occurred_at=NOW - day * DAY)
    refetch.fetch_again(connection=binance, since=NOW - 40 * DAY)
    stream.refresh_from_db()
    assert stream.cursor == {"v": 1, "next": 8, "back": [[8, to_ms(NOW - 41 * DAY)]]}
    refetch.fetch_again(connection=binance, since=NOW - 60 * DAY)
    stream.refresh_from_db()
    assert stream.cursor == {"v": 1}


def test_whoever_works_on_it_loses_it(binance: Connection) -> None:
    windowed(binance)
    holder = leases.new_holder()
    leases.claim(binance.pk, holder)
    refetch.fetch_again(connection=binance, since=NOW - 40 * DAY)
    with pytest.raises(leases.LeaseLost):
        leases.renew(binance.pk, holder)


def test_what_is_not_there_or_not_active_is_not_fetched(binance: Connection) -> None:
    windowed(binance)
    with pytest.raises(ConnectionProblem):
        refetch.fetch_again(connection=binance, kind="funding")
    Connection.objects.update(status="paused")
    with pytest.raises(ConnectionProblem):
        refetch.fetch_again(connection=binance)


def test_the_last_weeks_are_read_again_once_a_week(binance: Connection) -> None:
    now = timezone.now()
    at = to_ms(now - DAY)
    stream = windowed(
        binance,
        state=Stream.State.CAUGHT_UP,
        cursor={"v": 1, "since": 0, "from": at, "offset": 0, "width": 9},
        rescanned_at=None,
    )
    refetch.rescan(binance, now)  # its first round was whole
    assert start_of(stream) == from_ms(at)
    later = now + refetch.RESCAN_EVERY
    refetch.rescan(binance, later)
    assert start_of(stream) == from_ms(to_ms(later - refetch.RESCAN_REACH))
    stream.cursor["from"] = at
    stream.save()
    refetch.rescan(binance, later + 6 * DAY)
    assert start_of(stream) == from_ms(at)


def test_a_new_run_begins_with_it(binance: Connection) -> None:
    old = timezone.now() - refetch.RESCAN_EVERY
    stream = windowed(binance, state=Stream.State.CAUGHT_UP, rescanned_at=old)
    holder = leases.new_holder()
    leases.claim(binance.pk, holder)
    runs.open_run(binance, holder)
    assert start_of(stream) < NOW - 20 * DAY


def test_a_generic_exchange_is_sent_back_too(owner: User) -> None:
    connection = factories.connection(owner, exchange="bequant")
    spec = ledger.spec(windowed(connection))
    at = {"v": 1, "since": 0, "from": 1_795_000_000_000}
    cursor = {"v": 1, "way": "windows", "proved": True, "at": at}
    since = NOW - 200 * DAY
    back = registry.rewind("bequant", spec, cursor, since=since, before=None)
    assert back == {**cursor, "at": {"v": 1, "since": 0, "from": to_ms(since)}}


def test_the_page_asks_and_says_what_is_wrong(
    page: Client, binance: Connection, other: User
) -> None:
    stream = windowed(binance)
    address = f"/connections/{binance.pk}/fetch-again/"
    assert "Nothing is doubled" in page.get(address).text
    tomorrow = (timezone.now() + 2 * DAY).date().isoformat()
    for wrong in ({"since": tomorrow}, {"since": "yesterday"}, {"kind": "nonsense"}):
        assert page.post(address, wrong).status_code == 422
    assert start_of(stream) == NOW - DAY
    assert page.post(address, {"since": "2026-01-05", "kind": "deposits"}).status_code == 302
    assert start_of(stream) == datetime(2026, 1, 5, tzinfo=UTC)
    page.force_login(other)
    assert page.get(address).status_code == 404
