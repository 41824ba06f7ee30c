"""What was paid where the ledger has one side alone: exchanges tell it, and their owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from portfolio.models import Stream
from portfolio.selectors import tax_events
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2024, 5, 2, 12, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def coinbase(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, exchange="coinbase"))


def test_a_purchase_by_card_cost_what_its_record_says(owner: User, coinbase: Stream) -> None:
    bought = factories.transaction(
        coinbase, ("0.02", "ETH"), kind="trade", at=AT, detail={"total": "49.32 EUR"}
    )
    paid = factories.transaction(
        coinbase, ("1", "SOL"), kind="deposit", at=AT + timedelta(days=1), detail={"paid": "20 EUR"}
    )
    factories.transaction(
        coinbase, ("1", "SOL"), kind="trade", at=AT - timedelta(days=1), detail={"total": "20 XYZ"}
    )
    factories.transaction(coinbase, ("1", "SOL"), kind="reward", at=AT, detail={"total": "1 EUR"})
    stranger = factories.stream(factories.connection(factories.user(), exchange="coinbase"))
    factories.transaction(stranger, ("1", "ETH"), kind="trade", detail={"total": "5 EUR"})
    found = tax_events.costs(owner, "EUR")
    assert found == {bought.pk: Decimal("49.32"), paid.pk: Decimal(20)}


def test_the_word_of_the_owner_counts_more(owner: User, coinbase: Stream) -> None:
    bought = factories.transaction(
        coinbase, ("0.02", "ETH"), kind="trade", at=AT, detail={"total": "49.32 EUR"}
    )
    factories.manual_entry(
        coinbase.connection, transaction=bought, occurred_at=AT, cost=40, cost_currency="EUR"
    )
    assert tax_events.costs(owner, "EUR") == {bought.pk: Decimal(40)}
