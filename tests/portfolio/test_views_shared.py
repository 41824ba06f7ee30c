"""What a reader of shared tax years sees, and all that they do not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portfolio.models import Connection, TaxLine, TaxReport, TaxShareOpening, Transaction
from portfolio.services import tax_settings
from portfolio.services import tax_shares as service
from portfolio.services.tax_settings import Told as Taxed
from portfolio.services.tax_shares import Made, Told
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_isolation import ADDRESSES, OWNED, PUBLIC, Address, objects
from tests.portfolio.test_tax_reports import lived, on
from tests.portfolio.test_tax_reports import made as reported
from tests.portfolio.test_tax_shares import let_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unhurried")]
__all__ = ["objects"]  # a fixture

MAX_QUERIES = 15
A_WORKBOOK = 24  # no page: each part is streamed
Part = TaxLine.Part
OPENED = {
    "portfolio:shared-years",
    "portfolio:shared-report",
    "portfolio:shared-lines",
    "portfolio:shared-figure",
    "portfolio:shared-box",
    "portfolio:shared-disposal",
    "portfolio:shared-transaction",
    "portfolio:shared-lot",
    "portfolio:shared-evidence",
    "portfolio:shared-document",
}

OF_THE_US = {"portfolio:shared-box"}


@pytest.fixture
def one(owner: User) -> Connection:
    return factories.connection(owner, label="One")


@pytest.fixture
def two(owner: User) -> Connection:
    return factories.connection(owner, exchange="binance", label="Two")


@pytest.fixture
def report(owner: User, one: Connection, two: Connection) -> TaxReport:
    """Bought at One in 2023, sold at Two in 2024, with other coins sold at One."""
    kraken, binance = factories.stream(one), factories.stream(two)
    lived(kraken, binance)
    factories.coverage(kraken, on(1, year=2023), on(1, year=2025))
    return reported(owner)


def shared(owner: User, **fields: Any) -> Made:
    values: dict[str, Any] = {
        "label": "Adviser",
        "way": "link",
        "years": [("neutral", 2024)],
        "ends_on": timezone.localdate() + timedelta(days=30),
    }
    return service.make(user=owner, told=Told(**values | fields))


class Reader:
    """Somebody who opened a link."""

    def __init__(self, owner: User, report: TaxReport, **fields: Any) -> None:
        self.made = shared(owner, **fields)
        self.client, self.report = let_in(self.made.token), report

    def url(self, name: str, *more: object, report: TaxReport | None = None) -> str:
        parts = [self.made.share.pk, (report or self.report).pk, *more]
        return reverse(f"portfolio:shared-{name}", args=parts)

    def html(self, name: str, *more: object, status: int = 200, **query: Any) -> str:
        with CaptureQueriesContext(database) as queries:
            answer = self.client.get(self.url(name, *more), query)
            body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == status
        assert len(queries) <= (MAX_QUERIES if name != "document" else A_WORKBOOK)
        return body.decode(errors="replace")

    def text(self, name: str, *more: object, status: int = 200, **query: Any) -> str:
        told = re.sub(r"<[^>]+>", "", self.html(name, *more, status=status, **query))
        return re.sub(r"\s+", " ", told)

    def line(self, **found: Any) -> TaxLine:
        return TaxLine.objects.get(report=self.report, **found)


# --- All of it --------------------------------------------------------------------------------


def test_a_figure_opens_down_to_the_raw_record(owner: User, report: TaxReport) -> None:
    reader = Reader(owner, report, sender="Me Myself")
    start = reader.client.get(reverse("portfolio:shared-years", args=[reader.made.share.pk]))
    assert "Tax reports of Me Myself" in start.content.decode()
    assert owner.email not in start.content.decode()
    shown = reader.text("report")
    assert "110.00 EUR" in shown
    assert "The same year by other methods" in shown
    assert "Some accounts only" not in shown
    assert "3 of 3 lines" in reader.text("lines", "disposal")
    gain = reader.text("figure", 2)
    assert "Disposals: gains less losses" in gain
    assert "2 of 2 lines" in gain  # the third has no price
    assert "without 1 disposal of unknown price, basis 0.10" in gain
    sold = reader.line(part=Part.DISPOSAL, proceeds=90)
    assert "Gain: 90.00 EUR − 50.00 EUR = +40.00 EUR" in reader.text("disposal", sold.position)
    record = Transaction.objects.get(pk=sold.transaction or 0).raw_records.get()
    shown = reader.html("transaction", "disposal", sold.position)
    assert f'id="body-{record.pk}"' in shown
    assert record.external_id in shown
    bought = reader.html("lot", "disposal", sold.position)
    assert "2023" in bought
    for part in Part.values:
        reader.text("lines", part)
    assert reader.html("document", "report.pdf").startswith("%PDF-")
    assert reader.html("document", "report.xlsx").startswith("PK")
    assert "BTC" in reader.html("document", "disposal.csv")


def test_each_page_links_to_nothing_outside_of_the_share(owner: User, report: TaxReport) -> None:
    reader = Reader(owner, report)
    start = reverse("portfolio:shared-years", args=[reader.made.share.pk])
    seen, waiting = set(), [start]
    while waiting:
        url = waiting.pop()
        seen.add(url)
        answer = reader.client.get(url)
        assert answer.status_code == 200, url
        if answer.streaming:
            continue
        # A part's lines may have a lot whose purchase is gone, which says so.
        for href in re.findall(r'(?:href|action)="([^"]*)"', answer.content.decode()):
            path = href.partition("#")[0].partition("?")[0]
            if not path or path.startswith("/static/") or path.endswith("/leave/"):
                continue
            assert path.startswith(start), f"{url} leads to {href}"
            if path not in seen:
                waiting.append(path)
    names = {path.removeprefix(start).split("/")[1] for path in seen if path != start}
    assert names >= {
        "",
        "figures",
        "disposals",
        "files",
        "evidence",
        "disposal",
        "income",
        "closing",
    }
    assert any(path.endswith("/lot/") for path in seen)


def test_what_was_opened_is_noted(owner: User, report: TaxReport, page: Client) -> None:
    reader = Reader(owner, report)
    position = reader.line(part=Part.DISPOSAL, proceeds=90).position
    reader.html("report")
    reader.html("lines", "income")
    reader.html("disposal", position)
    reader.html("transaction", "disposal", position)
    reader.html("document", "report.pdf")
    reader.html("evidence", "coverage")
    rows = TaxShareOpening.objects.order_by("pk").values_list("what", "name", "network")
    title = f"No particular place 2024 #{report.pk}"
    assert list(rows) == [
        ("link", "", "127.0.0.0/24"),
        ("report", title, "127.0.0.0/24"),
        ("lines", f"{title}, Income", "127.0.0.0/24"),
        ("disposal", f"{title}, BTC, 2024-03-01", "127.0.0.0/24"),
        ("transaction", f"{title}, BTC, 2024-03-01 12:00:00 UTC", "127.0.0.0/24"),
        ("document", f"{title}, report.pdf", "127.0.0.0/24"),
        ("evidence", f"{title}, Coverage", "127.0.0.0/24"),
    ]
    log = page.get(reverse("portfolio:tax-share", args=[reader.made.share.pk])).content.decode()
    assert f"{title}, report.pdf" in log
    assert "127.0.0.0/24" in log


def test_nothing_is_cached_found_or_told_on(owner: User, report: TaxReport) -> None:
    reader = Reader(owner, report)
    start = reverse("portfolio:shared-years", args=[reader.made.share.pk])
    for url in (reader.url("report"), reader.url("document", "disposal.csv"), start):
        answer = reader.client.get(url)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]
        assert "noindex" in answer.headers["X-Robots-Tag"]
        # A page with a form must name its own site, or the form is refused.
        policy = "same-origin" if url == start else "no-referrer"
        assert answer.headers["Referrer-Policy"] == policy
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert reader.client.post(url).status_code == 405


def test_it_tells_what_the_report_stands_on(
    owner: User, report: TaxReport, one: Connection, two: Connection
) -> None:
    factories.holding(two, "BTC", "0.5", reported="0.4")
    factories.holding(one, "SOL", "7", reported="7")
    again = reported(owner)
    whole, part = Reader(owner, again), Reader(owner, again, connections=[one.pk])
    structure = Reader(owner, again, shows_amounts=False)
    assert "Coverage" in whole.text("report")
    assert "Ledger" in whole.text("evidence", "coverage")
    shown = whole.text("evidence", "balances")
    assert "0.5" in shown
    assert "SOL" in shown
    partly = part.text("evidence", "balances")
    assert "SOL" in partly
    assert "Two" not in partly
    assert "Two" not in part.text("evidence", "coverage")
    words = structure.text("evidence", "balances")
    assert "differ" in words
    assert "0.4" not in words
    for what in ("findings", "connections", "nothing"):
        whole.html("evidence", what, status=404)


def test_what_was_not_kept_is_not_there(owner: User, report: TaxReport) -> None:
    TaxReport.objects.update(evidence={"connections": []})
    reader = Reader(owner, report)
    assert "Coverage" not in reader.text("report")
    reader.html("evidence", "coverage", status=404)


# --- Other years, other reports ---------------------------------------------------------------


def test_other_years_and_places_are_not_there(owner: User, other: User, report: TaxReport) -> None:
    later = reported(owner, 2025)
    reader = Reader(owner, report)
    stream = factories.stream(factories.connection(other))
    factories.transaction(stream, ("1", "SOL"), ("-9", "EUR"), kind="trade", at=on(3))
    theirs = reported(other)
    tax_settings.choose(user=owner, told=Taxed("germany", "fifo"))
    elsewhere = reported(owner)
    failed = reported(owner)
    TaxReport.objects.filter(pk=failed.pk).update(state="failed", place="neutral")
    start = reader.client.get(reverse("portfolio:shared-years", args=[reader.made.share.pk]))
    for hidden in (later, theirs, elsewhere, failed):
        for name, *more in (
            ("report",),
            ("lines", "disposal"),
            ("disposal", 0),
            ("transaction", "disposal", 0),
            ("lot", "disposal", 0),
            ("document", "report.pdf"),
            ("document", "disposal.csv"),
            ("evidence", "coverage"),
        ):
            url = reader.url(name, *more, report=hidden)
            assert reader.client.get(url).status_code == 404, url
            assert url not in start.content.decode()


def test_a_report_that_is_made_again_can_be_read(owner: User, report: TaxReport) -> None:
    reader = Reader(owner, report)
    again = reported(owner)
    assert reader.client.get(reader.url("report", report=again)).status_code == 200
    for row in (report, again):
        row.delete()
    start = reader.client.get(reverse("portfolio:shared-years", args=[reader.made.share.pk]))
    assert "No report now" in start.content.decode()


def test_a_key_is_for_its_own_share(owner: User, other: User, report: TaxReport) -> None:
    reader, second = Reader(owner, report), Reader(owner, report)
    url = second.url("report")
    assert second.client.get(url).status_code == 200
    assert reader.client.get(url).status_code == 404


@pytest.mark.parametrize("part", ["nothing", "DISPOSAL"])
def test_a_part_that_is_none_is_not_there(owner: User, report: TaxReport, part: str) -> None:
    reader = Reader(owner, report)
    reader.html("lines", part, status=404)
    reader.html("transaction", part, 0, status=404)
    reader.html("document", f"{part}.csv", status=404)


def test_a_transaction_that_is_gone_is_said_to_be(owner: User, report: TaxReport) -> None:
    reader = Reader(owner, report)
    line = reader.line(part=Part.DISPOSAL, proceeds=90)
    Transaction.objects.filter(pk=line.transaction or 0).delete()
    assert "no longer in the ledger" in reader.text("disposal", line.position)
    reader.html("transaction", "disposal", line.position, status=404)


# --- Some connections -------------------------------------------------------------------------


def test_of_some_accounts_only_their_lines_are_there(
    owner: User, report: TaxReport, one: Connection, two: Connection
) -> None:
    reader = Reader(owner, report, connections=[two.pk])
    shown = reader.text("report")
    assert "not the figures of a form" in shown
    assert "110.00" not in shown  # the figure of the whole
    assert "The same year by other methods" not in shown
    assert "Two" in shown
    assert "One" not in shown
    assert "ETH" not in shown
    here, there = (
        reader.line(part=Part.DISPOSAL, asset=asset, proceeds=proceeds)
        for asset, proceeds in (("BTC", 90), ("ETH", 70))
    )
    lines = reader.text("lines", "disposal")
    number = TaxLine.objects.filter(report=report, part="disposal", account=two.pk).count()
    assert f"{number} of {number} lines" in lines
    assert "ETH" not in lines
    assert "ETH" not in reader.html("document", "disposal.csv")
    reader.html("transaction", "disposal", here.position)
    # Its lot was bought at the account that is not shared.
    assert "or not shared" in reader.text("disposal", here.position)
    reader.html("lot", "disposal", here.position, status=404)
    for name, *more in (
        ("figure", 0),
        ("disposal", there.position),
        ("transaction", "disposal", there.position),
        ("document", "report.pdf"),
        ("document", "report.xlsx"),
    ):
        reader.html(name, *more, status=404)


def test_lines_of_some_accounts_come_in_pages(
    owner: User, report: TaxReport, one: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portfolio.selectors.tax_pages.PAGE_SIZE", 1)
    reader = Reader(owner, report, connections=[one.pk])
    total = TaxLine.objects.filter(report=report, part="assumed", account=one.pk).count()
    shown = [reader.text("lines", "assumed", **{"from": n}) for n in range(total)]
    assert all(f"1 of {total} lines" in page for page in shown)
    assert "Later lines" not in shown[-1]


def test_of_a_connection_that_is_gone_nothing_is_left(
    owner: User, report: TaxReport, two: Connection
) -> None:
    reader = Reader(owner, report, connections=[two.pk])
    two.delete()
    assert "There is nothing of this kind" in reader.text("lines", "disposal")


# --- Without amounts --------------------------------------------------------------------------


def test_without_amounts_no_number_of_the_ledger_is_on_any_page(
    owner: User, one: Connection, two: Connection
) -> None:
    """The numbers are such as nothing else on a page could be."""
    stream = factories.stream(one)
    detail = {"price": "7654321.5", "txid": "0xfeed", "address": "bc1qaddress", "symbol": "X/Y"}
    for number, amounts in enumerate((("31.4159", "-98765.25"), ("-31.4159", "87654.125"))):
        row = factories.transaction(
            stream, (amounts[0], "BTC"), (amounts[1], "EUR"), kind="trade", at=on(3 + number)
        )
        row.detail = detail
        row.save()
        row.raw_records.update(
            body='{"vol": "31.4159", "cost": "98765.25"}', external_id=f"0xfeed{number}"
        )
    factories.transaction(stream, ("17.1717", "ETH"), kind="reward", at=on(5))
    report = reported(owner)
    reader = Reader(owner, report, shows_amounts=False)
    start = reverse("portfolio:shared-years", args=[reader.made.share.pk])
    pages = [
        reader.client.get(start).content.decode(),
        reader.html("report"),
        *(reader.html("lines", part) for part in Part.values),
        reader.html("disposal", 0),
        reader.html("transaction", "disposal", 0),
        reader.html("lot", "disposal", 0),
        reader.html("evidence", "coverage"),
        reader.html("evidence", "balances"),
    ]
    assert "X/Y" in pages[-4]
    for told in pages:
        plain = told.replace(",", "")
        for secret in ("31.41", "98765", "87654", "11111", "17.17", "7654321", "0xfeed", "bc1q"):
            assert secret not in plain
    for name in ("report.pdf", "report.xlsx", "disposal.csv"):
        reader.html("document", name, status=404)


# --- The walk ---------------------------------------------------------------------------------


def _elsewhere() -> list[Address]:
    ours = ("portfolio:shared-open", "portfolio:shared-leave")
    return [a for a in ADDRESSES if a.name not in PUBLIC | OPENED and a.name not in ours]


def test_the_walk_knows_every_page_that_a_share_opens() -> None:
    named = {address.name for address in ADDRESSES if ":shared-" in address.name}
    ways = {"portfolio:shared-open", "portfolio:shared-leave", "portfolio:shared-with-me"}
    assert named == OPENED | ways


def test_a_link_opens_no_other_page(objects: dict[str, Any], owner: User) -> None:
    """Every address of the site, with the browser of somebody who has a share open."""
    report = TaxReport.objects.get(pk=objects["report_id"])
    client = Reader(owner, report).client
    for address in _elsewhere():
        url = address.url(objects)
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith(reverse("account_login")), address


def test_a_reader_with_an_account_finds_nothing_else_of_the_owner(
    objects: dict[str, Any], owner: User, other: User, browser: Browser
) -> None:
    made = shared(owner, way="account", email=other.email)
    client = browser(other)
    assert client.get(reverse("portfolio:shared-years", args=[made.share.pk])).status_code == 200
    for address in OWNED:
        if address.name in OPENED or address.name == "portfolio:shared-leave":
            continue
        url = address.url(objects)
        codes = {client.get(url).status_code, client.post(url).status_code}
        assert codes <= {404, 405}, address


def test_a_share_opens_what_is_its_own(owner: User, report: TaxReport, one: Connection) -> None:
    """So that the walk above does not pass because nothing opens at all."""
    reader = Reader(owner, report)
    known = {
        "share_id": reader.made.share.pk,
        "report_id": report.pk,
        "part": "disposal",
        "position": reader.line(part=Part.DISPOSAL, proceeds=90).position,
        "number": 2,
        "what": "coverage",
        "name": "report.pdf",
    }
    for address in ADDRESSES:
        if address.name in OPENED - OF_THE_US:
            assert reader.client.get(address.url(known)).status_code == 200, address


def test_boxes_of_form_8949_open(owner: User, one: Connection, two: Connection) -> None:
    tax_settings.choose(user=owner, told=Taxed("us", "fifo"))
    lived(factories.stream(one), factories.stream(two))
    reader = Reader(owner, reported(owner), years=[("us", 2024)])
    link = reverse("portfolio:shared-box", args=[reader.made.share.pk, reader.report.pk, "C"])
    assert link in reader.html("report")
    assert "2 of 2 lines" in reader.text("box", "C")  # the third has no price
    reader.html("box", "I", status=404)
    partly = Reader(owner, reader.report, years=[("us", 2024)], connections=[two.pk])
    partly.html("box", "C", status=404)


def test_times_are_those_of_the_taxes(owner: User, one: Connection) -> None:
    tax_settings.choose(user=owner, told=Taxed("germany", "fifo"))
    stream = factories.stream(one)
    eve = datetime(2023, 12, 31, 23, 30, tzinfo=UTC)  # New Year's Day in Berlin
    factories.transaction(stream, ("1", "BTC"), ("-100", "EUR"), kind="trade", at=eve)
    factories.transaction(stream, ("-1", "BTC"), ("150", "EUR"), kind="trade", at=on(6))
    report = reported(owner)
    reader = Reader(owner, report, years=[("germany", 2024)])
    assert "2024-01-01" in reader.text("lines", "disposal")
