"""Opening balances and adjustments by hand: booked, changed, withdrawn, undone, logged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from portfolio.models import (
    BalanceMark,
    Connection,
    Holding,
    ManualEntry,
    Posting,
    RawRecord,
    Transaction,
    ValuationState,
)
from portfolio.services import ledger, manual_entries
from portfolio.services.manual_entries import EntryProblem, Told
from tests import factories
from tests.factories import NOW

D = Decimal
DAY = timedelta(days=1)
OPENING = Told("opening", D("1.5"), NOW - 9 * DAY, cost=D("300.10"), cost_currency="EUR")
FIX = Told("adjustment", D("-0.2"), NOW - DAY, note="Lost in the merger of two wallets.")


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def holding(connection: Connection) -> Holding:
    return factories.holding(connection, "BTC", "2", reported="3.5")


def enter(holding: Holding, told: Told = OPENING) -> ManualEntry:
    return manual_entries.enter(
        user=holding.owner,
        connection=holding.connection,
        wallet=holding.wallet,
        asset=holding.asset,
        told=told,
    )


def quantity(holding: Holding) -> Decimal:
    return Holding.objects.get(pk=holding.pk).quantity


def booked() -> list[tuple[str, Decimal, str]]:
    rows = Posting.objects.order_by("id").values_list(
        "transaction__kind", "amount", "transaction__manual_entry__kind"
    )
    return list(rows)


def test_an_entry_is_booked_without_touching_records(holding: Holding) -> None:
    stream = factories.stream(holding.connection)
    factories.transaction(stream, ("2", "BTC"))
    before = list(RawRecord.objects.values())
    entry = enter(holding)
    assert quantity(holding) == D("3.5")
    assert booked()[-1] == ("adjustment", D("1.5"), "opening")
    assert (entry.cost, entry.cost_currency) == (D("300.10"), "EUR")
    assert list(RawRecord.objects.values()) == before
    assert ValuationState.objects.get(owner=holding.owner).stale_from == OPENING.occurred_at.date()


def test_a_change_replaces_it_and_can_be_undone(holding: Holding, owner: User) -> None:
    entry = enter(holding)
    newer = manual_entries.change(user=owner, entry=entry, told=replace(OPENING, amount=D(4)))
    assert quantity(holding) == 6
    assert [amount for _, amount, _ in booked()] == [D(4)]
    with pytest.raises(EntryProblem, match="changed meanwhile"):
        manual_entries.withdraw(user=owner, entry=entry)
    back = manual_entries.undo(user=owner, entry=newer)
    assert back.pk == entry.pk
    assert quantity(holding) == D("3.5")
    assert [amount for _, amount, _ in booked()] == [D("1.5")]
    with pytest.raises(EntryProblem, match="nothing to undo"):
        manual_entries.undo(user=owner, entry=back)


def test_a_withdrawn_entry_leaves_the_ledger_and_can_come_back(
    holding: Holding, owner: User
) -> None:
    entry = enter(holding, FIX)
    assert quantity(holding) == D("1.8")
    manual_entries.withdraw(user=owner, entry=entry)
    assert quantity(holding) == 2
    assert not Transaction.objects.exists()
    with pytest.raises(EntryProblem, match="withdrawn already"):
        manual_entries.withdraw(user=owner, entry=entry)
    with pytest.raises(EntryProblem, match="undo that first"):
        manual_entries.change(user=owner, entry=entry, told=FIX)
    manual_entries.undo(user=owner, entry=entry)
    assert quantity(holding) == D("1.8")


def test_each_step_is_in_the_log(holding: Holding, owner: User) -> None:
    entry = enter(holding)
    newer = manual_entries.change(user=owner, entry=entry, told=FIX)
    manual_entries.withdraw(user=owner, entry=newer)
    manual_entries.undo(user=owner, entry=newer)
    actions = list(AuditEvent.objects.order_by("id").values_list("action", "detail__amount"))
    assert actions == [
        ("entry made by hand", "1.5 BTC"),
        ("entry by hand changed", "-0.2 BTC"),
        ("entry by hand withdrawn", "-0.2 BTC"),
        ("change of an entry by hand undone", "-0.2 BTC"),
    ]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (replace(OPENING, amount=D(0)), "other than zero"),
        (replace(OPENING, amount=D("1e60")), "other than zero"),
        (replace(OPENING, amount=D(-1)), "more than zero"),
        (replace(FIX, note=" "), "note"),
        (replace(FIX, occurred_at=timezone.now() + DAY), "already come"),
    ],
)
def test_what_makes_no_sense_is_refused(holding: Holding, told: Told, why: str) -> None:
    with pytest.raises(EntryProblem, match=why):
        enter(holding, told)
    assert quantity(holding) == 2


def test_another_person_cannot_enter_or_undo(holding: Holding, other: User) -> None:
    entry = enter(holding)
    with pytest.raises(Connection.DoesNotExist):
        manual_entries.enter(
            user=other, connection=holding.connection, wallet="spot", asset="BTC", told=FIX
        )
    for action in (manual_entries.withdraw, manual_entries.undo):
        with pytest.raises(Connection.DoesNotExist):
            action(user=other, entry=entry)


def test_a_place_that_does_not_exist_is_refused(holding: Holding, owner: User) -> None:
    with pytest.raises(EntryProblem, match="no such wallet"):
        manual_entries.enter(
            user=owner, connection=holding.connection, wallet="moon", asset="BTC", told=FIX
        )


def test_falls_are_measured_as_before(holding: Holding) -> None:
    BalanceMark.objects.create(holding=holding, reported=D("3.5"), quantity=D(2), at=NOW)
    enter(holding)
    assert BalanceMark.objects.get().quantity == D("3.5")


def test_it_goes_with_the_history(holding: Holding) -> None:
    enter(holding)
    with transaction.atomic():
        ledger.forget(holding.connection)
    assert not ManualEntry.objects.exists()
    assert not Posting.objects.exists()
