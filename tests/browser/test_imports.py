"""Files in the browser: brought, looked at, explained, imported, undone; all pages accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site
from tests.browser.test_pages import LOOKS, Visit

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parent.parent / "data" / "imports"
KOINLY = SAMPLES / "koinly" / "universal.csv"
UNKNOWN = "When,What,How much,Of\n2024-01-02 10:00,got,1.5,btc\n2024-01-03 10:00,gave,-0.5,btc\n"
BROKEN = "Koinly Date,Amount,Currency,Label,TxHash\nyesterday,1,BTC,,\n"
LATEST = 60_000  # milliseconds in which a worker is done


@pytest.fixture(scope="module")
def person(site: Site) -> str:
    return site.user("files")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    context: BrowserContext = browser.new_context(**LOOKS["light"], reduced_motion="reduce")  # type: ignore[arg-type]
    yield Visit(context.new_page(), "light", "imports")
    context.close()


def _bring(page: Page, site: Site, *files: dict[str, object]) -> None:
    page.goto(f"{site.address}/imports/")
    page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read them").click()
    page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}/"))


def _text(name: str, content: str) -> dict[str, object]:
    return {"name": name, "mimeType": "text/csv", "buffer": content.encode()}


def _see_in_all_looks(visit: Visit, name: str) -> None:
    """The page as it is, light, dark and on a phone."""
    address = visit.page.url
    for look, options in LOOKS.items():
        visit.look = look
        visit.page.set_viewport_size(options["viewport"])  # type: ignore[arg-type]
        visit.page.emulate_media(color_scheme=options["color_scheme"])  # type: ignore[arg-type]
        visit.see(name, address)


def test_a_file_is_brought_looked_at_imported_and_undone(
    site: Site, person: str, visit: Visit
) -> None:
    page = visit.page
    sign_in(page, site, person)
    page.goto(f"{site.address}/imports/")
    _see_in_all_looks(visit, "none")
    _bring(page, site, _text(KOINLY.name, KOINLY.read_text()), _text("broken.csv", BROKEN))
    expect(page.get_by_text("Refused")).to_be_visible(timeout=LATEST)
    expect(page.get_by_text("“yesterday” is not a time")).to_be_visible()
    page.locator("select[name^=account]").select_option("new")
    page.locator("input[name^=label]").fill("Old wallet")
    page.get_by_role("button", name="Use these connections").click()
    expect(page.get_by_text("Ready to be confirmed")).to_be_visible(timeout=LATEST)
    _see_in_all_looks(visit, "preview")
    page.get_by_role("button", name="Import", exact=True).click()
    transactions = page.get_by_role("link", name="Transactions of Old wallet")
    expect(transactions).to_be_visible(timeout=LATEST)
    _see_in_all_looks(visit, "done")
    done = page.url
    transactions.click()
    expect(page.locator("main tbody tr").first).to_be_visible()
    page.goto(f"{site.address}/imports/")
    _see_in_all_looks(visit, "list")
    page.goto(done)
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("Everything this import had stored is taken back")).to_be_visible(
        timeout=LATEST
    )
    _see_in_all_looks(visit, "undone")
    page.goto(f"{site.address}/transactions/")
    expect(page.locator("main tbody tr")).to_have_count(0)
    assert not visit.problems, "\n".join(visit.problems)


def test_columns_are_explained_in_the_browser(site: Site, person: str, visit: Visit) -> None:
    page = visit.page
    sign_in(page, site, person)
    _bring(page, site, _text("mine.csv", UNKNOWN))
    explain = page.get_by_role("link", name="Explain its columns")
    expect(explain).to_be_visible(timeout=LATEST)
    _see_in_all_looks(visit, "unknown")
    explain.click()
    for label, column in (
        ("Date, or date and time", "When"),
        ("Amount with its sign", "How much"),
        ("Asset of all amounts", "Of"),
        ("Kind", "What"),
    ):
        page.get_by_label(label).select_option(column)
    # The words of the column that tells kinds are asked for at once.
    page.get_by_label("got").select_option("reward")
    expect(page.locator("#tried").get_by_text("Reward").last).to_be_visible()
    _see_in_all_looks(visit, "columns")
    for label, column in (
        ("Date, or date and time", "When"),
        ("Amount with its sign", "How much"),
        ("Asset of all amounts", "Of"),
    ):
        page.get_by_label(label).select_option(column)
    page.get_by_role("button", name="Read it so").click()
    expect(page.get_by_label("Time zone of its times")).to_be_visible(timeout=LATEST)
    _see_in_all_looks(visit, "questions")
    page.get_by_label("Time zone of its times").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Read it so").click()
    # 10:00 in Tokyo; what was answered is taken back before anything is confirmed.
    otherwise = page.get_by_text("Read it otherwise")
    expect(otherwise).to_be_visible(timeout=LATEST)
    expect(page.locator("#lines").get_by_text("01:00:00").first).to_be_visible()
    otherwise.click()
    _see_in_all_looks(visit, "answered")
    page.get_by_text("Read it otherwise").click()
    page.get_by_label("Time zone of its times").select_option("UTC")
    page.get_by_role("button", name="Read it again").click()
    expect(page.locator("#lines").get_by_text("10:00:00").first).to_be_visible(timeout=LATEST)
    page.get_by_role("button", name="Discard").click()
    page.wait_for_url(re.compile(r"/imports/$"))
    expect(page.get_by_text("Headings you explained")).to_be_visible()
    assert not visit.problems, "\n".join(visit.problems)
