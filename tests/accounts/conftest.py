"""People for the tests of accounts."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests import factories


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    """Rate limits live in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture
def ada(db: None) -> User:
    """A person with a confirmed address."""
    return factories.user("ada@example.org")


@pytest.fixture
def signed_in(client: Client, ada: User) -> Client:
    """Ada's browser, signed in by the form as a person would."""
    sign_in(client)
    return client


def sign_in(client: Client, email: str = "ada@example.org") -> None:
    answer = client.post(
        "/accounts/login/", {"login": email, "password": factories.PASSWORD}, follow=False
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]


def confirm(client: Client) -> None:
    """Gives the password again, as sensitive pages ask for."""
    answer = client.post("/accounts/reauthenticate/", {"password": factories.PASSWORD})
    assert answer.status_code == 302
