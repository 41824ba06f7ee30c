"""A planted secret is nowhere: not in pages, logs, Valkey, messages, PostgreSQL or any file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import Page, expect

from tests.browser.conftest import confirm, sign_in
from tests.browser.site import Site

# One per way a key can go: a wrong one (the exchange refuses it), one that ccxt cannot even sign
# with (its exception holds the key), and the real ones that sync.
WRONG = "PLANTEDwrongSecret0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
EDGE = "EC PRIVATE KEY-----"
MALFORMED = f"-----BEGIN {EDGE}\\nPLANTEDmalformed0123456789abcdef\\n-----END {EDGE}"
MARKS = ("PLANTEDwrongSecret", "PLANTEDmalformed")


@pytest.mark.browser
def test_a_planted_secret_appears_nowhere(site: Site, page: Page) -> None:
    email = site.user("leaks")
    seen: list[str] = []
    page.on("response", lambda answer: seen.append(_text(answer)))
    sign_in(page, site, email)
    key = site.keys()["kraken", "read-only-small"]["credentials"]
    _register(site, page, "sandbox/kraken", key)
    _register(site, page, "sandbox/binance", {"apiKey": "PLANTEDpublic", "secret": WRONG})
    name = "organizations/1/apiKeys/PLANTEDpublic"
    _register(site, page, "live/coinbase", {"apiKey": name, "secret": MALFORMED})
    _refused_form(site, page)
    page.goto(f"{site.address}/connections/")
    site.manage("sync", "--user", email, "--wait", status=0)
    secrets = [*MARKS, key["secret"], key["apiKey"]]
    assert len(seen) > 20
    _assert_absent(secrets, "pages", "\n".join(seen))
    _assert_absent(secrets[:-1], "logs", _without_key_list(site.up.said))
    _assert_absent(secrets, "Valkey", _valkey(site))
    _assert_absent(secrets, "PostgreSQL", _postgres(site))
    _assert_absent_from_files(secrets, site.data_dir)


def _register(site: Site, page: Page, where: str, values: dict[str, str]) -> None:
    page.goto(f"{site.address}/connections/add/{where}/")
    confirm(page)
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/connections/[0-9a-f-]{36}/"))
    state = page.get_by_text(
        re.compile("Up to date|Needs attention|Refused|cannot be reached", re.I)
    ).first
    expect(state).to_be_visible()


def _refused_form(site: Site, page: Page) -> None:
    """A form sent back with an error does not hold what was typed."""
    page.goto(f"{site.address}/connections/add/sandbox/kraken/")
    page.evaluate("document.querySelectorAll('[required]').forEach(f => f.required = false)")
    page.locator("[name=secret]").fill(WRONG)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state("networkidle")
    assert WRONG not in page.content()


def _text(answer: object) -> str:
    try:
        return str(answer.text())  # type: ignore[attr-defined]
    except Exception as error:  # a redirect has no body
        return type(error).__name__


def _without_key_list(said: str) -> str:
    """What was said after the list of demo keys, which `up` prints on purpose."""
    return said.partition("Ctrl-C stops everything")[2]


def _servers(site: Site) -> dict[str, str]:
    """Where the site's own servers are, as every command finds them."""
    code = (
        "from django.conf import settings; import json;"
        "d = settings.DATABASES['default'];"
        "at = {n.lower(): str(d[n]) for n in ('HOST', 'PORT', 'USER', 'PASSWORD', 'NAME')};"
        "print('@@' + json.dumps({'redis': settings.REDIS_URL, **at}))"
    )
    told = site.manage("shell", "-v0", "-c", code)
    found: dict[str, str] = json.loads(told.partition("@@")[2])
    return found


def _valkey(site: Site) -> str:
    client = redis.Redis.from_url(_servers(site)["redis"])
    keys = list(client.scan_iter(count=1000))
    assert keys, "nothing in Valkey: the wrong server was asked"
    return "\n".join(f"{key!r} {client.dump(key)!r}" for key in keys)


def _postgres(site: Site) -> str:
    """Every row of every table as text."""
    at = _servers(site)
    place = f"host={at['host']} port={at['port']} user={at['user']} dbname={at['name']}"
    rows: list[str] = []
    with psycopg.connect(place, password=at["password"]) as database:
        listed = database.execute("select tablename from pg_tables where schemaname = 'public'")
        tables = [table for (table,) in listed.fetchall()]
        for table in tables:
            query = psycopg.sql.SQL("select t::text from {} t").format(
                psycopg.sql.Identifier(table)
            )
            rows += [text for (text,) in database.execute(query).fetchall()]
    assert len(rows) > 100
    return "\n".join(rows)


def _assert_absent(secrets: list[str], place: str, text: str) -> None:
    found = [secret[:14] for secret in secrets if secret in text]
    assert not found, f"{place} holds {found}"


def _assert_absent_from_files(secrets: list[str], directory: Path) -> None:
    """Data files, write-ahead log, append-only file, sockets' neighbours: all of it."""
    read = 0
    for path in directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            read += len(data)
            found = [secret[:14] for secret in secrets if secret.encode() in data]
            assert not found, f"{path.name} holds {found}"
    assert read > 1_000_000
