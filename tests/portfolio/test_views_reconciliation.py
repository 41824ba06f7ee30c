"""The proof sheet, where a difference arose, and entries by hand, as people see them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from portfolio.models import Checkpoint, Connection, Holding, ManualEntry
from tests import factories
from tests.factories import NOW
from tests.portfolio.conftest import Browser, Sent

DAY = timedelta(days=1)


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def holding(connection: Connection) -> Holding:
    """5 of something odd were there before the exchange's history begins."""
    stream = factories.stream(connection, "ledger")
    factories.coverage(stream, NOW - 400 * DAY, NOW - 90 * DAY, "unavailable")
    factories.coverage(stream, NOW - 90 * DAY, NOW)
    factories.transaction(stream, ("1", "A/B C"), at=NOW - 4.5 * DAY)
    made = factories.holding(connection, "A/B C", "1", reported="6")
    for day in range(10, 0, -1):
        reported = Decimal(5 if day > 4 else 6)
        Checkpoint.objects.create(
            holding=made, at=NOW - day * DAY, reported=reported, ledger=Decimal(0)
        )
    return made


def sheet_url(connection: Connection) -> str:
    return reverse("portfolio:proof-sheet", args=[connection.pk])


def place_url(holding: Holding) -> str:
    url = reverse("portfolio:proof-place", args=[holding.connection_id])
    return f"{url}?wallet={holding.wallet}&asset=A%2FB%20C"


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def link(text: str, label: str) -> str:
    """The address behind a link."""
    found = re.search(rf'<a class="btn[^"]*" href="([^"]*)">(?:(?!</a>).)*{label}', text, re.S)
    assert found, label
    return unescape(found[1])


def test_the_sheet_leads_to_each_wallet_and_asset(page: Client, holding: Holding) -> None:
    text = shown(page, sheet_url(holding.connection))
    assert "A%2FB%20C" in text
    assert "pf-row-differs" in text
    assert "Trade" in text


def test_an_empty_sheet_says_so(page: Client, connection: Connection) -> None:
    assert "nothing ever moved" in shown(page, sheet_url(connection))


def test_stretch_causes_and_what_to_do_are_shown(page: Client, holding: Holding) -> None:
    text = shown(page, place_url(holding))
    assert "The exchange reports more than the ledger" in text
    assert "no longer serves what was before" in text
    again = link(text, "Fetch this stretch again")
    assert page.get(again).status_code == 200
    records = link(text, "See the records of this stretch")
    assert page.get(records).status_code == 200
    assert "since" not in records


def test_a_stretch_is_filled_in_where_it_is_fetched_again(
    page: Client, connection: Connection
) -> None:
    made = factories.holding(connection, "BTC", "0", reported="2")
    factories.stream(connection, "ledger")
    for day in range(6, 0, -1):
        reported = Decimal(0 if day > 3 else 2)
        Checkpoint.objects.create(
            holding=made, at=NOW - day * DAY, reported=reported, ledger=Decimal(0)
        )
    url = reverse("portfolio:proof-place", args=[connection.pk]) + "?wallet=spot&asset=BTC"
    text = shown(page, url)
    assert "Something that came in is not among the records." in text
    again = link(text, "Fetch this stretch again")
    assert 'value="2026-11-16"' in shown(page, again)
    records = link(text, "See the records of this stretch")
    assert "since=2026-11-16&until=2026-11-17" in records


def test_a_proposed_opening_is_accepted_changed_withdrawn_and_undone(
    page: Client,
    holding: Holding,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form_url = link(shown(page, place_url(holding)), "Look at it and accept")
    text = shown(page, form_url)
    assert 'value="5"' in text
    assert 'value="2026-08-22T12:00"' in text
    data = {
        "kind": "opening",
        "amount": "5",
        "occurred_at": "2026-08-22T12:00",
        "cost": "120.50",
        "cost_currency": "eur",
        "note": "bought in 2019",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(form_url, data)
    assert answer.headers["Location"].startswith(place_url(holding).partition("?")[0])
    assert [name for name, _ in sent.calls] == ["revalue"]
    text = shown(page, place_url(holding))
    assert "agree to the last digit" in text
    assert "bought in 2019" in text
    entry = ManualEntry.objects.get()
    assert (entry.cost, entry.cost_currency) == (Decimal("120.50"), "EUR")
    detail = shown(page, reverse("portfolio:transaction-detail", args=[entry.transaction_id]))
    assert "Entered by hand" in detail
    assert "entered by hand" in detail

    change = reverse("portfolio:entry-change", args=[entry.pk])
    assert 'value="2026-08-22T12:00"' in shown(page, change)
    page.post(change, data | {"amount": "4", "cost": ""})
    holding.refresh_from_db()
    assert holding.quantity == 5
    newer = ManualEntry.objects.get(transaction__isnull=False)
    assert newer.cost is None
    assert "unknown" in shown(page, place_url(holding))
    page.post(reverse("portfolio:entry-undo", args=[newer.pk]))
    holding.refresh_from_db()
    assert holding.quantity == 6
    page.post(reverse("portfolio:entry-withdraw", args=[entry.pk]))
    holding.refresh_from_db()
    assert holding.quantity == 1
    assert "Undo: book it again" in shown(page, place_url(holding))


def test_an_entry_that_makes_no_sense_is_explained(page: Client, holding: Holding) -> None:
    url = reverse("portfolio:entry-create", args=[holding.connection_id])
    url += f"?wallet={holding.wallet}&asset=A%2FB%20C"
    data = {"kind": "adjustment", "amount": "-1", "occurred_at": "2026-08-22T12:00"}
    answer = page.post(url, data)
    assert answer.status_code == 422
    assert "Say in a note" in answer.content.decode()
    answer = page.post(url, data | {"amount": "NaN", "note": "x"})
    assert answer.status_code == 422
    assert not ManualEntry.objects.exists()


def test_what_does_not_exist_is_not_found(page: Client, holding: Holding) -> None:
    url = reverse("portfolio:proof-place", args=[holding.connection_id])
    assert page.get(url).status_code == 404
    assert page.get(url, {"wallet": "spot", "asset": "\x00"}).status_code == 404
    create = reverse("portfolio:entry-create", args=[holding.connection_id])
    assert page.get(create, {"wallet": "moon", "asset": "BTC"}).status_code == 404


def test_another_persons_place_is_not_found(
    browser: Browser, other: User, holding: Holding
) -> None:
    assert browser(other).get(place_url(holding)).status_code == 404
    url = reverse("portfolio:entry-create", args=[holding.connection_id])
    answer = browser(other).get(url, {"wallet": "spot", "asset": "A/B C"})
    assert answer.status_code == 404


def test_the_dashboard_leads_to_the_difference(page: Client, holding: Holding) -> None:
    text = shown(page, reverse("portfolio:dashboard"))
    assert "proof/place/?wallet=spot&amp;asset=A%2FB%20C" in text
    assert sheet_url(holding.connection) in text


def test_pages_take_few_queries(
    page: Client, holding: Holding, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        shown(page, sheet_url(holding.connection))
    with django_assert_max_num_queries(15):
        shown(page, place_url(holding))
