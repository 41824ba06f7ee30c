"""Many rows at once: as Django's own ways store them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from portfolio.models import Posting, Stream, Transaction
from portfolio.services import bulk
from tests import factories

pytestmark = pytest.mark.django_db
TEXTS = ("plain", 'tab\there "quoted" back\\slash', "line\nline", r"\N", "ünï\u2028", "")


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


def rows(stream: Stream, number: int) -> list[Transaction]:
    return [
        Transaction(
            owner_id=stream.connection.owner_id,
            connection_id=stream.connection_id,
            key=f"{place}",
            kind="trade",
            occurred_at=factories.NOW + timedelta(microseconds=place),
            detail={"note": TEXTS[place % len(TEXTS)]},
        )
        for place in range(number)
    ]


@pytest.mark.parametrize("number", [0, 1, bulk.FEW - 1, bulk.FEW, 60])
def test_rows_are_stored_as_they_are(stream: Stream, number: int) -> None:
    made = rows(stream, number)
    bulk.create(made)
    stored = list(Transaction.objects.order_by("pk"))
    assert stored == made
    assert [row.pk for row in made] == sorted({row.pk for row in made})
    for one, other in zip(made, stored, strict=True):
        assert (one.detail, one.occurred_at, one.key) == (
            other.detail,
            other.occurred_at,
            other.key,
        )
    assert not any(row.is_replaced for row in stored)
    fresh = rows(stream, 1)[0]
    fresh.key = "the next id is free"
    fresh.save()


def test_amounts_keep_every_digit_and_nothing_is_null_by_chance(stream: Stream) -> None:
    (of,) = rows(stream, 1)
    of.save()
    amounts = [Decimal(f"0.{place:030d}1") for place in range(30)]
    bulk.create(
        [
            Posting(
                owner_id=of.owner_id,
                connection_id=of.connection_id,
                transaction=of,
                position=place,
                wallet="spot",
                asset="BTC",
                amount=amount,
                role="principal",
                occurred_at=of.occurred_at,
            )
            for place, amount in enumerate(amounts)
        ]
    )
    stored = Posting.objects.order_by("position")
    assert [row.amount for row in stored] == amounts
    assert {(row.counts, row.is_edited, row.raw_record_id) for row in stored} == {
        (True, False, None)
    }


def test_what_is_there_twice_stores_nothing(stream: Stream) -> None:
    made = rows(stream, 40)
    made[-1].key = made[0].key
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.create(made)
    assert not Transaction.objects.exists()


def test_only_the_named_columns_change(stream: Stream) -> None:
    made = rows(stream, 30)
    bulk.create(made)
    for row in made:
        row.kind, row.detail, row.key = "fee", {"type": row.key + "'\""}, "untouched"
    bulk.update(made[:25], ["kind", "detail"])
    stored = {row.pk: row for row in Transaction.objects.all()}
    for place, row in enumerate(made):
        found = stored[row.pk]
        assert found.key == str(place)
        assert found.kind == ("fee" if place < 25 else "trade")
        assert (found.detail == row.detail) == (place < 25)
    bulk.update([], ["kind"])
