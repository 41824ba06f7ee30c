"""Accounts in a real browser: passkeys, strict policy, theme, privacy, keyboard, accessibility."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests import factories

pytestmark = [pytest.mark.browser]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ENTRANCE = ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/"]
OWN = [
    "/settings/",
    "/settings/audit/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/accounts/reauthenticate/?next=/settings/",
]


# A busy machine may be slow to show what is expected; it is shown, or the test fails.
expect.set_options(timeout=60_000)


@pytest.fixture
def ada(transactional_db: None) -> User:
    return factories.user("ada@example.org")


@pytest.fixture
def browser(ada: User, live_server: LiveServer) -> Iterator[Browser]:
    """Chromium. While it runs, the test itself must not touch the database (an event loop runs)."""
    found = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    assert found, f"none of {', '.join(CHROMIUM)} is on the PATH"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=options)
        yield started
        started.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains about, above all of what the policy forbids."""
    return []


# Not merely on the way there: the address of the sign-in page ends with it too.
AT_SETTINGS = re.compile(r"^http://[^/]+/settings/$")


def open_page(
    browser: Browser, server: LiveServer, complaints: list[str], **options: Any
) -> tuple[BrowserContext, Page]:
    context = browser.new_context(base_url=server.url, **options)
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page


def sign_in(page: Page, then: str = "**/settings/") -> None:
    page.goto("/accounts/login/?next=/settings/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(then)


def add_virtual_key(context: BrowserContext, page: Page) -> None:
    """A passkey device that always says yes."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in_without_a_password(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    context, page = open_page(browser, live_server, complaints)
    add_virtual_key(context, page)
    sign_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Blue key")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("heading", name="Blue key passkey")).to_be_visible()

    page.locator("details.cf-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/?next=/settings/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(AT_SETTINGS)

    context.clear_cookies()
    sign_in(page, then="**/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(AT_SETTINGS)
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/accounts/2fa/totp/activate/")
    assert complaints == []


def test_a_passkey_that_is_refused_is_said_in_words(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    context, page = open_page(browser, live_server, complaints)
    add_virtual_key(context, page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")


def test_theme_and_privacy_are_kept(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    _context, page = open_page(browser, live_server, complaints, color_scheme="light")
    sign_in(page)
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Use the dark theme").click()
    hide = page.get_by_role("button", name="Hide amounts")
    hide.click()
    expect(hide).to_have_attribute("aria-pressed", "true")
    page.goto("/settings/audit/")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    expect(html).to_have_class("js private")
    page.get_by_role("button", name="Use the light theme").click()
    page.get_by_role("button", name="Hide amounts").click()
    page.emulate_media(color_scheme="dark")
    expect(html).to_have_attribute("data-bs-theme", "dark")  # follows the system again
    expect(html).to_have_class("js")
    assert complaints == []


def test_the_keyboard_reaches_everything(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    _context, page = open_page(
        browser, live_server, complaints, viewport={"width": 390, "height": 844}
    )
    sign_in(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    menu = page.get_by_role("button", name="Menu", exact=True)
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Transactions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_request_that_fails_is_said_in_words(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    context, page = open_page(browser, live_server, complaints)
    sign_in(page)
    page.evaluate("htmx.ajax('GET', '/no/such/page/', '#live')")
    expect(page.get_by_role("alert")).to_contain_text("is not there any more")
    page.evaluate("htmx.ajax('GET', '/settings/', {target: '#live', swap: 'none'})")
    expect(page.locator("#failure")).to_be_hidden()
    context.set_offline(True)
    page.evaluate("htmx.ajax('GET', '/settings/', '#live').catch(() => null)")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")


def test_a_session_that_has_ended_leads_to_the_sign_in_page(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    context, page = open_page(browser, live_server, complaints)
    sign_in(page)
    context.clear_cookies()
    page.evaluate("htmx.ajax('GET', '/settings/audit/', '#live')")
    page.wait_for_url("**/accounts/login/?next=/settings/")


def test_without_javascript_one_can_sign_in_and_out(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    _context, page = open_page(browser, live_server, complaints, java_script_enabled=False)
    sign_in(page)
    expect(page.get_by_role("button", name="Hide amounts")).to_be_hidden()
    page.locator("details.cf-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_pages_are_accessible_and_never_scroll_sideways(
    browser: Browser, live_server: LiveServer, complaints: list[str], scheme: str, width: int
) -> None:
    _context, page = open_page(
        browser,
        live_server,
        complaints,
        color_scheme=scheme,
        viewport={"width": width, "height": 844},
    )
    problems = [_problems(page, f"/accounts/{path}") for path in ENTRANCE]
    sign_in(page)
    problems += [_problems(page, path) for path in OWN]
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(AT_SETTINGS)
    problems += [
        _problems(page, f"/accounts/2fa/{path}") for path in ("totp/activate/", "webauthn/add/")
    ]
    assert [problem for page_problems in problems for problem in page_problems] == []
    assert complaints == []


def _problems(page: Page, path: str) -> list[str]:
    page.goto(path)
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    said = [f"{path}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        said.append(f"{path}: wider than the window")
    return said
