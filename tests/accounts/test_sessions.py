"""Where a person is signed in, and ending it."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, User
from tests import factories
from tests.accounts.conftest import sign_in


def other_session(client: Client) -> UserSession:
    return UserSession.objects.exclude(session_key=client.session.session_key).get()


def test_sessions_are_listed_in_words(signed_in: Client, ada: User) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
    phone = Client(headers={"user-agent": agent})
    sign_in(phone)
    page = signed_in.get("/accounts/sessions/").content.decode()
    assert "Safari on iPhone" in page
    assert page.count("this one") == 1


def test_one_session_is_ended_and_the_others_go_on(signed_in: Client, ada: User) -> None:
    other = Client()
    sign_in(other)
    session = other_session(signed_in)
    answer = signed_in.post(f"/settings/sessions/{session.pk}/end/")
    assert answer.headers["Location"] == "/accounts/sessions/"
    assert other.get("/settings/").status_code == 302
    assert signed_in.get("/settings/").status_code == 200
    assert AuditEvent.objects.filter(user=ada).latest("id").action == "session ended"


def test_all_other_sessions_are_ended_at_once(signed_in: Client, ada: User) -> None:
    others = [Client(), Client()]
    for other in others:
        sign_in(other)
    signed_in.post("/accounts/sessions/")
    assert [other.get("/settings/").status_code for other in others] == [302, 302]
    assert AuditEvent.objects.filter(user=ada, action="session ended").count() == 2


def test_the_session_of_somebody_else_is_not_there(signed_in: Client) -> None:
    factories.user("bea@example.org")
    other = Client()
    sign_in(other, "bea@example.org")
    session = other_session(signed_in)
    assert signed_in.post(f"/settings/sessions/{session.pk}/end/").status_code == 404
    assert other.get("/settings/").status_code == 200


def test_ending_needs_a_post(signed_in: Client) -> None:
    mine = UserSession.objects.get()
    assert signed_in.get(f"/settings/sessions/{mine.pk}/end/").status_code == 405


def test_the_last_sign_of_a_session_is_kept_now_and_then(signed_in: Client) -> None:
    signed_in.get("/settings/", REMOTE_ADDR="192.0.2.7")
    assert UserSession.objects.get().ip == "127.0.0.1", "seen only just now"
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    signed_in.get("/settings/", REMOTE_ADDR="192.0.2.7")
    session = UserSession.objects.get()
    assert session.ip == "192.0.2.7"
    assert session.last_seen_at > timezone.now() - timedelta(minutes=1)
