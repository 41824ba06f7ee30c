"""Form 8949 out of a ledger: the whole history is read, the year is written."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import User
from portfolio.models import TaxProfile
from portfolio.services import export_jobs, exports
from portfolio.services.export_preview import preview
from portfolio.services.exports import Asked
from tests import factories

pytestmark = pytest.mark.django_db
BOUGHT = datetime(2023, 5, 1, 12, tzinfo=UTC)
DEARER = datetime(2024, 5, 1, 12, tzinfo=UTC)
SOLD = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(owner: User) -> User:
    stream = factories.stream(factories.connection(owner, environment="live", label="Here"))
    factories.transaction(stream, ("1", "BTC"), ("-20000", "USD"), at=BOUGHT)
    factories.transaction(stream, ("1", "BTC"), ("-50000", "USD"), at=DEARER)
    factories.transaction(
        stream, ("-1", "BTC"), ("70000", "USD"), ("-12.345", "USD", "fee"), at=SOLD
    )
    return owner


def rows(owner: User, asked: Asked) -> list[list[str]]:
    file = exports.open_file(owner, asked)
    text = b"".join(file.chunks).decode()
    assert file.tally.number == exports.count(owner, asked)
    return list(csv.reader(io.StringIO(text)))[1:]


def test_a_year_is_sold_out_of_lots_of_years_before(ledger: User) -> None:
    asked = Asked("form-8949", year=2025)
    assert rows(ledger, asked) == [
        [
            *("1 BTC", "05/01/2023", "06/01/2025", "69987.66", "20000.00", "", "", "49987.66"),
            *("L", "Long", "Here"),
        ]
    ]
    assert rows(ledger, Asked("form-8949", year=2024)) == []
    shown = preview(ledger, asked)
    assert [row[0] for row in shown.rows] == ["1 BTC"]
    assert shown.shortfalls == {"reported": 1}


def test_it_is_in_dollars_whatever_the_owner_reads_in(ledger: User) -> None:
    ledger.reporting_currency = "CHF"
    ledger.save()
    assert rows(ledger, Asked("turbotax-gains", year=2025)) == [
        ["BTC", "05/01/2023", "20000.00", "06/01/2025", "69987.66"]
    ]


def test_the_method_is_that_of_the_tax_settings(ledger: User) -> None:
    TaxProfile.objects.create(owner=ledger, place="us", method="hifo")
    ((_, _, cost, _, _),) = rows(ledger, Asked("turbotax-gains", year=2025))
    assert Decimal(cost) == 50000


def test_a_worker_makes_it(ledger: User) -> None:
    job = export_jobs.ask(user=ledger, asked=Asked("txf", year=2025))
    assert export_jobs.make(job.pk)
    job.refresh_from_db()
    assert (job.state, job.file_name) == ("done", "coffer-txf-2025.txf")
    assert b"$20000.00\r\n$69987.66\r\n" in b"".join(export_jobs.pieces(job))
    assert job.shortfalls == {"reported": 1, "boxes": 1}
