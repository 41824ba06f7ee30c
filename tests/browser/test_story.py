"""The whole story in one go: from signing up to a file for tax software."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.request
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import confirm
from tests.browser.site import PASSWORD, Site

EMAIL = "story@example.org"


@pytest.mark.browser
def test_from_signing_up_to_the_tax_file(site: Site, page: Page, tmp_path: Path) -> None:
    _sign_up(site, page)
    _a_key_that_may_withdraw_is_refused(site, page)
    for exchange in ("binance", "kraken"):
        _register(site, page, exchange, "read-only")
        _watch_until_complete(page)
        _agrees_with_the_exchange(site, exchange)
    _dashboard_opens_down_to_the_raw_record(site, page)
    _exports_hold_everything(site, page, tmp_path)


def _sign_up(site: Site, page: Page) -> None:
    page.goto(site.address)
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.get_by_role("link", name=re.compile("sign up|create", re.I)).first.click()
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.goto(site.mailed_link("confirm-email"))
    page.locator("main button[type=submit]").first.click()
    page.goto(site.address)
    expect(page.get_by_role("link", name=re.compile("connection", re.I)).first).to_be_visible()


def _register(site: Site, page: Page, exchange: str, purpose: str) -> None:
    """Chooses the exchange by searching, fills exactly the fields it asks for."""
    credentials = site.keys()[exchange, purpose]["credentials"]
    page.goto(f"{site.address}/connections/add/?q={exchange}")
    page.locator(f"a[href='/connections/add/sandbox/{exchange}/']").first.click()
    confirm(page)
    for name, value in credentials.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/connections/[0-9a-f-]{36}/"))
    assert credentials["secret"] not in page.content()


def _a_key_that_may_withdraw_is_refused(site: Site, page: Page) -> None:
    _register(site, page, "kraken", "withdraw")
    refused = page.get_by_text(re.compile("Refused: this key may do more than read")).first
    expect(refused).to_be_visible()
    assert "withdraw-funds" in page.content()


def _watch_until_complete(page: Page) -> None:
    """The page tells of it by itself, without a reload."""
    expect(page.get_by_text("Can only read").first).to_be_visible()
    expect(page.get_by_text("Up to date").first).to_be_visible(timeout=180_000)
    headline = page.get_by_text("new records are fetched by themselves").first
    expect(headline).to_be_visible(timeout=180_000)


def _agrees_with_the_exchange(site: Site, exchange: str) -> None:
    with urllib.request.urlopen(site.keys()[exchange, "read-only"]["statement"]) as answer:
        told = json.load(answer)
    held: dict[str, dict[str, str]] = {}
    for row in _holdings(site):
        assert row["discrepancy"] == "0", row
        if row["exchange"] == exchange and row["quantity"] != "0":
            held.setdefault(row["wallet"], {})[row["asset"]] = row["quantity"]
    assert held == told["balances"]


def _holdings(site: Site) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(site.manage("holdings", EMAIL, "--json"))
    return rows


def _dashboard_opens_down_to_the_raw_record(site: Site, page: Page) -> None:
    page.goto(site.address)
    expect(page.get_by_text(re.compile("agree to the last digit"))).to_be_visible()
    expect(page.get_by_text("unknown").first).to_be_visible()
    page.locator("main table a", has_text=re.compile("^BTC$")).first.click()
    expect(page).to_have_url(re.compile("/assets/BTC/"))
    page.locator("#wallets tbody a[href*='/balance/']").first.click()
    page.locator(".pf-running tbody th a").first.click()
    expect(page).to_have_url(re.compile(r"/transactions/\d+/"))
    raw = page.locator("pre").first.inner_text()
    assert json.loads(raw), "the raw record is JSON as received"


def _exports_hold_everything(site: Site, page: Page, tmp_path: Path) -> None:
    plain = _download(page, "csv", tmp_path)
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in csv.DictReader(io.StringIO(plain.read_text())):
        place = (row["exchange"], row["wallet"], row["asset"])
        sums[place] = sums.get(place, Decimal(0)) + Decimal(row["amount"])
    held = {
        (row["exchange"], row["wallet"], row["asset"]): Decimal(row["quantity"])
        for row in _holdings(site)
    }
    assert {place: amount for place, amount in sums.items() if amount} == {
        place: amount for place, amount in held.items() if amount
    }
    koinly = _download(page, "koinly", tmp_path)
    with zipfile.ZipFile(koinly) as archive:
        heads = {archive.read(name).decode().splitlines()[0] for name in archive.namelist()}
        assert len(archive.namelist()) == 2
    assert heads == {
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,"
        "Fee Currency,Net Worth Amount,Net Worth Currency,Label,Description,TxHash"
    }


def _download(page: Page, kind: str, tmp_path: Path) -> Path:
    page.goto(f"{urljoin(page.url, '/exports/')}{kind}/preview/")
    page.get_by_role("button", name="Make the file").click()
    link = page.locator("a.btn-primary[href$='/download/']")
    expect(link).to_be_visible()
    with page.expect_download() as waiting:
        link.click()
    target = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target
