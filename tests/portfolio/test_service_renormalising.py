"""Stored records are read again by the rules of today: what differs is booked anew, no more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portfolio.engine.types import Event, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import FetchedRecord, StreamSpec
from portfolio.models import (
    Connection,
    Edit,
    Holding,
    Posting,
    RawRecord,
    Renormalisation,
    Stream,
    Transaction,
    TransferLink,
    ValuationState,
)
from portfolio.services import edit_marks, edits, ledger, posting, rebooking, renormalising
from portfolio.services.rebooking import Counts
from tests import factories
from tests.live.ledgers import dump

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 11, 1, tzinfo=UTC)
Change = Callable[[Event], Event]


@pytest.fixture
def kraken(owner: User) -> Connection:
    """Deposits with a list beside them, trades in two rows, and one record of no sense."""
    made = factories.connection(owner)
    rows, deposits = (factories.stream(made, key, record_count=0) for key in ("ledger", "deposits"))
    for day in range(6):
        store(rows, entry(f"D{day}", day, "10", asset="ZEUR", type="deposit"))
        told = {"refid": f"R-D{day}", "time": seconds(day), "status": "Success", "txid": f"0x{day}"}
        store(deposits, FetchedRecord(f"R-D{day}", at(day), json.dumps(told)))
        legs = entry(f"A{day}", day, "-5", asset="ZEUR", refid=f"T{day}", fee="0.01")
        store(rows, legs, entry(f"B{day}", day, "0.001", refid=f"T{day}"))
    store(rows, FetchedRecord("X", at(3), '{"X": {"refid": "?"}}'))
    return made


def entry(ident: str, day: int, amount: str, **more: Any) -> FetchedRecord:
    row = {"refid": f"R-{ident}", "time": seconds(day), "type": "trade", "asset": "XXBT"}
    row |= {"amount": amount, "fee": "0"} | more
    return FetchedRecord(ident, at(day), json.dumps({ident: row}))


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def seconds(day: int) -> int:
    return int(at(day).timestamp())


def store(stream: Stream, *records: FetchedRecord) -> None:
    with transaction.atomic():
        ledger.store(stream, records, endpoint="POST /0/private/Ledgers", now=NOW)


def reading(of: Connection, *, is_rebuild: bool = False) -> Renormalisation:
    """A whole reading, in one go."""
    job = renormalising.start(connection=of, is_rebuild=is_rebuild)
    ended = renormalising.run_slice(job.pk, seconds=60)
    assert ended is not None
    assert ended.is_finished
    return Renormalisation.objects.get(pk=job.pk)


def counted(job: Renormalisation) -> tuple[int, int, int, int]:
    return job.same, job.changed, job.now_readable, job.now_unreadable


def rules(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Other rules: what the present ones say, changed."""
    of_today = registry.normalise

    def read(exchange: str, stream: StreamSpec, body: str) -> Event | None:
        event = of_today(exchange, stream, body)
        return None if event is None else change(event)

    monkeypatch.setattr(registry, "normalise", read)


def ids(of: Connection) -> dict[str, int]:
    return dict(Transaction.objects.filter(connection=of).values_list("key", "pk"))


@pytest.fixture(params=[500, 3, 1])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuts that fall between the records of one transaction too."""
    monkeypatch.setattr(renormalising, "BATCH", request.param)


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("is_rebuild", [False, True])
def test_with_the_same_rules_the_ledger_stays_as_it_is(
    kraken: Connection, is_rebuild: bool
) -> None:
    before, rows = dump(kraken), ids(kraken)
    job = reading(kraken, is_rebuild=is_rebuild)
    assert counted(job) == (25, 0, 0, 0)
    assert (job.total, job.failure) == (25, "")
    assert dump(kraken) == before
    assert ids(kraken) == rows


def test_nothing_is_written_where_nothing_differs(kraken: Connection) -> None:
    ValuationState.objects.update(stale_from=None)
    postings = set(Posting.objects.values_list("pk", flat=True))
    reading(kraken)
    assert set(Posting.objects.values_list("pk", flat=True)) == postings
    assert ValuationState.objects.get().stale_from is None


def test_a_rebuild_books_all_of_it_anew(kraken: Connection) -> None:
    postings = set(Posting.objects.values_list("pk", flat=True))
    ValuationState.objects.update(stale_from=None)
    reading(kraken, is_rebuild=True)
    assert not postings & set(Posting.objects.values_list("pk", flat=True))
    assert ValuationState.objects.get().stale_from == START.date()


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("is_rebuild", [False, True])
def test_changed_rules_make_the_ledger_that_they_would_have_made_at_once(
    owner: User, kraken: Connection, monkeypatch: pytest.MonkeyPatch, is_rebuild: bool
) -> None:
    def other(event: Event) -> Event:
        if event.kind is TransactionKind.TRADE:
            moved = tuple(replace(m, wallet="main") for m in event.movements)
            return replace(event, kind=TransactionKind.CONVERSION, movements=moved)
        return replace(event, detail={"said": event.detail.get("status", "")})

    rules(monkeypatch, other)
    job = reading(kraken, is_rebuild=is_rebuild)
    assert counted(job) == (1, 24, 0, 0)
    twin = factories.connection(owner)
    streams = {s.key: factories.stream(twin, s.key, record_count=0) for s in kraken.streams.all()}
    for raw in RawRecord.objects.filter(connection=kraken):
        store(streams[raw.stream.key], FetchedRecord(raw.external_id, raw.occurred_at, raw.body))
    assert dump(kraken) == dump(twin)
    held = {(h.wallet, h.asset): h.quantity for h in Holding.objects.filter(connection=kraken)}
    assert held["main", "BTC"] == Decimal("0.006")
    assert held["spot", "BTC"] == 0
    assert ValuationState.objects.get().stale_from == START.date()


@pytest.mark.usefixtures("batch")
def test_only_what_differs_is_written(kraken: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    untouched = set(Posting.objects.exclude(transaction__key="ledger:T4").values_list("pk"))
    ValuationState.objects.update(stale_from=None)

    def other(event: Event) -> Event:
        odd = event.key == "ledger:T4"
        return replace(event, kind=TransactionKind.OTHER) if odd else event

    rules(monkeypatch, other)
    assert counted(reading(kraken)) == (23, 2, 0, 0)
    assert untouched <= set(Posting.objects.values_list("pk"))
    assert Transaction.objects.get(key="ledger:T4").kind == "other"
    assert ValuationState.objects.get().stale_from == at(4).date()


@pytest.mark.usefixtures("batch")
def test_a_transaction_keeps_its_row_when_its_key_changes(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.transaction(
        factories.stream(factories.connection(kraken.owner), "ledger"), ("-10", "EUR")
    )
    arrived = Transaction.objects.get(connection=kraken, key="ledger:R-D2")
    link = factories.transfer(other, arrived)
    before = ids(kraken)
    rules(monkeypatch, lambda event: replace(event, key=event.key.replace("ledger", "book")))
    reading(kraken)
    assert ids(kraken) == {key.replace("ledger", "book"): pk for key, pk in before.items()}
    link.refresh_from_db()
    assert link.incoming.key == "book:R-D2"


@pytest.mark.usefixtures("batch")
def test_records_that_are_told_together_and_apart(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(kraken)
    with monkeypatch.context() as patch:
        rules(patch, lambda e: replace(e, key="all of it"))
        reading(kraken)
        assert list(ids(kraken)) == ["all of it"]
        assert Posting.objects.filter(connection=kraken).count() == 24
    reading(kraken)
    assert dump(kraken) == before


def test_records_become_readable_and_unreadable(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(event: Event) -> Event:
        raise ValueError("these rules know nothing")

    before = dump(kraken)
    with monkeypatch.context() as patch:
        rules(patch, fails)
        assert counted(reading(kraken)) == (1, 0, 0, 24)
        assert not Transaction.objects.exists()
        assert set(Holding.objects.values_list("quantity", flat=True)) == {Decimal(0)}
    assert counted(reading(kraken)) == (1, 0, 24, 0)
    assert dump(kraken) == before


def test_what_a_user_replaced_stays_replaced(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Transaction.objects.filter(key="ledger:R-D1")
    hidden.update(is_replaced=True)
    Posting.objects.filter(transaction__in=hidden).update(counts=False)
    Holding.objects.filter(asset="EUR").update(quantity="19.94")
    before = dump(kraken)
    for is_rebuild in (False, True):
        reading(kraken, is_rebuild=is_rebuild)
        assert dump(kraken) == before
        assert list(Posting.objects.filter(counts=False).values_list("amount", flat=True)) == [10]

    def doubled(event: Event) -> Event:
        return replace(event, movements=event.movements * 2)

    rules(monkeypatch, doubled)
    reading(kraken)
    assert Posting.objects.filter(counts=False).count() == 2
    assert Holding.objects.get(asset="EUR").quantity == Decimal("39.88")


def test_entries_by_hand_stay(kraken: Connection) -> None:
    entry_by_hand = factories.manual_entry(kraken, withdrawn_at=None)
    booked = Transaction.objects.create(
        owner=kraken.owner, connection=kraken, key="manual:1", kind="adjustment", occurred_at=NOW
    )
    Posting.objects.create(
        owner=kraken.owner, connection=kraken, transaction=booked, position=0, wallet="spot",
        asset="BTC", amount=Decimal("0.5"), role="principal", occurred_at=NOW,
    )  # fmt: skip
    entry_by_hand.transaction = booked
    entry_by_hand.save()
    Holding.objects.filter(asset="BTC").update(quantity="0.506")
    before = dump(kraken)
    reading(kraken, is_rebuild=True)
    assert dump(kraken) == before


def test_a_spoilt_ledger_is_right_again_after_a_rebuild(kraken: Connection) -> None:
    before = dump(kraken)
    Posting.objects.filter(asset="BTC").first().delete()  # type: ignore[union-attr]
    Posting.objects.filter(asset="EUR").update(amount="3")
    Transaction.objects.filter(key="ledger:T1").update(kind="reward", detail={})
    Holding.objects.update(quantity="77")
    stray = factories.transaction(kraken.streams.get(key="ledger"), ("9", "DOGE"))
    RawRecord.objects.filter(transaction=stray).delete()
    reading(kraken, is_rebuild=True)
    assert dump(kraken) == before


def test_a_slice_ends_and_another_goes_on(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renormalising, "BATCH", 4)
    job = renormalising.start(connection=kraken)
    clock = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    seen = []
    while True:
        ended = renormalising.run_slice(job.pk, seconds=2.5)
        assert ended is not None
        job.refresh_from_db()
        seen.append(job.read)
        if ended.is_finished:
            break
    assert seen == [8, 16, 24, 25]
    assert counted(job) == (25, 0, 0, 0)


def test_what_dies_in_a_batch_is_as_if_the_batch_had_not_begun(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(renormalising, "BATCH", 4)
    rules(monkeypatch, lambda event: replace(event, kind=TransactionKind.OTHER))
    job = renormalising.start(connection=kraken, is_rebuild=True)
    renormalising._step(job.pk)
    before, read = dump(kraken), Renormalisation.objects.get().read
    for place in ("unbook", "book", "mark_stale"):
        with monkeypatch.context() as patch:
            patch.setattr(posting, place, killed)
            with pytest.raises(Killed):
                renormalising._step(job.pk)
        assert dump(kraken) == before
        assert Renormalisation.objects.get().read == read
    assert counted(reading(kraken)) == (1, 24, 0, 0)


def test_one_reading_at_a_time(kraken: Connection) -> None:
    first = renormalising.start(connection=kraken)
    assert renormalising.start(connection=kraken) == first
    whole = renormalising.start(connection=kraken, is_rebuild=True)
    assert whole != first
    assert renormalising.start(connection=kraken) == whole
    first.refresh_from_db()
    assert first.is_finished
    assert first.failure


def test_a_fault_of_ours_ends_the_reading_and_says_so(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise KeyError("secret amount 5")

    monkeypatch.setattr(rebooking, "reread", broken)
    job = renormalising.start(connection=kraken)
    with pytest.raises(KeyError):
        renormalising.run_slice(job.pk, seconds=5)
    job.refresh_from_db()
    assert job.is_finished
    assert "KeyError" in job.failure
    assert "secret" not in job.failure


def test_a_reading_that_lost_its_worker_is_found(kraken: Connection) -> None:
    job = renormalising.start(connection=kraken)
    assert renormalising.left_alone(timezone.now()) == []
    assert renormalising.left_alone(timezone.now() + timedelta(minutes=2)) == [job.pk]
    reading(kraken)
    assert renormalising.left_alone(timezone.now() + timedelta(minutes=2)) == []


def test_looking_writes_nothing(kraken: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(kraken)
    rules(monkeypatch, lambda event: replace(event, kind=TransactionKind.OTHER))
    total = Counts()
    for counts in renormalising.preview(kraken):
        total.add(counts)
    assert (total.read, total.changed) == (25, 24)
    assert dump(kraken) == before
    assert not Renormalisation.objects.exists()


@pytest.mark.django_db
def test_a_reading_of_what_is_gone_is_none() -> None:
    assert renormalising.run_slice(4711, seconds=1) is None


def test_a_history_that_is_deleted_meanwhile_ends_its_reading(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renormalising, "BATCH", 4)
    job = renormalising.start(connection=kraken, is_rebuild=True)
    of_today = renormalising._lock

    def removed(connection: Connection) -> None:
        with transaction.atomic():
            ledger.forget(kraken)
            kraken.delete()
        of_today(connection)

    monkeypatch.setattr(renormalising, "_lock", removed)
    assert renormalising.run_slice(job.pk, seconds=5) is None


def test_what_is_fetched_meanwhile_is_neither_lost_nor_doubled(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renormalising, "BATCH", 10)
    job = renormalising.start(connection=kraken, is_rebuild=True)
    renormalising._step(job.pk)
    rows = kraken.streams.get(key="ledger")
    store(rows, entry("C0", 0, "0.5"), entry("A5", 5, "-6", asset="ZEUR", refid="T5"))
    store(rows, entry("Z9", 9, "0.25"))
    reading(kraken)
    held = {h.asset: h.quantity for h in Holding.objects.filter(connection=kraken)}
    assert held == {"BTC": Decimal("0.756"), "EUR": Decimal("28.95")}


@pytest.mark.usefixtures("batch")
def test_edits_notes_and_links_of_a_user_outlast_a_rebuild(kraken: Connection) -> None:
    user, rows = kraken.owner, ids(kraken)
    edits.reclassify(user=user, ids=[rows["ledger:T2"]], kind=TransactionKind.CONVERSION)
    edit_marks.note(user=user, transaction_id=rows["ledger:R-D3"], text="From my aunt")
    before, kept = dump(kraken), ids(kraken)
    reading(kraken, is_rebuild=True)
    assert dump(kraken) == before
    assert ids(kraken) == kept
    assert not Edit.objects.exclude(record_changed_at=None).exists()
    assert not Edit.objects.exclude(reverted_at=None).exists()
    assert Transaction.objects.get(key="ledger:R-D3").note.text == "From my aunt"


def test_what_was_put_on_a_transaction_goes_with_its_records(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two deposits are told as one now: the one that stays has the notes and transfers of both."""
    stream, rows = factories.stream(factories.connection(kraken.owner), "ledger"), ids(kraken)
    sides = [factories.transaction(stream, ("-10", "EUR"), kind="withdrawal") for _ in range(3)]
    deposits = [Transaction.objects.get(pk=rows[f"ledger:R-D{day}"]) for day in (1, 2, 3)]
    proposed, taken, other = (
        factories.transfer(out, into, status=status)
        for out, into, status in zip(
            sides, deposits, ("proposed", "accepted", "accepted"), strict=True
        )
    )
    edit_marks.note(user=kraken.owner, transaction_id=rows["ledger:R-D2"], text="From my aunt")
    edit_marks.tag(user=kraken.owner, ids=[rows["ledger:R-D2"]], add=["gift"])

    def together(event: Event) -> Event:
        same = event.key in ("ledger:R-D2", "ledger:R-D3")
        return replace(event, key="ledger:R-D1") if same else event

    rules(monkeypatch, together)
    reading(kraken)
    assert not {"ledger:R-D2", "ledger:R-D3"} & ids(kraken).keys()
    first = Transaction.objects.get(pk=rows["ledger:R-D1"])
    assert first.note.text == "From my aunt"
    assert [tagging.tag.name for tagging in first.taggings.all()] == ["gift"]
    kept = TransferLink.objects.filter(incoming=first)
    assert set(kept) == {proposed, taken}  # a movement is one accepted transfer at most
    assert not TransferLink.objects.filter(pk=other.pk).exists()
