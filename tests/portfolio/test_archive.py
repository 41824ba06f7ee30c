"""A complete archive: out, the account emptied, and in again with nothing lost."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.engine import archive as engine
from portfolio.engine.archive import ArchiveProblem
from portfolio.models import (
    Connection,
    DailyPrice,
    DailySum,
    DailyTotal,
    DailyValue,
    Finding,
    Holding,
    Posting,
    RawRecord,
    SavedFilter,
    Transaction,
)
from portfolio.selectors import archive as selector
from portfolio.selectors import archive_rules
from portfolio.selectors.archive_tables import BY_MODEL, LEFT_OUT, PRICES, TABLES
from portfolio.selectors.finder import by_cause
from portfolio.services import (
    archiving,
    connections,
    credentials,
    edit_reverts,
    export_jobs,
    findings,
    manual_entries,
    renormalising,
    restored_rows,
    restoring,
    valuation,
)
from portfolio.services.exports import Asked
from tests import factories
from tests.portfolio.archived_life import live
from tests.portfolio.conftest import Browser
from tests.portfolio.exchange import Exchange, audit
from tests.portfolio.test_edits_same_as_told import Scene, everything

pytestmark = pytest.mark.django_db


def archived(user: User) -> bytes:
    return b"".join(archiving.chunks(user))


def restored(user: User, data: bytes, **options: Any) -> restoring.Summary:
    return restoring.restore(user, io.BytesIO(data), **options)


def derived(user: User) -> dict[str, Any]:
    """What the ordinary services make of a ledger, with names for numbers."""
    valuation.recompute(user.pk)
    findings.refresh(user.pk)
    held = Holding.objects.filter(owner=user)
    found = Finding.objects.of(user).filter(closed_at=None)
    left_out = {"id", "owner_id", "connection_id"}
    return {
        "holdings": sorted(
            held.values_list("connection__label", "wallet", "asset", "quantity", "reported"),
            key=str,
        ),
        "values": list(
            DailyValue.objects.filter(owner=user)
            .order_by("on")
            .values_list("on", "value", "unpriced")
        ),
        "sums": [
            {name: value for name, value in row.items() if name not in left_out}
            for row in DailySum.objects.filter(owner=user)
            .order_by("on", "source", "asset")
            .values()
        ],
        "totals": sorted(
            DailyTotal.objects.filter(owner=user).values_list(
                "connection__exchange", "wallet", "asset", "on", "kind", "is_fee", "came", "went"
            ),
            key=str,
        ),
        "findings": sorted(
            found.values_list(
                *("cause", "connection__exchange", "asset", "quantity", "value"),
                "dismissed_reason",
            ),
            key=str,
        ),
    }


def told(user: User) -> dict[str, Any]:
    """What every selector says, but for the numbers of edits in keys."""
    return {
        name: sorted(re.sub("edit:[0-9]+/", "edit:/", repr(each)) for each in said)
        for name, said in everything(user).items()
    }


@pytest.fixture
def full(owner: User) -> User:
    live(owner)
    return owner


# --- Nothing is forgotten ---------------------------------------------------------------------


def test_every_table_is_archived_or_left_out_with_a_reason() -> None:
    known = {table.model.__name__ for table in TABLES}
    named = {model.__name__ for model in apps.get_app_config("portfolio").get_models()}
    assert named - known == LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


def test_what_findings_are_told_by_is_known() -> None:
    """A subject with a row's number in it must be written by the row's place."""
    plain = {"price_gap", "unknown_asset", "unpriced"}
    assert by_cause().keys() == archive_rules.SUBJECTS.keys() | plain


def test_every_column_is_archived_or_left_out_with_a_reason() -> None:
    for table in TABLES:
        columns = {column.name for column in table.model._meta.concrete_fields}
        assert table.left_out.keys() <= columns, table.name
        assert table.rules.keys() <= columns, table.name
        told = {column.name for column in table.columns} | table.left_out.keys()
        assert columns - told <= {"id", "owner"}, table.name


def test_the_settings_of_a_user_are_archived() -> None:
    signing_in = {"id", "email", "password", "last_login", "is_superuser", "is_active"}
    signing_in |= {"date_joined"}
    columns = {column.name for column in User._meta.concrete_fields}
    assert columns - signing_in == set(selector.SETTINGS_COLUMNS)


def test_the_life_has_something_in_every_table(full: User) -> None:
    found = selector.lines(full)
    assert [name for name, lines in found.items() if not lines] == []
    assert {table.name for table in TABLES} | {"settings"} == found.keys()
    assert '"@' in found["tax_reports"][0]
    # What names rows inside of texts is there too.
    assert any("edit:@" in line for line in found["transactions"])
    assert any("manual:@" in line for line in found["transactions"])
    assert any('"before": [{"at": ' in line for line in found["edits"])
    assert any('"links": {"1": ' in line or '"links": {"2": ' in line for line in found["edits"])
    assert any(json.loads(line)["batch"] for line in found["edits"])
    assert any("connection=@" in line for line in found["saved_filters"])
    assert len({json.loads(line)["cause"] for line in found["dismissals"]}) >= 4


# --- Out and in -------------------------------------------------------------------------------


def test_the_same_ledger_makes_the_same_bytes(full: User) -> None:
    assert archived(full) == archived(full)


def test_out_wiped_and_in_again_nothing_is_lost(full: User) -> None:
    data, before, made = archived(full), selector.lines(full), derived(full)
    for connection in Connection.objects.of(full):
        connections.remove(connection=connection, with_history=True)
    assert not Transaction.objects.of(full).exists()
    restored(full, data)
    assert selector.lines(full) == before
    assert archived(full) == data
    assert derived(full) == made
    assert archived(full) == data
    assert archiving.differences(full, io.BytesIO(data)) == []


def test_another_user_can_hold_the_same(full: User, other: User) -> None:
    full.reporting_currency, full.time_zone = "USD", "Europe/Vienna"
    full.save()
    data, made = archived(full), derived(full)
    restored(other, data)
    assert (other.reporting_currency, other.time_zone) == ("USD", "Europe/Vienna")
    assert archived(other) == data
    assert derived(other) == made
    assert Connection.objects.of(full).count() == Connection.objects.of(other).count() == 7


@pytest.mark.parametrize("seed", range(100, 105))
def test_any_ledger_comes_back_the_same(seed: int) -> None:
    scene = Scene(seed)
    for _ in range(8):
        scene.edit()
    before, data = told(scene.user), archived(scene.user)  # to tell it finds the transfers
    other = factories.user()
    restored(other, data)
    assert archived(other) == data
    assert told(other) == before
    # The layers come off there as they do here.
    for user in (scene.user, other):
        edit_reverts.revert_all(user=user)
    assert told(other) == told(scene.user)


def test_what_was_restored_can_be_worked_with(full: User, other: User) -> None:
    restored(other, archived(full))
    for connection in Connection.objects.of(other):
        job = renormalising.start(connection=connection)
        renormalising.run_slice(job.pk, seconds=60)
        job.refresh_from_db()
        assert (job.changed, job.failure) == (0, ""), connection
    entry = other.manual_entries.get(transaction=None, replaces=None, replaced_by=None)
    back = manual_entries.undo(user=other, entry=entry)
    assert back.transaction is not None
    assert back.transaction.key == f"manual:{back.pk}"
    kept = SavedFilter.objects.get(owner=other)
    assert kept.query.endswith(str(Connection.objects.get(owner=other, exchange="kraken").pk))


def test_prices_are_taken_from_a_file_only_by_the_operator(full: User, other: User) -> None:
    data = archived(full)
    DailyPrice.objects.exclude(asset="DOGE").delete()
    restored(other, data)
    assert not DailyPrice.objects.filter(asset="BTC").exists()
    third = factories.user()
    restored(third, data, with_prices=True)
    assert DailyPrice.objects.filter(asset="BTC").count() == 12
    assert archived(third) == data
    assert b"DOGE" not in zipfile.ZipFile(io.BytesIO(data)).read("daily_prices.jsonl")


# --- Keys -------------------------------------------------------------------------------------


def test_no_secret_is_in_an_archive(owner: User) -> None:
    key = {"apiKey": "planted-public-part", "secret": "cGxhbnRlZC1zZWNyZXQ="}
    made = connections.register(
        user=owner, exchange="kraken", environment="sandbox", label="", credentials=key
    )
    Connection.objects.filter(pk=made.pk).update(
        sealed_credentials=credentials.seal(key, row=made.pk), status="active"
    )
    held = Connection.objects.get(pk=made.pk)
    packed = zipfile.ZipFile(io.BytesIO(archived(owner)))
    text = b"".join(packed.read(name) for name in packed.namelist())
    sealed = [bytes(held.sealed_credentials or b""), bytes(held.sealed_candidate or b"")]
    for secret in (*(part.encode() for part in key.values()), *sealed):
        assert secret
        assert secret not in text
        assert secret.hex().encode() not in text
    assert b"sealed" not in text


def test_a_new_key_goes_on_where_the_archive_ended(
    full: User, other: User, exchange: Exchange
) -> None:
    restored(other, archived(full))
    connection = Connection.objects.get(owner=other, exchange="kraken")
    assert (connection.status, connection.sealed_credentials) == ("paused", None)
    assert "add a key" in connection.status_reason
    key = {"apiKey": "key", "secret": "c2VjcmV0"}
    connections.replace_credentials(connection=connection, credentials=key)
    exchange.permissions = audit(uid="somebody else's")
    connection.refresh_from_db()
    connections.check(connection)
    connection.refresh_from_db()
    assert connection.status == "refused"
    connections.replace_credentials(connection=connection, credentials=key)
    exchange.permissions = audit(uid=connection.account_uid)
    connection.refresh_from_db()
    connections.check(connection)
    connection.refresh_from_db()
    assert (connection.status, connection.status_reason) == ("active", "")
    assert connection.streams.get(key="ledger").cursor == {"v": 1, "since": 7}


def test_the_page_of_a_restored_connection_asks_for_a_key(
    full: User, other: User, browser: Browser
) -> None:
    restored(other, archived(full))
    connection = Connection.objects.get(owner=other, exchange="kraken")
    url = reverse("portfolio:connection-detail", args=[connection.pk])
    text = browser(other).get(url).content.decode()
    assert "Restored from an archive" in text
    assert "Add a key" in text
    assert "resume-button" not in text


def test_a_second_key_of_a_restored_account_is_told_where_it_belongs(
    full: User, other: User, exchange: Exchange
) -> None:
    restored(other, archived(full))
    kept = Connection.objects.get(owner=other, exchange="kraken")
    key = {"apiKey": "key", "secret": "c2VjcmV0"}
    made = connections.register(
        user=other, exchange="kraken", environment="sandbox", label="", credentials=key
    )
    exchange.permissions = audit(uid=kept.account_uid)
    connections.check(made)
    made.refresh_from_db()
    assert made.status == "refused"
    assert "replace the key of that connection" in made.status_reason


# --- What is refused --------------------------------------------------------------------------


def repacked(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The archive with other members, its manifest as it was."""
    packed = zipfile.ZipFile(io.BytesIO(data))
    members = {name: packed.read(name) for name in packed.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def forged(data: bytes, table: str, old: str, new: str) -> bytes:
    """The archive with one text replaced, and a manifest that agrees."""

    def change(members: dict[str, bytes]) -> None:
        content = members[f"{table}.jsonl"].decode()
        assert old in content
        members[f"{table}.jsonl"] = content.replace(old, new, 1).encode()
        known = engine.read(members[engine.MANIFEST], selector.NAMES)
        told = [_summed(each.name, members[f"{each.name}.jsonl"]) for each in known.members]
        members[engine.MANIFEST] = engine.written(engine.Manifest(tuple(told)))

    return repacked(data, change)


def _summed(name: str, content: bytes) -> engine.Member:
    return engine.Member(
        name, content.count(b"\n"), len(content), hashlib.sha256(content).hexdigest()
    )


def refusal(user: User, data: bytes) -> str:
    """Why it is refused; nothing of it stays."""
    before = _rows(user)
    with pytest.raises(ArchiveProblem) as caught:
        restored(user, data, with_prices=True)
    assert _rows(user) == before
    return str(caught.value)


def _rows(user: User) -> Any:
    counts = {table.name: table.model._default_manager.count() for table in TABLES}
    return counts, selector.lines(user), User.objects.values().get(pk=user.pk)


def test_changed_bytes_are_refused_by_name(full: User, other: User) -> None:
    data = archived(full)
    for table in ("settings", "transactions", "postings", "daily_prices"):

        def change(members: dict[str, bytes], name: str = f"{table}.jsonl") -> None:
            content = bytearray(members[name])
            content[len(content) // 2] ^= 1
            members[name] = bytes(content)

        assert table in refusal(other, repacked(data, change))


def test_a_damaged_file_is_refused_by_name(full: User, other: User) -> None:
    data = bytearray(archived(full))
    packed = zipfile.ZipFile(io.BytesIO(bytes(data)))
    info = packed.getinfo("postings.jsonl")
    data[info.header_offset + 200] ^= 255
    assert "postings" in refusal(other, bytes(data))
    for cut in (10, len(data) // 2, len(data) - 30):
        assert "cut off" in refusal(other, bytes(data[:cut]))


def test_a_newer_format_is_refused(full: User, other: User) -> None:
    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members[engine.MANIFEST])
        members[engine.MANIFEST] = json.dumps(told | {"version": 99, "app": "9.9"}).encode()

    why = refusal(other, repacked(archived(full), change))
    assert "format 99" in why
    assert "9.9" in why


def test_another_manifest_is_refused(full: User, other: User) -> None:
    data = archived(full)
    told = (b"", b"[]", b"{}", b"{" * 9000, b'{"format": "coffer-archive", "version": true}')
    for manifest in told:

        def change(members: dict[str, bytes], told: bytes = manifest) -> None:
            members[engine.MANIFEST] = told

        refusal(other, repacked(data, change))


def test_other_members_are_refused(full: User, other: User) -> None:
    data = archived(full)
    assert "not an archive" in refusal(other, repacked(data, lambda m: m.update({"more": b""})))
    assert "not an archive" in refusal(other, repacked(data, lambda m: m.pop("notes.jsonl")))
    assert "not a ZIP" in refusal(other, b"PK nothing of that kind")


def test_what_unpacks_to_far_more_is_refused_before_it_is_unpacked(full: User, other: User) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["notes.jsonl"] = content = b" " * 50_000_000 + b"\n"
        known = engine.read(members[engine.MANIFEST], selector.NAMES)
        told = [
            _summed("notes", content) if each.name == "notes" else each for each in known.members
        ]
        members[engine.MANIFEST] = engine.written(engine.Manifest(tuple(told)))

    assert "which no ledger has" in refusal(other, repacked(archived(full), change))


FORGERIES = {
    "not a number": ("postings", '"amount":"', '"amount":"NaN'),
    "a row that is not there": ("postings", '"transaction":1,', '"transaction":99999,'),
    "a kind that is not there": ("transactions", '"kind":"', '"kind":"x'),
    "no JSON": ("transactions", "{", "["),
    "a column more": ("notes", "{", '{"more":1,'),
    "a time without end": ("transactions", '"occurred_at":"2', '"occurred_at":"infinity2'),
    "a name too long": ("postings", '"asset":"', '"asset":"' + "A" * 41),
    "an amount that would be written otherwise": ("postings", '"amount":"', '"amount":"0'),
    "a zone that is not there": ("settings", '"UTC"', '"Nowhere/At all"'),
    "two of what is once": ("tags", '"name":"old"', '"name":"to do"'),
    "an exchange that is not there": ("connections", '"exchange":"kraken"', '"exchange":"nowhere"'),
    "a status of its own": ("connections", '"status":"paused"', '"status":"active"'),
    "a null byte": ("notes", '"text":"', '"text":"\\u0000'),
}


def test_what_is_no_ledger_is_refused(full: User, other: User) -> None:
    data = archived(full)
    for name, forgery in FORGERIES.items():
        assert refusal(other, forged(data, *forgery)), name


def test_a_user_who_has_it_already_is_told_which(full: User, other: User) -> None:
    data = archived(full)
    why = refusal(full, data)
    assert "here already" in why
    assert "Kraken" in why
    mine = factories.connection(other, exchange="gemini", label="Mine")
    assert "this one has connections: Mine" in refusal(other, data)
    mine.delete()
    factories.own_price(other, "BTC")
    assert "own prices" in refusal(other, data)


# --- Killed half way --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_nothing_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, other = factories.user(), factories.user()
    live(owner)
    data, insert = archived(owner), restored_rows._insert

    def kill(table: Any, user: User) -> None:
        insert(table, user)
        if table.name == "postings":
            assert Posting.objects.filter(owner=other).exists()
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(restored_rows, "_insert", kill)
    with pytest.raises(OperationalError):
        restored(other, data)
    database.close()
    assert not Connection.objects.of(other).exists()
    assert not Posting.objects.filter(owner=other).exists()
    assert RawRecord.objects.filter(connection__owner=owner).exists()
    monkeypatch.setattr(restored_rows, "_insert", insert)
    restored(other, data)
    assert archived(other) == data


@pytest.mark.django_db(transaction=True)
def test_it_is_of_one_moment_and_holds_up_nobody_who_stores_meanwhile() -> None:
    owner = factories.user()
    stream = factories.stream(factories.connection(owner))
    factories.transaction(stream, ("1", "BTC"), kind="deposit")
    chunks = archiving.chunks(owner)
    data = next(chunks)
    assert not database.in_atomic_block
    factories.transaction(stream, ("2", "BTC"), kind="deposit")
    data += b"".join(chunks)
    packed = zipfile.ZipFile(io.BytesIO(data))
    for name in ("transactions", "raw_records", "postings"):
        assert packed.read(f"{name}.jsonl").count(b"\n") == 1
    assert [each.table for each in archiving.differences(owner, io.BytesIO(data))] == [
        *("transactions", "raw_records", "postings"),
    ]


def test_prices_are_the_only_tables_of_everybody() -> None:
    assert PRICES == ("daily_prices", "moment_prices")
    assert len(BY_MODEL) == len(TABLES)


# --- Commands ---------------------------------------------------------------------------------


def test_the_commands_write_compare_and_restore(full: User, other: User, tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.zip")
    call_command("archive", full.email, out=file)
    assert Path(file).read_bytes() == archived(full)
    assert "are equal" in said("archive", full.email, verify=file)
    told = json.loads(said("restore", other.email, file, preview=True, json=True))
    assert told["rows"]["transactions"] == Transaction.objects.of(full).count()
    assert not Connection.objects.of(other).exists()
    assert "add one to each" in said("restore", other.email, file)
    assert DailyValue.objects.filter(owner=other).exists()
    assert Finding.objects.of(other).open().exists()
    Posting.objects.filter(owner=other)[0].delete()
    with pytest.raises(SystemExit):
        call_command("archive", other.email, verify=file)


def test_the_commands_of_exports_and_imports_take_archives_too(
    full: User, other: User, tmp_path: Path
) -> None:
    file = str(tmp_path / "ledger.zip")
    call_command("export", full.email, "archive", out=file)
    assert Path(file).read_bytes() == archived(full)
    with pytest.raises(SystemExit):
        call_command("export", full.email, "archive", out=file, year="2025")
    assert "In the archive" in said("import", other.email, file, dry_run=True)
    assert "Restored" in said("import", other.email, file)
    assert archived(other) == archived(full)


def test_a_worker_makes_it_and_it_is_offered_on_the_page(full: User, page: Client) -> None:
    shown = page.get(reverse("portfolio:export-list")).content.decode()
    assert "Complete archive" in shown
    form = page.get(reverse("portfolio:export-form", args=["archive"])).content.decode()
    assert "but for keys" in form
    assert 'name="year"' not in form
    looked = page.get(reverse("portfolio:export-preview", args=["archive"])).content.decode()
    assert "is not text" in looked
    job = export_jobs.ask(user=full, asked=Asked("archive"))
    assert export_jobs.make(job.pk)
    job.refresh_from_db()
    assert (job.state, job.file_name) == ("done", "coffer-archive.zip")
    assert job.done == Transaction.objects.of(full).current().count()
    data = b"".join(export_jobs.pieces(job))
    assert archiving.differences(full, io.BytesIO(data)) == []


def said(*args: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()
