"""Tax years shared with somebody who has no account: opened, walked, noted, and ended."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import confirm, sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser

REPORT = """
from accounts.models import User
from portfolio.services import tax_reports, tax_settings
user = User.objects.get(email="{email}")
tax_settings.choose(user=user, told=tax_settings.Told("germany", "fifo"))
tax_reports.make(tax_reports.ask(user=user, year=2025).pk)
"""


def share(page: Page, site: Site, *, passphrase: bool) -> tuple[str, str]:
    """Shares the year on the page; the link and the passphrase as they are shown."""
    page.goto(f"{site.address}/taxes/")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("link", name="Share", exact=True).click()
    confirm(page)
    page.get_by_label("Who may read").fill("Adviser")
    page.get_by_label("Germany 2025").check()
    if passphrase:
        page.get_by_label("Ask for a passphrase too").check()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("Shown this once")).to_be_visible()
    told = page.locator("#passphrase").inner_text() if passphrase else ""
    return page.locator("#link").inner_text(), told


def test_an_adviser_reads_what_is_shared_until_it_is_revoked(site: Site, browser: Browser) -> None:
    email = site.user("sharer")
    site.connect(email, "kraken", "read-only")
    site.manage("sync", "--user", email, "--wait")
    site.manage("shell", "-c", REPORT.format(email=email))
    owner = browser.new_context()
    mine = sign_in(owner.new_page(), site, email)
    link, passphrase = share(mine, site, passphrase=True)

    reader = browser.new_context()
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(f"{request.url} {request.headers}"))
    page = reader.new_page()
    page.goto(link)
    token = link.rpartition("#")[2]
    assert page.url == f"{site.address}/shared/open/"  # taken out of the address bar
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("This link needs the passphrase too")).to_be_visible()
    page.get_by_label("Passphrase").fill(passphrase)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("link", name="Germany 2025").click()
    expect(page.get_by_role("cell", name="SO 47")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    page.get_by_role("link", name="Disposals", exact=True).click()
    page.locator("tbody th a").first.click()
    expect(page.get_by_text("Held for")).to_be_visible()
    page.get_by_role("link", name="The transaction, and the exchange").click()
    expect(page.locator(".pf-raw").get_by_text("refid").first).to_be_visible()
    assert not [seen for seen in asked if token in seen]
    _is_shut_out(page, mine, site)

    mine.get_by_role("link", name="The share and its log").click()
    log = mine.locator("#log")
    for told in ("Link opened", "Report", "report.pdf", "Disposal", "Transaction", "127.0.0.0/24"):
        expect(log.get_by_text(told).first).to_be_visible()
    mine.get_by_role("button", name="Revoke").click()
    expect(mine.get_by_text("Nothing of it can be opened any more.")).to_be_visible()
    page.get_by_role("link", name="The disposal").click()
    expect(page.get_by_role("heading", name="No longer shared")).to_be_visible()
    mine.reload()
    expect(log.get_by_text("Tried after the end")).to_be_visible()
    for context in (owner, reader):
        context.close()


def _is_shut_out(page: Page, mine: Page, site: Site) -> None:
    """Of a key's page, whose address the owner's browser finds, the reader sees the sign-in."""
    there = mine.context.new_page()
    there.goto(f"{site.address}/connections/")
    links = there.locator("main a").evaluate_all("all => all.map(a => a.href)")
    connection = next(url for url in links if re.search(r"/connections/[0-9a-f-]{36}/$", url))
    there.close()
    outside = page.context.new_page()
    for url in (f"{connection}key/", f"{site.address}/settings/", f"{site.address}/taxes/"):
        outside.goto(url)
        assert "/accounts/login/" in outside.url
    outside.close()


def test_without_javascript_the_link_is_pasted(site: Site, browser: Browser) -> None:
    email = site.user("paster")
    site.connect(email, "kraken", "read-only")
    site.manage("sync", "--user", email, "--wait")
    site.manage("shell", "-c", REPORT.format(email=email))
    owner: BrowserContext = browser.new_context()
    link, _none = share(sign_in(owner.new_page(), site, email), site, passphrase=False)
    reader = browser.new_context(java_script_enabled=False)
    page = reader.new_page()
    page.goto(link)
    page.get_by_label("Code of the link").fill(link)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("link", name="Germany 2025")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_label("Code of the link")).to_be_visible()
    for context in (owner, reader):
        context.close()
