"""One site and one Chromium for all browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.site import CHROMIUM_OPTIONS, PASSWORD, Site, chromium

SignIn = Callable[..., Page]

# A busy machine may be slow to show what is expected; it is shown, or the test fails.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory: Path = tmp_path_factory.mktemp("site")
    site = Site(directory)
    yield site
    assert site.up.stop() == 0, site.up.said[-3000:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_in(page: Page, site: Site, email: str) -> Page:
    """Signs in at the form."""
    page.goto(f"{site.address}/accounts/login/")
    page.get_by_label("E-mail", exact=False).first.fill(email)
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"{site.address}/")
    return page


def confirm(page: Page) -> None:
    """Gives the password once more, where a page asks for it before it takes secrets."""
    if "/reauthenticate/" in page.url:
        page.locator("input[type=password]").first.fill(PASSWORD)
        page.locator("main button[type=submit]").first.click()
