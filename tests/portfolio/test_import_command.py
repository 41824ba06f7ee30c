"""manage.py import: the same as the page does, in one go."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from portfolio.imports.format import ImportFormat
from portfolio.models import Connection, Import, RawRecord
from tests.imports.small_format import add, made, small, text
from tests.portfolio.test_service_imports import ROWS

__all__ = ["small"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(text(*ROWS))
    return path


def told(owner: User, file: Path, *options: str) -> dict[str, int]:
    out = StringIO()
    call_command("import", owner.email, str(file), "--json", *options, stdout=out)
    answer: dict[str, int] = json.loads(out.getvalue())
    return answer


def refused(owner: User, file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit):
        call_command("import", owner.email, str(file), *options)
    return capsys.readouterr().err


def test_it_books_what_the_page_would_book(owner: User, small: ImportFormat, file: Path) -> None:
    answer = told(owner, file)
    assert (answer["rows"], answer["booked"], answer["left_out"]) == (6, 5, 1)
    assert told(owner, file)["booked"] == 0
    assert RawRecord.objects.count() == 5


def test_a_dry_run_leaves_nothing(owner: User, small: ImportFormat, file: Path) -> None:
    answer = told(owner, file, "--dry-run")
    assert (answer["new"], answer["unclear"]) == (4, 1)
    assert not Import.objects.exists()
    assert not Connection.objects.exists()


def test_a_broken_file_is_refused_with_its_line_and_leaves_nothing(
    owner: User, small: ImportFormat, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.csv"
    path.write_text(text(ROWS[0], "2024-01-01T10:00:00,deposit,two,BTC,Wallet,a1"))
    assert "b.csv, line 3: “two” is not an amount" in refused(owner, path, capsys)
    assert not Import.objects.exists()


def test_what_is_asked_is_named(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add(monkeypatch, made(asks=("zone",)))
    assert "--zone" in refused(owner, file, capsys)
    assert told(owner, file, "--zone", "Europe/Berlin")["booked"] == 5
