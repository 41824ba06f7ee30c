"""Imports from the draft to the ledger and back: whole or not at all, once however often."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio.imports.format import Entry, ImportFormat
from portfolio.models import (
    Connection,
    Holding,
    Import,
    ImportLine,
    ImportUpload,
    Posting,
    RawRecord,
    Transaction,
)
from portfolio.selectors import imports as selector
from portfolio.services import import_booking, import_claims, import_work, imports
from portfolio.services.import_uploads import ImportProblem
from tests import factories
from tests.imports.small_format import HEADING, add, made, small, text

__all__ = ["small"]

pytestmark = pytest.mark.django_db
State = Import.State

ROWS = (
    "2024-01-01T10:00:00,deposit,2,BTC,Wallet,a1",
    "2024-01-02T10:00:00,withdrawal,-0.5,BTC,Wallet,a2",
    "2024-01-03T10:00:00,reward,0.1,ETH,Wallet,",
    "2024-01-03T10:00:00,reward,0.1,ETH,Wallet,",
    "2024-01-04T10:00:00,cancelled,9,ETH,Wallet,a5",
    "2024-01-05T10:00:00,sorcery,1,DOT,Wallet,a6",
)


def brought(owner: User, *files: tuple[str, str | bytes]) -> Import:
    """A draft of files, read by a worker."""
    uploads = [
        SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)
        for name, data in files
    ]
    return worked(imports.begin(user=owner, files=list(uploads)))


def worked(job: Import) -> Import:
    """The import after a worker did all there is to do."""
    while (ended := import_work.run_slice(job.pk, seconds=30)) and ended.goes_on:
        pass
    return Import.objects.get(pk=job.pk)


def confirmed(owner: User, job: Import) -> Import:
    return worked(imports.confirm(user=owner, job_id=job.pk))


def states(job: Import) -> list[tuple[int, str]]:
    return list(job.lines.order_by("line", "pk").values_list("line", "state"))


def held(owner: User) -> dict[str, Decimal]:
    rows = Holding.objects.filter(owner=owner).exclude(quantity=0)
    return dict(rows.values_list("asset", "quantity"))


def ledger(owner: User) -> list[tuple[object, ...]]:
    """All that is in a ledger, to be compared."""
    rows = Posting.objects.filter(owner=owner)
    names = ("transaction__key", "transaction__kind", "wallet", "asset", "amount", "occurred_at")
    return sorted(rows.values_list(*names))


def test_a_draft_says_what_would_come_and_stores_nothing(owner: User, small: ImportFormat) -> None:
    job = brought(owner, ("a.csv", text(*ROWS)))
    assert job.state == State.READY
    assert states(job) == [
        (2, "new"),
        (3, "new"),
        (4, "new"),
        (5, "new"),
        (6, "left_out"),
        (7, "unclear"),
    ]
    assert not RawRecord.objects.exists()
    assert not Connection.objects.exists()
    assert job.files.get().rows == 6


def test_what_is_confirmed_is_in_the_ledger_with_its_file_and_lines(
    owner: User, small: ImportFormat
) -> None:
    job = confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    assert (job.state, job.booked, job.found) == (State.DONE, 5, 0)
    assert held(owner) == {"BTC": Decimal("1.5"), "ETH": Decimal("0.2"), "DOT": Decimal(1)}
    connection = Connection.objects.get()
    assert (connection.kind, connection.label) == ("manual", "Wallet")
    record = RawRecord.objects.get(external_id="Wallet|a2")
    assert record.endpoint == "file: a.csv"
    assert '"line": 3' in record.body
    # True twins are two transactions, not one of twice the amount.
    assert Transaction.objects.filter(kind="reward").count() == 2
    assert Transaction.objects.get(kind="unclassified").detail["type"] == "sorcery"
    assert not ImportUpload.objects.exists()
    assert set(job.lines.values_list("state", flat=True)) == {"left_out", "unclear"}


def test_the_same_file_again_adds_nothing(owner: User, small: ImportFormat) -> None:
    confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    before = ledger(owner)
    more = (*ROWS, "2024-02-01T10:00:00,deposit,1,BTC,Wallet,a9")
    job = brought(owner, ("later.csv", text(*more[2:])))
    assert [state for _, state in states(job)] == [
        *("known", "known", "left_out", "known", "new"),
    ]
    job = confirmed(owner, job)
    assert (job.booked, job.found) == (1, 3)
    assert len(ledger(owner)) == len(before) + 1


def test_undoing_leaves_what_was_there_before(owner: User, small: ImportFormat) -> None:
    first = confirmed(owner, brought(owner, ("a.csv", text(*ROWS[:4]))))
    before = ledger(owner)
    second = confirmed(owner, brought(owner, ("b.csv", text(*ROWS))))
    imports.undo(user=owner, job_id=second.pk)
    second = worked(second)
    assert second.state == State.UNDONE
    assert ledger(owner) == before
    # What both files told of goes only with the last of them.
    third = confirmed(owner, brought(owner, ("c.csv", text(*ROWS))))
    imports.undo(user=owner, job_id=first.pk)
    worked(first)
    assert len(ledger(owner)) == 5
    imports.undo(user=owner, job_id=third.pk)
    worked(third)
    assert not ledger(owner)
    assert not held(owner)
    assert not RawRecord.objects.exists()
    assert not Transaction.objects.exists()


def test_a_connection_that_an_import_made_goes_with_it(owner: User, small: ImportFormat) -> None:
    job = confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    imports.undo(user=owner, job_id=job.pk)
    worked(job)
    assert not Connection.objects.exists()


BROKEN = (
    ("2024-01-01T10:00:00,deposit,two,BTC,Wallet,a1", 3, "“two” is not an amount"),
    ("yesterday,deposit,2,BTC,Wallet,a1", 3, "“yesterday” is not a time"),
    ("2024-01-01T10:00:00,deposit,2", 3, "3 cells under 6 headings"),
    ("2024-01-01T10:00:00,deposit,2,BTC,Wallet,a1,x,y", 3, "8 cells under 6 headings"),
    ("2094-01-01T10:00:00,deposit,2,BTC,Wallet,a1", 3, "lies in the future"),
    ("2024-01-01T10:00:00,deposit,1e60,BTC,Wallet,a1", 3, "more digits"),
    ("2024-01-01T10:00:00,deposit,NaN,BTC,Wallet,a1", 3, "Amount is empty"),
    ('2024-01-01T10:00:00,"deposit,2,BTC,Wallet,a1', 3, "never closed"),
)


@pytest.mark.parametrize(("row", "line", "words"), BROKEN, ids=[words for *_, words in BROKEN])
def test_a_file_with_a_broken_row_is_refused_whole_with_its_line(
    owner: User, small: ImportFormat, row: str, line: int, words: str
) -> None:
    before = _everything()
    job = brought(owner, ("a.csv", text(ROWS[0], row, ROWS[1])))
    assert job.state == State.FAILED
    table = job.files.get()
    assert table.wrong == 1
    assert table.problems[0][0] == line
    assert words in table.problems[0][1]
    assert not job.lines.exists()
    with pytest.raises(ImportProblem):
        imports.confirm(user=owner, job_id=job.pk)
    imports.discard(user=owner, job_id=job.pk)
    assert _everything() == before


def _everything() -> dict[str, int]:
    """How many rows each table of the database has."""
    with database.cursor() as cursor:
        counts = {}
        for name in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608
            counts[name] = cursor.fetchone()[0]
    return counts


def test_all_wrong_lines_are_counted_and_a_hundred_named(owner: User, small: ImportFormat) -> None:
    rows = [f"2024-01-01T10:00:00,deposit,x{n},BTC,Wallet,{n}" for n in range(250)]
    table = brought(owner, ("a.csv", text(*rows))).files.get()
    assert (table.wrong, len(table.problems)) == (250, 100)


def test_one_refused_file_does_not_keep_the_others_out(owner: User, small: ImportFormat) -> None:
    bad = text("never,deposit,1,BTC,Wallet,b1")
    job = brought(owner, ("good.csv", text(*ROWS)), ("bad.csv", bad))
    assert job.state == State.READY
    assert selector.preview(owner, job.pk).rows == 6
    assert confirmed(owner, job).booked == 5


def test_a_zip_is_opened_and_the_same_file_in_it_twice_is_read_once(
    owner: User, small: ImportFormat
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2023/a.csv", text(*ROWS[:2]))
        archive.writestr("2024/b.csv", text(*ROWS[2:]))
    one = ("all.zip", packed.getvalue())
    job = brought(owner, one, one)
    assert [table.name for table in job.files.all()] == [
        *("all.zip › 2023/a.csv", "all.zip › 2024/b.csv", "all.zip"),
    ]
    assert "twice" in job.files.last().refusal  # type: ignore[union-attr]
    assert confirmed(owner, job).booked == 5


def test_what_the_file_leaves_open_is_asked(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    add(monkeypatch, made(asks=("zone", "day_first")))
    rows = ("03/04/2024,deposit,1,BTC,Wallet,a1", "05/06/2024,deposit,1,BTC,Wallet,a2")
    job = brought(owner, ("a.csv", text(*rows)))
    assert job.state == State.ASKED
    table = job.files.get()
    assert table.questions == ["zone", "day_first"]
    answers = {"zone": "Europe/Berlin", "day_first": True}
    imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers=answers)
    with pytest.raises(ImportProblem, match="being read just now"):
        imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers={"zone": "UTC"})
    job = confirmed(owner, worked(job))
    first = Transaction.objects.earliest("occurred_at")
    assert first.occurred_at.isoformat() == "2024-04-02T22:00:00+00:00"


def test_a_value_above_twelve_decides_the_order_of_dates(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(asks=("day_first",)))
    rows = ("03/04/2024,deposit,1,BTC,Wallet,a1", "25/06/2024,deposit,1,BTC,Wallet,a2")
    assert brought(owner, ("a.csv", text(*rows))).state == State.READY


def test_of_several_formats_one_is_asked_for(
    owner: User, small: ImportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(), made(id="other", title="Other"))
    job = brought(owner, ("a.csv", text(*ROWS)))
    table = job.files.get()
    assert (job.state, table.candidates) == (State.ASKED, ["small", "other"])
    imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers={"format": "small"})
    assert confirmed(owner, worked(job)).booked == 5


def test_answers_of_a_draft_are_taken_back_before_it_is_confirmed(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(asks=("zone", "day_first")))
    rows = ("03/04/2024,deposit,1,BTC,Wallet,a1", "05/06/2024,deposit,1,BTC,Wallet,a2")
    job = brought(owner, ("a.csv", text(*rows)))
    table = job.files.get()
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        answers = {"zone": zone, "day_first": True}
        imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers=answers)
        job = worked(job)
    imports.place(user=owner, job_id=job.pk, choices={job.accounts.get().pk: ("new", "Bank")})
    worked(job)
    imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers={"zone": "UTC"})
    job = confirmed(owner, worked(job))
    assert job.booked == 2
    kept = RawRecord.objects.order_by("occurred_at").values_list("connection__label", "occurred_at")
    assert [(label, at.isoformat()) for label, at in kept] == [
        ("Bank", "2024-04-03T00:00:00+00:00"),
        ("Bank", "2024-06-05T00:00:00+00:00"),
    ]


def test_answers_of_a_file_refused_with_them_are_taken_back(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(asks=("day_first",)))
    job = brought(owner, ("a.csv", text("03/04/2024,deposit,1,BTC,Wallet,a1")))
    table = job.files.get()
    for is_first, state in ((False, State.FAILED), (True, State.READY)):
        answers = {"day_first": is_first}
        imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers=answers)
        job = worked(job)
        assert job.state == state
    assert (job.failure, job.finished_at) == ("", None)
    assert confirmed(owner, job).booked == 1


def test_another_format_asks_anew_what_it_leaves_open(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(), made(id="other", title="Other", asks=("zone",)))
    job = brought(owner, ("a.csv", text(*ROWS)))
    file_id = job.files.get().pk
    told = [{"format": "other"}, {"zone": "Asia/Tokyo"}, {"format": "small"}, {"format": "other"}]
    after = [State.ASKED, State.READY, State.READY, State.ASKED]
    for answers, state in zip(told, after, strict=True):
        imports.answer(user=owner, job_id=job.pk, file_id=file_id, answers=answers)
        job = worked(job)
        assert job.state == state
    assert not RawRecord.objects.exists()


def test_answers_of_what_is_confirmed_are_kept(owner: User, small: ImportFormat) -> None:
    job = confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    with pytest.raises(ImportProblem, match="cannot be changed any more"):
        imports.answer(user=owner, job_id=job.pk, file_id=job.files.get().pk, answers={"a": "b"})
    undone = worked(imports.undo(user=owner, job_id=job.pk))
    with pytest.raises(ImportProblem, match="cannot be changed any more"):
        imports.answer(user=owner, job_id=undone.pk, file_id=undone.files.get().pk, answers={})


def test_an_account_goes_into_the_connection_that_is_chosen(
    owner: User, other: User, small: ImportFormat
) -> None:
    mine, foreign = factories.connection(owner), factories.connection(other)
    job = brought(owner, ("a.csv", text(*ROWS)))
    account = job.accounts.get()
    with pytest.raises(Connection.DoesNotExist):
        imports.place(user=owner, job_id=job.pk, choices={account.pk: (str(foreign.pk), "")})
    imports.place(user=owner, job_id=job.pk, choices={account.pk: (str(mine.pk), "")})
    confirmed(owner, worked(job))
    assert set(RawRecord.objects.values_list("connection", flat=True)) == {mine.pk}
    # The next file of that account is proposed for the same connection.
    again = brought(owner, ("b.csv", text("2025-01-01T10:00:00,deposit,1,BTC,Wallet,z")))
    assert again.accounts.get().connection == mine


def test_confirming_twice_books_once_and_two_workers_take_turns(
    owner: User, small: ImportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_booking, "BATCH", 2)
    job = brought(owner, ("a.csv", text(*ROWS)))
    for _ in range(2):
        imports.confirm(user=owner, job_id=job.pk)
    import_booking.step(job.pk)
    halfway = Import.objects.get(pk=job.pk)
    assert (halfway.done, halfway.total) == (2, 5)
    assert RawRecord.objects.count() == 2
    assert worked(job).booked == 5
    assert imports.confirm(user=owner, job_id=job.pk).state == State.DONE
    assert RawRecord.objects.count() == 5


class Killed(BaseException):
    """What no code catches, as a worker that is killed."""


def test_a_worker_killed_at_any_place_of_a_batch_loses_and_doubles_nothing(
    owner: User, small: ImportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_booking, "BATCH", 2)
    job = brought(owner, ("a.csv", text(*ROWS)))
    imports.confirm(user=owner, job_id=job.pk)
    import_booking.step(job.pk)
    before = ledger(owner)
    remember = import_booking._remember

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(import_booking, "_remember", kill)  # behind what stores the records
    with pytest.raises(Killed):
        import_work.run_slice(job.pk, seconds=5)
    assert ledger(owner) == before
    assert Import.objects.get(pk=job.pk).done == 2
    later = timezone.now() + timedelta(minutes=2)
    assert import_claims.left_alone(later) == [job.pk]
    monkeypatch.setattr(import_booking, "_remember", remember)
    assert worked(job).booked == 5
    assert len(ledger(owner)) == 5


def test_what_is_undone_half_way_is_gone_whole(
    owner: User, small: ImportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_booking, "BATCH", 2)
    job = brought(owner, ("a.csv", text(*ROWS)))
    imports.confirm(user=owner, job_id=job.pk)
    import_booking.step(job.pk)
    imports.undo(user=owner, job_id=job.pk)
    assert worked(job).state == State.UNDONE
    assert not RawRecord.objects.exists()


def test_what_cannot_be_booked_is_taken_back(
    owner: User, small: ImportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_booking, "BATCH", 2)
    job = brought(owner, ("a.csv", text(*ROWS)))
    imports.confirm(user=owner, job_id=job.pk)
    import_booking.step(job.pk)
    Connection.objects.update(label="was there")
    monkeypatch.setattr(import_booking, "_store", _fail)
    with pytest.raises(RuntimeError):
        import_work.run_slice(job.pk, seconds=5)
    job = worked(job)
    assert job.state == State.FAILED
    assert "RuntimeError" in job.failure
    assert not RawRecord.objects.exists()


def _fail(*_: object) -> None:
    raise RuntimeError


def test_a_worker_that_lost_its_draft_stores_nothing(owner: User, small: ImportFormat) -> None:
    job = imports.begin(user=owner, files=[SimpleUploadedFile("a.csv", text(*ROWS).encode())])
    Import.objects.filter(pk=job.pk).update(holder="another", worked_at=timezone.now())
    assert import_work.run_slice(job.pk, seconds=5) is None
    assert not ImportLine.objects.exists()
    Import.objects.update(worked_at=timezone.now() - timedelta(minutes=2))
    assert worked(job).state == State.READY


def test_drafts_go_after_a_day(owner: User, small: ImportFormat) -> None:
    job = brought(owner, ("a.csv", text(*ROWS)))
    now = timezone.now()
    assert imports.expire(now + timedelta(hours=23)) == 0
    assert imports.expire(now + timedelta(hours=25)) > 0
    assert not Import.objects.filter(pk=job.pk).exists()
    assert not ImportUpload.objects.exists()


def test_too_large_a_file_is_refused_with_its_size(owner: User, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 0
    with pytest.raises(ImportProblem, match=r"a\.csv has 1 MB; at most 0 MB are read"):
        imports.begin(user=owner, files=[SimpleUploadedFile("a.csv", b"x")])
    assert not Import.objects.exists()


def test_edits_of_what_is_undone_are_taken_back(owner: User, small: ImportFormat) -> None:
    from portfolio.engine.types import TransactionKind
    from portfolio.services import edits

    job = confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    row = Transaction.objects.get(kind="unclassified")
    edits.reclassify(user=owner, ids=[row.pk], kind=TransactionKind.REWARD)
    imports.undo(user=owner, job_id=job.pk)
    worked(job)
    assert not Transaction.objects.exists()
    assert not held(owner)


def test_what_another_file_tells_too_is_known_and_takes_over_when_that_one_goes(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = replace(made(), id="tool", headings=((*HEADING[:4], "Wallet", "Id"),), rank=80)
    tool = replace(tool, entries=lambda rows, how: (Entry((row,)) for row in rows))
    add(monkeypatch, made(), tool)
    first = confirmed(owner, brought(owner, ("a.csv", text(ROWS[0]))))
    where = Connection.objects.get()
    second = brought(owner, ("b.csv", text(ROWS[0]).replace("Account", "Wallet")))
    account = second.accounts.get()
    imports.place(user=owner, job_id=second.pk, choices={account.pk: (str(where.pk), "")})
    second = worked(second)
    line = second.lines.get()
    assert (line.state, line.transaction) == ("known", Transaction.objects.get())
    second = confirmed(owner, second)
    assert (second.booked, second.found) == (0, 1)
    assert RawRecord.objects.count() == 2
    assert held(owner) == {"BTC": Decimal(2)}
    imports.undo(user=owner, job_id=first.pk)
    worked(first)
    assert held(owner) == {"BTC": Decimal(2)}
    assert [*Posting.objects.values_list("raw_record__endpoint", flat=True)] == ["file: b.csv"]
    imports.undo(user=owner, job_id=second.pk)
    worked(second)
    assert not held(owner)
    assert not Transaction.objects.exists()
