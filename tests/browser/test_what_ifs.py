"""What a sale now would give, asked on a page and worked out by a real worker meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser


def test_a_question_is_answered_while_nobody_looks(site: Site, browser: Browser) -> None:
    email = site.user("holder")
    site.connect(email, "kraken", "read-only")
    site.manage("sync", "--user", email, "--wait")
    page = browser.new_page()
    sign_in(page, site, email)
    page.goto(f"{site.address}/assets/BTC/")
    page.get_by_role("link", name="What if I sold now").click()
    page.get_by_role("link", name="Choose the place").click()
    page.get_by_label("Where you pay taxes").select_option(label="United States")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Use these settings").click()
    page.get_by_role("link", name="What if I sold now").click()
    page.get_by_label("Asset").select_option(value="BTC")
    page.get_by_label("Price of one").fill("50000")
    page.get_by_role("button", name="Work it out").click()
    asked = page.url
    # The browser is closed at once; the answer is there when somebody looks again.
    page.close()
    page = browser.new_page()
    sign_in(page, site, email)
    page.goto(asked)
    expect(page.get_by_text("By each method")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Highest in, first out"))).to_be_visible()
    page.locator("#lots tbody th a").first.click()
    expect(page.get_by_text("refid").or_(page.get_by_text("Raw")).first).to_be_visible()

    page.goto(f"{site.address}/taxes/what-if/")
    page.get_by_role("button", name="Look at today").click()
    expect(page.get_by_role("link", name=re.compile("Turning long-term"))).to_be_visible()
    page.close()
