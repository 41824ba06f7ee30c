"""The review: groups, ranks, filters, dismissing and undoing, what is closed, and the grade."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Connection, DataGrade, Finding
from portfolio.services import export_jobs, grading, tax_reports
from portfolio.services.exports import Asked
from portfolio.templatetags.findings import SUMS
from tests import factories
from tests.portfolio.conftest import Browser

D = Decimal
LIST = reverse("portfolio:finding-list")
DISMISS = reverse("portfolio:finding-dismiss")
RESTORE = reverse("portfolio:finding-restore")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def connection(owner: User) -> Connection:
    made = factories.connection(owner, label="Kraken one")
    factories.holding(made, "EUR", "1000")
    return made


def finding(of: Connection, subject: str = "", **fields: Any) -> Finding:
    return factories.finding(of, **({"subject": subject} if subject else {}), **fields)


def graded(owner: User, failing: Iterable[str] = ()) -> DataGrade:
    grading.store(owner, list(failing), timezone.now())
    return DataGrade.objects.get(owner=owner)


def text(page: Client, query: str = "", **options: Any) -> str:
    html = page.get(LIST + query, **options).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def groups(page: Client, query: str = "") -> list[tuple[str, list[int]]]:
    found = page.get(LIST + query).context["page"].groups
    return [(group.cause, [row.finding.pk for row in group.rows]) for group in found]


def test_causes_come_by_money_at_risk_and_unknown_money_first(
    page: Client, owner: User, connection: Connection
) -> None:
    small = finding(connection, cause="discrepancy", value=D(3))
    large = finding(connection, cause="discrepancy", value=D(5))
    unknown = finding(connection, cause="discrepancy", value=None)
    held = finding(connection, cause="unpriced", value=None)
    finding(connection, cause="transfer", value=D(900))
    graded(owner)
    found = groups(page)
    # Unknown money counts a hundredth of the worth: 10 + 8, 10.
    assert [cause for cause, _ids in found] == ["transfer", "discrepancy", "unpriced"]
    assert found[1][1] == [unknown.pk, large.pk, small.pk]
    assert found[2][1] == [held.pk]


def test_a_row_tells_all_and_leads_to_its_fix(
    page: Client, owner: User, connection: Connection
) -> None:
    factories.finding(connection, quantity=D("-0.5"), value=D("1234.5"), url="/mend/it/")
    graded(owner)
    html = page.get(LIST).content.decode()
    words = text(page)
    assert 'href="/mend/it/"' in html
    for part in (
        "Kraken one",
        "Wallet spot.",
        "−0 .5",
        "1,234.50",
        "See where it arose",
        "Dismiss",
    ):
        assert part in words, part


def test_filters(page: Client, owner: User, connection: Connection) -> None:
    second = factories.connection(owner, label="Second")
    one, two = finding(connection, cause="transfer"), finding(second, cause="unpriced")
    assert groups(page, "?cause=unpriced") == [("unpriced", [two.pk])]
    assert groups(page, f"?connection={connection.pk}") == [("transfer", [one.pk])]
    assert groups(page, f"?connection={connection.pk}&cause=unpriced") == []
    assert len(groups(page, "?cause=nonsense&connection=1&page=x&tab=y")) == 2
    assert "No finding has all that was asked for." in text(page, "?cause=duplicate")


def test_many_are_cut_and_paged(page: Client, connection: Connection) -> None:
    made = [finding(connection, cause="transfer", value=D(n)) for n in range(50, 0, -1)]
    ids = [row.pk for row in made]
    assert groups(page) == [("transfer", ids[:8])]
    assert "Show all 50" in text(page)
    assert groups(page, "?cause=transfer") == [("transfer", ids[:40])]
    assert groups(page, "?cause=transfer&page=2") == [("transfer", ids[40:])]
    html = page.get(f"{LIST}?cause=transfer").content.decode()
    assert "page=2" in html
    assert "page=0" not in html


def test_the_number_of_queries_is_fixed(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        of = factories.connection(owner, label=f"C{number}")
        for cause in ("discrepancy", "transfer", "unpriced", "connection", "other"):
            finding(of, cause=cause)
    graded(owner)
    for query in ("", "?cause=transfer", "?tab=closed", "?tab=dismissed"):
        with django_assert_max_num_queries(11):
            assert page.get(LIST + query).status_code == 200


def test_nothing_to_review(page: Client, owner: User) -> None:
    assert "Not looked yet" in text(page)
    graded(owner)
    assert "Nothing to review As of" in text(page)
    assert "Nothing dismissed" in text(page, "?tab=dismissed")
    assert "Nothing closed yet" in text(page, "?tab=closed")


def test_a_failing_finder_is_told(page: Client, owner: User, connection: Connection) -> None:
    graded(owner, ["discrepancy"])
    assert "Could not be looked for" in text(page)
    assert "The ledger and the exchange disagree" in text(page)
    assert "not all could be looked for" in text(page)


def test_what_is_closed_says_when_and_why(page: Client, connection: Connection) -> None:
    at = timezone.now() - timedelta(days=1)
    finding(connection, closed_at=at, closed_by="mended")
    finding(connection, cause="former", closed_at=at, closed_by="retired")
    words = text(page, "?tab=closed")
    assert "Mended: it is not so any more" in words
    assert "No longer looked for" in words
    assert groups(page) == []


# --- Dismissing -------------------------------------------------------------------------------


def test_one_is_dismissed_with_its_reason_and_taken_back(
    page: Client, owner: User, connection: Connection
) -> None:
    one, two = finding(connection), finding(connection)
    graded(owner)
    answer = page.post(DISMISS, {"only": one.pk, "why": "small", "note": "dust", "next": LIST})
    assert answer.headers["Location"] == LIST
    assert [pk for _cause, ids in groups(page) for pk in ids] == [two.pk]
    words = text(page, "?tab=dismissed")
    assert "Too small to matter: dust" in words
    page.post(RESTORE, {"only": one.pk})
    assert Finding.objects.of(owner).open().count() == 2


def test_ticked_ones_and_all_of_a_cause(page: Client, owner: User, connection: Connection) -> None:
    second = factories.connection(owner)
    made = [finding(connection) for _ in range(3)]
    finding(second)
    others = finding(connection, cause="transfer")
    page.post(DISMISS, {"ids": [made[0].pk, made[1].pk], "why": "right"})
    assert Finding.objects.of(owner).dismissed().count() == 2
    page.post(DISMISS, {"whole": "discrepancy", "connection": connection.pk, "why": "right"})
    assert Finding.objects.of(owner).dismissed().count() == 3
    page.post(DISMISS, {"whole": "discrepancy", "connection": "", "why": "right"})
    assert list(Finding.objects.of(owner).open()) == [others]


@pytest.mark.parametrize(
    "asked",
    [
        {"why": "right"},
        {"why": "right", "only": "x"},
        {"why": "right", "only": "9" * 30},
        {"why": "right", "whole": "nonsense"},
        {"why": "nonsense", "ids": ["1"]},
        {"why": "other", "ids": ["1"]},
    ],
)
def test_what_cannot_be_done_is_said(
    page: Client, connection: Connection, asked: dict[str, Any]
) -> None:
    finding(connection)
    html = page.post(DISMISS, asked, follow=True).content.decode()
    assert "cf-notice-bad" in html
    assert not Finding.objects.dismissed().exists()


def test_only_pages_of_ours_are_gone_back_to(page: Client, connection: Connection) -> None:
    made = finding(connection)
    answer = page.post(DISMISS, {"only": made.pk, "why": "right", "next": "//example.org/"})
    assert answer.headers["Location"] == LIST


def test_htmx_gets_the_list_with_tabs_and_count(
    page: Client, owner: User, connection: Connection
) -> None:
    finding(connection)
    graded(owner)
    html = page.get(LIST, headers=HTMX).content.decode()
    assert html.lstrip().startswith('<div id="findings">')
    for part in ('id="finding-tabs"', 'id="nav-count"', 'id="grade"'):
        assert f"{part}" in html
    assert html.count("hx-swap-oob") == 5


def test_nothing_of_another_is_shown_or_touched(
    owner: User, other: User, browser: Browser, connection: Connection
) -> None:
    made = finding(connection)
    graded(owner)
    client = browser(other)
    for query in ("", "?tab=closed", "?tab=dismissed", f"?connection={connection.pk}"):
        assert "Kraken one" not in client.get(LIST + query).content.decode()
    client.post(DISMISS, {"ids": [made.pk], "only": made.pk, "why": "right"})
    client.post(DISMISS, {"whole": "discrepancy", "why": "right"})
    assert Finding.objects.of(owner).open().count() == 1


def test_a_finding_of_a_former_version_is_shown_without_its_sentence(
    page: Client, connection: Connection
) -> None:
    finding(connection, data={})
    assert "Kraken one , BTC Found" in text(page)


def test_names_that_people_chose_are_not_markup(page: Client, owner: User) -> None:
    made = factories.connection(owner, label="<b>x</b>")
    finding(made, asset="<i>C</i>", data={"wallet": "<u>w</u>"})
    html = page.get(LIST).content.decode()
    for part in ("<b>x", "<i>C", "<u>w"):
        assert part not in html


# --- The grade on pages -----------------------------------------------------------------------


def test_the_grade_can_be_worked_out_from_the_page(
    page: Client, owner: User, connection: Connection
) -> None:
    finding(connection, value=D(20))
    finding(connection, cause="transfer", value=None)
    graded(owner)
    # 20 / 1000 x 1 + 0.01 x 0.2 = 2.2 %
    words = text(page)
    assert "How the grade is made Data C" in words
    assert "2 things to review" in words
    assert "The ledger and the exchange disagree 1 0 20.00 EUR 2 % 1 2 %" in words
    assert "Likely transfers between your accounts 1 1 0.00 EUR 1 % 0.2 0.2 %" in words
    assert "2.2 %" in words


def _url(name: str, choices: list[dict[str, Any]]) -> str:
    """The address of a page with whichever of these parts it has."""
    for parts in choices:
        with suppress(NoReverseMatch):
            return reverse(name, kwargs=parts)
    raise AssertionError(f"{name}: this test must learn what is in its address")


def _export(owner: User) -> int:
    job = export_jobs.ask(user=owner, asked=Asked("csv"))
    export_jobs.make(job.pk)
    return job.pk


def _report(owner: User) -> int:
    report = tax_reports.ask(user=owner, year=2024)
    tax_reports.make(report.pk)
    return report.pk


def test_every_page_with_sums_says_how_far_they_can_be_relied_on(
    page: Client, owner: User, connection: Connection
) -> None:
    finding(connection, value=D(20))
    graded(owner)
    row = connection.holdings.get()
    known: list[dict[str, Any]] = [{}, {"code": "EUR"}, {"connection_id": connection.pk}]
    known += [{"format_id": "csv"}, {"export_id": _export(owner)}, {"report_id": _report(owner)}]
    for name in SUMS:
        url = _url(name, known)
        html = page.get(url, {"wallet": row.wallet, "asset": row.asset}).content.decode()
        assert html.count('id="data-grade"') == 1, name
        assert ">Data C<" in html
    assert 'id="data-grade"' not in page.get(reverse("portfolio:notice-list")).content.decode()


def test_before_the_first_look_there_is_no_grade(page: Client, connection: Connection) -> None:
    html = page.get(reverse("portfolio:dashboard")).content.decode()
    assert 'id="data-grade"' not in html
    assert "pf-grade" not in html


def test_the_header_counts_what_is_open(page: Client, owner: User, connection: Connection) -> None:
    finding(connection)
    graded(owner)
    html = page.get(reverse("portfolio:notice-list")).content.decode()
    assert re.search(r'id="nav-count"[^>]*>1</span>', html)


def test_htmx_brings_what_was_done_to_eyes_and_ears(page: Client, connection: Connection) -> None:
    made = finding(connection)
    page.post(DISMISS, {"only": made.pk, "why": "right"}, headers=HTMX)
    html = page.get(LIST, headers=HTMX).content.decode()
    for place in ("messages", "live"):
        assert re.search(rf'<div id="{place}"[^>]*>[^§]*1 dismissed\.', html)
    assert html.count("1 dismissed.") == 2
