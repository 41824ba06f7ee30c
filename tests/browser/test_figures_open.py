"""Every figure of the dashboard and of the asset pages opens, down to the exchange's own record."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser

VALUE = """
from accounts.models import User
from portfolio.services import valuation
valuation.recompute(User.objects.get(email="{email}").pk)
"""
# What no way leads on from: a figure that is neither a link nor beside one.
CLOSED = """
() => [...document.querySelectorAll('main .amount, main .price, main .percent')]
  .filter(figure => figure.checkVisibility() && !figure.closest('[data-course], [data-chart]'))
  .filter(figure => !figure.closest('a') && !figure.closest('tr, li, dl > div, p, .cf-subtitle')?.querySelector('a[href]'))
  .filter(figure => !figure.closest('tfoot'))
  .map(figure => figure.textContent)
"""  # noqa: E501


def figure(place: Locator) -> Decimal:
    """A quantity as it is read, all its digits; or money, exact by its title."""
    shown = place.locator(".amount").first
    title = shown.get_attribute("title")
    text = title.split()[0] if title else shown.inner_text()
    return Decimal(re.sub(r"[,\s+]", "", text).replace("−", "-"))


def figures(places: Locator) -> list[Decimal]:
    return [figure(place) for place in places.all()]


def test_every_figure_opens_down_to_the_record(site: Site, page: Page) -> None:
    email = site.user("figures")
    site.connect(email, "kraken", "read-only-small")
    site.manage("sync", "--user", email, "--wait")
    site.manage("shell", "-c", VALUE.format(email=email))
    sign_in(page, site, email)
    expect(page.locator("#holdings")).to_be_visible()
    assert page.evaluate(CLOSED) == []
    _total_is_the_sum_of_holdings(page)
    _exchanges_open(page, site)
    rows = page.locator("#holdings tbody tr")
    found = {row.locator("a").first.inner_text(): _row(row) for row in rows.all()}
    assert len(found) > 2
    for asset, (quantity, href) in found.items():
        page.goto(site.address)
        page.locator(f"#holdings tbody a[href='{href}']").nth(1).click()
        _asset_page_agrees(page, asset, quantity)
        for number in range(page.locator("#wallets tbody tr").count()):
            _opens_to_the_record(page, page.locator("#wallets tbody tr").nth(number))
            page.goto(f"{site.address}{href}")


def _row(row: Locator) -> tuple[Decimal, str]:
    link = row.locator("td a").first
    return figure(link), str(link.get_attribute("href"))


def _total_is_the_sum_of_holdings(page: Page) -> None:
    page.locator(".pf-total").click()
    expect(page).to_have_url(re.compile("#holdings$"))
    values = page.locator("#holdings tbody tr td:nth-child(4)")
    told = [place for place in values.all() if place.locator(".amount").count()]
    assert figure(page.locator(".pf-total")) == sum(figure(place) for place in told)


def _exchanges_open(page: Page, site: Site) -> None:
    """A connection's worth opens to its balances, each with the postings behind it."""
    page.locator("a.pf-open[href$='#balances']").first.click()
    expect(page.locator("#balances")).to_be_visible()
    cell = page.locator("#balances tbody td:nth-child(3) a").first
    held = figure(cell)
    cell.click()
    assert figure(page.locator(".pf-running tbody tr td:nth-child(4)").first) == held
    page.goto(site.address)


def _asset_page_agrees(page: Page, asset: str, quantity: Decimal) -> None:
    """Held, the wallets' sum, the sum of kinds, and what lots are left are one figure."""
    expect(page.get_by_role("heading", level=1)).to_have_text(asset)
    assert page.evaluate(CLOSED) == []
    assert figure(page.locator(".pf-asset-facts a").first) == quantity
    assert sum(figures(page.locator("#wallets tbody td:nth-child(3)"))) == quantity
    assert figure(page.locator("#totals tfoot td")) == quantity
    moved = [figure(place) for place in page.locator("#totals tbody .amount").locator("..").all()]
    assert sum(moved) == quantity
    if quantity > 0:
        _lots_add_up(page, quantity)


def _lots_add_up(page: Page, quantity: Decimal) -> None:
    """Where all open lots are on the page."""
    lots = figures(page.locator("#lots tbody td:nth-child(3)"))
    assert lots
    assert sum(lots) == quantity or len(lots) == 10


def _opens_to_the_record(page: Page, wallet: Locator) -> None:
    """From a wallet's figure to the running balance, the transaction, the posting, the record."""
    held = figure(wallet.locator("td").nth(1))
    wallet.locator("td").nth(1).locator("a").click()
    lines = page.locator(".pf-running tbody tr")
    amounts, balances = (figures(lines.locator(f"td:nth-child({n})")) for n in (3, 4))
    assert balances[0] == held
    before = [*balances[1:], figure(page.locator(".pf-running tfoot td:has(.amount)"))]
    assert [left + amount for left, amount in zip(before, amounts, strict=True)] == balances
    lines.first.locator("th a").click()
    expect(page).to_have_url(re.compile(r"/transactions/\d+/$"))
    postings = page.locator("main section.card").first.locator("tbody td.pf-amounts")
    assert amounts[0] in figures(postings)
    page.locator(".pf-raw h3 a").first.click()
    expect(page).to_have_url(re.compile(r"/records/\d+/$"))
    expect(page.locator("main")).to_contain_text("/0/private/")
    expect(page.locator("main")).to_contain_text("fetched")
    assert json.loads(page.locator("pre.pf-json").first.inner_text())
    rests = figures(page.locator("main section.card").last.locator("td.pf-amounts"))
    assert rests
