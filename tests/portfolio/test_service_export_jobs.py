"""Files made by a worker: whole, the same each time, whoever is killed; kept, then dropped."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import AuditEvent, User
from portfolio import tasks
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports import registry
from portfolio.models import Export, ExportChunk, ExportSymbol, Stream
from portfolio.services import export_jobs, export_symbols, exports
from portfolio.services.exports import Asked, open_file
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime(2024, 5, 2, 11, 30, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def ledger(owner: User) -> Stream:
    made = factories.stream(factories.connection(owner, label="One"))
    for day in range(1, 6):
        at = DAY.replace(day=day)
        factories.transaction(made, ("-10", "EUR"), ("1", "DOT"), kind="trade", at=at)
    return made


def made(owner: User, *formats: str, **asked: Any) -> Export:
    job = export_jobs.ask(user=owner, asked=Asked(formats[0] if formats else "csv", **asked))
    assert export_jobs.make(job.pk)
    return Export.objects.get(pk=job.pk)


def content(job: Export) -> bytes:
    return b"".join(export_jobs.pieces(job))


# --- Made -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_a_file_is_kept_with_what_went_into_it(owner: User) -> None:
    job = made(owner)
    kept = content(job)
    assert kept == b"".join(open_file(owner, Asked("csv")).chunks)
    assert (job.state, job.size, job.sha256) == (
        "done",
        len(kept),
        hashlib.sha256(kept).hexdigest(),
    )
    assert (job.done, job.total, job.unvalued) == (5, 5, 0)
    assert (job.file_name, job.content_type) == ("coffer-csv.csv", "text/csv; charset=utf-8")
    assert len(job.fingerprint) == 64


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("ledger")
def test_what_is_booked_meanwhile_is_not_half_in_the_file(
    owner: User, ledger: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a worker runs it: outside of any database transaction."""
    whole = content(made(owner))
    monkeypatch.setattr("portfolio.selectors.export_rows.CHUNK", 2)
    monkeypatch.setattr(export_jobs, "PIECE", 100)
    monkeypatch.setattr("portfolio.exports.tables.PIECE", 100)
    stored = export_jobs._pieces

    def booking(chunks: Iterable[bytes]) -> Iterator[bytes]:
        for piece in stored(chunks):
            factories.transaction(ledger, ("1", "BTC"), kind="reward", at=DAY.replace(day=5))
            yield piece

    monkeypatch.setattr(export_jobs, "_pieces", booking)
    assert content(made(owner)) == whole


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("format_id", ["csv", "xlsx", "koinly"])
def test_the_same_request_gives_the_same_bytes_and_fingerprint(owner: User, format_id: str) -> None:
    second = factories.stream(factories.connection(owner, label="Two"))
    factories.transaction(second, ("1", "BTC"), kind="deposit", at=DAY)
    one, two = made(owner, format_id), made(owner, format_id)
    assert one.pk != two.pk
    assert content(one) == content(two)
    assert (one.fingerprint, one.sha256) == (two.fingerprint, two.sha256)
    if format_id == "koinly":
        packed = zipfile.ZipFile(io.BytesIO(content(one)))
        assert (one.content_type, packed.testzip()) == ("application/zip", None)


def test_the_fingerprint_is_of_everything_that_goes_in(owner: User, ledger: Stream) -> None:
    seen = {made(owner).fingerprint}
    other = factories.stream(factories.connection(owner, label="Two"))
    row = factories.transaction(other, ("1", "DOT"), kind="deposit", at=DAY)
    seen.add(made(owner).fingerprint)
    out = ledger.connection.transactions.first()
    assert out is not None
    factories.transfer(out, row, status="accepted", asset="EUR", received_asset="DOT")
    seen.add(made(owner).fingerprint)
    export_symbols.choose(user=owner, format_id="csv", asset="DOT", symbol="DOT2")
    seen.add(made(owner).fingerprint)
    seen.add(made(owner, currency="USD").fingerprint)
    seen.add(made(owner, year=2024).fingerprint)
    assert len(seen) == 6


@pytest.mark.usefixtures("ledger")
def test_a_request_survives_being_kept(owner: User) -> None:
    asked = Asked(
        "csv",
        first=date(2024, 5, 2),
        last=date(2024, 5, 3),
        connections=(owner.connections.get().pk,),
        wallets=("spot",),
        kinds=(TransactionKind.TRADE,),
        currency="USD",
    )
    assert Asked.from_json(asked.as_json()) == asked
    job = export_jobs.ask(user=owner, asked=asked)
    assert Asked.from_json(Export.objects.get(pk=job.pk).asked) == asked
    export_jobs.make(job.pk)
    assert content(Export.objects.get(pk=job.pk)).count(b"trade,") == 4  # legs of two days


@pytest.mark.usefixtures("ledger")
def test_what_the_target_cannot_express_is_counted(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = registry.by_id("csv")

    def short(told: ExportTransaction, context: ExportContext) -> Iterator[str]:
        yield from ["early", "early"] if told.occurred_at.day < 3 else []

    monkeypatch.setattr(registry, "by_id", lambda ident: replace(known, shortfalls=short))
    assert made(owner).shortfalls == {"early": 2}


@pytest.mark.usefixtures("ledger")
def test_long_files_are_stored_in_pieces(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_jobs, "PIECE", 100)
    monkeypatch.setattr("portfolio.exports.tables.PIECE", 100)
    job = made(owner)
    assert job.chunks.count() > 3
    assert hashlib.sha256(content(job)).hexdigest() == job.sha256


# --- Asked ------------------------------------------------------------------------------------


def test_a_request_that_is_under_way_is_not_begun_twice(owner: User) -> None:
    one = export_jobs.ask(user=owner, asked=Asked("csv"))
    assert export_jobs.ask(user=owner, asked=Asked("csv")) == one
    assert export_jobs.ask(user=owner, asked=Asked("csv", year=2024)) != one
    assert export_jobs.ask(user=factories.user(), asked=Asked("csv")) != one
    noted = AuditEvent.objects.filter(user=owner, action="export asked for")
    assert [event.detail for event in noted] == [{"format": "csv"}] * 2


def test_a_user_waits_when_many_are_under_way(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_jobs, "MOST_AT_ONCE", 1)
    export_jobs.ask(user=owner, asked=Asked("csv"))
    with pytest.raises(export_jobs.TooMany):
        export_jobs.ask(user=owner, asked=Asked("koinly"))
    with pytest.raises(registry.UnknownFormat):
        export_jobs.ask(user=owner, asked=Asked("nothing"))


# --- Killed -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_a_file_whose_worker_was_killed_is_begun_anew_and_whole(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = content(made(owner))
    monkeypatch.setattr(export_jobs, "PIECE", 100)
    monkeypatch.setattr("portfolio.exports.tables.PIECE", 100)
    job = export_jobs.ask(user=owner, asked=Asked("csv"))

    class Killed(BaseException):
        """As SIGKILL: no handler of the program's sees it."""

    def dying(*of_one: Any, **named: Any) -> Any:
        if ExportChunk.objects.filter(export=job).count() == 2:
            raise Killed
        return create(*of_one, **named)

    create = ExportChunk.objects.create
    with monkeypatch.context() as dies:
        dies.setattr(ExportChunk.objects, "create", dying)
        with pytest.raises(Killed):
            export_jobs.make(job.pk)
    now = timezone.now()
    assert Export.objects.get(pk=job.pk).state == "running"
    assert not export_jobs.make(job.pk)  # its worker may be alive
    assert export_jobs.left_alone(now) == []
    Export.objects.filter(pk=job.pk).update(worked_at=now - timedelta(seconds=61))
    assert export_jobs.left_alone(now) == [job.pk]
    assert tasks.make_export(job.pk)
    again = Export.objects.get(pk=job.pk)
    assert (again.state, again.attempt) == ("done", 2)
    assert content(again) == whole


@pytest.mark.usefixtures("ledger")
def test_a_worker_that_was_taken_for_dead_stops(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = export_jobs.ask(user=owner, asked=Asked("csv"))

    def slow(user: User, asked: Asked) -> int:
        monkeypatch.undo()
        Export.objects.update(worked_at=timezone.now() - timedelta(minutes=5))
        assert export_jobs.make(job.pk)
        return exports.count(user, asked)

    monkeypatch.setattr(exports, "count", slow)
    assert not export_jobs.make(job.pk)
    ended = Export.objects.get(pk=job.pk)
    assert (ended.state, ended.attempt) == ("done", 2)
    assert hashlib.sha256(content(ended)).hexdigest() == ended.sha256


@pytest.mark.usefixtures("ledger")
def test_a_failure_is_told_and_leaves_no_pieces(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = export_jobs.ask(user=owner, asked=Asked("csv"))

    def broken(*asked: Any, **named: Any) -> Any:
        raise RuntimeError("of a record's own words")

    monkeypatch.setattr(exports, "open_file", broken)
    with pytest.raises(RuntimeError):
        export_jobs.make(job.pk)
    ended = Export.objects.get(pk=job.pk)
    assert (ended.state, ended.chunks.count(), ended.has_file) == ("failed", 0, False)
    assert ended.failure == "Coffer itself failed (RuntimeError); its log says why."


def test_what_never_comes_to_its_end_is_given_up(owner: User) -> None:
    job = export_jobs.ask(user=owner, asked=Asked("csv"))
    long_ago = timezone.now() - timedelta(hours=1)
    Export.objects.update(state="running", attempt=5, worked_at=long_ago)
    assert not export_jobs.make(job.pk)
    assert Export.objects.get(pk=job.pk).state == "failed"


def test_a_file_that_was_deleted_meanwhile_is_nothing(owner: User) -> None:
    job = export_jobs.ask(user=owner, asked=Asked("csv"))
    with pytest.raises(Export.DoesNotExist):
        export_jobs.delete(user=factories.user(), export_id=job.pk)
    export_jobs.delete(user=owner, export_id=job.pk)
    assert not export_jobs.make(job.pk)


# --- Kept -------------------------------------------------------------------------------------


def test_a_change_of_the_ledger_is_found(owner: User, ledger: Stream) -> None:
    job = made(owner, year=2024)
    factories.transaction(ledger, ("1", "DOT"), kind="reward", at=DAY.replace(year=2025))
    tasks.compare_export(job.pk)
    assert not Export.objects.get(pk=job.pk).is_changed  # not of this year
    factories.transaction(ledger, ("1", "DOT"), kind="reward", at=DAY)
    tasks.compare_export(job.pk)
    ended = Export.objects.get(pk=job.pk)
    assert ended.is_changed
    assert ended.compared_at != job.compared_at


@pytest.mark.usefixtures("ledger")
def test_a_file_is_dropped_in_time_and_its_fingerprints_stay(owner: User) -> None:
    job = made(owner)
    over = timezone.now() + timedelta(days=settings.EXPORTS_KEPT_DAYS)
    assert export_jobs.prune(over - timedelta(minutes=1)) == 0
    assert export_jobs.prune(over + timedelta(minutes=1)) == 1
    ended = Export.objects.get(pk=job.pk)
    assert (ended.has_file, ended.chunks.count()) == (False, 0)
    assert (ended.fingerprint, ended.sha256) == (job.fingerprint, job.sha256)


# --- Symbols ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_a_users_symbols_come_before_the_formats(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = replace(registry.by_id("csv"), symbols={"DOT": "DOT9", "EUR": "EURO"})
    monkeypatch.setattr(registry, "by_id", lambda ident: known)
    export_symbols.choose(user=owner, format_id="csv", asset="DOT", symbol=" ID:123 ")
    export_symbols.choose(user=factories.user(), format_id="csv", asset="EUR", symbol="X")
    written = content(made(owner)).decode()
    assert ",ID:123,1," in written
    assert ",EURO,-10," in written
    row = ExportSymbol.objects.of(owner).get()
    export_symbols.forget(user=owner, symbol_id=row.pk)
    assert ",DOT9,1," in content(made(owner)).decode()


@pytest.mark.parametrize("symbol", ["", "=1+1", "A B", 'A"B', "A,B", "A\nB", "-A", "A" * 81])
def test_a_symbol_that_would_break_a_file_is_refused(owner: User, symbol: str) -> None:
    with pytest.raises(export_symbols.SymbolProblem):
        export_symbols.choose(user=owner, format_id="csv", asset="DOT", symbol=symbol)
    with pytest.raises(export_symbols.SymbolProblem):
        export_symbols.choose(user=owner, format_id="csv", asset=" ", symbol="DOT")
