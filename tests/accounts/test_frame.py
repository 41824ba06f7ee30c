"""What holds for every page: strict policy, no inline code, words for what went wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from accounts.models import User

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
STATIC = Path(settings.BASE_DIR, "portfolio", "static", "portfolio")
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_that_the_policy_forbids(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text())
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"\shx-on[:-]", text)
    assert "<style" not in text
    assert "javascript:" not in text
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_name_icons_that_are_there(path: Path) -> None:
    text = path.read_text()
    named = re.findall(r'{% icon "([^"]+)"', text) + re.findall(r'\bicon="([^"]+)"', text)
    assert set(named) <= ICONS


def test_the_policy_is_strict(signed_in: Client) -> None:
    policy = signed_in.get("/settings/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy


def test_the_place_in_the_settings_is_marked(signed_in: Client) -> None:
    page = signed_in.get("/settings/audit/").content.decode()
    assert page.count('aria-current="page"') == 1
    assert re.search(r'<a href="/settings/audit/" aria-current="page">', page)


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_in_words(ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/accounts/login/", {"login": ada.email, "password": "x"})
    assert answer.status_code == 403
    assert "The form was too old" in answer.content.decode()


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500"])
def test_error_pages_need_neither_user_nor_database(code: str) -> None:
    bare = render_to_string(f"{code}.html")
    with_request = render_to_string(f"{code}.html", request=RequestFactory().get("/"))
    for page in (bare, with_request):
        assert page.count("<h1>") == 1
        assert 'href="/"' in page
