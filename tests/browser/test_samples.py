"""Sample reports of seven simulated exchanges for the documentation (make screenshots).

Whole histories take minutes to fetch, so that only who wants the pictures waits for them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import sign_in
from tests.browser.site import Site
from tests.browser.test_pages import LOOKS

KEPT = os.environ.get("SCREENSHOTS", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not KEPT, reason="only with SCREENSHOTS=DIRECTORY: make screenshots"),
]
EXCHANGES = ("binance", "kraken", "coinbase", "okx", "bybit", "bitget", "bingx")
PLACES = {"us": "fifo", "uk": "uk_share_pooling", "germany": "fifo"}
YEAR = 2025
LINES = 40  # of each part in a sample: enough to see what they are
MAKE = """
from pathlib import Path
from accounts.models import User
from portfolio.services import findings, tax_documents, tax_reports, tax_settings
user = User.objects.get(email="{email}")
findings.refresh(user.pk)
tax_settings.choose(user=user, told=tax_settings.Told("{place}", "{method}"))
report = tax_reports.ask(user=user, year={year})
tax_reports.make(report.pk)
report.refresh_from_db()
assert report.state == "done", report.failure
Path("{target}").write_bytes(tax_documents.pdf(report, most={lines}))
print("report", report.pk)
"""


def test_sample_reports_of_seven_exchanges(site: Site, browser: Browser) -> None:
    email = site.user("sample")
    for exchange in EXCHANGES:
        site.connect(email, exchange, "read-only")
    site.sync(email)
    folder = Path(KEPT).resolve().parent / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    for place, method in PLACES.items():
        target = folder / f"{place}-{YEAR}.pdf"
        code = MAKE.format(
            email=email, place=place, method=method, year=YEAR, target=target, lines=LINES
        )
        number = site.manage("shell", "-c", code).split()[-1]
        assert target.read_bytes().startswith(b"%PDF-")
        _see(site, browser, email, place, number)


def _see(site: Site, browser: Browser, email: str, place: str, number: str) -> None:
    pages = {
        f"sample-{place}": "",
        f"sample-{place}-disposal": "disposals/0/",
        f"sample-{place}-findings": "findings/",
    }
    for look, options in LOOKS.items():
        context = browser.new_context(**options, reduced_motion="reduce")  # type: ignore[arg-type]
        page = context.new_page()
        sign_in(page, site, email)
        for name, path in pages.items():
            page.goto(f"{site.address}/taxes/{number}/{path}")
            target = Path(KEPT) / f"{name}-{look}.png"
            page.screenshot(path=target, full_page=look != "phone")
        context.close()
