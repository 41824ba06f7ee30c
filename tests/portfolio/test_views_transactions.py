"""The list of transactions and its filters, and one transaction down to the raw record."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Stream, Transaction
from portfolio.selectors import ledger
from tests import factories

LIST = reverse("portfolio:transaction-list")


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


def _shown(answer: object) -> list[Transaction]:
    return list(answer.context["page"].rows)  # type: ignore[attr-defined]


def _history(stream: Stream, number: int) -> list[Transaction]:
    """Transactions newest first; three of each four share their moment with another."""
    made = [
        factories.transaction(stream, ("1", "BTC"), at=factories.NOW - timedelta(hours=index // 4))
        for index in range(number)
    ]
    return sorted(made, key=lambda row: (row.occurred_at, row.pk), reverse=True)


def test_paging_both_ways_shows_each_transaction_once(
    page: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _history(stream, 23)
    small_pages = partial(ledger.page, size=5)
    monkeypatch.setattr(ledger, "page", small_pages)
    there: list[Transaction] = []
    pages = 0
    url, last = LIST, LIST
    while url:
        answer = page.get(url)
        there += _shown(answer)
        last, pages = url, pages + 1
        url = LIST + answer.context["older_url"] if answer.context["older_url"] else ""
    assert there == history
    assert pages == 5
    back = _shown(page.get(last))
    url = LIST + page.get(last).context["newer_url"]
    while url != LIST:
        answer = page.get(url)
        back = _shown(answer) + back
        url = LIST + answer.context["newer_url"]
    assert back == history


def test_the_filters_stay_while_paging(page: Client, stream: Stream) -> None:
    for _ in range(ledger.PAGE_SIZE + 1):
        factories.transaction(stream, ("1", "DOT"), kind="reward")
    factories.transaction(stream, ("1", "BTC"), kind="trade")
    answer = page.get(LIST, {"kind": "reward", "asset": ""})
    assert "kind=reward" in answer.context["older_url"]
    assert "asset" not in answer.context["older_url"]
    older = page.get(LIST + answer.context["older_url"])
    assert [row.kind for row in _shown(older)] == ["reward"]


@pytest.mark.parametrize("mark", ["older=nonsense", "newer=2026-01-01T00:00:00~1", "older=~"])
def test_a_mark_that_cannot_be_read_shows_the_first_page(
    page: Client, stream: Stream, mark: str
) -> None:
    only = factories.transaction(stream, ("1", "BTC"))
    assert _shown(page.get(f"{LIST}?{mark}")) == [only]


def test_filters(page: Client, owner: User, stream: Stream) -> None:
    holder = stream.connection
    elsewhere = factories.stream(factories.connection(owner, label="Elsewhere"))
    for asset, wallet in (("BTC", "spot"), ("DOT", "staking"), ("BNB", "spot")):
        factories.holding(holder, asset, "1", wallet=wallet)
    week = factories.NOW - timedelta(days=7)
    trade = factories.transaction(stream, ("-1", "EUR"), ("1", "BTC"), ("-2", "BNB", "fee"))
    reward = factories.transaction(stream, ("1", "DOT"), kind="reward", wallet="staking", at=week)
    sent = factories.transaction(
        elsewhere, ("-1", "BTC"), kind="withdrawal", key="W1", detail={"txid": "abcdef0123"}
    )
    cases: list[tuple[dict[str, str], set[Transaction]]] = [
        ({"kind": "reward"}, {reward}),
        ({"asset": "BNB"}, {trade}),
        ({"asset": "BTC"}, {trade, sent}),
        ({"wallet": "staking"}, {reward}),
        ({"connection": str(elsewhere.connection_id)}, {sent}),
        ({"since": week.date().isoformat(), "until": week.date().isoformat()}, {reward}),
        ({"since": (week + timedelta(days=1)).date().isoformat()}, {trade, sent}),
        ({"q": "CDEF01"}, {sent}),
        ({"q": "w1"}, {sent}),
        ({"asset": "BTC", "kind": "trade"}, {trade}),
        ({"asset": "nothing", "since": "soon"}, {trade, reward, sent}),
        ({"q": "100%_"}, set()),
    ]
    for query, expected in cases:
        assert set(_shown(page.get(LIST, query))) == expected, query


def test_a_day_of_a_filter_is_a_day_in_the_readers_zone(
    page: Client, owner: User, stream: Stream
) -> None:
    owner.time_zone = "Pacific/Auckland"
    owner.save()
    late = factories.NOW.replace(hour=22)  # already the next day there
    row = factories.transaction(stream, ("1", "BTC"), at=late)
    day = (late + timedelta(days=1)).date().isoformat()
    assert _shown(page.get(LIST, {"since": day, "until": day})) == [row]
    assert _shown(page.get(LIST, {"until": late.date().isoformat()})) == []


def test_htmx_gets_the_list_alone(page: Client, stream: Stream) -> None:
    factories.transaction(stream, ("1", "BTC"))
    answer = page.get(LIST, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="transactions"')
    assert "HX-Request" in answer.headers["Vary"]


def test_amounts_are_signed_and_whole(page: Client, stream: Stream) -> None:
    factories.transaction(stream, ("-1234.5", "EUR"), ("0.123456789012345678", "BTC"))
    text = page.get(LIST).content.decode()
    assert "−1,234" in text
    assert '+0</span><span class="qty-fraction">.1234<span class="qty-dim">56789012345678' in text


def test_the_list_says_when_there_is_nothing(page: Client) -> None:
    assert "No transactions yet" in page.get(LIST).content.decode()
    assert "Nothing matches" in page.get(LIST, {"q": "x"}).content.decode()


def test_the_number_of_queries_does_not_grow(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = factories.full_account(owner)
    with django_assert_max_num_queries(15):
        page.get(LIST, {"asset": "BTC"})
    with django_assert_max_num_queries(15):
        page.get(reverse("portfolio:transaction-detail", args=[made["trade"].pk]))


def test_a_transaction_leads_to_the_records_exactly_as_received(
    page: Client, stream: Stream
) -> None:
    row = factories.transaction(
        stream, ("1", "BTC"), ("-0.1", "BTC", "fee"), detail={"txid": "feed", "network": "BTC"}
    )
    body = '{"b":1.10000000000000000001,"a":"<script>alert(1)</script>","n":[]}'
    record = row.raw_records.get()
    record.body = body
    record.save()
    factories.raw_revision(record, '{"status":"pending"}')
    text = page.get(reverse("portfolio:transaction-detail", args=[row.pk])).content.decode()
    escaped = body.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped}</pre>" in text
    assert "&quot;b&quot;: 1.10000000000000000001,\n" in text
    assert "<script>alert" not in text
    for words in ("POST /0/private/Ledgers", "feed", "1 former version", "pending", "BTC in all"):
        assert words in text


def test_a_record_that_could_not_be_read_says_so(page: Client, stream: Stream) -> None:
    row = factories.transaction(stream)
    row.raw_records.update(problem="KeyError: 'asset'", body="not json")
    text = page.get(reverse("portfolio:transaction-detail", args=[row.pk])).content.decode()
    assert "could not be read" in text
    assert "not json" in text
