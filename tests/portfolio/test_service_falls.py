"""A balance that falls with no record of why is told, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from portfolio.models import BalanceMark, Connection, Holding, Notice, Stream
from portfolio.services import falls
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)
Complete = Callable[[datetime], None]


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def ledger(connection: Connection) -> Stream:
    return factories.stream(connection, "ledger")


@pytest.fixture
def holding(connection: Connection, ledger: Stream) -> Holding:
    return factories.holding(connection, "BTC", "5")


@pytest.fixture
def complete(connection: Connection) -> Complete:
    """Ends a run in which everything was fetched, at a time."""

    def run(at: datetime) -> None:
        Connection.objects.filter(pk=connection.pk).update(balances_at=at)
        connection.refresh_from_db()
        falls.look(connection, now=at)

    return run


def reports(holding: Holding, quantity: str) -> None:
    Holding.objects.filter(pk=holding.pk).update(reported=Decimal(quantity))


def books(ledger: Stream, amount: str, at: datetime) -> None:
    """A record comes in, and the ledger books it."""
    factories.transaction(ledger, (amount, "BTC"), kind="withdrawal", at=at)
    row = Holding.objects.get(connection=ledger.connection, asset="BTC")
    row.quantity += Decimal(amount)
    row.save()


def told() -> list[str]:
    return list(Notice.objects.filter(kind="balance").values_list("message", flat=True))


def test_a_fall_that_stays_unexplained_is_told_once(complete: Complete, holding: Holding) -> None:
    complete(NOW)
    reports(holding, "4")
    complete(NOW + HOUR)
    assert told() == [], "late records may still come"
    complete(NOW + 3 * HOUR)
    (message,) = told()
    assert "BTC in spot" in message
    assert "4" not in message, "no amounts in what may be mailed"
    complete(NOW + 4 * HOUR)
    complete(NOW + 9 * HOUR)
    assert len(told()) == 1
    reports(holding, "3")
    complete(NOW + 10 * HOUR)
    complete(NOW + 12 * HOUR)
    assert len(told()) == 2, "the next fall is another"


def test_a_fall_with_its_record_is_none(
    complete: Complete, holding: Holding, ledger: Stream
) -> None:
    complete(NOW)
    reports(holding, "4")
    books(ledger, "-1", NOW + HOUR / 2)
    for hours in (1, 3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []
    assert not BalanceMark.objects.exclude(suspected_at=None).exists()


def test_a_record_that_comes_late_explains_it(
    complete: Complete, holding: Holding, ledger: Stream
) -> None:
    complete(NOW)
    reports(holding, "4")
    complete(NOW + HOUR / 2)
    books(ledger, "-1", NOW + HOUR / 4)
    for hours in (1, 3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []


def test_a_deposit_does_not_cover_a_fall(
    complete: Complete, holding: Holding, ledger: Stream
) -> None:
    complete(NOW)
    reports(holding, "4")
    complete(NOW + HOUR)
    reports(holding, "6")
    books(ledger, "2", NOW + 2 * HOUR)
    complete(NOW + 3 * HOUR)
    assert len(told()) == 1


def test_a_fall_that_is_taken_back_is_none(complete: Complete, holding: Holding) -> None:
    complete(NOW)
    reports(holding, "4")
    complete(NOW + HOUR)
    reports(holding, "5")
    for hours in (3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []


def test_an_old_record_that_is_found_later_is_no_fall(
    complete: Complete, holding: Holding, ledger: Stream
) -> None:
    complete(NOW)
    books(ledger, "7", NOW - timedelta(days=300))  # in the balance all along
    books(ledger, "-1", NOW + HOUR / 2)
    reports(holding, "4")
    for hours in (1, 3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []


def test_nothing_is_told_while_the_history_arrives(
    complete: Complete, holding: Holding, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(backfilled_at=None)
    complete(NOW)
    reports(holding, "4")
    for hours in (1, 3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []
    assert not BalanceMark.objects.exists()


@pytest.mark.parametrize("state", ["failed", "unavailable"])
def test_nothing_is_told_where_a_record_might_be_missing(
    complete: Complete, holding: Holding, connection: Connection, state: str
) -> None:
    withdrawals = factories.stream(connection, "withdrawals")
    complete(NOW)
    Stream.objects.filter(pk=withdrawals.pk).update(state=state)
    reports(holding, "4")
    for hours in (1, 3, 5):
        complete(NOW + hours * HOUR)
    assert told() == []


def test_a_record_that_cannot_be_read_might_be_the_reason(
    complete: Complete, holding: Holding, ledger: Stream
) -> None:
    complete(NOW)
    reports(holding, "4")
    raw = factories.raw_record(ledger, problem="unknown word", fetched_at=NOW + HOUR / 2)
    for hours in (1, 3):
        complete(NOW + hours * HOUR)
    assert told() == []
    raw.delete()
    complete(NOW + 4 * HOUR)
    assert len(told()) == 1


def test_nothing_is_told_where_trades_are_not_served(
    complete: Complete, holding: Holding, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(exchange="bithumb")
    complete(NOW)
    reports(holding, "4")
    for hours in (1, 3):
        complete(NOW + hours * HOUR)
    assert told() == []


def test_a_holding_that_is_listed_no_more_has_fallen(complete: Complete, holding: Holding) -> None:
    complete(NOW)
    reports(holding, "0")
    for hours in (1, 3):
        complete(NOW + hours * HOUR)
    assert len(told()) == 1
