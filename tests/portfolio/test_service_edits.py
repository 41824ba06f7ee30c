"""Edits lie over what was told: made, refused in words, followed by records, taken back, logged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, User
from portfolio.engine.edits import Leg, Part
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import (
    BalanceMark,
    Connection,
    DailyValue,
    Edit,
    EditPart,
    Holding,
    Note,
    Posting,
    Stream,
    Tag,
    Transaction,
    TransferLink,
    ValuationState,
)
from portfolio.selectors import ledger as reads
from portfolio.selectors.transfer_legs import open_legs
from portfolio.services import (
    edit_marks,
    edit_reverts,
    edits,
    ledger,
    manual_entries,
    price_needs,
    transfer_matching,
    valuation,
)
from portfolio.services.edits import Added, EditProblem
from portfolio.services.manual_entries import Told
from tests import factories

D = Decimal
K = TransactionKind
NOW = factories.NOW
SECOND = 1_760_000_000


@pytest.fixture
def kraken(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def stream(kraken: Connection) -> Stream:
    return factories.stream(kraken, "ledger", record_count=0)


def entry(ident: str, amount: str, **more: Any) -> FetchedRecord:
    """A row of Kraken's ledger."""
    row: dict[str, Any] = {"refid": f"R-{ident}", "time": SECOND, "type": "deposit", "fee": "0"}
    row |= {"asset": "XXBT", "amount": amount} | more
    return FetchedRecord(ident, datetime.fromtimestamp(SECOND, UTC), json.dumps({ident: row}))


def store(stream: Stream, *records: FetchedRecord) -> list[Transaction]:
    """Books records as syncing does; returns what they told of."""
    with transaction.atomic():
        ledger.store(stream, records, endpoint="POST /0/private/Ledgers", now=NOW)
    idents = [record.external_id for record in records]
    raws = stream.raw_records.filter(external_id__in=idents).order_by("external_id")
    return [raw.transaction for raw in raws if raw.transaction is not None]


def held(of: Connection) -> dict[str, Decimal]:
    return {h.asset: h.quantity for h in Holding.objects.filter(connection=of) if h.quantity}


def shown(user: User) -> list[tuple[str, list[str]]]:
    rows = reads.page(user, reads.Filters()).rows
    return [(row.kind, sorted(f"{p.amount:f}" for p in row.postings.all())) for row in rows]


def whole(row: Transaction, *shares: str) -> list[Part]:
    """A split of a transaction of one amount."""
    return [Part(TransactionKind(row.kind), (D(share),)) for share in shares]


def leg(amount: str, asset: str = "BTC", role: str = "principal") -> Leg:
    return Leg("spot", asset, D(amount), PostingRole(role), NOW - timedelta(days=1))


# --- Each kind --------------------------------------------------------------------------------


def test_reclassified_keeps_amounts_record_and_key(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    done = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP, reason="a gift")
    (edit,) = done.edits
    made = edit.made.get()
    assert shown(owner) == [("airdrop", ["1.5"])]
    assert made.key == told.key
    assert made.postings.get().raw_record == told.postings.get().raw_record
    assert (edit.made_by, edit.reason, done.batch) == (owner, "a gift", None)
    assert edit.data["before"][0]["kind"] == "deposit"
    assert held(stream.connection) == {"BTC": D("1.5")}
    told.refresh_from_db()
    assert told.is_replaced
    assert not told.postings.get().counts
    assert AuditEvent.objects.latest("pk").action == "transactions reclassified"


def test_a_split_adds_up_exactly_or_is_refused(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.000000000000000001"))
    for shares in (["1", "0"], ["1", "0.1"], ["2", "-0.999999999999999999"], ["0", "0"]):
        with pytest.raises(EditProblem):
            edits.split(user=owner, transaction_id=told.pk, parts=whole(told, *shares))
    assert not Edit.objects.exists()
    assert shown(owner) == [("deposit", ["1.000000000000000001"])]
    parts = whole(told, "1", "0.000000000000000001")
    edits.split(user=owner, transaction_id=told.pk, parts=parts)
    amounts = sorted(amount for _kind, (amount,) in shown(owner))
    assert amounts == ["0.000000000000000001", "1"]
    assert held(stream.connection) == {"BTC": D("1.000000000000000001")}


def test_two_halves_become_one_conversion(stream: Stream, owner: User) -> None:
    halves = store(stream, entry("L1", "-2"), entry("L2", "0.1", asset="XETH"))
    ids = [row.pk for row in halves]
    edits.merge(user=owner, ids=ids, kind=K.CONVERSION)
    assert shown(owner) == [("conversion", ["-2", "0.1"])]
    assert held(stream.connection) == {"BTC": D(-2), "ETH": D("0.1")}


def test_only_of_one_connection_can_be_merged(stream: Stream, owner: User) -> None:
    elsewhere = factories.stream(factories.connection(owner, exchange="binance"))
    one, two = factories.transaction(stream, ("-1", "BTC")), factories.transaction(elsewhere)
    with pytest.raises(EditProblem, match="one connection"):
        edits.merge(user=owner, ids=[one.pk, two.pk], kind=K.CONVERSION)


def test_added_by_hand_it_counts_and_falls_are_measured_from_there(
    kraken: Connection, owner: User
) -> None:
    btc = factories.holding(kraken, "BTC", "2")
    mark = BalanceMark.objects.create(holding=btc, reported=D(2), quantity=D(2), at=NOW)
    told = Added(K.TRADE, (leg("0.5"), leg("-100", "EUR"), leg("-1", "EUR", "fee")), note="in cash")
    edit = edits.add(user=owner, connection_id=kraken.pk, told=told)
    assert held(kraken) == {"BTC": D("2.5"), "EUR": D(-101)}
    mark.refresh_from_db()
    assert mark.quantity == D("2.5")
    assert Note.objects.get().text == "in cash"
    assert ValuationState.objects.get().stale_from == (NOW - timedelta(days=1)).date()
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    assert held(kraken) == {"BTC": D(2)}
    assert not Transaction.objects.exists()


BAD: list[Added] = [
    Added(K.TRADE, ()),
    Added(K.TRADE, (leg("1"),)),
    Added(K.DEPOSIT, (leg("-1"),)),
    Added(K.WITHDRAWAL, (leg("1"),)),
    Added(K.DEPOSIT, (leg("0"),)),
    Added(K.DEPOSIT, (leg("1e60"),)),
    Added(K.DEPOSIT, (leg("1", ""),)),
    Added(K.DEPOSIT, (leg("1", "B" * 41),)),
    Added(K.DEPOSIT, (leg("1", "B\x00"),)),
    Added(K.DEPOSIT, (replace(leg("1"), wallet="attic"),)),
    Added(K.DEPOSIT, (replace(leg("1"), occurred_at=datetime(2999, 1, 1, tzinfo=UTC)),)),
    Added(K.DEPOSIT, (leg("1"),) * 21),
]


@pytest.mark.parametrize("told", BAD, ids=range(len(BAD)))
def test_what_cannot_be_added_changes_nothing(kraken: Connection, owner: User, told: Added) -> None:
    with pytest.raises(EditProblem):
        edits.add(user=owner, connection_id=kraken.pk, told=told)
    assert not Transaction.objects.exists()
    assert not Edit.objects.exists()


def test_hidden_it_is_nowhere_and_the_time_before_it_is_the_beginning(
    stream: Stream, owner: User
) -> None:
    old = factories.transaction(stream, ("1", "BTC"), at=NOW - timedelta(days=800))
    factories.transaction(stream, ("1", "BTC"), at=NOW - timedelta(days=2))
    factories.holding(stream.connection, "BTC", "2")
    valuation.recompute(owner.pk)
    first = DailyValue.objects.filter(owner=owner).order_by("on").values_list("on", flat=True)
    assert first[0] == old.occurred_at.date()
    assert len(reads.years(owner)) == 3
    edits.hide(user=owner, ids=[old.pk])
    later = (NOW - timedelta(days=2)).date()
    assert held(stream.connection) == {"BTC": D(1)}
    assert [need.since["BTC"] for need in price_needs.find(owner.pk)] == [later]
    assert reads.years(owner) == (2026,)
    valuation.recompute(owner.pk)
    assert first.all()[0] == later


def test_what_cannot_be_of_a_kind_is_refused(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    for kind in (K.WITHDRAWAL, K.TRADE, K.DEPOSIT):
        with pytest.raises(EditProblem):
            edits.reclassify(user=owner, ids=[told.pk], kind=kind)
    assert not Edit.objects.exists()


def test_of_many_those_that_cannot_be_are_left_out(stream: Stream, owner: User) -> None:
    rows = [factories.transaction(stream, (a, "BTC"), kind="other") for a in ("1", "2", "-3")]
    done = edits.reclassify(user=owner, ids=[row.pk for row in rows], kind=K.AIRDROP)
    assert len(done.edits) == 2
    assert list(done.left_out.values()) == [1]
    assert {edit.batch for edit in done.edits} == {done.batch}
    assert done.batch is not None
    assert edit_reverts.revert_batch(user=owner, batch=done.batch).number == 2
    assert [kind for kind, _ in shown(owner)] == ["other"] * 3


def test_more_than_the_bound_is_refused(
    stream: Stream, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "MOST", 1)
    rows = [factories.transaction(stream, ("1", "BTC")) for _ in range(2)]
    with pytest.raises(EditProblem, match="At most 1"):
        edits.hide(user=owner, ids=[row.pk for row in rows])


def test_an_entry_by_hand_is_edited_where_it_was_made(kraken: Connection, owner: User) -> None:
    factories.holding(kraken)
    told = Told("adjustment", D("-0.2"), NOW - timedelta(days=1), note="why")
    made = manual_entries.enter(
        user=owner, connection=kraken, wallet="spot", asset="BTC", told=told
    )
    assert made.transaction is not None
    with pytest.raises(EditProblem, match="proof sheet"):
        edits.hide(user=owner, ids=[made.transaction.pk])


def test_nothing_of_another_can_be_edited(stream: Stream, other: User) -> None:
    row = factories.transaction(stream, ("1", "BTC"))
    with pytest.raises(Transaction.DoesNotExist):
        edits.hide(user=other, ids=[row.pk])
    with pytest.raises(Transaction.DoesNotExist):
        edit_marks.note(user=other, transaction_id=row.pk, text="mine")
    told = Added(K.DEPOSIT, (leg("1"),))
    with pytest.raises(Connection.DoesNotExist):
        edits.add(user=other, connection_id=stream.connection_id, told=told)


# --- Layers -----------------------------------------------------------------------------------


def test_layers_come_off_newest_first(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    first = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP).edits[0]
    top = first.made.get()
    second = edits.hide(user=owner, ids=[top.pk]).edits[0]
    origins = second.parts.filter(role=EditPart.Role.ORIGIN)
    assert list(origins.values_list("transaction", flat=True)) == [told.pk]
    with pytest.raises(EditProblem, match="stands in its place"):
        edits.hide(user=owner, ids=[told.pk])
    with pytest.raises(EditProblem, match="later edit stands"):
        edit_reverts.revert(user=owner, edit_id=first.pk)
    edit_reverts.revert(user=owner, edit_id=second.pk)
    assert shown(owner) == [("airdrop", ["1.5"])]
    edit_reverts.revert(user=owner, edit_id=first.pk)
    assert shown(owner) == [("deposit", ["1.5"])]
    with pytest.raises(EditProblem, match="already"):
        edit_reverts.revert(user=owner, edit_id=first.pk)


def test_or_all_that_lie_on_it_together(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    first = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP).edits[0]
    edits.split(user=owner, transaction_id=first.made.get().pk, parts=[
        Part(K.REWARD, (D(1),)), Part(K.INTEREST, (D("0.5"),))
    ])  # fmt: skip
    done = edit_reverts.revert(user=owner, edit_id=first.pk, with_later=True)
    assert done.number == 2
    assert shown(owner) == [("deposit", ["1.5"])]
    assert held(stream.connection) == {"BTC": D("1.5")}


def test_a_batch_stays_where_later_edits_lie_on_it(stream: Stream, owner: User) -> None:
    rows = [factories.transaction(stream, ("1", "BTC"), kind="other") for _ in range(2)]
    done = edits.reclassify(user=owner, ids=[row.pk for row in rows], kind=K.REWARD)
    edits.hide(user=owner, ids=[done.edits[0].made.get().pk])
    assert done.batch is not None
    reverted = edit_reverts.revert_batch(user=owner, batch=done.batch)
    assert (reverted.number, reverted.left) == (1, 1)
    with pytest.raises(EditProblem, match="Later edits"):
        edit_reverts.revert_batch(user=owner, batch=done.batch)


def test_the_database_takes_one_layer_at_a_place(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    edit = edits.hide(user=owner, ids=[told.pk]).edits[0]
    again = Edit.objects.create(owner=owner, connection=stream.connection, kind="hide", made_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        EditPart.objects.create(edit=again, transaction=told, role=EditPart.Role.REPLACED)
    assert edit.parts.count() == 1


# --- Records that change under an edit --------------------------------------------------------


def test_a_changed_record_stays_replaced_and_the_edit_says_so(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    edit = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP).edits[0]
    store(stream, entry("L1", "2"))
    edit.refresh_from_db()
    assert edit.record_changed_at is not None
    assert shown(owner) == [("airdrop", ["1.5"])]
    assert held(stream.connection) == {"BTC": D("1.5")}
    assert [f"{p.amount:f}" for p in Posting.objects.filter(counts=False)] == ["2"]
    store(stream, entry("L1", "1.5"))
    edit.refresh_from_db()
    assert edit.record_changed_at is None
    store(stream, entry("L1", "3"))
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    assert shown(owner) == [("deposit", ["3"])]
    assert held(stream.connection) == {"BTC": D(3)}


def test_an_edit_can_be_kept_as_it_is(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    edit = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP).edits[0]
    with pytest.raises(EditProblem):
        edit_reverts.keep(user=owner, edit_id=edit.pk)
    store(stream, entry("L1", "2"))
    assert edit_reverts.keep(user=owner, edit_id=edit.pk).record_changed_at is None
    store(stream, entry("L1", "2", note="again"))
    edit.refresh_from_db()
    assert edit.record_changed_at is None
    assert edit.data["before"][0]["legs"] == [["spot", "BTC", "2", "principal"]]


def test_a_late_leg_of_an_edited_trade_does_not_count(stream: Stream, owner: User) -> None:
    half = {"refid": "T1", "type": "trade"}
    (told,) = store(stream, entry("L1", "1", **half))
    edit = edits.reclassify(user=owner, ids=[told.pk], kind=K.OTHER).edits[0]
    store(stream, entry("L2", "-100", asset="ZEUR", **half))
    edit.refresh_from_db()
    assert edit.record_changed_at is not None
    assert held(stream.connection) == {"BTC": D(1)}
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    assert held(stream.connection) == {"BTC": D(1), "EUR": D(-100)}


def test_the_same_record_told_again_marks_nothing(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    edit = edits.hide(user=owner, ids=[told.pk]).edits[0]
    store(stream, entry("L1", "1.50", aclass="currency"))
    edit.refresh_from_db()
    assert edit.record_changed_at is None


def test_what_no_record_tells_of_any_more_takes_its_edits_along(
    stream: Stream, owner: User
) -> None:
    one, two = store(stream, entry("L1", "1"), entry("L2", "2"))
    edit = edits.merge(user=owner, ids=[one.pk, two.pk], kind=K.REWARD)
    top = edits.hide(user=owner, ids=[edit.made.get().pk]).edits[0]
    store(stream, entry("L1", "0", type="other"), entry("L2", "5"), entry("L3", "1"))
    gone = entry("L1", "1", refid="R-elsewhere")
    store(stream, gone, entry("L2", "6"))
    for undone in (edit, top):
        undone.refresh_from_db()
        assert undone.is_reverted
        assert undone.reverted_by is None
        assert "no longer tells" in undone.reverted_why
    assert not Transaction.objects.filter(pk=one.pk).exists()
    assert held(stream.connection) == {"BTC": D(8)}
    assert not Posting.objects.filter(counts=False).exists()


# --- Transfers --------------------------------------------------------------------------------


@pytest.fixture
def sides(stream: Stream, owner: User) -> tuple[Transaction, Transaction]:
    """A withdrawal and the deposit it became, accepted as a transfer."""
    elsewhere = factories.stream(factories.connection(owner, exchange="binance", label="Binance"))
    out = factories.transaction(stream, ("-1", "BTC"), kind="withdrawal")
    into = factories.transaction(elsewhere, ("1", "BTC"), kind="deposit")
    factories.transfer(out, into, status="accepted")
    return out, into


def test_a_movement_keeps_its_transfer(sides: tuple[Transaction, Transaction], owner: User) -> None:
    out, into = sides
    done = edits.reclassify(user=owner, ids=[out.pk], kind=K.TRANSFER)
    link = TransferLink.objects.get()
    assert (link.status, link.outgoing_id) == ("accepted", done.edits[0].made.get().pk)
    transfer_matching.match(owner.pk)
    assert TransferLink.objects.get().status == "accepted"
    edit_reverts.revert(user=owner, edit_id=done.edits[0].pk)
    link.refresh_from_db()
    assert (link.status, link.outgoing_id, link.incoming_id) == ("accepted", out.pk, into.pk)


def test_what_is_no_movement_any_more_has_none_until_it_is_one_again(
    sides: tuple[Transaction, Transaction], owner: User
) -> None:
    out, into = sides
    edit = edits.reclassify(user=owner, ids=[into.pk], kind=K.REWARD).edits[0]
    link = TransferLink.objects.get()
    assert link.status == "undone"
    assert link.decided_at != NOW
    assert [leg.id for leg in open_legs(owner.pk).outgoing] == [f"{out.pk}:BTC"]
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    link.refresh_from_db()
    assert (link.status, link.decided_at) == ("accepted", NOW)
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert "transfer undone, a side of it was edited" in actions


def test_a_transfer_left_on_what_is_replaced_lapses(
    sides: tuple[Transaction, Transaction], owner: User
) -> None:
    out, _into = sides
    Transaction.objects.filter(pk=out.pk).update(is_replaced=True)
    Posting.objects.filter(transaction=out).update(counts=False)
    transfer_matching.match(owner.pk)
    assert not TransferLink.objects.exists()


def test_a_transfer_that_another_took_meanwhile_is_not_accepted_again(
    sides: tuple[Transaction, Transaction], stream: Stream, owner: User
) -> None:
    out, into = sides
    edit = edits.hide(user=owner, ids=[out.pk]).edits[0]
    rival = factories.transaction(stream, ("-1", "BTC"), kind="withdrawal")
    factories.transfer(rival, into, status="accepted")
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    assert TransferLink.objects.get(outgoing=out).status == "undone"


# --- Notes and tags ---------------------------------------------------------------------------


def tags(row: Transaction) -> list[str]:
    return list(row.tags.values_list("name", flat=True))


def test_notes_and_tags_follow_through_layers(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    edit_marks.tag(user=owner, ids=[told.pk], add=["  my   car ", "my car"])
    edit_marks.note(user=owner, transaction_id=told.pk, text=" first ")
    edit = edits.reclassify(user=owner, ids=[told.pk], kind=K.AIRDROP).edits[0]
    made = edit.made.get()
    assert (tags(made), made.note.text) == (["my car"], "first")
    edit_marks.note(user=owner, transaction_id=made.pk, text="second")
    edit_marks.retag(user=owner, transaction_id=made.pk, names=["tax"])
    edit_reverts.revert(user=owner, edit_id=edit.pk)
    told = Transaction.objects.get(pk=told.pk)
    assert (tags(told), told.note.text) == (["tax"], "second")
    edit_reverts.revert_all(user=owner)
    assert not Note.objects.exists()
    assert not Tag.objects.exists()


def test_a_note_that_was_written_over_is_not_taken_back(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    first = edit_marks.note(user=owner, transaction_id=told.pk, text="first")
    second = edit_marks.note(user=owner, transaction_id=told.pk, text="second")
    assert edit_marks.note(user=owner, transaction_id=told.pk, text="second ") is None
    assert first is not None
    assert second is not None
    with pytest.raises(EditProblem, match="changed since"):
        edit_reverts.revert(user=owner, edit_id=first.pk)
    edit_reverts.revert(user=owner, edit_id=second.pk)
    assert Note.objects.get().text == "first"


def test_a_batch_of_tags_is_undone_at_once(stream: Stream, owner: User) -> None:
    rows = [factories.transaction(stream, ("1", "BTC")) for _ in range(3)]
    edit_marks.tag(user=owner, ids=[rows[0].pk], add=["old"])
    made = edit_marks.tag(user=owner, ids=[row.pk for row in rows], add=["new", "old"])
    assert [tags(row) for row in rows] == [["new", "old"]] * 3
    assert made[0].batch is not None
    edit_reverts.revert_batch(user=owner, batch=made[0].batch)
    assert [tags(row) for row in rows] == [["old"], [], []]


def test_tags_and_notes_have_bounds(stream: Stream, owner: User) -> None:
    (told,) = store(stream, entry("L1", "1.5"))
    for names in (["x" * 41], [str(number) for number in range(21)]):
        with pytest.raises(EditProblem, match="at most"):
            edit_marks.tag(user=owner, ids=[told.pk], add=names)
    with pytest.raises(EditProblem, match="at most"):
        edit_marks.note(user=owner, transaction_id=told.pk, text="x" * 2001)
    assert not Edit.objects.exists()


# --- Going ------------------------------------------------------------------------------------


def _edited(stream: Stream, owner: User) -> None:
    one, two = store(stream, entry("L1", "1"), entry("L2", "2"))
    edits.reclassify(user=owner, ids=[one.pk], kind=K.AIRDROP)
    edits.hide(user=owner, ids=[two.pk])
    edit_marks.tag(user=owner, ids=[one.pk], add=["tax"])
    edit_marks.note(user=owner, transaction_id=one.pk, text="note")


def test_a_history_that_is_deleted_takes_its_edits_along(stream: Stream, owner: User) -> None:
    _edited(stream, owner)
    kept = factories.transaction(factories.stream(factories.connection(owner)), ("1", "BTC"))
    edit_marks.note(user=owner, transaction_id=kept.pk, text="stays")
    with transaction.atomic():
        ledger.forget(stream.connection)
    assert list(Transaction.objects.all()) == [kept]
    assert [edit.kind for edit in Edit.objects.all()] == ["note"]
    assert Note.objects.get().text == "stays"


def test_an_account_that_is_deleted_takes_its_edits_along(stream: Stream, owner: User) -> None:
    _edited(stream, owner)
    owner.delete()
    for model in (Edit, EditPart, Note, Tag, Transaction):
        assert not model._default_manager.exists()
