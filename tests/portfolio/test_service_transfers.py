"""Transfers in the database: found once, decided by people, never used twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, User
from portfolio import tasks
from portfolio.engine import transfers as engine
from portfolio.models import Posting, Stream, Transaction, TransferLink
from portfolio.selectors.transfer_legs import open_legs
from portfolio.services import ledger, sync, transfer_matching, transfers
from portfolio.services.transfers import TransferProblem
from tests import factories

HASH = "ab" * 32
Status = TransferLink.Status


@dataclass
class World:
    """Two accounts of one person."""

    owner: User
    here: Stream
    there: Stream

    def sent(self, amount: str = "1.23456", minutes: float = 0, **detail: str) -> Transaction:
        moved = (f"-{amount}", "ETH"), ("-0.001", "ETH", "fee")
        return self._made(self.here, "withdrawal", moved, minutes, detail)

    def arrived(self, amount: str = "1.23456", minutes: float = 30, **detail: str) -> Transaction:
        return self._made(self.there, "deposit", ((amount, "ETH"),), minutes, detail)

    def _made(
        self, stream: Stream, kind: str, moved: Any, minutes: float, detail: dict[str, str]
    ) -> Transaction:
        at = factories.NOW + timedelta(minutes=minutes)
        return factories.transaction(stream, *moved, kind=kind, at=at, detail=detail)

    def link(self) -> TransferLink:
        return TransferLink.objects.get()


@pytest.fixture
def world(owner: User) -> World:
    return _world(owner)


def _world(owner: User) -> World:
    here = factories.connection(owner, exchange="binance", label="Binance")
    there = factories.connection(owner, exchange="kraken", label="Kraken")
    return World(owner, factories.stream(here), factories.stream(there))


def _dump() -> list[dict[str, Any]]:
    return [dict(row) for row in TransferLink.objects.order_by("pk").values()]


def _notes(owner: User) -> list[str]:
    return list(
        AuditEvent.objects.filter(user=owner).order_by("id").values_list("action", flat=True)
    )


# --- Matching ---------------------------------------------------------------------------------


def test_what_is_certain_is_accepted_and_what_is_likely_proposed(world: World) -> None:
    sure = world.sent(txid=HASH), world.arrived(txid=f"0x{HASH.upper()}")
    likely = world.sent("7.65432", 500), world.arrived("7.65432", 520)
    made = transfer_matching.match(world.owner.pk)
    assert (made.accepted, made.proposed) == (1, 1)
    rows = {row.outgoing_id: row for row in TransferLink.objects.all()}
    accepted, proposed = rows[sure[0].pk], rows[likely[0].pk]
    assert (accepted.incoming_id, accepted.status, accepted.how) == (
        sure[1].pk,
        "accepted",
        "automatic",
    )
    assert accepted.decided_at is not None
    assert (proposed.incoming_id, proposed.status, proposed.decided_at) == (
        likely[1].pk,
        "proposed",
        None,
    )
    assert {reason["rule"] for reason in proposed.reasons} == {"amount", "time"}
    assert _notes(world.owner) == ["transfers accepted automatically"]


def test_matching_again_changes_nothing(world: World) -> None:
    world.sent(txid=HASH), world.arrived(txid=HASH)
    world.sent("7.65432", 500), world.arrived("7.65432", 520)
    transfer_matching.match(world.owner.pk)
    before = _dump()
    again = transfer_matching.match(world.owner.pk)
    assert (again.accepted, again.proposed, again.dropped) == (0, 0, 0)
    assert _dump() == before
    assert len(_notes(world.owner)) == 1


def test_only_movements_without_a_transfer_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sent(txid=HASH), world.arrived(txid=HASH)
    transfer_matching.match(world.owner.pk)
    seen: list[int] = []
    find = engine.match

    def count(outgoing: Any, incoming: Any, known: Any) -> Any:
        seen.append(len(outgoing) + len(incoming))
        return find(outgoing, incoming, known)

    monkeypatch.setattr(engine, "match", count)
    world.sent("2.5")
    transfer_matching.match(world.owner.pk)
    assert seen == [1]


def test_a_proposal_becomes_certain_when_the_id_is_told(world: World) -> None:
    sent, arrived = world.sent(txid=HASH), world.arrived()
    transfer_matching.match(world.owner.pk)
    first = world.link()
    assert first.status == Status.PROPOSED
    arrived.detail = {"txid": HASH}
    arrived.save()
    assert transfer_matching.match(world.owner.pk).accepted == 1
    row = world.link()
    assert (row.pk, row.status, row.outgoing_id) == (first.pk, Status.ACCEPTED, sent.pk)


def test_a_proposal_that_is_no_longer_the_best_goes(world: World) -> None:
    world.sent(txid=HASH)
    world.arrived(minutes=60)
    transfer_matching.match(world.owner.pk)
    better = world.arrived(minutes=90, txid=HASH)
    transfer_matching.match(world.owner.pk)
    assert world.link().incoming_id == better.pk


def test_a_transfer_whose_record_changed_no_longer_holds(world: World) -> None:
    sent, _ = world.sent(txid=HASH), world.arrived(txid=HASH)
    transfer_matching.match(world.owner.pk)
    sent.postings.all().delete()  # the withdrawal failed after all
    transfer_matching.match(world.owner.pk)
    assert not TransferLink.objects.exists()
    assert _notes(world.owner)[-1] == "transfers dropped, their records changed"


def test_moves_told_whole_and_trades_are_no_movements(world: World) -> None:
    factories.transaction(world.here, ("-1", "ETH"), ("1", "ETH"), kind="transfer")
    factories.transaction(world.here, ("-1", "ETH"), ("2000", "EUR"), kind="trade")
    factories.transaction(world.here, kind="withdrawal")  # cancelled
    legs = open_legs(world.owner.pk)
    assert (legs.outgoing, legs.incoming) == ((), ())


def test_every_digit_reaches_the_engine(world: World) -> None:
    world.sent("0.000000000000000001234567890123456789")
    (leg,) = open_legs(world.owner.pk).outgoing
    assert leg.amount == Decimal("0.000000000000000001234567890123456789")
    assert leg.fee == Decimal("0.001")


def test_a_batch_is_accepted_in_parts(world: World) -> None:
    out = world.sent("10", txid=HASH)
    parts = [world.arrived("6.25", txid=HASH), world.arrived("3.75", txid=HASH)]
    assert transfer_matching.match(world.owner.pk).accepted == 2
    rows = TransferLink.objects.filter(outgoing=out, status=Status.ACCEPTED, is_part=True)
    assert {(row.incoming_id, row.sent) for row in rows} == {
        (parts[0].pk, Decimal("6.25")),
        (parts[1].pk, Decimal("3.75")),
    }
    assert not open_legs(world.owner.pk).outgoing


def test_another_persons_deposit_is_no_counterpart(world: World, other: User) -> None:
    foreign = _world(other)
    world.sent(txid=HASH)
    foreign.arrived(txid=HASH)
    transfer_matching.match(world.owner.pk)
    transfer_matching.match(other.pk)
    assert not TransferLink.objects.exists()


def test_a_decision_made_while_it_matches_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, arrived = world.sent("5.4321"), world.arrived("5.4321", 60)
    rival = world.arrived("5.4321", 5)
    leg = open_legs(world.owner.pk, transaction_id=sent.pk).outgoing[0]
    find = engine.match

    def meanwhile(*args: Any) -> Any:
        found = find(*args)
        parts = {f"{arrived.pk}:ETH": Decimal("5.4321")}
        transfers.link_by_hand(user=world.owner, outgoing=leg, parts=parts)
        return found

    monkeypatch.setattr(engine, "match", meanwhile)
    transfer_matching.match(world.owner.pk)
    row = world.link()
    assert (row.incoming_id, row.status) == (arrived.pk, Status.ACCEPTED)
    assert row.incoming_id != rival.pk


def test_the_worker_matches_when_a_run_is_over(
    world: World, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "run_slice", lambda *args, **options: sync.Slice.FINISHED)
    tasks.sync_connection(str(world.here.connection_id))
    assert ("match_transfers", (world.owner.pk,)) in sent.calls


def test_the_task_stores_what_it_finds(world: World) -> None:
    world.sent(txid=HASH), world.arrived(txid=HASH)
    tasks.match_transfers(world.owner.pk)
    assert world.link().status == Status.ACCEPTED


def test_history_that_is_deleted_takes_its_transfers_along(world: World) -> None:
    world.sent(txid=HASH), world.arrived(txid=HASH)
    transfer_matching.match(world.owner.pk)
    ledger.forget(world.there.connection)
    assert not TransferLink.objects.exists()
    assert Transaction.objects.count() == 1


# --- Decisions --------------------------------------------------------------------------------


@pytest.fixture
def proposal(world: World) -> TransferLink:
    world.sent(), world.arrived()
    transfer_matching.match(world.owner.pk)
    return world.link()


def test_a_proposal_can_be_accepted_and_undone(world: World, proposal: TransferLink) -> None:
    postings = list(Posting.objects.order_by("pk").values())
    transfers.accept(user=world.owner, link_id=proposal.pk)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.how) == (Status.ACCEPTED, "by_hand")
    with pytest.raises(TransferProblem):
        transfers.accept(user=world.owner, link_id=proposal.pk)
    transfers.undo(user=world.owner, link_id=proposal.pk)
    proposal.refresh_from_db()
    assert proposal.status == Status.UNDONE
    transfer_matching.match(world.owner.pk)
    proposal.refresh_from_db()
    assert proposal.status == Status.UNDONE, "what a person undid is not done again"
    assert _notes(world.owner) == ["transfer accepted", "transfer undone"]
    assert list(Posting.objects.order_by("pk").values()) == postings


def test_a_refusal_is_remembered_until_it_is_taken_back(
    world: World, proposal: TransferLink
) -> None:
    transfers.refuse(user=world.owner, link_id=proposal.pk)
    for _ in range(2):
        transfer_matching.match(world.owner.pk)
        assert world.link().status == Status.REFUSED
    with pytest.raises(TransferProblem):
        transfers.refuse(user=world.owner, link_id=proposal.pk)
    transfers.undo(user=world.owner, link_id=proposal.pk)
    assert world.link().status == Status.PROPOSED
    assert _notes(world.owner) == ["transfer refused", "refusal of a transfer taken back"]


def test_certain_ones_that_were_undone_stay_undone(world: World) -> None:
    world.sent(txid=HASH), world.arrived(txid=HASH)
    transfer_matching.match(world.owner.pk)
    transfers.undo(user=world.owner, link_id=world.link().pk)
    transfer_matching.match(world.owner.pk)
    assert world.link().status == Status.UNDONE


def test_accepting_voids_other_proposals_for_the_same_coins(
    world: World, proposal: TransferLink
) -> None:
    rival = factories.transfer(proposal.outgoing, world.arrived("1.23456", 300))
    transfers.accept(user=world.owner, link_id=rival.pk)
    assert world.link().pk == rival.pk


def test_a_refused_one_cannot_take_what_another_transfer_has(
    world: World, proposal: TransferLink
) -> None:
    transfers.refuse(user=world.owner, link_id=proposal.pk)
    world.arrived(minutes=40)
    transfer_matching.match(world.owner.pk)
    second = TransferLink.objects.get(status=Status.PROPOSED)
    transfers.accept(user=world.owner, link_id=second.pk)
    with pytest.raises(TransferProblem, match="already"):
        transfers.accept(user=world.owner, link_id=proposal.pk)


def test_nobody_decides_for_another(other: User, proposal: TransferLink) -> None:
    for decide in (transfers.accept, transfers.refuse, transfers.undo):
        with pytest.raises(TransferLink.DoesNotExist):
            decide(user=other, link_id=proposal.pk)
    proposal.refresh_from_db()
    assert proposal.status == Status.PROPOSED


# --- By hand ----------------------------------------------------------------------------------


def _by_hand(world: World, out: Transaction, parts: dict[Transaction, str]) -> None:
    leg = open_legs(world.owner.pk, transaction_id=out.pk).outgoing[0]
    told = {f"{into.pk}:ETH": Decimal(amount) for into, amount in parts.items()}
    transfers.link_by_hand(user=world.owner, outgoing=leg, parts=told)


def test_a_withdrawal_is_split_by_hand_and_what_is_left_stays_open(world: World) -> None:
    out, one, two = world.sent("10"), world.arrived("6", 900), world.arrived("3", 5000)
    _by_hand(world, out, {one: "6", two: "3"})
    (rest,) = open_legs(world.owner.pk).outgoing
    assert rest.amount == 1
    late = world.arrived("1", 9000)
    _by_hand(world, out, {late: "1"})
    assert not open_legs(world.owner.pk).outgoing
    assert TransferLink.objects.filter(is_part=True, status=Status.ACCEPTED).count() == 3
    transfers.undo(user=world.owner, link_id=TransferLink.objects.latest("pk").pk)
    assert not TransferLink.objects.filter(status=Status.ACCEPTED).exists()


def test_no_more_is_sent_than_left(world: World) -> None:
    out, one, two = world.sent("10"), world.arrived("6"), world.arrived("5")
    for parts in ({one: "6", two: "5"}, {one: "-1"}, {one: "0"}, {}):
        with pytest.raises(TransferProblem):
            _by_hand(world, out, parts)
    assert not TransferLink.objects.exists()


def test_a_deposit_cannot_be_linked_twice(world: World) -> None:
    first, second, into = world.sent("10"), world.sent("10"), world.arrived("10")
    _by_hand(world, first, {into: "10"})
    assert world.link().is_part is False
    with pytest.raises(TransferProblem):
        _by_hand(world, second, {into: "10"})


def test_only_own_deposits_can_be_linked(world: World, other: User) -> None:
    out, foreign = world.sent("10"), _world(other).arrived("10")
    with pytest.raises(TransferProblem):
        _by_hand(world, out, {foreign: "10"})


# --- What the database itself refuses ---------------------------------------------------------


@pytest.mark.parametrize("side", ["incoming", "outgoing"])
def test_the_database_takes_no_movement_twice(world: World, side: str) -> None:
    out, into = world.sent(), world.arrived()
    factories.transfer(out, into, status=Status.ACCEPTED)
    pair = (world.sent(), into) if side == "incoming" else (out, world.arrived())
    with pytest.raises(IntegrityError, match=f"{side}_once"), transaction.atomic():
        factories.transfer(*pair, status=Status.ACCEPTED)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_both_take_a_deposit(transactional_db: None) -> None:
    world = _world(factories.user("two@example.org"))
    into = world.arrived("10")
    outs = [world.sent("10"), world.sent("10")]
    start = threading.Barrier(2)
    ended: list[str] = []

    def run(act: Callable[[], None]) -> None:
        start.wait()
        try:
            act()
            ended.append("done")
        except TransferProblem:
            ended.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=[lambda out=out: _by_hand(world, out, {into: "10"})])
        for out in outs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["done", "refused"]
    assert TransferLink.objects.filter(status=Status.ACCEPTED).count() == 1
