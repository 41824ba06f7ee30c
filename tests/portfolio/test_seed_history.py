"""manage.py seed_history: as if an exchange had told it, deterministic, adding up."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from accounts.models import User
from portfolio.exchanges import registry
from portfolio.models import (
    Connection,
    DailyHolding,
    DailyValue,
    Holding,
    Posting,
    RawRecord,
    Stream,
    Transaction,
)
from portfolio.services import ledger, synthetic
from tests import factories

pytestmark = pytest.mark.django_db

END = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return factories.user()


def seed(owner: User, transactions: int, **options: Any) -> None:
    call_command("seed_history", user=owner.email, transactions=str(transactions), **options)


def test_the_number_asked_for_is_there_on_a_marked_connection(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    seed(owner, 1200, json=True)
    answer = json.loads(capsys.readouterr().out)
    connection = Connection.objects.get(pk=answer["connection"])
    assert (connection.exchange, connection.environment) == ("binance", "sandbox")
    assert (connection.label, connection.status) == ("Synthetic history", "paused")
    assert connection.owner == owner
    assert (
        answer["transactions"] == Transaction.objects.count() == RawRecord.objects.count() == 1200
    )
    assert answer["postings"] == Posting.objects.count()
    counts = Stream.objects.aggregate(total=Sum("record_count"))
    assert counts["total"] == 1200


def test_holdings_are_the_sum_of_postings_and_never_negative(owner: User) -> None:
    seed(owner, 1500)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for posting in Posting.objects.order_by("occurred_at", "id"):
        sums[posting.asset] += posting.amount
        assert sums[posting.asset] >= 0 or posting.role == "principal"
    held = dict(Holding.objects.values_list("asset", "quantity"))
    assert held == dict(sums)
    assert all(quantity >= 0 for quantity in held.values())
    assert not Holding.objects.exclude(reported=held["BTC"]).filter(asset="BTC").exists()


def test_raw_records_say_what_is_booked(owner: User) -> None:
    """Reading every stored record again gives the stored transactions and postings."""
    seed(owner, 600)
    for raw in RawRecord.objects.select_related("stream", "transaction"):
        event = registry.normalise("binance", ledger.spec(raw.stream), raw.body)
        assert event is not None
        booked = raw.transaction
        assert booked is not None
        assert (event.key, event.kind, event.occurred_at) == (
            booked.key,
            booked.kind,
            booked.occurred_at,
        )
        assert event.detail == booked.detail
        rows = raw.postings.order_by("position").values_list("wallet", "asset", "amount", "role")
        assert list(rows) == [(m.wallet, m.asset, m.amount, m.role) for m in event.movements]
        assert json.loads(raw.body)


def test_all_kinds_of_record_occur(owner: User) -> None:
    seed(owner, 1000)
    kinds = set(Transaction.objects.values_list("kind", flat=True))
    assert kinds == {"trade", "deposit", "withdrawal", "reward"}
    assert Posting.objects.filter(role="fee", asset="BNB").exists()


def test_the_same_seed_gives_the_same_history() -> None:
    def told(number: int) -> list[Any]:
        return list(synthetic.records(300, seed=number, run=1, end=END))

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_seeding_again_adds_more(owner: User) -> None:
    seed(owner, 300)
    first = dict(Holding.objects.values_list("asset", "quantity"))
    seed(owner, 200)
    assert Transaction.objects.count() == 500
    assert Connection.objects.count() == 1
    sums = Posting.objects.values("asset").annotate(total=Sum("amount"))
    held = dict(Holding.objects.values_list("asset", "quantity"))
    assert {row["asset"]: row["total"] for row in sums} == held != first


def test_daily_holdings_follow(owner: User) -> None:
    seed(owner, 400)
    assert DailyValue.objects.count() >= synthetic.YEARS.days
    for holding in Holding.objects.all():
        assert DailyHolding.objects.filter(asset=holding.asset).latest("on").quantity == (
            holding.quantity
        )


@pytest.mark.parametrize("number", ["0", "-5", "many", "1.5"])
def test_a_wrong_number_is_one_line_and_status_2(
    owner: User, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("seed_history", user=owner.email, transactions=number)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{number} is not a number of transactions.\n"
