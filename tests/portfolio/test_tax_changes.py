"""A report that is made again: the same, or what differs is named."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from portfolio.engine.types import TransactionKind
from portfolio.models import (
    Posting,
    Stream,
    TaxChanges,
    TaxDocument,
    TaxInputs,
    TaxLineChange,
    TaxReport,
    Transaction,
)
from portfolio.services import edits, tax_reports, tax_settings
from portfolio.services.tax_settings import Told
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_tax_reports import lived, made, on

pytestmark = pytest.mark.django_db


@pytest.fixture
def kraken(owner: User) -> Stream:
    stream = factories.stream(factories.connection(owner, label="One"))
    lived(stream, factories.stream(factories.connection(owner, exchange="binance", label="Two")))
    return stream


def changes(report: TaxReport) -> TaxChanges:
    return TaxChanges.objects.get(report=report)


def numbers(report: TaxReport) -> dict[str, list[int]]:
    told: dict[str, Any] = changes(report).told["ledger"]
    assert all(len(group["shown"]) == group["number"] for group in told.values())
    return {kind: group["shown"] for kind, group in told.items() if group["number"]}


def text(page: Client, report: TaxReport, name: str = "changes", **query: Any) -> str:
    with CaptureQueriesContext(database) as queries:
        answer = page.get(reverse(f"portfolio:tax-{name}", args=[report.pk]), query)
    assert answer.status_code == 200
    assert len(queries) <= 15
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_made_again_it_says_that_it_is_the_same(page: Client, owner: User, kraken: Stream) -> None:
    first, again = made(owner), made(owner)
    assert not TaxChanges.objects.filter(report=first).exists()
    assert changes(again).is_same
    assert changes(again).told["document"]
    assert numbers(again) == {}
    assert not TaxLineChange.objects.exists()
    assert "the same, to the last digit" in text(page, again, "report")
    shown = text(page, again)
    assert "The PDF has the same bytes" in shown
    assert "The same transactions with the same worths" in shown


def test_one_edited_transaction_is_named_exactly(page: Client, owner: User, kraken: Stream) -> None:
    """The sale of 0.5 ETH for 70 becomes one for 75."""
    former = made(owner)
    tax_reports.lock(user=owner, report_id=former.pk, is_locked=True)
    sale = kraken.connection.transactions.get(occurred_at=on(6))
    Posting.objects.filter(transaction=sale, asset="EUR").update(amount=Decimal(75))
    again = made(owner)
    told = changes(again)
    assert (told.is_same, told.was_locked, told.former_id) == (False, True, former.pk)
    assert numbers(again) == {"changed": [sale.pk]}
    assert (told.told["settings"], told.told["engine"]) == ([], None)
    moved = {row[1]: row[2:4] for row in told.told["figures"]}
    assert moved["Gain"] == ["110", "115"]
    assert [(row.part, row.was is None, row.now is None) for row in told.lines.all()] == [
        ("disposal", False, False)
    ]
    shown = text(page, again)
    assert "Told otherwise: 1 transaction." in shown
    assert "110.00 EUR115.00 EUR+5.00 EUR" in shown
    assert "changedproceeds" in shown
    assert (
        reverse("portfolio:transaction-detail", args=[sale.pk])
        in page.get(reverse("portfolio:tax-changes", args=[again.pk])).content.decode()
    )
    assert "which was locked as filed" in text(page, again, "report")
    # What was filed is still there, to the byte.
    assert TaxDocument.objects.get(report=former).sha256 != again.document.sha256
    answer = page.get(reverse("portfolio:tax-document", args=[former.pk, "report.pdf"]))
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]


def test_a_transaction_edited_by_its_owner_is_the_same_told_otherwise(
    page: Client, owner: User, kraken: Stream
) -> None:
    """Edits stand beside what was told, under another number."""
    made(owner)
    deposit = kraken.connection.transactions.get(occurred_at=on(5))
    edits.reclassify(user=owner, ids=[deposit.pk], kind=TransactionKind.AIRDROP)
    again = made(owner)
    (edited,) = Transaction.objects.current().filter(occurred_at=on(5))
    assert edited.pk != deposit.pk
    assert numbers(again) == {"changed": [edited.pk]}
    assert "Airdrop, One: 0.5 ETH" in text(page, again)


def test_what_came_went_and_was_priced_otherwise(page: Client, owner: User, kraken: Stream) -> None:
    gone = factories.transaction(kraken, ("1", "SOL"), ("-20", "EUR"), kind="trade", at=on(7))
    made(owner)
    number = gone.pk
    Transaction.objects.filter(pk=number).update(is_replaced=True)
    new = factories.transaction(kraken, ("1", "DOT"), ("-5", "EUR"), kind="trade", at=on(8))
    factories.own_price(owner, "ETH", "90", since=on(1))
    again = made(owner)
    deposit = kraken.connection.transactions.get(occurred_at=on(5))
    found = numbers(again)
    assert (found["added"], found["removed"]) == ([new.pk], [number])
    assert deposit.pk in found["priced"]
    lines = {(row.part, row.was is None) for row in changes(again).lines.all()}
    assert ("closing", True) in lines  # DOT came
    assert ("closing", False) in lines  # SOL went
    Transaction.objects.filter(pk=number).delete()
    assert f"Transaction {number}, no longer in the ledger" in text(page, again)


def test_other_settings_are_named(page: Client, owner: User, kraken: Stream) -> None:
    factories.transaction(kraken, ("1", "BTC"), ("-300", "EUR"), kind="trade", at=on(2, 20))
    made(owner)
    tax_settings.choose(user=owner, told=Told("neutral", "lifo"))
    again = made(owner)
    assert ["method", "fifo", "lifo"] in changes(again).told["settings"]
    shown = text(page, again)
    assert "Method, First in, first out → Last in, first out" in shown
    assert "The same transactions with the same worths" in shown


def test_a_former_report_without_a_list_is_said(page: Client, owner: User, kraken: Stream) -> None:
    made(owner)
    TaxInputs.objects.all().delete()
    TaxReport.objects.update(engine="0")
    again = made(owner)
    shown = text(page, again)
    assert "kept no list of its transactions" in shown
    assert "Another version of the engine: 0 → " in shown


def test_it_is_held_against_what_was_filed(owner: User, kraken: Stream) -> None:
    filed = made(owner)
    tax_reports.lock(user=owner, report_id=filed.pk, is_locked=True)
    between, last = made(owner), made(owner)
    assert changes(last).former_id == filed.pk
    tax_reports.delete(user=owner, report_id=between.pk)
    tax_reports.lock(user=owner, report_id=filed.pk, is_locked=False)
    tax_reports.delete(user=owner, report_id=filed.pk)
    assert changes(last).former_id is None


def test_lines_that_differ_come_in_pages(
    page: Client, owner: User, kraken: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = made(owner)
    for day in (1, 2, 3):
        at = on(9, day)
        factories.transaction(kraken, ("1", "DOT"), ("-5", "EUR"), kind="trade", at=at)
    again = made(owner)
    monkeypatch.setattr("portfolio.selectors.tax_changes.PAGE_SIZE", 2)
    assert "2 of 3 lines" in text(page, again)
    assert "1 of 3 lines" in text(page, again, **{"from": "2"})
    tax_reports.delete(user=owner, report_id=former.pk)
    assert "what its lines said is gone" in text(page, again)


def test_nobody_else_sees_what_differs(
    browser: Browser, other: User, owner: User, kraken: Stream
) -> None:
    made(owner)
    again = made(owner)
    url = reverse("portfolio:tax-changes", args=[again.pk])
    assert browser(other).get(url).status_code == 404
