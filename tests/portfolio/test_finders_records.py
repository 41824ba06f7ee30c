"""Findings about records: what is not understood, and what cannot be read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Posting, RawRecord, Stream, Transaction
from portfolio.selectors.finders import unclassified, unreadable
from tests import factories


@pytest.fixture
def rows(owner: User) -> Stream:
    factories.price("BTC", "50000")
    factories.price("DOT", "4")
    return factories.stream(factories.connection(owner))


def test_words_that_are_not_known_one_finding_each(owner: User, rows: Stream) -> None:
    for amount in ("0.5", "-0.1"):
        factories.transaction(rows, (amount, "BTC"), kind="unclassified", detail={"type": "gift"})
    both = ("1", "DOT"), ("-2", "NEWCOIN"), ("-9", "DOT", "fee")
    factories.transaction(rows, *both, kind="unclassified", detail={"type": "swap"})
    factories.transaction(rows, kind="unclassified")
    factories.transaction(rows, ("7", "DOT"), kind="other", detail={"type": "loan"})
    nameless, gift, swap = sorted(unclassified.find(owner), key=lambda found: found.subject)
    assert (gift.asset, gift.quantity, gift.value) == ("BTC", Decimal("0.4"), Decimal(30000))
    assert (swap.asset, swap.quantity, swap.value) == ("", None, Decimal(4))
    assert (nameless.asset, nameless.quantity, nameless.value) == ("", None, None)
    assert unclassified.line(gift.data) == "“gift”, in 2 transactions."
    assert unclassified.line(swap.data) == "“swap”, in 1 transaction."
    assert unclassified.line(nameless.data) == "“–”, in 1 transaction."


def test_what_was_reclassified_is_no_finding_any_more(owner: User, rows: Stream) -> None:
    odd = factories.transaction(rows, ("1", "DOT"), kind="unclassified")
    Transaction.objects.filter(pk=odd.pk).update(is_replaced=True)
    Posting.objects.update(counts=False)
    assert list(unclassified.find(owner)) == []


def test_the_link_shows_them(page: Client, owner: User, rows: Stream) -> None:
    factories.transaction(rows, ("1", "DOT"), kind="unclassified", key="ODD-1")
    factories.transaction(rows, ("1", "BTC"), kind="trade")
    (found,) = unclassified.find(owner)
    text = page.get(found.url).content.decode()
    assert "DOT" in text
    assert "Unclassified" in text
    assert len(page.get(found.url).context["page"].rows) == 1


def test_records_that_cannot_be_read_are_counted_by_connection(
    owner: User, rows: Stream, page: Client
) -> None:
    assert list(unreadable.find(owner)) == []
    for problem in ("KeyError: 'asset'", "", "ValueError: no"):
        factories.raw_record(rows, problem=problem)
    (found,) = unreadable.find(owner)
    assert found.connection_id == rows.connection_id
    assert unreadable.line(found.data) == "2 records."
    assert 'id="unreadable"' in page.get(found.url).content.decode()
    RawRecord.objects.update(problem="")
    assert list(unreadable.find(owner)) == []


def test_nobody_finds_what_is_another_s(other: User, rows: Stream) -> None:
    factories.transaction(rows, ("1", "DOT"), kind="unclassified")
    factories.raw_record(rows, problem="no")
    assert list(unclassified.find(other)) == []
    assert list(unreadable.find(other)) == []


def test_looking_takes_a_fixed_number_of_queries(
    owner: User, rows: Stream, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for word in "abcdef":
        factories.transaction(
            rows, ("1", f"COIN{word}"), kind="unclassified", detail={"type": word}
        )
        factories.raw_record(factories.stream(factories.connection(owner)), problem="no")
    with django_assert_max_num_queries(6):
        assert len(list(unclassified.find(owner))) == 6
        assert len(list(unreadable.find(owner))) == 6
