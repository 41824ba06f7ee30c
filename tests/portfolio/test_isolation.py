"""Walks every address of the site: what belongs to a person is there for that person only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from portfolio.models import BrokerForm, Connection, ExportSymbol, RawRecord, Stream
from portfolio.services import (
    assets,
    export_jobs,
    tax_reports,
    tax_settings,
    tax_shares,
    what_ifs,
)
from portfolio.services.exports import Asked as AskedExport
from portfolio.services.what_if_case import Asked
from tests import factories
from tests.portfolio.conftest import Browser

# Addresses for everybody: the way in, and what an operator's monitoring asks.
PUBLIC = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_signup_by_passkey",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_signup_webauthn",
    "mfa_trust",
    "healthz",
    "readyz",
    "portfolio:shared-open",
}
_BATCH = uuid.UUID(int=7)
# Addresses whose parts name nothing that belongs to anybody.
SHARED = {
    "portfolio:connection-create",
    "portfolio:export-form",
    "portfolio:export-preview",
    "portfolio:export-make",
    "portfolio:export-symbols",
    "portfolio:tax-settings",
    "portfolio:tax-make",
}


@dataclass(frozen=True)
class Address:
    """One named address and the names of the parts that vary."""

    name: str
    parts: frozenset[str]

    def url(self, objects: dict[str, Any]) -> str:
        unknown = self.parts - objects.keys()
        assert not unknown, f"{self.name}: this test must learn what {unknown} names"
        return reverse(self.name, kwargs={part: objects[part] for part in self.parts})

    def __str__(self) -> str:
        return self.name


def _addresses(
    resolver: URLResolver, prefix: str = "", parts: frozenset[str] = frozenset()
) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        own = parts | frozenset(re.compile(entry.pattern.regex.pattern).groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from _addresses(entry, inner, own)
        else:
            assert entry.name, f"{entry.pattern} has no name"
            yield Address(f"{prefix}{entry.name}", own)


ADDRESSES = sorted(set(_addresses(get_resolver())), key=str)
PRIVATE = [address for address in ADDRESSES if address.name not in PUBLIC]
OWNED = [address for address in PRIVATE if address.parts and address.name not in SHARED]

# What is shared can be opened without an account; forgetting a visit does the same for anybody.
TOKEN = re.compile(rb"X-CSRFToken[^}]*")  # another for each page
LEAVE = next(address for address in PRIVATE if address.name == "portfolio:shared-leave")
OF_SHARES = [a for a in PRIVATE if a.name.startswith("portfolio:shared-") and a.parts]


@pytest.fixture
def objects(owner: User) -> dict[str, Any]:
    """One of each kind of the owner's objects, by the name it has in addresses."""
    made = factories.full_account(owner, days=3)
    draft = factories.import_draft(owner)
    return {
        "connection_id": made["kraken"].pk,
        "transaction_id": made["trade"].pk,
        "link_id": _link_of(made["ledger"]),
        "price_id": factories.own_price(owner, "DOT").pk,
        "entry_id": factories.manual_entry(made["kraken"]).pk,
        "record_id": made["trade"].raw_records.get().pk,
        "conflict_id": factories.conflict(_of_file(made["ledger"]), made["trade"]).pk,
        "checkpoint_id": 1,
        "edit_id": factories.edit(made["kraken"], _BATCH).pk,
        "batch_id": _BATCH,
        "job_id": draft.pk,
        "archive_id": factories.restoration(owner).pk,
        "file_id": draft.files.get().pk,
        "profile_id": factories.import_profile(owner).pk,
        "filter_id": factories.saved_filter(owner).pk,
        "notice_id": factories.notice(made["kraken"]).pk,
        "rule_id": assets.mark_spam(user=owner, source="", code="NEWCOIN").pk,
        "code": "DOT",
        "environment": "sandbox",
        "exchange": "kraken",
        "format_id": "csv",
        "export_id": _export_of(owner),
        "symbol_id": ExportSymbol.objects.create(
            owner=owner, format="csv", asset="DOT", symbol="DOT2"
        ).pk,
        "report_id": _report_of(owner),
        "answer_id": _answer_of(owner),
        "share_id": _share_of(owner),
        "what": "coverage",
        "part": "disposal",
        "position": 0,
        "number": 0,
        "letter": "I",
        "form_id": _form_of(owner, made["kraken"]),
        "place_id": "uk",
        "name": "report.pdf",
        "year": 2024,
        # Of allauth and of the settings: of the owner where they name a row.
        "session_id": _session_of(owner),
        "pk": _authenticator_of(owner),
        "key": "none",
        "uidb36": "1",
    }


def _link_of(stream: Stream) -> int:
    out = factories.transaction(stream, ("-5", "DOT"), kind="withdrawal")
    return factories.transfer(out, factories.transaction(stream, ("5", "DOT"), kind="deposit")).pk


def _export_of(owner: User) -> int:
    job = export_jobs.ask(user=owner, asked=AskedExport("csv"))
    export_jobs.make(job.pk)
    return job.pk


def _form_of(owner: User, connection: Connection) -> int:
    return BrokerForm.objects.create(
        owner=owner, connection=connection, year=2025, added_at=factories.NOW
    ).pk


def _report_of(owner: User) -> int:
    report = tax_reports.ask(user=owner, year=2024)
    tax_reports.make(report.pk)
    return report.pk


def _answer_of(owner: User) -> int:
    tax_settings.choose(user=owner, told=tax_settings.Told("germany", "fifo"))
    row = what_ifs.ask_sale(user=owner, asked=Asked("DOT", price=Decimal(1)))
    what_ifs.make(row.pk)
    return row.pk


def _share_of(owner: User) -> uuid.UUID:
    """Of the report above; by an account that neither stranger nor other has."""
    years, last = [("neutral", 2024)], timezone.localdate()
    told = tax_shares.Told("Adviser", "account", years, last, email="adviser@example.org")
    return tax_shares.make(user=owner, told=told).share.pk


def _of_file(stream: Stream) -> RawRecord:
    into = factories.stream(stream.connection, "import:DOT", kind="import")
    return factories.raw_record(into, endpoint="file: DOT.csv")


def _session_of(owner: User) -> int:
    from allauth.usersessions.models import UserSession

    row = UserSession.objects.create(
        user=owner, ip="127.0.0.1", session_key="a" * 32, user_agent="test"
    )
    return int(row.pk)


def _authenticator_of(owner: User) -> int:
    from allauth.mfa.models import Authenticator

    row = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "key"})
    return int(row.pk)


@pytest.mark.parametrize("address", [a for a in PRIVATE if a not in OF_SHARES], ids=str)
def test_a_stranger_is_sent_to_sign_in(
    address: Address, objects: dict[str, Any], client: Client
) -> None:
    url = address.url(objects)
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 302, answer.status_code
        assert answer.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("address", [a for a in OF_SHARES if a != LEAVE], ids=str)
def test_a_stranger_finds_nothing_shared(
    address: Address, objects: dict[str, Any], client: Client
) -> None:
    """Nor whether there is anything: they may have been given a link that is not open here."""
    answer = client.get(address.url(objects))
    unknown = client.get(address.url(objects | {"share_id": uuid.UUID(int=8)}))
    assert answer.status_code == 404
    assert TOKEN.sub(b"", answer.content) == TOKEN.sub(b"", unknown.content)


@pytest.mark.parametrize("address", [a for a in OWNED if a != LEAVE], ids=str)
def test_another_person_finds_nothing(
    address: Address, objects: dict[str, Any], other: User, browser: Browser
) -> None:
    url = address.url(objects)
    client = browser(other)
    codes = {client.get(url).status_code, client.post(url).status_code}
    # 405 where a method is not offered at all; never for both.
    assert codes <= {404, 405}
    assert 404 in codes


PAGES = (
    "dashboard",
    "asset-list",
    "connection-list",
    "transaction-list",
    "transaction-add",
    "edit-list",
    "edit-revert-all",
    "filter-list",
    "transfer-list",
    "finding-list",
    "conflict-list",
    "export-list",
    "notice-list",
    "keys-forget",
    "own-price-list",
    "tax-list",
    "what-if-list",
    "tax-share-list",
    "shared-with-me",
)


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_another_person_show_nothing_of_it(
    name: str, objects: dict[str, Any], other: User, browser: Browser
) -> None:
    text = browser(other).get(reverse(f"portfolio:{name}")).content.decode()
    assert "DOT" not in text
    assert str(objects["connection_id"]) not in text


def test_an_export_of_another_person_holds_nothing_of_it(
    objects: dict[str, Any], other: User, browser: Browser
) -> None:
    client = browser(other)
    for name in ("export-form", "export-preview", "export-symbols"):
        text = client.get(reverse(f"portfolio:{name}", args=["csv"])).content.decode()
        assert "DOT" not in text
        assert str(objects["connection_id"]) not in text
    asked = {"connection": objects["connection_id"]}
    assert client.get(reverse("portfolio:export-preview", args=["csv"]), asked).status_code == 422
    assert client.post(reverse("portfolio:export-make", args=["csv"]), asked).status_code == 422


def test_a_filter_by_the_connection_of_another_person_finds_nothing(
    objects: dict[str, Any], other: User, browser: Browser
) -> None:
    url = reverse("portfolio:transaction-list")
    text = browser(other).get(url, {"connection": objects["connection_id"]}).content.decode()
    assert "BTC" not in text
