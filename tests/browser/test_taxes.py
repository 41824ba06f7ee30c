"""One disposal, followed from the figure of a form to the exchange's own record, by pages alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser


# Where taxes are paid, the year, a figure with its form's code, and what else the way goes through.
FORMS = (
    ("Germany", "2025", "SO 44", "Sale price"),
    ("United States", "2025", "8949 I (h)", "Short term: gain or loss"),
    ("United Kingdom", "2025-26", "SA108 13.2", "Disposal proceeds"),
)


def test_a_figure_opens_down_to_the_raw_record(site: Site, browser: Browser) -> None:
    email = site.user("adviser")
    site.connect(email, "kraken", "read-only")
    site.manage("sync", "--user", email, "--wait")
    page = browser.new_page()
    sign_in(page, site, email)
    for place, year, code, figure in FORMS:
        _make(page, site, place, year)
        row = page.get_by_role("row", name=re.compile(re.escape(code))).first
        expect(row).to_be_visible()  # a worker makes it while the page looks again
        report = page.url
        with page.expect_download() as download:
            page.get_by_role("link", name="PDF").click()
        assert download.value.path().read_bytes().startswith(b"%PDF-")
        row.get_by_role("link", name=figure).click()
        _follow(page, code)
        _see_what_it_stood_on(page, report)
    page.close()


def _make(page: Page, site: Site, place: str, year: str) -> None:
    page.goto(f"{site.address}/taxes/place/")
    page.get_by_label("Where you pay taxes").select_option(label=place)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Not covered", exact=True)).to_be_visible()
    page.get_by_role("button", name="Use these settings").click()
    row = page.get_by_role("row", name=re.compile(rf"^{year}\b"))
    row.get_by_role("button", name="Make the report").click()


def _follow(page: Page, code: str) -> None:
    """From the lines behind a figure to the arithmetic, the lot, and both raw records."""
    expect(page.get_by_text("How it comes about")).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.get_by_text("Counts in")).to_be_visible()
    expect(page.get_by_role("link", name=code, exact=True)).to_be_visible()
    expect(page.get_by_text("Gain:")).to_be_visible()
    disposal = page.url
    ways = ["The transaction, and the exchange"]
    if page.get_by_role("link", name="Where the coins came from").count():
        ways.append("Where the coins came from")
    else:
        assert code.startswith("SA108"), "of a lot it is known where it came from"
    for way in ways:
        page.goto(disposal)
        page.get_by_role("link", name=way).click()
        page.locator("a[href*='/records/']").first.click()
        expect(page.get_by_text("refid").first).to_be_visible()


def _see_what_it_stood_on(page: Page, report: str) -> None:
    for name, words in (
        ("Coverage", "Before the year"),
        ("Reconciliation", "Reported"),
        ("Open findings", "stands on it"),
    ):
        page.goto(report)
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_text(words).first).to_be_visible()
