"""Forms 1099-DA: given, compared, refused when wrong, deleted, and in the boxes of Form 8949."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.models import BrokerForm, Stream, TaxReport
from portfolio.services import tax_settings
from portfolio.services.exports import Asked
from portfolio.services.tax_settings import Told
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_form_8949 import rows as exported
from tests.portfolio.test_tax_reports import made, on
from tests.portfolio.test_views_taxes import text

pytestmark = pytest.mark.django_db
TRADE: dict[str, Any] = {"kind": "trade"}
GOOD = "asset,date sold,proceeds,basis,box\nBTC,06/01/2025,$1,500.00,,H\n".replace(
    "$1,500.00", '"$1,500.00"'
)


@pytest.fixture
def kraken(owner: User) -> Stream:
    tax_settings.choose(user=owner, told=Told("us", "fifo", time_zone="UTC"))
    kraken = factories.stream(factories.connection(owner, label="One"))
    factories.transaction(kraken, ("2", "BTC"), ("-400", "USD"), at=on(1, year=2025), **TRADE)
    factories.transaction(kraken, ("-1", "BTC"), ("1500", "USD"), at=on(6, year=2025), **TRADE)
    factories.transaction(kraken, ("-1", "BTC"), ("700", "USD"), at=on(7, year=2025), **TRADE)
    return kraken


@pytest.fixture
def report(owner: User, kraken: Stream) -> TaxReport:
    return made(owner, 2025)


def url(report: TaxReport) -> str:
    return reverse("portfolio:tax-broker", args=[report.pk])


def given(page: Client, report: TaxReport, kraken: Stream, rows: str, **more: Any) -> Any:
    told = {"connection": str(kraken.connection.pk), "rows": rows, **more}
    return page.post(url(report), told)


def test_a_form_is_typed_in_compared_and_deleted(
    page: Client, owner: User, kraken: Stream, report: TaxReport
) -> None:
    assert "No form was given yet" in text(page, url(report))
    assert given(page, report, kraken, GOOD).status_code == 302
    form = BrokerForm.objects.get()
    assert form.sales == [["BTC", "2025-06-01", "1500", "", "H"]]
    shown = text(page, url(report))
    assert "1 / 2" in shown
    assert "−700.00" in shown
    assert "Sales that the broker does not tell" in shown
    assert "Only the ledger: 2025-07-01" in shown
    assert "The broker does not tell the basis" in shown
    link = reverse("portfolio:tax-report", args=[report.pk])
    assert url(report) in page.get(link).content.decode()
    address = reverse("portfolio:tax-broker-delete", args=[form.pk])
    assert page.post(address, {"report": report.pk}).headers["Location"] == url(report)
    assert not BrokerForm.objects.exists()
    given(page, report, kraken, GOOD)
    address = reverse("portfolio:tax-broker-delete", args=[BrokerForm.objects.get().pk])
    to_years = reverse("portfolio:tax-list")
    assert page.post(address, {"report": "of which?"}).headers["Location"] == to_years


def test_a_file_is_read(page: Client, kraken: Stream, report: TaxReport) -> None:
    data = "\ufeffDisposed_Date,Asset_Symbol,Quantity,Proceeds,Cost_Basis,Checkbox\n"
    data += "2025-06-01,btc,1,1500,200.5,G\n\n2025-07-01,BTC,1,700,200,g\n"
    file = SimpleUploadedFile("1099-DA.csv", data.encode())
    assert given(page, report, kraken, "", file=file).status_code == 302
    form = BrokerForm.objects.get()
    assert form.name == "1099-DA.csv"
    assert form.sales[0] == ["BTC", "2025-06-01", "1500", "200.5", "G"]
    assert "Other money on the same days" in text(page, url(report))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "The heading lacks: asset, date sold, proceeds, basis, box"),
        ("asset,proceeds,basis,box\nBTC,1,1,G", "The heading lacks: date sold"),
        (GOOD.splitlines()[0], "There is no sale in it"),
        (GOOD + "BTC,2024-06-01,1,1,G", "Line 3: 2024-06-01 is not in 2025"),
        (GOOD + "BTC,1.6.2025,1,1,G", "is no date"),
        (GOOD + "BTC,02/30/2025,1,1,G", "is no date"),
        (GOOD + "BTC,06/01/2025,one,1,G", "is no amount"),
        (GOOD + "BTC,06/01/2025,NaN,1,G", "is no amount"),
        (GOOD + "BTC,06/01/2025,-1,1,G", "is no amount"),
        (GOOD + 'BTC,06/01/2025,"1,5",1,G', "is no amount"),
        (GOOD + "BTC,06/01/2025,1,1,A", "The box is one of"),
        (GOOD + "BTC,06/01/2025,1,,G", "tell it"),
        (GOOD + "B C,06/01/2025,1,1,G", "is no asset"),
        (GOOD + "BTC,06/01/2025", "The box is one of"),
        (GOOD + "B" * 200_000, "This is no CSV file"),
    ],
)
def test_of_a_bad_form_nothing_is_kept(
    page: Client, kraken: Stream, report: TaxReport, rows: str, why: str
) -> None:
    answer = given(page, report, kraken, rows)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not BrokerForm.objects.exists()


def test_bytes_that_are_no_text_are_refused(
    page: Client, kraken: Stream, report: TaxReport
) -> None:
    file = SimpleUploadedFile("form.pdf", b"%PDF-1.7\xff\xfe")
    answer = given(page, report, kraken, "", file=file)
    assert answer.status_code == 422
    assert "This is no text" in answer.content.decode()


def test_only_years_with_such_forms_have_the_page(
    page: Client, owner: User, kraken: Stream
) -> None:
    assert page.get(url(made(owner, 2024))).status_code == 404
    tax_settings.choose(user=owner, told=Told("neutral", "fifo"))
    assert page.get(url(made(owner, 2025))).status_code == 404


def test_form_8949_has_the_boxes(
    page: Client, owner: User, kraken: Stream, report: TaxReport
) -> None:
    boxes = [row[8] for row in exported(owner, Asked("form-8949", year=2025))]
    assert boxes == ["I", "I"]
    given(page, report, kraken, GOOD)
    boxes = [row[8] for row in exported(owner, Asked("form-8949", year=2025))]
    assert boxes == ["H", "I"]


def test_what_was_bought_elsewhere_is_named(
    page: Client, owner: User, kraken: Stream, report: TaxReport
) -> None:
    binance = factories.stream(factories.connection(owner, exchange="binance", label="Two"))
    sent = factories.transaction(binance, ("-1", "ETH"), kind="withdrawal", at=on(3, year=2025))
    factories.transaction(binance, ("1", "ETH"), ("-90", "USD"), at=on(2, year=2025), **TRADE)
    came = factories.transaction(kraken, ("1", "ETH"), kind="deposit", at=on(3, 2, year=2025))
    factories.transfer(sent, came, asset="ETH", sent="1", received="1", status="accepted")
    factories.transaction(kraken, ("-1", "ETH"), ("100", "USD"), at=on(4, year=2025), **TRADE)
    again = made(owner, 2025)
    rows = "asset,date sold,proceeds,basis,box\nETH,2025-04-01,100,0,H\n"
    given(page, again, kraken, rows)
    shown = text(page, url(again))
    assert "Bought in another account" in shown


def test_nobody_else_sees_or_drops_it(
    browser: Browser, other: User, owner: User, page: Client, kraken: Stream, report: TaxReport
) -> None:
    given(page, report, kraken, GOOD)
    stranger = browser(other)
    assert stranger.get(url(report)).status_code == 404
    form = BrokerForm.objects.get()
    address = reverse("portfolio:tax-broker-delete", args=[form.pk])
    assert stranger.post(address).status_code == 404
    # Another's account is none of the choices.
    answer = given(stranger, report, kraken, GOOD)
    assert answer.status_code == 404
    assert BrokerForm.objects.count() == 1
    assert Decimal(form.sales[0][2]) == 1500


def test_each_box_opens_to_its_lines(
    page: Client, owner: User, kraken: Stream, report: TaxReport
) -> None:
    """Short: reported with basis, without, and not at all."""

    def box(letter: str, status: int = 200) -> str:
        return text(page, reverse("portfolio:tax-box", args=[report.pk, letter]), status)

    whole = text(page, reverse("portfolio:tax-report", args=[report.pk]))
    assert "Box I I 2,200.00 400.00 +1,800.00" in whole
    assert "2 of 2 lines" in box("I")
    factories.transaction(kraken, ("1", "BTC"), ("-50.005", "USD"), at=on(8, year=2025), **TRADE)
    factories.transaction(kraken, ("-1", "BTC"), ("60", "USD"), at=on(9, year=2025), **TRADE)
    report = made(owner, 2025)
    given(page, report, kraken, GOOD + "BTC,07/01/2025,700,200,G\n")
    shown = text(page, reverse("portfolio:tax-report", args=[report.pk]))
    assert "Box G I 700.00 200.00 +500.00 Box H I 1,500.00 200.00 +1,300.00" in shown
    assert "Box I I 60.00 50.01 +10.00" in shown
    assert "Box J" not in shown
    told = {row[8]: row[3] for row in exported(owner, Asked("form-8949", year=2025))}
    for letter, proceeds in (("G", 700), ("H", 1500), ("I", 60)):
        opened = box(letter)
        assert "1 of 1 lines" in opened
        assert Decimal(told[letter]) == proceeds
        assert f"{proceeds:,}.00" in opened
    assert "50.005" in box("I")
    for letter in ("C", "J", "K", "X"):
        box(letter, 404)


def test_until_2024_there_are_boxes_c_and_f(page: Client, owner: User, kraken: Stream) -> None:
    factories.transaction(kraken, ("2", "ETH"), ("-200", "USD"), at=on(1, year=2022), **TRADE)
    factories.transaction(kraken, ("-2", "ETH"), ("500", "USD"), at=on(3, year=2024), **TRADE)
    report = made(owner, 2024)
    shown = text(page, reverse("portfolio:tax-report", args=[report.pk]))
    assert "Box F II 500.00 200.00 +300.00" in shown
    assert "1 of 1 lines" in text(page, reverse("portfolio:tax-box", args=[report.pk, "F"]))
    text(page, reverse("portfolio:tax-box", args=[report.pk, "L"]), 404)


def test_no_other_place_has_boxes(page: Client, owner: User, kraken: Stream) -> None:
    tax_settings.choose(user=owner, told=Told("neutral", "fifo", currency="USD", time_zone="UTC"))
    report = made(owner, 2025)
    assert "by box" not in text(page, reverse("portfolio:tax-report", args=[report.pk]))
    text(page, reverse("portfolio:tax-box", args=[report.pk, "I"]), 404)
