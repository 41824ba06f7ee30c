"""manage.py export on a real ledger: whole, streamed, one user's own, one line when it cannot."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portfolio.models import Connection, Holding, Posting
from portfolio.selectors import exports
from portfolio.selectors.export_rows import Selection
from tests import factories

pytestmark = pytest.mark.django_db

MOVEMENTS: list[tuple[str, list[tuple[str, ...]]]] = [
    ("trade", [("-100.10", "EUR"), ("0.002", "BTC"), ("-0.00001", "BNB", "fee")]),
    ("deposit", [("1000", "EUR")]),
    ("withdrawal", [("-0.001", "BTC"), ("-0.0000005", "BTC", "fee")]),
    ("reward", [("0.000000000000000001", "DOT")]),
    ("transfer", [("-3", "DOT")]),
]


def fill(of: Connection, year: int = 2024) -> None:
    """Books one transaction of each kind, and the holdings that follow."""
    stream = factories.stream(of)
    for month, (kind, movements) in enumerate(MOVEMENTS, start=1):
        at = datetime(year, month, 1, 12, tzinfo=UTC)
        factories.transaction(stream, *movements, kind=kind, at=at)  # type: ignore[arg-type]
    for posting in Posting.objects.filter(connection=of):
        row, _ = Holding.objects.get_or_create(
            owner=of.owner, connection=of, wallet=posting.wallet, asset=posting.asset
        )
        row.quantity += posting.amount
        row.save()


def export(owner: User, format_id: str, out: Path, **options: Any) -> bytes:
    call_command("export", owner.email, format_id, out=str(out), **options)
    return out.read_bytes()


def held(owner: User) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in Holding.objects.filter(owner=owner):
        sums[row.asset] += row.quantity
    return dict(sums)


def table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.fixture
def owner() -> User:
    made = factories.user()
    fill(factories.connection(made, exchange="kraken", label="Main"))
    return made


def test_exported_amounts_add_up_to_holdings(owner: User, tmp_path: Path) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in table(export(owner, "csv", tmp_path / "all.csv")):
        sums[row["asset"]] += Decimal(row["amount"])
    assert dict(sums) == held(owner)


def test_koinly_amounts_add_up_to_holdings(owner: User, tmp_path: Path) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in table(export(owner, "koinly", tmp_path / "all.csv")):
        for column, sign in (("Received", 1), ("Sent", -1), ("Fee", -1)):
            if row[f"{column} Currency"]:
                sums[row[f"{column} Currency"]] += sign * Decimal(row[f"{column} Amount"])
    assert dict(sums) == held(owner)


def test_several_connections_come_as_one_koinly_file_each(owner: User, tmp_path: Path) -> None:
    second = factories.connection(owner, exchange="binance", label="Main")
    fill(second)
    packed = zipfile.ZipFile(io.BytesIO(export(owner, "koinly", tmp_path / "all.zip")))
    assert packed.namelist() == ["main-kraken.csv", "main-binance.csv"]
    alone = export(owner, "koinly", tmp_path / "one.csv", connection=str(second.pk))
    assert packed.read("main-binance.csv") == alone
    assert len(table(alone)) == len(MOVEMENTS)


def test_a_year_is_the_users_own(owner: User, tmp_path: Path) -> None:
    at = datetime(2023, 12, 31, 23, 30, tzinfo=UTC)
    stream = factories.stream(owner.connections.get(), "rewards")
    factories.transaction(stream, ("1", "BTC"), kind="reward", at=at)
    assert len(table(export(owner, "csv", tmp_path / "2023.csv", year="2023"))) == 1
    User.objects.update(time_zone="Europe/Berlin")
    assert table(export(owner, "csv", tmp_path / "2023.csv", year="2023")) == []
    assert len(table(export(owner, "csv", tmp_path / "2024.csv", year="2024"))) == 9


def test_only_the_users_own_transactions_are_written(owner: User, tmp_path: Path) -> None:
    fill(factories.connection(factories.user(), label="Somebody else's"))
    assert b"Somebody" not in export(owner, "csv", tmp_path / "all.csv")


def test_a_transaction_without_amounts_has_no_rows(owner: User, tmp_path: Path) -> None:
    before = export(owner, "csv", tmp_path / "all.csv")
    factories.transaction(owner.connections.get().streams.get(), kind="withdrawal")
    assert export(owner, "csv", tmp_path / "all.csv") == before


def test_standard_output_gets_the_same_bytes(
    owner: User, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    written = export(owner, "csv", tmp_path / "all.csv")
    capfdbinary.readouterr()
    call_command("export", owner.email, "csv", out="-")
    assert capfdbinary.readouterr().out == written


def test_what_was_written_is_told_as_json(
    owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = export(owner, "csv", tmp_path / "all.csv", json=True)
    assert json.loads(capsys.readouterr().out) == {
        "format": "csv",
        "file": str(tmp_path / "all.csv"),
        "content_type": "text/csv; charset=utf-8",
        "bytes": len(written),
    }


def test_what_the_target_cannot_express_is_told_on_standard_error(
    owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(owner, "csv", tmp_path / "all.csv")
    assert capsys.readouterr().err == ""
    stream = owner.connections.get().streams.get()
    factories.transaction(stream, ("-1", "BTC"), kind="unclassified")
    export(owner, "koinly", tmp_path / "all.csv")
    told = capsys.readouterr().err
    assert "1 transactions: Unclassified transactions" in told


@pytest.mark.parametrize(
    ("user", "format_id", "options", "message"),
    [
        ("nobody@example.org", "csv", {}, "There is no user nobody@example.org."),
        ("", "excel", {}, "There is no format excel. Formats: "),
        ("", "csv", {"year": "soon"}, "soon is not a year."),
        ("", "csv", {"kind": "bribe"}, "There is no kind bribe."),
        ("", "csv", {"wallet": "sofa"}, "There is no wallet sofa."),
        ("", "csv", {"connection": "1"}, "There is no connection 1."),
        ("", "csv", {"out": "-", "json": True}, "--json answers on standard output"),
        ("", "csv", {"out": "/nonexistent/file.csv"}, "Cannot write /nonexistent/file.csv"),
        ("", "csv", {"out": "/"}, "Cannot write /: it is a directory."),
    ],
)
def test_a_wrong_argument_is_one_line_and_status_2(
    owner: User,
    tmp_path: Path,
    user: str,
    format_id: str,
    options: Any,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"out": str(tmp_path / "all.csv")} | options
    with pytest.raises(SystemExit) as ended:
        call_command("export", user or owner.email, format_id, **given)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_anothers_connection_is_unknown(
    owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = factories.connection(factories.user())
    with pytest.raises(SystemExit):
        export(owner, "csv", tmp_path / "all.csv", connection=str(other.pk))
    assert capsys.readouterr().err == f"There is no connection {other.pk}.\n"


def test_a_failure_half_way_leaves_the_former_file(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(owner, "csv", tmp_path / "all.csv")

    def broken(*of_one: Any) -> Any:
        raise RuntimeError("half way")

    monkeypatch.setattr(exports, "_transaction", broken)
    with pytest.raises(RuntimeError, match="half way"):
        export(owner, "csv", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_reading_takes_as_many_queries_however_many_transactions(owner: User) -> None:
    def read() -> tuple[int, int]:
        with transaction.atomic(), CaptureQueriesContext(database) as queries:
            found = list(exports.transactions(owner, Selection(), "EUR"))
        return len(found), len(queries)

    few, asked = read()
    fill(factories.connection(owner, exchange="kraken", label="Second"), year=2025)
    many, asked_of_many = read()
    assert (few, many) == (len(MOVEMENTS), 2 * len(MOVEMENTS))
    assert asked == asked_of_many <= 10


def test_an_abandoned_export_leaves_no_cursor_open(owner: User) -> None:
    stream = exports.transactions(owner, Selection(), "EUR")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    with database.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_cursors WHERE statement LIKE '%portfolio_note%'")
        assert [s for (s,) in cursor.fetchall() if "pg_cursors" not in s] == []
