"""Checkpoints are kept with the run that ends, where they tell something."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.engine.types import ReportedBalance
from portfolio.models import Checkpoint, Connection, Holding, Stream
from portfolio.services import checkpoints, ledger, runs, sync
from portfolio.services import connections as service
from tests import factories
from tests.factories import NOW
from tests.portfolio.exchange import Exchange

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def holding(connection: Connection) -> Holding:
    return factories.holding(connection, "BTC", "5")


def ends(connection: Connection, at: datetime, *, provisional: bool = False) -> None:
    """A run ends, with balances of that time."""
    Connection.objects.filter(pk=connection.pk).update(balances_at=at)
    checkpoints.keep(connection, is_provisional=provisional)


def reports(holding: Holding, quantity: str) -> None:
    Holding.objects.filter(pk=holding.pk).update(reported=Decimal(quantity))


def kept(holding: Holding) -> list[tuple[datetime, str, str]]:
    return [(row.at, f"{row.reported:f}", f"{row.ledger:f}") for row in holding.checkpoints.all()]


def test_digits_are_kept_exactly(connection: Connection) -> None:
    long = "123456.123456789012345678"
    holding = factories.holding(connection, "ETH", long)
    ends(connection, NOW)
    assert kept(holding) == [(NOW, long, long)]


def test_the_same_answer_is_kept_once(connection: Connection, holding: Holding) -> None:
    ends(connection, NOW)
    ends(connection, NOW)
    assert len(kept(holding)) == 1


def test_calm_balances_take_a_row_a_day(connection: Connection, holding: Holding) -> None:
    for number in range(4 * 24 + 1):
        ends(connection, NOW + number * HOUR)
    assert len(kept(holding)) <= 6
    assert kept(holding)[-1][0] == NOW + 96 * HOUR


def test_a_change_is_kept_to_the_run(connection: Connection, holding: Holding) -> None:
    for number in range(10):
        ends(connection, NOW + number * 10 * MINUTE)
    reports(holding, "4")
    for number in range(10, 20):
        ends(connection, NOW + number * 10 * MINUTE)
    times = [(at, reported) for at, reported, _ in kept(holding)]
    assert (NOW + 90 * MINUTE, "5") in times
    assert (NOW + 100 * MINUTE, "4") in times


def test_the_ledger_is_summed_up_to_the_moment(connection: Connection) -> None:
    stream = factories.stream(connection)
    factories.transaction(stream, ("2", "BTC"), at=NOW + HOUR)
    factories.holding(connection, "BTC", "7", reported="5")
    ends(connection, NOW)
    (row,) = Checkpoint.objects.all()
    assert row.ledger == 5


def test_what_never_was_is_not_kept(connection: Connection) -> None:
    factories.holding(connection, "BTC", "0")
    factories.holding(connection, "ETH", "1", reported=None)
    ends(connection, NOW)
    assert not Checkpoint.objects.exists()


def test_the_number_of_queries_does_not_grow(
    connection: Connection,
    holding: Holding,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        factories.holding(connection, f"COIN{number}", "1")
    ends(connection, NOW)
    with django_assert_max_num_queries(8):
        ends(connection, NOW + HOUR)


# --- In a run ---------------------------------------------------------------------------------


def run(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(next_sync_at=NOW)
    assert sync.run_slice(connection.pk, seconds=30) == sync.Slice.FINISHED


@pytest.fixture
def live(owner: User, exchange: Exchange, settings: object) -> Connection:
    exchange.balance = [ReportedBalance("spot", "BTC", Decimal("0.25"))]
    made = service.register(
        user=owner,
        exchange="kraken",
        environment="live",
        label="",
        credentials={"apiKey": "k" * 56, "secret": "c2VjcmV0" * 8},
    )
    service.check(made)
    made.refresh_from_db()
    return made


def test_a_finished_run_keeps_its_balances(live: Connection) -> None:
    run(live)
    (row,) = Checkpoint.objects.all()
    assert (row.reported, row.ledger, row.is_provisional) == (Decimal("0.25"), Decimal(0), False)
    live.refresh_from_db()
    assert row.at == live.balances_at


def test_a_run_with_gaps_says_that_it_is_provisional(live: Connection, exchange: Exchange) -> None:
    def fails(*_: object) -> ValueError:
        return ValueError("nonsense")

    exchange.pages = fails
    run(live)
    assert live.streams.get().state == Stream.State.FAILED
    assert Checkpoint.objects.get().is_provisional


def test_what_ends_a_run_is_stored_whole_or_not_at_all(
    live: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "_look_around", killed)
    Connection.objects.filter(pk=live.pk).update(next_sync_at=NOW)
    with pytest.raises(KeyboardInterrupt):
        sync.run_slice(live.pk, seconds=30)
    assert not Checkpoint.objects.exists()
    assert live.sync_runs.get().finished_at is None
    monkeypatch.undo()


def test_they_go_with_the_history(connection: Connection, holding: Holding) -> None:
    ends(connection, NOW)
    with transaction.atomic():
        ledger.forget(connection)
    assert not Checkpoint.objects.exists()
