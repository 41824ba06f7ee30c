"""A file: chosen, looked at, made while the browser is shut, downloaded, deleted."""

from __future__ import annotations

import csv
import hashlib
import io
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def person(site: Site) -> str:
    """Somebody with a history of a few thousand postings."""
    email = site.user("exports")
    site.manage("seed_history", "--user", email, "--transactions", "1000")
    return email


def test_a_file_is_made_and_downloaded(
    site: Site, person: str, page: Page, browser: Browser, tmp_path: Path
) -> None:
    sign_in(page, site, person)
    page.get_by_role("navigation").get_by_role("link", name="Exports").first.click()
    page.get_by_role("link", name="CSV", exact=True).click()
    page.get_by_label("Values in").select_option("USD")
    page.get_by_text("Only some connections").click()
    page.get_by_label("Trade", exact=True).check()
    page.get_by_role("button", name="See the first rows").click()
    expect(page.get_by_role("heading", name="The first 20 rows")).to_be_visible()
    first = page.locator(".pf-file-rows tbody tr").first.locator("td").all_inner_texts()
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/exports/made/*/")
    made = page.url
    page.context.close()  # it goes on without anybody looking
    again = browser.new_context().new_page()
    sign_in(again, site, person)
    again.goto(made)
    link = again.locator("a.btn-primary[href$='/download/']")
    expect(link).to_be_visible()
    with again.expect_download() as waiting:
        link.click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    expect(again.locator("dd.pf-hash").first).to_have_text(
        hashlib.sha256(file.read_bytes()).hexdigest()
    )
    rows = list(csv.reader(io.StringIO(file.read_text())))
    assert rows[1] == first
    kind, currency = rows[0].index("kind"), rows[0].index("currency")
    assert {row[kind] for row in rows[1:]} == {"trade"}
    assert {row[currency] for row in rows[1:]} <= {"USD", ""}
    _sums_are_the_commands(site, person, rows, tmp_path)
    again.get_by_role("link", name="Delete").click()
    again.get_by_role("button", name="Delete").click()
    expect(again.get_by_text("The file was deleted")).to_be_visible()
    again.context.close()


def _sums_are_the_commands(site: Site, person: str, rows: list[list[str]], tmp_path: Path) -> None:
    """The command writes the same amounts."""
    out = tmp_path / "again.csv"
    site.manage("export", person, "csv", "--kind", "trade", "--out", str(out))
    place = rows[0].index("amount")
    written = list(csv.reader(io.StringIO(out.read_text())))
    assert [row[place] for row in written] == [row[place] for row in rows]
    assert sum(Decimal(row[place]) != 0 for row in rows[1:]) == len(rows) - 1
