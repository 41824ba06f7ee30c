"""A disposal whose price nobody knows: on every page and in every document unknown, never zero."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.engine.tax import VERSION
from portfolio.engine.tax.place import Without
from portfolio.exports import tax_pdf
from portfolio.models import Stream, TaxLine, TaxReport
from portfolio.selectors import tax_pages, tax_sums, tax_unpriced
from portfolio.services import tax_changes, tax_documents, tax_reports, tax_settings
from portfolio.services.tax_settings import Told
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Part = TaxLine.Part
NOTE = "without 1 disposal of unknown price, basis 50.00"


@pytest.fixture
def owner() -> User:
    return factories.user(time_zone="Europe/Amsterdam", reporting_currency="EUR")


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def on(month: int, year: int = 2024) -> datetime:
    return datetime(year, month, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(owner: User) -> Stream:
    """Of one coin half was sold for money, half given for one that has no price; another came."""
    made = factories.stream(factories.connection(owner))
    trade = {"kind": "trade"}
    factories.transaction(made, ("2", "QQQ"), ("-100", "EUR"), at=on(5, 2023), **trade)
    factories.transaction(made, ("-1", "QQQ"), ("80", "EUR"), at=on(6), **trade)
    factories.transaction(made, ("-1", "QQQ"), ("7", "XYZ"), at=on(7), **trade)
    factories.transaction(made, ("3", "XYZ"), kind="reward", at=on(8))
    factories.transaction(made, ("5", "XYZ"), kind="funding", at=on(9))
    return made


def made(owner: User, place: str = "us", method: str = "fifo") -> TaxReport:
    tax_settings.choose(user=owner, told=Told(place, method))
    report = tax_reports.ask(user=owner, year=2024)
    assert tax_reports.make(report.pk)
    report.refresh_from_db()
    assert not report.failure
    return report


def neutral(owner: User) -> TaxReport:
    return made(owner, "neutral")


def text(page: Client, url: str) -> str:
    answer = page.get(url)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", answer.content.decode()))


def unpriced_line(report: TaxReport) -> TaxLine:
    return TaxLine.objects.get(report=report, part=Part.DISPOSAL, proceeds=None)


# --- What is kept -----------------------------------------------------------------------------


def test_the_line_uses_its_lot_and_has_neither_proceeds_nor_gain(
    owner: User, ledger: Stream
) -> None:
    report = neutral(owner)
    assert VERSION == "7"
    assert report.engine == "7"
    line = unpriced_line(report)
    assert [line.amount, line.cost] == [1, 50]
    assert tax_pages.gain_of(line) is None
    (sums,) = tax_sums.by_asset(report)
    assert [sums.proceeds, sums.cost, sums.gain] == [80, 50, 30]
    assert sums.without == Without(1, Decimal(50))
    figures = {figure.title: figure for figure in tax_pages.Report(report).figures}
    assert figures["Gain"].amount == 30
    assert figures["Gain"].without == Without(1, Decimal(50))
    assert figures["Income"].without == Without(0, Decimal(0), income=1)
    assert figures["Contracts"].without == Without(0, Decimal(0), contracts=1)


def test_a_price_brings_it_back(owner: User, ledger: Stream) -> None:
    before = neutral(owner)
    factories.own_price(owner, "XYZ", "10", since=on(1, 2023))
    report = neutral(owner)
    assert not TaxLine.objects.filter(tax_unpriced.UNPRICED, report=report).exists()
    figures = {title: amount for _, title, amount, *_ in report.figures}
    assert (figures["Gain"], figures["Income"]) == ("50", "30")
    assert all(len(row) == 6 for row in report.figures)
    changes = report.changes
    assert changes.former == before
    assert ["", "Gain", "30", "50", False] in changes.told["figures"]


def test_what_was_taken_for_granted_is_named_once(owner: User, ledger: Stream) -> None:
    report = neutral(owner)
    rows = TaxLine.objects.filter(report=report, part=Part.ASSUMED).order_by("at", "subkind")
    told = [(row.subkind, row.asset, int(row.amount)) for row in rows]
    assert told == [
        ("no_cost", "XYZ", 7),
        ("unpriced", "QQQ", 1),
        ("no_cost", "XYZ", 3),
        ("unpriced", "XYZ", 3),
        ("no_cost", "XYZ", 5),
        ("unpriced", "XYZ", 5),
    ]
    touched = {row.what: row.touched for row in tax_sums.assumed(report)}
    assert touched["unpriced"] is None  # the gain that stands on it is not known
    assert touched["no_cost"] == 0


# --- What is shown ----------------------------------------------------------------------------


def test_every_sum_of_the_report_says_what_it_leaves_out(
    page: Client, owner: User, ledger: Stream
) -> None:
    report = made(owner, "us")
    url = reverse("portfolio:tax-report", args=[report.pk])
    html = page.get(url).content.decode()
    lines = reverse("portfolio:tax-lines", args=[report.pk, "disposal"])
    words = tax_unpriced.words(tax_sums.by_asset(report)[0].without, "USD")
    # Three of Part II, two of Schedule D, the asset, and each method of the place.
    number = 3 + 2 + 1 + len(report.comparison)
    assert html.count(f'<a href="{lines}?unpriced=on">{words}</a>') == number
    assert "without 1 receipt of unknown worth" in html
    assert "without 1 cash flow of unknown worth" in html
    assert reverse("portfolio:own-price-create") in html


def test_the_lines_say_unknown_and_lead_to_where_a_price_is_given(
    page: Client, owner: User, ledger: Stream
) -> None:
    report = neutral(owner)
    for part, asset in (("disposal", "QQQ"), ("income", "XYZ"), ("contract", "XYZ")):
        url = reverse("portfolio:tax-lines", args=[report.pk, part])
        for shown in (url, f"{url}?unpriced=on"):
            html = page.get(shown).content.decode()
            assert f"prices/give/?asset={asset}&amp;currency=EUR&amp;first_day=2024-" in html
        told = text(page, f"{url}?unpriced=on")
        assert "1 of 1 lines" in told
        assert "unknown" in told
        assert "80.00" not in told
    assert NOTE in text(page, reverse("portfolio:tax-lines", args=[report.pk, "disposal"]))


def test_the_disposal_is_explained_without_a_number_that_nobody_knows(
    page: Client, owner: User, ledger: Stream
) -> None:
    report = neutral(owner)
    line = unpriced_line(report)
    told = text(page, reverse("portfolio:tax-disposal", args=[report.pk, line.position]))
    assert "Nobody knows the price: it is in no sum and no figure." in told
    assert "Gain: unknown" in told
    assert "0.00" not in told.replace("50.00", "")


def test_a_figure_opens_to_the_lines_it_has_and_names_those_it_has_not(
    page: Client, owner: User, ledger: Stream
) -> None:
    report = neutral(owner)
    titles = [figure.title for figure in tax_pages.Report(report).figures]
    told = text(page, reverse("portfolio:tax-figure", args=[report.pk, titles.index("Cost")]))
    assert "1 of 1 lines" in told
    assert NOTE in told
    assert "The steps do not lead to the figure" not in told


def test_no_page_shows_zero_for_what_is_not_known(
    page: Client, owner: User, ledger: Stream
) -> None:
    """Of a ledger in which nothing has a price but what was paid."""
    report = neutral(owner)
    TaxLine.objects.filter(report=report, part=Part.DISPOSAL).exclude(proceeds=None).delete()
    report.sums |= {
        "assets": [tax_sums.told_by_asset(row) for row in tax_sums.summed_by_asset(report)]
    }
    (row,) = tax_sums.by_asset(report)
    assert [row.proceeds, row.cost, row.gain] == [None, None, None]
    for part in ("disposal", "income", "contract"):
        url = reverse("portfolio:tax-lines", args=[report.pk, part])
        assert "0.00" not in re.sub(r"[1-9][\d,]*\.\d\d", "", text(page, url))


# --- Documents --------------------------------------------------------------------------------


def test_tables_leave_the_cell_empty(owner: User, ledger: Stream) -> None:
    report = neutral(owner)
    for part, column in (("disposal", "Proceeds"), ("disposal", "Gain"), ("income", "Value")):
        told = b"".join(tax_documents.csv(report, part)).decode()
        rows = list(csv.DictReader(io.StringIO(told)))
        assert [row[column] for row in rows][-1] == ""
    assert NOTE in {figure.without for figure in tax_documents.told(report).figures}


def test_the_pdf_says_unknown_and_what_figures_leave_out(owner: User, ledger: Stream) -> None:
    report = neutral(owner)
    (line,) = (
        line for line in tax_documents._lines(report, Part.DISPOSAL, None) if line.proceeds is None
    )
    assert tax_pdf._row(line, "EUR")[-3:] == ["unknown", "50.00", "unknown"]
    assert tax_documents.pdf(report).startswith(b"%PDF")


# --- Reports of former engines ----------------------------------------------------------------


def test_a_report_of_the_sixth_engine_opens_and_made_again_names_the_difference(
    page: Client, owner: User, ledger: Stream
) -> None:
    old = neutral(owner)
    # As the sixth engine kept it: nothing for what nobody knows, and no word of it.
    TaxLine.objects.filter(report=old, part=Part.DISPOSAL, proceeds=None).update(proceeds=0)
    TaxLine.objects.filter(report=old, part=Part.INCOME, value=None).update(value=0)
    TaxLine.objects.filter(report=old, part=Part.ASSUMED).update(subkind="no_value")
    old.engine, old.sha256 = "6", "0" * 64
    old.figures = [
        [*row[:2], "-20" if row[1] == "Gain" else row[2], *row[3:6]] for row in old.figures
    ]
    old.sums = {"assets": [["QQQ", "80", "100", "0"]], "assumed": [], "at_loss": 0}
    old.comparison = [{k: v for k, v in row.items() if k != "without"} for row in old.comparison]
    old.save()
    told = text(page, reverse("portfolio:tax-report", args=[old.pk]))
    assert "engine 6" in told
    assert "unknown price" not in told
    assert "-20.00" in told.replace("−", "-")
    report = neutral(owner)
    assert report.changes.told["engine"] == ["6", "7"]
    assert ["", "Gain", "-20", "30", False] in report.changes.told["figures"]
    assert tax_changes.former_of(report) == old
    shown = text(page, reverse("portfolio:tax-changes", args=[report.pk]))
    assert "unknown" in shown
