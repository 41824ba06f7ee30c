"""Tax pages: settings, years, reports, lines, and how a disposal was worked out."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from portfolio import tasks
from portfolio.engine.tax.place import Place, all_places
from portfolio.models import Stream, TaxLine, TaxProfile, TaxReport
from portfolio.services import tax_documents, tax_reports, tax_settings
from portfolio.services.tax_settings import Told
from tests import factories
from tests.portfolio.conftest import Browser, Sent
from tests.portfolio.test_tax_reports import lived

MAX_QUERIES = 15
SOLD = factories.NOW.replace(year=2024, month=9)
LIST = reverse("portfolio:tax-list")
Part = TaxLine.Part


@pytest.fixture
def ledger(owner: User) -> Stream:
    kraken = factories.stream(factories.connection(owner, label="One"))
    binance = factories.stream(factories.connection(owner, exchange="binance", label="Two"))
    lived(kraken, binance)
    return kraken


def made(owner: User, year: int = 2024) -> TaxReport:
    report = tax_reports.ask(user=owner, year=year)
    assert tax_reports.make(report.pk)
    report.refresh_from_db()
    return report


def text(page: Client, url: str, status: int = 200, **query: Any) -> str:
    with CaptureQueriesContext(database) as queries:
        answer = page.get(url, query)
    assert answer.status_code == status
    assert len(queries) <= MAX_QUERIES
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def address(report: TaxReport, name: str = "report", *more: object) -> str:
    return reverse(f"portfolio:tax-{name}", args=[report.pk, *more])


def test_without_a_history_it_says_what_to_do(page: Client) -> None:
    shown = text(page, LIST)
    assert "Say where you pay taxes" in shown
    assert "Connect an exchange" in shown


def test_a_place_is_chosen_and_then_what_it_leaves_open(page: Client, owner: User) -> None:
    answer = page.get(reverse("portfolio:tax-place"), {"place": "us"})
    assert answer.headers["Location"] == reverse("portfolio:tax-settings", args=["us"])
    shown = text(page, answer.headers["Location"])
    assert "Forms 1099-B are not compared" in shown
    assert "Currency" not in shown  # it is the place's
    answer = page.post(answer.headers["Location"], {"method": "hifo", "time_zone": ""})
    assert answer.headers["Location"] == LIST
    assert TaxProfile.objects.get(owner=owner).method == "hifo"
    assert "United States, Highest in, first out, in USD" in text(page, LIST)


def test_a_method_the_place_does_not_know_changes_nothing(page: Client) -> None:
    url = reverse("portfolio:tax-settings", args=["uk"])
    answer = page.post(url, {"method": "fifo"})
    assert answer.status_code == 422
    assert not TaxProfile.objects.exists()
    assert page.get(reverse("portfolio:tax-settings", args=["atlantis"])).status_code == 404


def test_a_report_is_asked_for_and_made_by_a_worker(
    page: Client, owner: User, ledger: Stream, sent: Sent
) -> None:
    answer = page.post(reverse("portfolio:tax-make", args=[2024]))
    report = TaxReport.objects.get()
    assert answer.headers["Location"] == address(report)
    shown = text(page, address(report))
    assert "Waiting for a worker" in shown
    assert tasks.make_tax_report(report.pk)
    shown = text(page, address(report))
    assert "110.00 EUR" in shown
    assert "without 1 disposal of unknown price, basis 0.10" in shown
    assert "Came from outside: taken at no cost" in shown
    assert "The same year by other methods" in shown
    assert "What the ledger stood on" in shown
    assert "The law of any place" in shown  # what it does not cover


def test_a_year_that_never_was_is_not_found(page: Client) -> None:
    assert page.post(reverse("portfolio:tax-make", args=[1999])).status_code == 404


@pytest.mark.parametrize("part", Part.values)
def test_each_part_has_its_lines(page: Client, owner: User, ledger: Stream, part: str) -> None:
    report = made(owner)
    shown = text(page, address(report, "lines", part))
    number = report.counts[part]
    expected = f"{number} of {number} lines" if number else "There is nothing of this kind"
    assert expected in shown


def test_lines_come_in_pages(
    page: Client, owner: User, ledger: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portfolio.selectors.tax_pages.PAGE_SIZE", 2)
    url = address(made(owner), "lines", "disposal")
    assert "2 of 3 lines" in text(page, url)
    assert "1 of 3 lines" in text(page, f"{url}?from=2")
    assert "2 of 3 lines" in text(page, f"{url}?from=no+number")
    assert text(page, address(made(owner), "lines", "nothing"), 404)


def test_a_disposal_tells_its_arithmetic(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    line = TaxLine.objects.get(report=report, part=Part.DISPOSAL, proceeds=90)
    url = address(report, "disposal", line.position)
    shown = text(page, url)
    assert "Given: 0.5 BTC" in shown
    assert "Gain: 90.00 EUR − 50.00 EUR = +40.00 EUR" in shown
    assert "Held for 305 days" in shown
    html = page.get(url).content.decode()
    for pk in (line.transaction, line.lot_transaction):
        assert reverse("portfolio:transaction-detail", args=[pk]) in html
    assert text(page, address(report, "disposal", 99), 404)


def test_a_disposal_of_several_lots_tells_its_shares(
    page: Client, owner: User, ledger: Stream
) -> None:
    for number in (2, 3):
        at = factories.NOW.replace(year=2024, month=1, day=number)
        factories.transaction(
            ledger, (f"{number}", "SOL"), (f"-{number}0", "EUR"), kind="trade", at=at
        )
    at = factories.NOW.replace(year=2024, month=2)
    factories.transaction(ledger, ("-5", "SOL"), ("100", "EUR"), kind="trade", at=at)
    report = made(owner)
    line = TaxLine.objects.get(report=report, asset="SOL", part=Part.DISPOSAL, amount=3)
    shown = text(page, address(report, "disposal", line.position))
    assert "100.00 EUR × 3 ÷ 5 = 60.00 EUR" in shown
    assert "All parts of this disposal" in shown


def test_lots_at_a_loss_and_those_that_turn_long(page: Client, owner: User, ledger: Stream) -> None:
    tax_settings.choose(user=owner, told=Told("germany", "fifo"))
    report = made(owner)
    TaxLine.objects.filter(report=report, part=Part.CLOSING).update(value=10)
    TaxLine.objects.filter(report=report, part=Part.CLOSING, position=0).update(value=1000)
    # A report without sums of its lines adds them up when it is shown.
    TaxReport.objects.filter(pk=report.pk).update(sums={})
    url = address(report, "lines", "closing")
    shown = text(page, url)
    assert "2024-05-02" in shown  # a year and a day after the purchase
    assert "+" in shown
    at_loss = text(page, f"{url}?loss=on")
    number = TaxLine.objects.filter(report=report, part=Part.CLOSING, value=10).count()
    assert f"{number} of {number} lines" in at_loss


def test_what_it_stood_on_has_its_pages(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    assert "asked for as a whole" in text(page, address(report, "coverage"))
    assert "Nothing was held" in text(page, address(report, "balances"))
    assert "There were none" in text(page, address(report, "findings"))
    TaxReport.objects.update(evidence={})  # made before any of it was kept
    assert text(page, address(report))
    for name in ("coverage", "balances", "findings"):
        assert text(page, address(report, name), 404)


def fetched(page: Client, report: TaxReport, name: str) -> bytes:
    answer = page.get(address(report, "document", name))
    assert answer.status_code == 200
    assert "coffer-taxes-neutral-2024" in answer.headers["Content-Disposition"]
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_report_can_be_taken_along(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    rows = list(csv.DictReader(io.StringIO(fetched(page, report, "disposal.csv").decode())))
    assert [(row["Asset"], row["Gain"], row["Account"]) for row in rows][1:] == [
        ("BTC", "40", "Two"),
        ("ETH", "70", "One"),
    ]
    book = zipfile.ZipFile(io.BytesIO(fetched(page, report, "report.xlsx")))
    sheets = re.findall(r'sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert sheets[:3] == ["Report", "Figures", "Disposals"]
    assert sheets[-3:] == ["Coverage", "Reconciliation", "Open findings"]
    assert fetched(page, report, "report.pdf").startswith(b"%PDF-")
    assert page.get(address(report, "document", "secrets.csv")).status_code == 404


def test_the_same_report_gives_the_same_documents(
    page: Client, owner: User, ledger: Stream
) -> None:
    one, other = made(owner), made(owner)
    for name in ("report.pdf", "report.xlsx", "closing.csv"):
        assert fetched(page, one, name) == fetched(page, other, name)


def test_a_report_that_cannot_be_made_says_why(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    TaxReport.objects.update(state="failed", failure="Transaction 7 cannot be taxed: because.")
    assert "Transaction 7 cannot be taxed" in text(page, address(report))


def test_locked_it_is_kept(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    page.post(address(report, "lock"), {"locked": "yes"})
    page.post(address(report, "delete"))
    assert TaxReport.objects.get().locked_at
    page.post(address(report, "lock"), {"locked": "no"})
    assert "Your ledger is not touched" in text(page, address(report, "delete"))
    page.post(address(report, "delete"))
    assert not TaxReport.objects.exists()


def test_reports_of_another_place_stay_in_sight(page: Client, owner: User, ledger: Stream) -> None:
    report = made(owner)
    tax_settings.choose(user=owner, told=Told("germany", "fifo"))
    assert "Reports of other places" in text(page, LIST)
    assert "No particular place 2024" in text(page, address(report))


def test_nobody_else_sees_it(browser: Browser, other: User, owner: User, ledger: Stream) -> None:
    report = made(owner)
    stranger = browser(other)
    for name, *more in (
        ("report",),
        ("lines", "disposal"),
        ("disposal", 0),
        ("figure", 0),
        ("delete",),
        ("document", "report.pdf"),
        ("coverage",),
        ("balances",),
        ("findings",),
    ):
        assert stranger.get(address(report, name, *more)).status_code == 404
    assert stranger.post(address(report, "lock"), {"locked": "yes"}).status_code == 404
    assert "2024" not in text(stranger, LIST)


def test_a_figure_opens_to_its_lines_and_a_line_says_where_it_counts(
    page: Client, owner: User, ledger: Stream
) -> None:
    """In the United States what was held for less than a year is on Part I of Form 8949."""
    tax_settings.choose(user=owner, told=Told("us", "fifo"))
    report = made(owner)
    titles = [title for _, title, *_ in report.figures]
    url = address(report, "figure", titles.index("Short term: proceeds"))
    html = page.get(address(report)).content.decode()
    assert f'<a href="{url}">Short term: proceeds</a>' in html
    rows = TaxLine.objects.filter(report=report, part=Part.DISPOSAL, term="short")
    short = rows.exclude(proceeds=None)
    shown = text(page, url)
    assert "Disposals, not long term: proceeds" in shown
    assert f"{short.count()} of {short.count()} lines" in shown
    assert "Rounded to cents" in shown
    long = address(report, "figure", titles.index("Long term: proceeds"))
    assert "no lines" in text(page, long)
    line = short.latest("position")
    told = text(page, address(report, "disposal", line.position))
    assert "Counts in 8949 I (d) Short term: proceeds, 8949 I (e)" in told
    assert "8949 II" not in told


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_each_figure_of_each_place_opens(
    page: Client, owner: User, ledger: Stream, place: Place
) -> None:
    tax_settings.choose(user=owner, told=Told(place.id, place.methods[0]))
    factories.transaction(
        ledger, ("1", "DOT"), kind="reward", at=factories.NOW.replace(year=2024, month=6)
    )
    for asset in ("BTC", "DOT", "ETH"):
        factories.own_price(owner, asset, "80", since=factories.NOW.replace(year=2023))
    report = made(owner)
    html = page.get(address(report)).content.decode()
    for number, (_code, title, *_more) in enumerate(report.figures):
        url = address(report, "figure", number)
        assert f'href="{url}"' in html, title
        shown = text(page, url)
        assert "How it comes about" in shown
        assert "The steps do not lead to the figure" not in shown
    assert page.get(address(report, "figure", len(report.figures))).status_code == 404


def test_a_figure_of_several_sums_shows_the_lines_of_each(
    page: Client, owner: User, ledger: Stream
) -> None:
    """In Australia losses come off gains without discount first."""
    tax_settings.choose(user=owner, told=Told("australia", "fifo"))
    report = made(owner)
    number = [title for _, title, *_ in report.figures].index("Net capital gain")
    url = address(report, "figure", number)
    shown = text(page, url)
    assert "Left of gains without discount" in shown
    assert "Disposals, not long term: gains alone" in shown
    assert "a − c, at least 0" in shown
    assert "1 of 1 lines" in shown  # of the first sum that has any
    factories.transaction(ledger, ("-0.5", "BTC"), ("30", "EUR"), kind="trade", at=SOLD)
    report = made(owner)
    html = page.get(address(report, "figure", number)).content.decode()
    losses = re.search(r'<a href="\?of=(\w)">1 line<', html)
    assert losses
    assert "−" in text(page, address(report, "figure", number), of=losses[1])


def test_documents_tell_what_each_figure_is_made_of(owner: User, ledger: Stream) -> None:
    tax_settings.choose(user=owner, told=Told("ireland", "ie_fifo_4week"))
    told = {f.title: f.made_of for f in tax_documents.told(made(owner)).figures}
    assert told["Consideration"] == "Disposals: proceeds; Rounded to cents, half a cent up"
    assert told["Personal exemption"] == "Personal exemption (TCA s.601)"
    assert told["Above the exemption"] == (
        "a = Disposals: gains less losses; b = Personal exemption (TCA s.601);"
        " c = a − b, at least 0; d = c (Rounded to cents, half a cent up)"
    )
    assert all(told.values())


def test_a_figure_that_the_place_no_longer_offers_says_so(
    page: Client, owner: User, ledger: Stream
) -> None:
    report = made(owner)
    url = address(report, "figure", 0)
    TaxReport.objects.filter(pk=report.pk).update(place="atlantis")
    assert "is no longer known" in text(page, url)
    TaxReport.objects.filter(pk=report.pk).update(place="neutral")
    TaxLine.objects.filter(report=report, part=Part.DISPOSAL, proceeds=90).delete()
    assert "The steps do not lead to the figure" in text(page, url)
