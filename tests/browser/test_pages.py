"""Every page, light, dark and on a phone: accessible, without errors, nothing wider than it is.

With SCREENSHOTS=DIRECTORY in the environment the pictures are kept there (make screenshots).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.conftest import confirm, sign_in
from tests.browser.site import Site

# The first one waits for a whole history; beside other work on the machine that takes its time.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
STATIC_PAGES = {
    "dashboard": "/",
    "performance": "/performance/?range=1y",
    "performance-days": "/performance/days/?range=1m",
    "performance-sums": "/performance/sums/?range=1m&asset=BTC",
    "connections": "/connections/",
    "add-connection": "/connections/add/",
    "by-hand": "/connections/by-hand/",
    "key-kraken": "/connections/add/sandbox/kraken/",
    "key-coinbase": "/connections/add/live/coinbase/",
    "transactions": "/transactions/",
    "hidden": "/transactions/?hidden=on",
    "add-transaction": "/transactions/add/",
    "edits": "/edits/",
    "edits-take-back": "/edits/take-back/",
    "transactions-found": "/transactions/?q=0.5",
    "filters": "/transactions/filters/",
    "transfers": "/transfers/",
    "transfers-accepted": "/transfers/?tab=accepted",
    "transfers-refused": "/transfers/?tab=refused",
    "review": "/review/",
    "review-one-cause": "/review/?cause=transfer",
    "review-dismissed": "/review/?tab=dismissed",
    "review-closed": "/review/?tab=closed",
    "sources": "/review/sources/",
    "asset": "/assets/BTC/",
    "asset-days": "/assets/BTC/days/?range=1m",
    "asset-lots": "/assets/BTC/lots/",
    "assets": "/assets/",
    "asset-codes": "/asset-codes/BTC/",
    "imports": "/imports/",
    "exports": "/exports/",
    "export-form": "/exports/koinly/?year=2026&kind=trade",
    "export-preview": "/exports/koinly/preview/",
    "export-preview-lines": "/exports/jsonl/preview/",
    "export-symbols": "/exports/cointracking/symbols/",
    "taxes": "/taxes/",
    "shares": "/taxes/shares/",
    "share": "/taxes/shares/add/",
    "shared-with-me": "/shared/",
    "tax-place": "/taxes/place/",
    "tax-settings": "/taxes/place/us/",
    "what-if": "/taxes/what-if/?asset=BTC",
    "tax-choices": "/taxes/lots/",
    "notices": "/notices/",
    "own-prices": "/prices/",
    "give-price": "/prices/give/?asset=NEWCOIN",
    "forget-keys": "/connections/forget-keys/",
    "closed-exchange": "/connections/add/?q=bitmex",
    "notifications": "/settings/notifications/",
    "settings": "/settings/",
    "activity": "/settings/audit/",
    "second-factor": "/accounts/2fa/",
    "sessions": "/accounts/sessions/",
    "e-mail": "/accounts/email/",
    "password": "/accounts/password/change/",
}
SIGNED_OUT = {
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "not-found": "/nothing-here/",
}
EMPTY_PAGES = (
    *("dashboard", "performance", "connections", "transactions", "asset", "assets", "exports"),
    *("imports", "taxes", "what-if", "tax-choices", "shares", "share", "shared-with-me"),
    *("notices", "forget-keys", "transfers", "transfers-accepted", "transfers-refused"),
    "own-prices",
    *("review", "review-dismissed", "review-closed", "sources"),
)
# What reaches beyond the window and is not in a part that scrolls by itself.
BEYOND = """
() => [...document.querySelectorAll('body *')]
  .filter(part => part.getBoundingClientRect().right > window.innerWidth)
  .filter(part => {
    const cut = ['auto', 'scroll', 'hidden', 'clip'];
    for (let above = part.parentElement; above; above = above.parentElement)
      if (cut.includes(getComputedStyle(above).overflowX)) return false;
    return true;
  })
  .slice(0, 5)
  .map(part => `${part.tagName}.${part.className} to ${part.getBoundingClientRect().right}`)
"""
# One notice of each kind, as the workers write them.
TELL = """
from portfolio.models import Connection, Notice
from portfolio.services import notices
connection = Connection.objects.filter(owner__email="{email}").first()
for kind in Notice.Kind.values:
    notices.tell(connection, kind, "What happened, in a sentence or two.", key="pages:" + kind)
"""
# The demo accounts leave no doubt, so that a few transfers are put back to be reviewed.
DOUBT = """
from portfolio.models import TransferLink
links = TransferLink.objects.filter(owner__email="{email}", outgoing__kind="withdrawal")
some = list(links.values_list("pk", flat=True)[:4])
open = TransferLink.objects.filter(pk__in=some[:3])
open.update(status="proposed", level="likely", decided_at=None)
TransferLink.objects.filter(pk=some[3]).update(status="refused", how="by_hand")
"""
# What was found is looked for again, and one of it is put aside.
REVIEW = """
from accounts.models import User
from portfolio.models import Finding
from portfolio.services import findings
user = User.objects.get(email="{email}")
findings.refresh(user.pk)
one = Finding.objects.of(user).open().order_by("pk").values_list("pk", flat=True)[:1]
findings.dismiss(user=user, ids=list(one), reason="Known, and seen to elsewhere")
"""
# Files that were made, and one that was not.
EXPORTS = """
from accounts.models import User
from portfolio.models import Export
from portfolio.services import export_jobs
from portfolio.services.exports import Asked
user = User.objects.get(email="{email}")
for asked in (Asked("csv"), Asked("koinly", year=2026), Asked("jsonl")):
    export_jobs.make(export_jobs.ask(user=user, asked=asked).pk)
Export.objects.filter(owner=user, format="jsonl").update(state="failed", failure="It failed.")
"""
# A year's taxes, by a place with terms and two limits.
TAXES = """
from uuid import UUID
from decimal import Decimal
from accounts.models import User
from portfolio.models import LotOffer
from portfolio.services import broker_forms, tax_choices, tax_reports, tax_settings
user = User.objects.get(email="{email}")
# One of a place that gave lots to accounts, and has forms of brokers.
tax_settings.choose(user=user, told=tax_settings.Told("us", "fifo"))
report = tax_reports.ask(user=user, year=2025)
tax_reports.make(report.pk)
line = report.lines.filter(part="disposal", on__year=2025).exclude(account="outside").first()
rows = "asset,date sold,proceeds,basis,box\\nBTC,2025-06-01,100,,H\\n"
broker_forms.add(
    user=user, connection_id=UUID(line.account), year=2025, name="", data=rows.encode()
)
tax_settings.choose(user=user, told=tax_settings.Told("germany", "fifo"))
report = tax_reports.ask(user=user, year=2025)
tax_reports.make(report.pk)
# Lots are looked up, and half of the first one is chosen.
line = report.lines.filter(part="disposal", subkind="").first()
tax_choices.make(tax_choices.ask(user=user, transaction_id=line.transaction).pk)
one = LotOffer.objects.get(transaction=line.transaction).offers[0]
lot = one["lots"][0]
amounts = {{lot["lot"]: min(Decimal(lot["amount"]), Decimal(one["amount"])) / 2}}
tax_choices.choose(
    user=user, transaction_id=line.transaction, asset=one["asset"], amounts=amounts
)
"""
# A sale that is not made, one that cannot be, and all lots of today.
WHAT_IFS = """
from decimal import Decimal
from accounts.models import User
from portfolio.services import what_ifs
from portfolio.services.what_if_case import Asked
user = User.objects.get(email="{email}")
what_ifs.make(what_ifs.ask_today(user=user).pk)
what_ifs.make(what_ifs.ask_sale(user=user, asked=Asked("BTC", Decimal(10**9))).pk)
what_ifs.make(what_ifs.ask_sale(user=user, asked=Asked("BTC")).pk)
"""
# That year shared: as a whole, without amounts, of one account alone, and no longer.
SHARES = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from portfolio.models import Connection
from portfolio.services import tax_shares
user = User.objects.get(email="{email}")
last = timezone.localdate() + timedelta(days=90)
one = [Connection.objects.get(owner=user, exchange="kraken").pk]
scopes = dict(whole={{}}, part=dict(connections=one), structure=dict(shows_amounts=False))
for who, scope in (*scopes.items(), ("ended", {{}})):
    years = [("germany", 2025)]
    told = tax_shares.Told(who, "link", years, last, sender="Sam Sample", **scope)
    made = tax_shares.make(user=user, told=told)
    tax_shares.enter(token=made.token, passphrase="", network="203.0.113.0/24")
    print("token", who, made.token)
tax_shares.revoke(user=user, share_id=made.share.pk)
"""
# An archive that can be restored, one that is none, and one that is restored.
RESTORE = """
from django.core.files.uploadedfile import SimpleUploadedFile
from accounts.models import User
from portfolio.services import archiving, restorations
empty = User.objects.get(email="{empty}")
restorer = User.objects.get(email="{restorer}")
data = b"".join(archiving.chunks(empty))
told = {{"ready.zip": data, "none.zip": b"PK\\x03\\x04 no archive", "done.zip": data}}
for name, content in told.items():
    job = restorations.begin(user=restorer, file=SimpleUploadedFile(name, content))
    restorations.work(job.pk)
    if name == "done.zip":
        restorations.confirm(user=restorer, job_id=job.pk)
        restorations.work(job.pk)
    print("archive", name, job.pk)
"""
# Something too much in the ledger, as a person would enter it.
DIFFER = """
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from portfolio.models import Connection
from portfolio.services import manual_entries
connection = Connection.objects.get(owner__email="{email}", exchange="kraken")
told = manual_entries.Told(
    "adjustment", Decimal("0.125"), timezone.now() - timedelta(days=3), note="By mistake."
)
manual_entries.enter(
    user=connection.owner, connection=connection, wallet="spot", asset="BTC", told=told
)
"""


@dataclass
class Visit:
    """What was wrong on the pages seen so far."""

    page: Page
    look: str
    who: str
    problems: list[str] = field(default_factory=list)

    def see(self, name: str, url: str) -> None:
        """Opens a page and looks at it as a critic does."""
        self.page.goto(url)
        if "/reauthenticate/" in self.page.url and name != "confirm":
            self.see("confirm", self.page.url)
            confirm(self.page)
        if self.page.locator("[data-chart], [data-course]").count():
            self.page.wait_for_timeout(500)  # the chart's drawing
        self.look_at(name)

    def look_at(self, name: str) -> None:
        """Looks at the page that is open."""
        self._keep(name)
        width = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if width > 0:
            beyond = self.page.evaluate(BEYOND)
            self._say(name, f"is {width} px wider than the window: {beyond}")
        for violation in Axe().run(self.page).response["violations"]:
            where = violation["nodes"][0]["target"]
            self._say(name, f"{violation['impact']}: {violation['id']} at {where}")

    def _keep(self, name: str) -> None:
        kept = os.environ.get("SCREENSHOTS")
        if kept:
            Path(kept).mkdir(parents=True, exist_ok=True)
            prefix = "" if self.who == "full" else f"{self.who}-"
            target = Path(kept) / f"{prefix}{name}-{self.look}.png"
            self.page.screenshot(path=target, full_page=name not in ("add-connection",))

    def _say(self, name: str, what: str) -> None:
        self.problems.append(f"{self.who} {name} {self.look}: {what}")


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, str]:
    """A full account, an empty one and one whose keys do not work, by what they are."""
    people = {who: site.user(who) for who in ("full", "empty", "failing", "restorer")}
    for exchange in ("binance", "kraken"):
        site.connect(people["full"], exchange, "read-only")
    for exchange, purpose in (
        ("binance", "expired"),
        ("kraken", "withdraw"),
        ("kraken", "other-ip"),
    ):
        site.connect(people["failing"], exchange, purpose, status=1)
    site.sync(people["full"])
    site.manage("shell", "-c", TELL.format(email=people["full"]))
    site.manage("shell", "-c", DOUBT.format(email=people["full"]))
    site.manage("shell", "-c", REVIEW.format(email=people["full"]))
    site.manage("shell", "-c", EXPORTS.format(email=people["full"]))
    site.manage("shell", "-c", TAXES.format(email=people["full"]))
    site.manage("shell", "-c", WHAT_IFS.format(email=people["full"]))
    shared = site.manage("shell", "-c", SHARES.format(email=people["full"]))
    told = RESTORE.format(empty=people["empty"], restorer=people["restorer"])
    restoring = re.findall(r"archive (\w+)\S* (\S+)", site.manage("shell", "-c", told))
    people |= {f"archive {name}": job for name, job in restoring}
    people |= {f"token {who}": token for who, token in re.findall(r"token (\w+) (\S+)", shared)}
    return people


@pytest.fixture(params=list(LOOKS))
def look(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def visit(browser: Browser, look: str) -> Iterator[Visit]:
    context: BrowserContext = browser.new_context(**LOOKS[look], reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    visit = Visit(page, look, "full")

    def listen(message: ConsoleMessage) -> None:
        # A page that is not there says so in the console too.
        if message.type == "error" and "404" not in message.text:
            visit.problems.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: visit.problems.append(f"{page.url}: {error}"))
    yield visit
    context.close()


def test_pages_of_a_full_account(site: Site, people: dict[str, str], visit: Visit) -> None:
    sign_in(visit.page, site, people["full"])
    for name, path in STATIC_PAGES.items():
        visit.see(name, site.address + path)
    for name, url in _found(visit.page, site).items():
        visit.see(name, url)
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_an_empty_account(site: Site, people: dict[str, str], visit: Visit) -> None:
    visit.who = "empty"
    sign_in(visit.page, site, people["empty"])
    for name in EMPTY_PAGES:
        if name != "asset":
            visit.see(name, site.address + STATIC_PAGES[name])
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_a_restoring_account(site: Site, people: dict[str, str], visit: Visit) -> None:
    visit.who = "restoring"
    sign_in(visit.page, site, people["restorer"])
    visit.see("imports", f"{site.address}/imports/")
    for state in ("ready", "none", "done"):
        visit.see(state, f"{site.address}/archives/{people[f'archive {state}']}/")
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_a_failing_account(site: Site, people: dict[str, str], visit: Visit) -> None:
    visit.who = "failing"
    sign_in(visit.page, site, people["failing"])
    visit.see("dashboard", site.address)
    visit.see("connections", f"{site.address}/connections/")
    for number, url in enumerate(_links(visit.page, site, r"/connections/[0-9a-f-]{36}/$"), 1):
        visit.see(f"connection-{number}", url)
        visit.see(f"connection-{number}-key", f"{url}key/")
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_a_difference(site: Site, people: dict[str, str], visit: Visit) -> None:
    visit.who = "differing"
    site.manage("shell", "-c", DIFFER.format(email=people["full"]))
    sign_in(visit.page, site, people["full"])
    visit.page.goto(f"{site.address}/connections/")
    kraken = _links(visit.page, site, r"/connections/[0-9a-f-]{36}/$")[1]
    visit.see("proof-sheet", f"{kraken}proof/")
    visit.see("coverage", f"{kraken}coverage/")
    visit.page.locator(".pf-cells tbody .pf-cell").first.click()
    visit.page.locator("#cell").wait_for()
    visit.see("coverage-cell", visit.page.url)
    place = f"{kraken}proof/place/?wallet=spot&asset=BTC"
    visit.see("difference", place)
    visit.see("entry", f"{kraken}enter/?wallet=spot&asset=BTC")
    visit.page.goto(place)
    visit.see("entry-change", _links(visit.page, site, r"/entries/\d+/change/$")[0])
    visit.page.goto(place)
    visit.page.get_by_role("button", name="Withdraw").click()
    visit.page.get_by_text("The entry is out of the ledger.").wait_for()
    visit.see("no-difference", place)
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_an_owner_who_shares(site: Site, people: dict[str, str], visit: Visit) -> None:
    visit.who = "sharer"
    sign_in(visit.page, site, people["full"])
    visit.page.goto(f"{site.address}/taxes/shares/")
    ended, *_, whole = _links(visit.page, site, r"/taxes/shares/[0-9a-f-]{36}/$")
    visit.see("share-whole", whole)
    visit.see("share-ended", ended)
    visit.see("share-delete", f"{whole}delete/")
    assert not visit.problems, "\n".join(visit.problems)


@pytest.mark.parametrize("scope", ["whole", "part", "structure"])
def test_pages_of_a_reader(site: Site, people: dict[str, str], visit: Visit, scope: str) -> None:
    visit.who = f"reader-{scope}"
    visit.see("open", f"{site.address}/shared/open/")
    visit.page.get_by_label("Code of the link").fill(people[f"token {scope}"])
    visit.page.get_by_role("button", name="Open").click()
    visit.page.wait_for_url(re.compile(r"/shared/[0-9a-f-]{36}/$"))
    visit.see("years", visit.page.url)
    (report,) = _links(visit.page, site, r"/shared/[0-9a-f-]{36}/\d+/$")
    visit.see("report", report)
    for part in ("disposal", "closing", "income", "assumed"):
        visit.see(part, f"{report}{part}/")
    visit.page.goto(f"{report}disposal/")
    visit.see("explained", _links(visit.page, site, r"/disposals/\d+/$")[0])
    visit.see("transaction", _links(visit.page, site, r"/disposal/\d+/transaction/$")[0])
    visit.see("coverage", f"{report}evidence/coverage/")
    visit.see("balances", f"{report}evidence/balances/")
    visit.see("not-shared", f"{report}nothing/")
    assert not visit.problems, "\n".join(visit.problems)


def test_pages_of_a_reader_who_is_not_let_in(
    site: Site, people: dict[str, str], visit: Visit
) -> None:
    visit.who = "reader"
    visit.see("closed", f"{site.address}/shared/00000000-0000-4000-8000-000000000000/")
    visit.page.goto(f"{site.address}/shared/open/#{people['token ended']}")
    visit.page.get_by_role("button", name="Open").click()
    visit.page.get_by_role("heading", name="No longer shared").wait_for()
    visit.look_at("ended")
    assert not [said for said in visit.problems if "410" not in said]


def test_pages_for_strangers(site: Site, visit: Visit) -> None:
    visit.who = "stranger"
    for name, path in SIGNED_OUT.items():
        visit.see(name, site.address + path)
    assert not visit.problems, "\n".join(visit.problems)


def _found(page: Page, site: Site) -> dict[str, str]:
    """Pages whose addresses are only known by following links."""
    page.goto(f"{site.address}/connections/")
    binance, kraken = _links(page, site, r"/connections/[0-9a-f-]{36}/$")
    page.goto(f"{site.address}/transactions/?kind=trade")
    transaction = _links(page, site, r"/transactions/\d+/$")[0]
    balance = f"{kraken}balance/?wallet=spot&asset=BTC"
    page.goto(balance)
    record = _links(page, site, r"/records/\d+/$")[0]
    page.goto(f"{site.address}/transfers/")
    link = _links(page, site, r"/transactions/\d+/link/$")[0]
    page.goto(f"{site.address}/exports/")
    failed, made, *_ = _links(page, site, r"/exports/made/\d+/$")
    page.goto(f"{site.address}/taxes/")
    report, american = _links(page, site, r"/taxes/\d+/$")
    page.goto(f"{site.address}/taxes/what-if/")
    sale, failed_sale, today = _links(page, site, r"/taxes/what-if/\d+/$")
    page.goto(f"{site.address}/taxes/lots/")
    (lots,) = _links(page, site, r"/taxes/lots/\d+/$")
    return {
        "what-if-sale": sale,
        "what-if-failed": failed_sale,
        "what-if-today": today,
        "what-if-losses": f"{today}?lots=loss",
        "tax-lots": lots,
        "tax-given": f"{american}given/",
        "tax-broker": f"{american}broker/",
        "tax-report": report,
        "tax-figure": f"{report}figures/0/",
        "tax-disposals": f"{report}disposal/",
        "tax-disposal": f"{report}disposals/0/",
        "tax-closing": f"{report}closing/",
        "tax-assumed": f"{report}assumed/",
        "tax-delete": f"{report}delete/",
        "tax-coverage": f"{report}coverage/",
        "tax-reconciliation": f"{report}reconciliation/",
        "tax-findings": f"{report}findings/",
        "export-failed": failed,
        "export-made": made,
        "export-delete": f"{made}delete/",
        "transfer-link": link,
        "transfer-transaction": link.removesuffix("link/"),
        "connection-binance": binance,
        "connection-kraken": kraken,
        "connection-key": f"{kraken}key/",
        "connection-replace": f"{binance}replace/",
        "connection-remove": f"{binance}remove/",
        "connection-read-again": f"{kraken}read-again/",
        "transaction": transaction,
        "running-balance": balance,
        "record": record,
    }


def _links(page: Page, site: Site, pattern: str) -> list[str]:
    hrefs = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
    found = list(dict.fromkeys(href for href in hrefs if re.search(pattern, href)))
    return [site.address + href for href in found]
