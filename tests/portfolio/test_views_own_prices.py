"""The pages on which a user gives, changes and withdraws prices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import AuditEvent, User
from portfolio.models import OwnPrice, ValuationState
from portfolio.services import ledger
from tests import factories
from tests.portfolio.conftest import Sent

LIST = reverse("portfolio:own-price-list")
GIVE = reverse("portfolio:own-price-create")


def told(**fields: str) -> dict[str, str]:
    return {
        "asset": " xyz ",
        "price": "0.00000001234567890123456789",
        "currency": "eur",
        "first_day": "2024-05-04",
        **fields,
    }


def actions(owner: User) -> list[str]:
    return list(
        AuditEvent.objects.filter(user=owner).order_by("pk").values_list("action", flat=True)
    )


def stale_from(owner: User) -> date | None:
    return ValuationState.objects.get(owner=owner).stale_from


def test_a_price_is_given_exactly_and_values_from_then_on_are_stale(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert page.post(GIVE, told(last_day="2024-05-05", note="their site")).status_code == 302
    made = OwnPrice.objects.get(owner=owner)
    assert (made.asset, made.currency, f"{made.price:f}") == (
        "XYZ",
        "EUR",
        "0.00000001234567890123456789",
    )
    assert made.since == datetime(2024, 5, 4, tzinfo=UTC)
    assert made.until == datetime(2024, 5, 6, tzinfo=UTC)
    assert stale_from(owner) == date(2024, 5, 4)
    assert actions(owner) == ["price given by hand"]
    assert sent.calls == [("revalue", (owner.pk,))]
    assert "XYZ" in page.get(LIST).content.decode()


def test_a_price_for_one_minute_and_from_a_day_on(page: Client, owner: User) -> None:
    page.post(GIVE, told(minute="12:30"))
    page.post(GIVE, told(asset="ABC"))
    minute, days = OwnPrice.objects.get(asset="XYZ"), OwnPrice.objects.get(asset="ABC")
    assert minute.is_moment
    assert minute.since == datetime(2024, 5, 4, 12, 30, tzinfo=UTC)
    assert days.until is None
    text = page.get(LIST).content.decode()
    assert "4 May 2024, 12:30" in text
    assert "from 4 May 2024 on" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"price": "-1"},
        {"price": "many"},
        {"asset": "EUR"},
        {"last_day": "2024-05-03"},
        {"first_day": ""},
    ],
)
def test_what_makes_no_sense_is_refused(page: Client, owner: User, fields: Any) -> None:
    assert page.post(GIVE, told(**fields)).status_code == 422
    assert not OwnPrice.objects.exists()


def test_a_change_keeps_the_former_in_the_log(page: Client, owner: User) -> None:
    row = factories.own_price(owner, "XYZ", "4")
    url = reverse("portfolio:own-price-change", args=[row.pk])
    form = page.get(url).context["form"]
    assert (form["price"].value(), form["first_day"].value()) == ("4", row.since.date())
    page.post(url, told(price="5"))
    row.refresh_from_db()
    assert row.price == 5
    event = AuditEvent.objects.get(user=owner)
    assert event.action == "price by hand changed"
    assert event.detail["formerly"].startswith("4 EUR")
    assert stale_from(owner) == date(2024, 5, 4)


def test_withdrawn_and_put_back(page: Client, owner: User) -> None:
    row = factories.own_price(owner, "XYZ", "4")
    for action, withdrawn in (("withdraw", True), ("put-back", False)):
        ledger.mark_stale(owner.pk, date(2027, 1, 1))
        page.post(reverse(f"portfolio:own-price-{action}", args=[row.pk]))
        row.refresh_from_db()
        assert row.is_withdrawn is withdrawn
        assert stale_from(owner) == row.since.date()
    assert actions(owner) == ["price by hand withdrawn", "price by hand put back"]


def test_the_list_asks_few_questions(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        factories.own_price(owner, f"X{number}", "1")
    with django_assert_max_num_queries(8):
        page.get(LIST)


def test_a_transaction_offers_to_give_the_price_that_is_missing(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    stream = factories.stream(factories.connection(owner))
    at = datetime(2024, 5, 4, 12, 30, 15, tzinfo=UTC)
    row = factories.transaction(stream, ("5", "XYZ"), kind="airdrop", at=at)
    url = reverse("portfolio:transaction-detail", args=[row.pk])
    page.get(url)  # what is asked once per process
    with django_assert_max_num_queries(15):
        text = page.get(url).content.decode()
    asked = "?asset=XYZ&amp;first_day=2024-05-04&amp;minute=12%3A30"
    assert f"{GIVE}{asked}" in text
    form = page.get(f"{GIVE}{asked}".replace("&amp;", "&")).context["form"]
    assert (form["asset"].value(), form["minute"].value()) == ("XYZ", "12:30")
    page.post(GIVE, told(minute="12:30", price="2"))
    text = page.get(url).content.decode()
    assert "your own price" in text
    assert asked not in text
