"""Reporting currency, time zone, and the log of what happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from currency_converter import CurrencyConverter
from django.test import Client

from accounts.forms import CURRENCIES
from accounts.models import AuditEvent, User
from accounts.services import audit
from tests import factories


def test_a_change_is_stored_said_and_noted(signed_in: Client, ada: User) -> None:
    form = {"reporting_currency": "CHF", "time_zone": "Asia/Tokyo"}
    page = signed_in.post("/settings/", form, follow=True).content.decode()
    assert "Your preferences are saved." in page
    ada.refresh_from_db()
    assert (ada.reporting_currency, ada.time_zone) == ("CHF", "Asia/Tokyo")
    event = AuditEvent.objects.filter(user=ada).latest("id")
    assert event.action == "preferences changed"
    assert event.detail == {"reporting_currency": "EUR → CHF", "time_zone": "UTC → Asia/Tokyo"}


def test_saving_the_same_again_is_no_event(signed_in: Client, ada: User) -> None:
    before = AuditEvent.objects.count()
    signed_in.post("/settings/", {"reporting_currency": "EUR", "time_zone": "UTC"})
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reporting_currency", "XXX"),
        ("reporting_currency", ""),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_what_is_not_in_the_list_is_refused(
    signed_in: Client, ada: User, field: str, value: str
) -> None:
    form = {"reporting_currency": "USD", "time_zone": "Europe/Paris"} | {field: value}
    answer = signed_in.post("/settings/", form)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert (
        f"id_{field}_error"
        in page.split(f'id="id_{field}"')[0].rsplit("<select", 1)[-1]
        + (page.split(f'id="id_{field}"')[1].split(">")[0])
    ), "the field names its error to screen readers"
    ada.refresh_from_db()
    assert (ada.reporting_currency, ada.time_zone) == ("EUR", "UTC")


def test_every_currency_but_bitcoin_has_rates_now() -> None:
    rates = CurrencyConverter()
    latest = max(bounds.last_date for bounds in rates.bounds.values())
    current = {code for code, bounds in rates.bounds.items() if bounds.last_date == latest}
    assert {code for code, _ in CURRENCIES} - {"BTC"} == current


def test_times_are_shown_in_the_zone_of_the_reader(signed_in: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="Asia/Tokyo")
    AuditEvent.objects.update(at=datetime(2026, 3, 1, 20, 30, tzinfo=UTC))
    page = signed_in.get("/settings/audit/").content.decode()
    assert '<time datetime="2026-03-01T20:30:00+00:00" title="1 Mar 2026, 20:30:00 UTC">' in page
    assert ">2 Mar 2026, 05:30:00</time>" in page


def test_the_log_is_paged_and_is_ones_own(signed_in: Client, ada: User) -> None:
    bea = factories.user("bea@example.org")
    audit.note(user=bea, action="something of another")
    for number in range(audit.PAGE_SIZE + 5):
        audit.note(user=ada, action="counted", number=str(number))
    first = signed_in.get("/settings/audit/")
    assert len(first.context["events"]) == audit.PAGE_SIZE
    second = signed_in.get(first.context["older_url"])
    texts = [line.detail for line in [*first.context["events"], *second.context["events"]]]
    assert texts[:2] == [f"number: {audit.PAGE_SIZE + 4}", f"number: {audit.PAGE_SIZE + 3}"]
    assert len(texts) == len(set(texts)) == audit.PAGE_SIZE + 6, "the sign-in is the last"
    assert second.context["older_url"] == ""
    assert "something of another" not in (first.content + second.content).decode().lower()


@pytest.mark.parametrize("before", ["x", "-1", "1e5"])
def test_a_made_up_page_is_not_found(signed_in: Client, before: str) -> None:
    assert signed_in.get("/settings/audit/", {"before": before}).status_code == 404
