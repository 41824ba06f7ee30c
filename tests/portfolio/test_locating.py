"""Where differences arose, read from PostgreSQL: the same as the engine says, and explained."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.causes import CauseKind
from portfolio.engine.judging import judge
from portfolio.engine.locating import locate
from portfolio.models import Checkpoint, Connection, Holding, Stream
from portfolio.selectors import locating, reconciliation
from portfolio.services import manual_entries
from portfolio.services.manual_entries import Told
from tests import factories
from tests.engine import lives
from tests.factories import NOW

D = Decimal
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NONE: frozenset[str] = frozenset()


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def stream(connection: Connection) -> Stream:
    made = factories.stream(connection, "trades:BTCEUR")
    factories.coverage(made, NOW - 90 * DAY, NOW)
    return made


def point(holding: Holding, at: datetime, reported: str) -> None:
    Checkpoint.objects.create(holding=holding, at=at, reported=D(reported), ledger=D(0))


def book(stream: Stream, amount: str, at: datetime, **fields: str) -> None:
    factories.transaction(stream, (amount, "BTC"), at=at, **fields)


def explained(holding: Holding, unserved: frozenset[str] = NONE) -> locating.Place:
    return locating.explained(holding, unserved=unserved)


@pytest.fixture
def missing(stream: Stream) -> Holding:
    """10 came in and was seen; 2 more are reported from the fifth day on, with no record."""
    holding = factories.holding(stream.connection, "BTC", "10", reported="12")
    book(stream, "10", NOW - 20 * DAY, kind="deposit")
    for day in range(10, 0, -1):
        point(holding, NOW - day * DAY, "10" if day > 5 else "12")
    return holding


def test_the_stretch_is_named_with_what_agreed_last(missing: Holding) -> None:
    found = explained(missing)
    (finding,) = found.findings
    step = finding.step
    assert (step.amount, step.after, step.until) == (D(2), NOW - 6 * DAY, NOW - 5 * DAY)
    assert found.located is not None
    assert found.located.agreed_at == NOW - 6 * DAY
    assert finding.causes[0].kind == CauseKind.MISSING
    assert [p.at for p in found.checkpoints] == [NOW - day * DAY for day in range(1, 11)]


def test_a_late_record_mends_it(missing: Holding, stream: Stream) -> None:
    book(stream, "2", NOW - 5.5 * DAY)
    assert not explained(missing).findings


def test_other_wallets_assets_and_connections_play_no_part(
    missing: Holding, stream: Stream, owner: User
) -> None:
    factories.transaction(stream, ("2", "BTC"), at=NOW - 5.5 * DAY, wallet="earn")
    factories.transaction(stream, ("2", "ETH"), at=NOW - 5.5 * DAY)
    elsewhere = factories.stream(factories.connection(owner), "ledger")
    factories.transaction(elsewhere, ("2", "BTC"), at=NOW - 5.5 * DAY)
    assert explained(missing).findings[0].step.amount == 2


def test_failures_holes_and_what_is_not_served_are_named(missing: Holding, stream: Stream) -> None:
    deposits = factories.stream(missing.connection, "deposits")
    factories.coverage(deposits, NOW - 90 * DAY, NOW - 7 * DAY)
    factories.coverage(deposits, NOW - 5.8 * DAY, NOW - 5.2 * DAY, "failed")
    factories.coverage(deposits, NOW - 5 * DAY, NOW)
    found = explained(missing, frozenset({"rewards"}))
    kinds = [cause.kind for cause in found.findings[0].causes]
    assert kinds[:3] == [CauseKind.FAILED, CauseKind.HOLE, CauseKind.NOT_SERVED]


def test_unreadable_records_of_the_stretch_are_named(missing: Holding, stream: Stream) -> None:
    factories.raw_record(stream, occurred_at=NOW - 5.5 * DAY, problem="ValueError: no amount")
    cause = explained(missing).findings[0].causes[0]
    assert (cause.kind, cause.record_kind) == (CauseKind.UNREADABLE, "trades")


def test_a_doubled_record_is_linked(stream: Stream) -> None:
    holding = factories.holding(stream.connection, "BTC", "14", reported="12")
    book(stream, "10", NOW - 20 * DAY)
    for key in ("one", "two"):
        book(stream, "2", NOW - 5.5 * DAY, key=key)
    for day in range(10, 0, -1):
        point(holding, NOW - day * DAY, "10" if day > 5 else "12")
    (finding,) = explained(holding).findings
    cause = finding.causes[0]
    assert cause.kind == CauseKind.DOUBLED
    assert cause.entry is not None
    assert cause.entry.ref in set(
        stream.connection.transactions.filter(key__in=["one", "two"]).values_list("pk", flat=True)
    )
    assert cause.entry.stream == "trades"


def test_a_doubled_record_of_long_ago_is_found_by_its_amount(stream: Stream) -> None:
    holding = factories.holding(stream.connection, "BTC", "14", reported="12")
    book(stream, "10", NOW - 80 * DAY)
    for number in range(2):
        book(stream, "2", NOW - 70 * DAY, key=f"twin{number}")
    point(holding, NOW - 2 * DAY, "12")
    point(holding, NOW - DAY, "12")
    (finding,) = explained(holding).findings
    assert finding.step.after is None
    assert finding.causes[0].kind == CauseKind.DOUBLED


def test_a_movement_between_wallets_is_recognised(missing: Holding, stream: Stream) -> None:
    other = factories.holding(missing.connection, "BTC", "3", wallet="earn", reported="1")
    factories.transaction(stream, ("3", "BTC"), at=NOW - 20 * DAY, wallet="earn")
    for day in range(10, 0, -1):
        point(other, NOW - day * DAY, "3" if day > 5 else "1")
    cause = explained(missing).findings[0].causes[0]
    assert (cause.kind, cause.wallet) == (CauseKind.OTHER_WALLET, "earn")


def test_a_race_between_balance_and_record_is_no_difference(stream: Stream) -> None:
    holding = factories.holding(stream.connection, "BTC", "12", reported="12")
    book(stream, "10", NOW - 20 * DAY)
    book(stream, "2", NOW - 5 * DAY + timedelta(seconds=30))
    point(holding, NOW - 6 * DAY, "10")
    point(holding, NOW - 5 * DAY, "12")
    point(holding, NOW - DAY, "12")
    assert not explained(holding).findings


# --- Opening balances -------------------------------------------------------------------------


@pytest.fixture
def horizon(stream: Stream) -> Holding:
    """The exchange serves nothing older than 90 days; 5 were there before."""
    factories.coverage(stream, NOW - 400 * DAY, NOW - 90 * DAY, "unavailable")
    holding = factories.holding(stream.connection, "BTC", "1", reported="6")
    book(stream, "1", NOW - 4.5 * DAY)
    for day in range(10, 0, -1):
        point(holding, NOW - day * DAY, "5" if day > 4 else "6")
    return holding


def test_an_opening_balance_is_proposed_where_the_beginning_is_not_served(
    horizon: Holding,
) -> None:
    found = explained(horizon)
    assert found.proposal is not None
    assert (found.proposal.amount, found.proposal.at) == (D(5), NOW - 90 * DAY)
    assert found.findings[0].causes[0].kind == CauseKind.HORIZON


def test_none_is_proposed_where_the_difference_moved(horizon: Holding) -> None:
    point(horizon, NOW, "9")
    assert explained(horizon).proposal is None


def test_none_is_proposed_where_all_is_served(missing: Holding) -> None:
    assert explained(missing).proposal is None


def test_an_accepted_opening_makes_all_checkpoints_agree(horizon: Holding, owner: User) -> None:
    told = Told("opening", D(5), NOW - 90 * DAY, note="from the old account")
    manual_entries.enter(
        user=owner, connection=horizon.connection, wallet="spot", asset="BTC", told=told
    )
    horizon.refresh_from_db()
    found = explained(horizon)
    assert not found.findings
    assert found.proposal is None
    assert found.row.agrees
    assert (found.row.opening, found.row.ledger) == (D(5), D(6))


# --- The sheet --------------------------------------------------------------------------------


def test_opening_and_sums_make_the_ledger(connection: Connection, stream: Stream) -> None:
    factories.transaction(stream, ("2.5", "BTC"), ("-0.000000000000000001", "BTC", "fee"))
    factories.transaction(stream, ("-1", "BTC"), kind="withdrawal")
    holding = factories.holding(connection, "BTC", "1.499999999999999999", reported="1.5")
    factories.holding(connection, "ETH", "0", reported="0")
    manual_entries.enter(
        user=connection.owner,
        connection=connection,
        wallet="spot",
        asset="BTC",
        told=Told("opening", D(3), NOW - 100 * DAY),
    )
    holding.refresh_from_db()
    proof = reconciliation.proof(connection.owner, connection.pk)
    (row,) = proof.rows
    sums = {part.kind: f"{part.amount:f}" for part in row.sums}
    assert sums == {"trade": "2.5", "withdrawal": "-1", "fees": "-0.000000000000000001"}
    assert money.add(row.opening, row.records) == row.ledger == holding.quantity
    assert row.difference == D("-2.999999999999999999")
    assert proof.differing == 1


def test_both_take_a_fixed_number_of_queries(
    missing: Holding,
    stream: Stream,
    connection: Connection,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(6):
        factories.transaction(stream, ("1", f"COIN{number}"), at=NOW - 5.5 * DAY)
        factories.holding(connection, f"COIN{number}", "1", reported="2")
        extra = factories.stream(connection, f"trades:COIN{number}EUR")
        factories.coverage(extra, NOW - 90 * DAY, NOW)
    with django_assert_max_num_queries(5):
        reconciliation.proof(connection.owner, connection.pk)
    with django_assert_max_num_queries(10):
        locating.place(connection.owner, connection.pk, "spot", "BTC", unserved=NONE)


# --- As the engine ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", lives.FAULTS)
def test_postgresql_says_what_the_engine_says(connection: Connection, kind: str) -> None:
    told = lives.life(7, days=30, number=120)
    fault = lives.fault(told, kind, 7)
    stream = factories.stream(connection, "trades")
    for record in fault.stored:
        moves = [(f"{a:f}", place[1]) for place, a, _ in record.postings if place[0] == "spot"]
        factories.transaction(stream, *moves, kind=record.kind, at=record.at)
    places = [place for place in told.places if place[0] == "spot"]
    for place in places:
        points = lives.checkpoints(told, fault.stored, place)
        holding = factories.holding(connection, place[1], "0", reported="0")
        Checkpoint.objects.bulk_create(
            Checkpoint(holding=holding, at=c.at, reported=c.reported, ledger=D(0)) for c in points
        )
        known = lives.entries(fault.stored, place)
        wanted = locate(judge(points, known), known)
        assert wanted is not None
        found = explained(holding).located
        assert found is not None
        assert found.steps == wanted.steps
        assert found.agreed_at == wanted.agreed_at


# --- The command ------------------------------------------------------------------------------


def test_the_command_prints_where_it_came_apart(
    missing: Holding, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    factories.holding(factories.connection(connection.owner), "ETH", "1")
    call_command("reconcile", connection.owner.email, "--json")
    rows = json.loads(capsys.readouterr().out)
    assert {row["asset"] for row in rows} == {"BTC", "ETH"}
    call_command("reconcile", connection.owner.email, "--json", "--connection", str(connection.pk))
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["ledger"], row["reported"], row["discrepancy"]) == ("10", "12", "2")
    assert row["sums"] == {"deposit": "10"}
    (step,) = row["located"]
    assert step["amount"] == "2"
    assert step["until"] == (NOW - 5 * DAY).isoformat()
    assert step["causes"][0]["kind"] == "missing"
    call_command("reconcile", connection.owner.email)
    assert "2 between 2026-11-14T12:00:00+00:00 and" in capsys.readouterr().out
