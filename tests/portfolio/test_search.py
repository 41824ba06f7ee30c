"""What people type finds the transactions they mean, says why, and is answered by indexes."""

from __future__ import annotations

from copy import copy
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Note, Posting, Stream, Tag, Transaction
from portfolio.selectors import ledger, search
from portfolio.selectors.ledger import Filters
from portfolio.services import manual_entries
from tests import factories

LIST = reverse("portfolio:transaction-list")


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


@pytest.fixture
def rows(owner: User, stream: Stream) -> dict[str, Transaction]:
    """One transaction for each way to be found."""
    made = {
        "trade": factories.transaction(
            stream,
            ("-1250.55", "EUR"),
            ("0.0123", "BTC"),
            key="T1",  # those of the factory have numbers in them, which might be sought
            detail={"order": "O-77", "trade": "9001"},
        ),
        "sent": factories.transaction(
            stream, ("-0.5", "BTC"), key="W1", detail={"txid": "0xABCdef", "address": "bc1QXY"}
        ),
        "came": factories.transaction(
            stream, ("0.55", "ETH"), key="T2", detail={"reference": "100%_\\ref"}
        ),
    }
    Note.objects.create(transaction=made["came"], text="From my Brother")
    Tag.objects.create(owner=owner, name="rent").taggings.create(transaction=made["sent"])
    return made


def found(user: User, text: str) -> set[int]:
    return {row.pk for row in ledger.page(user, Filters(text=text)).rows}


CASES = [
    ("O-77", {"trade"}),
    ("o-7", {"trade"}),
    ("9001", {"trade"}),
    ("w1", {"sent"}),
    ("ABCDEF", {"sent"}),
    ("cde", {"sent"}),
    ("bc1q", {"sent"}),
    ("100%", {"came"}),
    ("%_\\r", {"came"}),
    ("___", set()),
    ("0.0123", {"trade"}),
    ("0.012", {"trade"}),
    ("0.5", {"sent", "came"}),
    ("=0.5", {"sent"}),
    ("+0.5", {"came"}),
    ("-0.5", {"sent"}),
    ("0.5 eth", {"came"}),
    ("0.5 BTC", {"sent"}),
    ("1,250.5", {"trade"}),
    ("1250", {"trade"}),
    ("125", set()),
    ("btc", {"trade", "sent"}),
    ("ETH", {"came"}),
    ("brother", {"came"}),
    ("RENT", {"sent"}),
    ("nothing like it", set()),
]


@pytest.mark.parametrize(("text", "names"), CASES, ids=[repr(text) for text, _ in CASES])
def test_what_is_typed_finds(
    owner: User, rows: dict[str, Transaction], text: str, names: set[str]
) -> None:
    expected = {rows[name].pk for name in names}
    assert found(owner, text) == expected
    as_one = Transaction.objects.of(owner).filter(search.matching(owner, text))
    assert set(as_one.values_list("pk", flat=True)) == expected


def test_entries_by_hand_are_found_by_their_reason(owner: User, stream: Stream) -> None:
    factories.holding(stream.connection, "BTC", "0")
    told = manual_entries.Told("adjustment", Decimal(3), factories.NOW, note="Lost in the forest")
    manual_entries.enter(
        user=owner, connection=stream.connection, wallet="spot", asset="BTC", told=told
    )
    assert len(found(owner, "forest")) == 1


def test_what_an_edit_replaced_is_not_found(owner: User, rows: dict[str, Transaction]) -> None:
    Transaction.objects.filter(pk=rows["sent"].pk).update(is_replaced=True)
    Posting.objects.filter(transaction=rows["sent"]).update(counts=False)
    for text in ("abcdef", "=0.5", "rent"):
        assert found(owner, text) == set(), text


@pytest.mark.parametrize("text", ["O-77", "0.0123", "BTC", "brother", "rent", "w1"])
def test_another_person_finds_nothing(other: User, rows: dict[str, Transaction], text: str) -> None:
    assert found(other, text) == set()


def test_paging_through_what_several_ways_find_shows_each_once(owner: User, stream: Stream) -> None:
    made = []
    for number in range(30):
        at = factories.NOW - timedelta(hours=number // 3)
        key = "B0.5C" if number % 2 else "K"
        amount = "0.51" if number % 3 else "7"
        made.append(factories.transaction(stream, (amount, "DOT"), at=at, key=f"{key}{number}"))
    wanted = [row for n, row in enumerate(made) if n % 2 or n % 3]
    wanted.sort(key=lambda row: (row.occurred_at, row.pk), reverse=True)
    page = partial(ledger.page, owner, Filters(text="0.5"), size=4)
    seen: list[Transaction] = []
    part = page()
    while part.older:
        seen += part.rows
        part = page(older_than=part.older)
    seen += part.rows
    assert seen == wanted
    back = list(part.rows)
    while part.newer:
        part = page(newer_than=part.newer)
        back = [*part.rows, *back]
    assert back == wanted


def test_what_matched_is_shown(page: Client, rows: dict[str, Transaction]) -> None:
    text = page.get(LIST, {"q": "cDEF"}).content.decode()
    assert "0xAB<mark>Cdef</mark>" in text
    assert "Transaction hash" in text
    assert "<mark>-0.5 BTC</mark>" in page.get(LIST, {"q": "0.5"}).content.decode()
    assert "From my <mark>Brother</mark>" in page.get(LIST, {"q": "brother"}).content.decode()
    assert "<mark>" not in page.get(LIST).content.decode()


def test_markup_in_what_matched_is_text(page: Client, stream: Stream) -> None:
    factories.transaction(stream, ("1", "BTC"), detail={"order": "<b>x</b>&1"})
    text = page.get(LIST, {"q": "<b>x"}).content.decode()
    assert "<mark>&lt;b&gt;x</mark>&lt;/b&gt;&amp;1" in text


@pytest.mark.parametrize("text", ["0xABC", "=0.5", "0.5 BTC", "BTC", "w1"])
def test_a_search_takes_few_queries(
    page: Client,
    rows: dict[str, Transaction],
    text: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(15):
        page.get(LIST, {"q": text, "asset": "BTC"})


def test_ids_and_amounts_are_looked_up_in_their_indexes(owner: User, stream: Stream) -> None:
    """Fails when the condition and the index are no longer the same expression."""
    row = factories.transaction(stream, ("1", "BTC"))
    raw = row.raw_records.get()
    many = [factories.posting(row, raw, 1, "2", "BTC")]
    for position in range(2, 3000):
        many.append(copy(many[0]))
        many[-1].pk, many[-1].position, many[-1].amount = None, position, Decimal(position)
    Posting.objects.bulk_create(many[1:])
    with database.cursor() as cursor:
        cursor.execute("ANALYZE portfolio_posting")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    by_id, _notes, by_amount = search.ways(owner, "123.5")
    plans = [Transaction.objects.filter(way).order_by().explain() for way in (by_id, by_amount)]
    assert "transaction_searched" in plans[0]
    assert "posting_amount" in plans[1]
