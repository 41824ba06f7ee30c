"""What a tax report keeps of how complete its ledger was: coverage, balances, open findings."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.models import Coverage, Finding, Holding, Stream, TaxReport
from portfolio.selectors import tax_words
from portfolio.services import tax_reports, tax_sections
from tests import factories
from tests.portfolio.test_tax_reports import lived, made, on

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def kraken(owner: User) -> Stream:
    stream = factories.stream(factories.connection(owner, label="One"))
    lived(stream, factories.stream(factories.connection(owner, exchange="binance", label="Two")))
    return stream


def covered(stream: Stream, state: str, start: datetime, end: datetime) -> None:
    Coverage.objects.create(stream=stream, state=state, start_at=start, end_at=end)


def coverage_of(report: TaxReport, stream: Stream) -> dict[str, Any]:
    (row,) = (
        row
        for row in report.evidence["coverage"]
        if row["account"] == str(stream.connection_id) and row["kind"] == stream.kind
    )
    return dict(row)


def test_coverage_says_what_is_missing_in_the_year_and_before(owner: User, kraken: Stream) -> None:
    kraken.caught_up_at = timezone.now()
    kraken.save()
    covered(kraken, "fetched", on(1, year=2022), on(1, year=2023))
    covered(kraken, "failed", on(1, year=2023), on(2, year=2023))
    covered(kraken, "fetched", on(2, year=2023), on(3))
    covered(kraken, "fetched", on(5), on(8))
    row = coverage_of(made(owner), kraken)
    assert row["before"]["missing"] == [["failed", "2023-01-01", "2023-02-01"]]
    # Between two askings, and after the last one, nobody asked.
    assert row["year"]["missing"] == [
        ["hole", "2024-03-01", "2024-05-01"],
        ["hole", "2024-08-01", "2024-12-31"],
    ]
    assert row["year"]["words"] == {"hole": 1}


def test_a_history_that_is_whole_misses_nothing(owner: User, kraken: Stream) -> None:
    kraken.caught_up_at = timezone.now()
    kraken.save()
    covered(kraken, "fetched", on(1, year=2022), on(1, year=2025))
    row = coverage_of(made(owner), kraken)
    assert (row["before"]["missing"], row["year"]["missing"]) == ([], [])
    assert row["year"] | {"missing": []} == {
        "words": {"fetched": 1}, "records": 4, "missing": [], "more": 0
    }  # fmt: skip
    assert row["before"]["records"] == 1


def test_records_older_than_promised_are_kept_and_not_relied_on(
    owner: User, kraken: Stream
) -> None:
    kraken.caught_up_at = timezone.now()
    kraken.save()
    covered(kraken, "fetched", on(1, year=2025), on(6, year=2025))
    told = coverage_of(made(owner), kraken)["year"]
    assert (told["records"], tax_words.is_in_doubt(told)) == (4, True)
    assert tax_words.covered(told) == ["older than the exchange promises; what came is kept"]
    nothing = told | {"records": 0}
    assert not tax_words.is_in_doubt(nothing)
    assert tax_words.covered(nothing) == ["older than the exchange promises; nothing came"]


def test_balances_that_differ_stand_first(owner: User, kraken: Stream) -> None:
    for asset, held, reported in (("AAA", "2", "2"), ("ZZZ", "3", "2.5"), ("BBB", "1", None)):
        holding = Holding(
            owner=owner, connection=kraken.connection, wallet="spot", asset=asset, quantity=held
        )
        if reported is not None:
            holding.reported = Decimal(reported)
        holding.save()
    rows = [
        (row["asset"], row["reported"], row["difference"])
        for row in made(owner).evidence["balances"]
        if row["account"] == str(kraken.connection_id)
    ]
    assert [row for row in rows if row[0] in ("AAA", "BBB", "ZZZ")] == [
        ("ZZZ", "2.5", "-0.5"),
        ("AAA", "2", "0"),
        ("BBB", None, None),
    ]


def found(owner: User, cause: str, subject: str, **more: Any) -> None:
    Finding.objects.create(
        owner=owner, cause=cause, subject=subject, currency="EUR", url="/",
        found_at=NOW, seen_at=NOW, **more,
    )  # fmt: skip


def test_findings_tell_the_money_of_the_year_that_stands_on_them(
    owner: User, kraken: Stream
) -> None:
    """The deposit of coins that were sold for 70; an asset; and what nobody knows."""
    deposit = kraken.connection.transactions.get(occurred_at=on(5))
    at = {"way": "in", "at": on(5).isoformat()}
    found(owner, "one-sided", f"{deposit.pk}:ETH", asset="ETH", value=Decimal(60), data=at)
    found(owner, "unknown_asset", "BTC", asset="BTC", data={"at": "Kraken"})
    found(owner, "unknown_asset", "GONE", asset="GONE", data={"at": "Kraken"})
    found(owner, "unreadable", "x", connection=kraken.connection, data={"count": "2"})
    report = made(owner)
    told = {(row["cause"], row["asset"]): row["touched"] for row in report.evidence["findings"]}
    assert told["one-sided", "ETH"] == {"proceeds": "70", "gain": "70", "income": "0"}
    # What the network kept of a transfer has no price, and so what stands on all of it has none.
    unknown = {"proceeds": None, "gain": None, "income": "0"}
    assert told["unknown_asset", "BTC"] == unknown
    assert told["unknown_asset", "GONE"] == {"proceeds": "0", "gain": "0", "income": "0"}
    assert told["unreadable", ""] is None
    assert report.evidence["findings"][0]["touched"] is None  # unknown money stands first
    assert report.evidence["assumed"]["unknown_origin"]["gain"] == "70"


def test_documents_tell_it_too_and_never_an_hour(owner: User, kraken: Stream) -> None:
    found(owner, "unreadable", "x", connection=kraken.connection, data={"count": "2"})
    one = made(owner)
    told = {section.title: section for section in tax_sections.sections(one)}
    assert set(told) == {"Coverage", "Reconciliation", "Open findings"}
    (row,) = told["Open findings"].rows
    assert row[3:6] == ("unknown", "unknown", "unknown")
    kraken.connection.last_synced_at = timezone.now()
    kraken.connection.save()
    other = tax_reports.ask(user=owner, year=2024)
    assert tax_reports.make(other.pk)
    assert other.document.sha256 == one.document.sha256
