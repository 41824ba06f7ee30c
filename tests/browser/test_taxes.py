"""One disposal, followed from the figure of a form to the exchange's own record, by pages alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser


def test_a_figure_opens_down_to_the_raw_record(site: Site, browser: Browser) -> None:
    email = site.user("adviser")
    site.connect(email, "kraken", "read-only")
    site.manage("sync", "--user", email, "--wait")
    page = browser.new_page()
    sign_in(page, site, email)
    page.goto(f"{site.address}/taxes/")
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Where you pay taxes").select_option(label="Germany")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Not covered")).to_be_visible()
    page.get_by_role("button", name="Use these settings").click()
    row = page.get_by_role("row", name=re.compile("2025"))
    row.get_by_role("button", name="Make the report").click()
    # A worker makes it while the page looks again by itself.
    expect(page.get_by_role("cell", name="SO 47")).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")

    page.get_by_role("link", name="Disposals", exact=True).click()
    page.locator("tbody th a").first.click()
    expect(page.get_by_text("Held for")).to_be_visible()
    page.get_by_role("link", name="The transaction, and the exchange").click()
    page.locator("a[href*='/records/']").first.click()
    expect(page.get_by_text("refid").first).to_be_visible()
    page.close()
