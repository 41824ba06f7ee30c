"""``manage.py create_user``."""

from __future__ import annotations

import io

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from tests import factories
from tests.accounts.conftest import sign_in


def create(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    call_command("create_user", email, "--password-stdin", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_account_can_sign_in_at_once(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    assert create(monkeypatch, "Cy@Example.org", factories.PASSWORD) == "Created cy@example.org\n"
    address = EmailAddress.objects.get(email="cy@example.org")
    assert address.verified
    assert address.primary
    sign_in(client, "cy@example.org")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("ada@example.org", factories.PASSWORD, "an account with this e-mail address already"),
        ("ADA@EXAMPLE.ORG", factories.PASSWORD, "an account with this e-mail address already"),
        ("not-an-address", factories.PASSWORD, "valid email address"),
        ("cy@example.org", "short", "too short"),
        ("cy@example.org", "", "too short"),
    ],
)
def test_what_cannot_be_made_is_one_line_and_status_two(
    monkeypatch: pytest.MonkeyPatch, email: str, password: str, says: str
) -> None:
    factories.user("ada@example.org")
    with pytest.raises(CommandError, match=says) as caught:
        create(monkeypatch, email, password)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_without_a_terminal_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--password-stdin") as caught:
        call_command("create_user", "cy@example.org")
    assert caught.value.returncode == 2


@pytest.mark.django_db
def test_on_a_terminal_it_asks_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter([factories.PASSWORD, "something else"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        call_command("create_user", "cy@example.org")
    monkeypatch.setattr("getpass.getpass", lambda _prompt: factories.PASSWORD)
    call_command("create_user", "cy@example.org", stdout=io.StringIO())
    assert User.objects.get().check_password(factories.PASSWORD)
