"""The whole history of the demo accounts: complete, exact, and unchanged by anything repeated."""

from __future__ import annotations

import pytest

from portfolio.models import Connection, RawRecord, Stream
from portfolio.services import sync
from sandbox import exchanges as simulated
from tests.live import ledgers
from tests.live.conftest import Connect, statement
from tests.sandbox_server import advance

EXCHANGES = list(simulated.ids())
# Storing is the same for all exchanges, so what is repeated and killed need not be every one.
SOME = ["binance", "coinbase", "kraken"]


def finish(connection: Connection, *, seconds: float = 60) -> None:
    """Slices until the run is over; the sandbox at test speed never asks to wait."""
    for _ in range(500):
        if sync.run_slice(connection.pk, seconds=seconds) is sync.Slice.FINISHED:
            connection.refresh_from_db()
            return
    pytest.fail("the run does not end")


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_ledger_equals_the_statement_of_truth(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange)
    finish(connection)
    run = connection.sync_runs.get()
    assert (run.outcome, run.message) == ("done", "")
    assert connection.backfilled_at is not None
    ledgers.assert_equals_statement(connection, statement(sandbox, exchange))


@pytest.mark.parametrize("exchange", SOME)
def test_every_page_stored_twice_changes_nothing(
    exchange: str, connect: Connect, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sync._store_page

    def store_twice(*args: object) -> None:
        store(*args)  # type: ignore[arg-type]
        store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(sync, "_store_page", store_twice)
    connection = connect(exchange, "read-only-small")
    finish(connection)
    ledgers.assert_equals_statement(connection, statement(sandbox, exchange, "read-only-small"))


@pytest.mark.parametrize("exchange", SOME)
def test_fetching_all_of_it_again_changes_nothing(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, "read-only-small")
    finish(connection)
    before = ledgers.dump(connection)
    Stream.objects.filter(connection=connection).update(cursor={}, fetched_at=None)
    finish(connection)
    assert connection.sync_runs.first().new_records == 0  # type: ignore[union-attr]
    assert ledgers.dump(connection) == before


@pytest.mark.parametrize("exchange", SOME)
def test_a_kill_before_any_commit_loses_nothing(
    exchange: str, connect: Connect, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    connection = connect(exchange, "read-only-small")
    store = sync._store_page
    pages = 0

    def store_or_die(*args: object) -> None:
        nonlocal pages
        pages += 1
        if pages % 3 == 0:
            from django.db import transaction

            with transaction.atomic():
                store(*args)  # type: ignore[arg-type]
                raise Killed
        store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(sync, "_store_page", store_or_die)
    for _ in range(2000):
        try:
            if sync.run_slice(connection.pk, seconds=60) is sync.Slice.FINISHED:
                break
        except Killed:
            continue
    ledgers.assert_equals_statement(connection, statement(sandbox, exchange, "read-only-small"))


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_new_records_are_found_by_the_next_run(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, "read-only-small")
    finish(connection)
    count = RawRecord.objects.filter(connection=connection).count()
    advance(sandbox, exchange, "read-only-small", records=7)
    finish(connection)
    assert RawRecord.objects.filter(connection=connection).count() > count
    ledgers.assert_equals_statement(connection, statement(sandbox, exchange, "read-only-small"))


def test_an_account_without_futures_ends_well(connect: Connect, sandbox: str) -> None:
    connection = connect("binance", "read-only-spot")
    finish(connection)
    closed = connection.streams.filter(state=Stream.State.UNAVAILABLE)
    assert set(closed.values_list("key", flat=True)) == {"usdm-income", "coinm-income"}
    assert all("futures" in stream.message for stream in closed)
    assert connection.status == "active"
    ledgers.assert_equals_statement(connection, statement(sandbox, "binance", "read-only-spot"))


def test_a_transfer_to_futures_is_one_transaction_of_two_legs(
    connect: Connect, sandbox: str
) -> None:
    connection = connect("binance", "read-only-small")
    finish(connection)
    transfers = connection.transactions.filter(detail__direction="MAIN_UMFUTURE")
    for transfer in transfers:
        wallets = {posting.wallet: posting.amount for posting in transfer.postings.all()}
        assert set(wallets) == {"spot", "usd-m futures"}
        assert sum(wallets.values()) == 0
    assert transfers
    trades = connection.transactions.filter(key__startswith="fill:")
    assert {trade.postings.count() for trade in trades} == {1}  # the fee; its trade explains it
    assert all(trade.detail["price"] and trade.detail["side"] for trade in trades)
