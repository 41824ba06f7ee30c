"""Pages of "what if I sold now": questions, answers, and what says that there is none."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.models import Stream, WhatIf
from portfolio.services import tax_settings
from portfolio.services.tax_settings import Told
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_what_ifs import bought, lived, priced

MAX_QUERIES = 15
LIST = reverse("portfolio:what-if-list")
SELL = reverse("portfolio:what-if-sell")
TODAY = reverse("portfolio:what-if-today")


@pytest.fixture
def kraken(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, label="One"))


@pytest.fixture
def ledger(owner: User, kraken: Stream) -> Stream:
    binance = factories.stream(factories.connection(owner, exchange="binance", label="Two"))
    lived(kraken, binance)
    priced(owner)
    return binance


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Takes the place of the broker: what was sent."""
    sent: list[int] = []
    monkeypatch.setattr(tasks.make_what_if, "delay", sent.append)
    return sent


def text(page: Client, url: str, status: int = 200, **query: Any) -> str:
    with CaptureQueriesContext(database) as queries:
        answer = page.get(url, query)
    assert answer.status_code == status
    assert len(queries) <= MAX_QUERIES
    return said(answer.content)


def said(content: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", content.decode()))


def choose(owner: User, place: str = "us", method: str = "fifo") -> None:
    tax_settings.choose(user=owner, told=Told(place, method))


def asked(page: Client, url: str = SELL, **told: Any) -> str:
    """Asks as the form does, has the worker answer, and gives the address of the answer."""
    answer = page.post(url, {"asset": "BTC", "amount": "", "price": ""} | told)
    assert answer.status_code == 302, said(answer.content)
    row = WhatIf.objects.latest("pk")
    assert answer.headers["Location"] == reverse("portfolio:what-if", args=[row.pk])
    tasks.make_what_if(row.pk)
    return str(answer.headers["Location"])


def test_without_holdings_it_says_what_to_do(page: Client) -> None:
    shown = text(page, LIST)
    assert "There is nothing to sell yet" in shown
    assert "Work it out" not in shown


def test_without_a_place_it_asks_for_one(page: Client, ledger: Stream) -> None:
    shown = text(page, LIST)
    assert "Say first where you pay taxes" in shown
    assert "Work it out" not in shown
    answer = page.post(SELL, {"asset": "BTC"}, follow=True)
    assert "Say first where you pay taxes: its law" in said(answer.content)
    assert "Say first where you pay taxes: its law" in said(page.post(TODAY, follow=True).content)
    assert not WhatIf.objects.exists()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"asset": "DOGE"}, "Select a valid choice"),
        ({"asset": ""}, "This field is required"),
        ({"amount": "a lot"}, "Enter a number"),
        ({"amount": "NaN"}, "Enter a number"),
        ({"amount": "-1"}, "Type an amount above zero"),
        ({"amount": "0"}, "Type an amount above zero"),
        ({"amount": "1" * 99}, "digits in total"),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"price": "cheap"}, "Enter a number"),
        ({"account": "elsewhere"}, "Select a valid choice"),
    ],
)
def test_nonsense_is_refused_and_nothing_changes(
    page: Client, owner: User, ledger: Stream, told: dict[str, str], why: str
) -> None:
    choose(owner)
    answer = page.post(SELL, {"asset": "BTC", "amount": "1", "price": "1"} | told)
    assert answer.status_code == 422
    assert why in said(answer.content)
    assert not WhatIf.objects.exists()


def test_a_sale_is_asked_for_and_answered_by_a_worker(
    page: Client,
    owner: User,
    ledger: Stream,
    broker: list[int],
    django_capture_on_commit_callbacks: Any,
) -> None:
    choose(owner)
    assert 'value="BTC" selected' in page.get(LIST, {"asset": "BTC"}).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(SELL, {"asset": "BTC", "amount": "all", "price": "1000"})
    row = WhatIf.objects.get()
    assert broker == [row.pk]
    url = str(answer.headers["Location"])
    assert "Waiting for a worker" in text(page, url)
    WhatIf.objects.update(state="running", total=2000, done=1234)
    assert "1,234 of 2,000 transactions read" in text(page, url)
    WhatIf.objects.update(state="waiting")
    assert tasks.make_what_if(row.pk)
    shown = text(page, url)
    assert "If I sell now: All BTC at 1000 USD" in shown
    assert "4,000.00 USD" in shown
    assert "First in, first out your choice" in shown
    assert "Long term: gain or loss" in shown
    assert "Not law for digital assets today" in shown
    assert "3 of 3 lots" in shown
    assert "Answered" in text(page, LIST)
    live = page.get(url, headers={"HX-Request": "true"}).content.decode()
    assert live.lstrip().startswith('<div id="answer">')


def test_the_lots_of_each_method_lead_to_their_transactions(
    page: Client, owner: User, ledger: Stream
) -> None:
    choose(owner, "neutral", "fifo")
    url = asked(page, amount="1")
    assert "2023-01-01" in text(page, url)
    shown = text(page, url, method="hifo")
    assert "The lots it would use, Highest in, first out" in shown
    assert "2024-06-01" in shown
    assert "−500.00" in shown
    assert "The lots it would use, First in" in text(page, url, method="nonsense")
    lot = WhatIf.objects.get().lines.filter(part="hifo").get()
    html = page.get(url, {"method": "hifo"}).content.decode()
    assert reverse("portfolio:transaction-detail", args=[lot.lot_transaction]) in html


def test_lots_come_in_pages(
    page: Client, owner: User, ledger: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portfolio.selectors.what_ifs.PAGE_SIZE", 2)
    choose(owner)
    url = asked(page, price="7")
    assert "2 of 3 lots" in text(page, url)
    assert "1 of 3 lots" in text(page, f"{url}?from=2")
    assert "2 of 3 lots" in text(page, f"{url}?from=no+number")


def test_what_has_no_answer_says_why(page: Client, owner: User, ledger: Stream) -> None:
    choose(owner)
    assert "By the ledger there are 4 BTC, less than the 5 asked for." in text(
        page, asked(page, amount="5")
    )
    assert "No price of ODD is known in USD: type one." in text(page, asked(page, asset="ODD"))
    assert "Not answered" in text(page, LIST)


def test_where_lots_count_by_account_one_can_be_chosen(
    page: Client, owner: User, ledger: Stream
) -> None:
    choose(owner, "uk", "uk_share_pooling")
    assert "Account" not in text(page, LIST).partition("Asked so far")[0].partition("Asset")[2]
    choose(owner, "germany", "fifo")
    assert "The law of your place counts lots by account." in text(page, LIST)
    url = asked(page, amount="1", price="400", account=str(ledger.connection_id))
    assert "Two: 1 BTC" in text(page, url)


def test_today_tells_what_waits_what_is_at_a_loss_and_what_is_unknown(
    page: Client, owner: User, kraken: Stream, ledger: Stream
) -> None:
    bought(kraken, "1", "BTC", "50", timezone.now() - timedelta(days=100))
    choose(owner, "germany", "fifo")
    url = asked(page, TODAY)
    shown = text(page, url)
    assert "At a loss, by asset" in shown
    assert "500.00" in shown
    assert "Of unknown worth" in shown
    assert re.search("ODD: give a price ?5 ?unknown", shown)
    assert "Days until lots turn long-term" in shown
    assert "266" in shown or "267" in shown
    assert "1 of 1 lots" in shown
    at_loss = text(page, url, lots="loss")
    assert "Lots at a loss, the greatest loss first" in at_loss
    assert "long held" in at_loss
    assert "−500.00" in at_loss


def test_places_without_terms_or_lots_say_so(page: Client, owner: User, ledger: Stream) -> None:
    for place, method in (("canada", "acb_superficial"), ("austria", "at_old_and_new")):
        choose(owner, place, method)
        assert "No lot waits: by the law of your place" in text(page, LIST)
        shown = text(page, asked(page, TODAY))
        assert "no lot turns long-term by being held" in shown
    choose(owner, "france", "fr_portfolio")
    assert "no lot turns long-term, and none is at a loss" in text(page, asked(page, TODAY))


def test_the_rule_on_buying_again_is_told_with_its_days(
    page: Client, owner: User, kraken: Stream, ledger: Stream
) -> None:
    now = timezone.now()
    bought(kraken, "1", "BTC", "9000", now - timedelta(days=9))
    choose(owner, "canada", "acb_superficial")
    shown = text(page, asked(page, TODAY))
    assert "Buying again" in shown
    assert "Bought last on" in shown
    shown = text(page, asked(page, amount="1", price="1"))
    assert "A loss does not count as far as the same coin is bought within 30 days" in shown
    assert "denied" in shown


def test_an_old_answer_says_so(page: Client, owner: User, ledger: Stream) -> None:
    choose(owner)
    url = asked(page, TODAY)
    assert "ask again" not in text(page, url)
    choose(owner, "us", "lifo")
    assert "by other settings since: ask again" in text(page, url)
    WhatIf.objects.update(changed_at=timezone.now())
    assert "has changed since this was worked out: ask again" in text(page, url)
    assert "The ledger has changed since" in text(page, LIST)


def test_an_answer_can_be_deleted(page: Client, owner: User, ledger: Stream) -> None:
    choose(owner)
    url = asked(page, TODAY)
    assert page.get(f"{url}delete/").status_code == 405
    answer = page.post(f"{url}delete/", follow=True)
    assert "The answer was deleted." in said(answer.content)
    assert page.post(f"{url}delete/").status_code == 404
    assert not WhatIf.objects.exists()


def test_other_pages_lead_here(page: Client, owner: User, ledger: Stream) -> None:
    assert LIST in page.get(reverse("portfolio:tax-list")).content.decode()
    asset = page.get(reverse("portfolio:asset-detail", args=["BTC"])).content.decode()
    assert f"{LIST}?asset=BTC#sell" in asset


def test_nobody_else_sees_it(browser: Browser, other: User, page: Client, ledger: Stream) -> None:
    choose(ledger.connection.owner)
    url = asked(page, price="5")
    stranger = browser(other)
    assert stranger.get(url).status_code == 404
    assert stranger.post(f"{url}delete/").status_code == 404
    assert "BTC" not in text(stranger, LIST)
    choose(other)
    assert stranger.post(SELL, {"asset": "BTC", "price": str(Decimal(1))}).status_code == 422


def test_what_left_for_a_place_not_known_is_told(
    page: Client, owner: User, kraken: Stream, ledger: Stream
) -> None:
    now = timezone.now()
    bought(kraken, "3", "ETH", "900", now - timedelta(days=9))
    factories.transaction(kraken, ("-1", "ETH"), kind="withdrawal", at=now - timedelta(days=8))
    factories.holding(kraken.connection, "ETH", "2")
    choose(owner, "germany", "fifo")
    assert "left for a place not known" in text(page, asked(page, TODAY))
    shown = text(page, asked(page, asset="ETH", price="100"))
    assert "2 ETH" in shown
    assert "1 ETH, which left for places that are not known" in shown
