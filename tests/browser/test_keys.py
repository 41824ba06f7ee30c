"""A key's passport, its replacement step by step, notices, and forgetting all keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import confirm, sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser


def test_a_key_from_its_passport_to_being_forgotten(site: Site, page: Page) -> None:
    email = site.user("keys")
    site.connect(email, "kraken", "read-only")
    sign_in(page, site, email)
    page.goto(f"{site.address}/connections/")
    page.locator("main table a").first.click()
    connection = page.url
    _passport_and_a_check_on_demand(page)
    _a_bad_key_is_turned_away(site, page, connection)
    _a_key_of_another_account_is_turned_away(site, page, connection)
    _a_good_key_takes_over(site, page, connection)
    _the_bell_tells_of_it(site, page)
    _all_keys_are_forgotten(site, page)


def _passport_and_a_check_on_demand(page: Page) -> None:
    page.locator("#passport-link").click()
    expect(page.locator("#key")).to_contain_text("Read-only, proved by the exchange")
    expect(page.locator("#key")).to_contain_text("query-ledger")
    expect(page.locator("#history tbody tr")).to_have_count(1)
    page.locator("#check-button").click()
    # The page follows by itself.
    expect(page.locator("#history tbody tr")).to_have_count(2)
    expect(page.locator("#check-button")).to_be_visible()


def _paste(site: Site, page: Page, connection: str, purpose: str) -> None:
    page.goto(f"{connection}replace/")
    confirm(page)
    credentials = site.keys()["kraken", purpose]["credentials"]
    for name, value in credentials.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile("/key/$"))
    assert credentials["secret"] not in page.content()


def _a_bad_key_is_turned_away(site: Site, page: Page, connection: str) -> None:
    _paste(site, page, connection, "withdraw")
    panel = page.locator("#replacement")
    expect(panel).to_contain_text("The former key goes on.")
    expect(panel).to_contain_text("withdraw-funds")
    expect(page.locator("#key")).to_contain_text("Read-only, proved by the exchange")


def _a_key_of_another_account_is_turned_away(site: Site, page: Page, connection: str) -> None:
    _paste(site, page, connection, "read-only-small")
    panel = page.locator("#replacement")
    expect(panel).to_contain_text("belongs to another account")


def _a_good_key_takes_over(site: Site, page: Page, connection: str) -> None:
    _paste(site, page, connection, "read-only")
    expect(page.locator("#replacement")).to_contain_text("It has taken over.")


def _the_bell_tells_of_it(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/")
    page.get_by_role("link", name="Notices: 1 unread").click()
    expect(page.locator("main")).to_contain_text("The key was replaced")
    page.locator("#read-all").click()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
    site.wait_for_mail("The key was replaced")


def _all_keys_are_forgotten(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/connections/")
    page.locator("#forget-link").click()
    confirm(page)
    expect(page.locator("main")).to_contain_text("It cannot be undone.")
    page.locator("#forget-button").click()
    expect(page.locator("main")).to_contain_text("1 connection has no key any more.")
    expect(page.locator("main table")).to_contain_text("Removed, history kept")
