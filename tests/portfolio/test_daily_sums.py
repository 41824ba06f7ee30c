"""Sums by day as stored: what they add up to, what they cost to keep, and what they leave alone."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.average_cost import AMOUNTS
from portfolio.models import (
    Connection,
    DailyPrice,
    DailySum,
    DailyValue,
    ManualEntry,
    Posting,
    Transaction,
    TransferLink,
)
from portfolio.services import ledger, transfers, valuation
from tests import factories

pytestmark = pytest.mark.django_db

D = Decimal
TODAY = factories.TODAY


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def book(
    of: Connection, days: int, *movements: Any, kind: str = "trade", hour: int = 12
) -> Transaction:
    """Books a transaction some days ago and marks the values stale, as syncing does."""
    stream = of.streams.first() or factories.stream(of)
    at = datetime.combine(ago(days), time(hour), tzinfo=UTC)
    made = factories.transaction(stream, *movements, at=at, kind=kind)
    for amount, asset, *_role in movements:
        row, _ = of.holdings.get_or_create(owner=of.owner, wallet="spot", asset=asset)
        row.quantity += D(amount)
        row.save()
    ledger.mark_stale(of.owner_id, at.date())
    return made


def closes(asset: str, *prices: str, source: str = "kraken:sandbox") -> None:
    """Prices at the ends of the last days, the last one today's."""
    for days, price in enumerate(reversed(prices)):
        values: dict[str, Any] = {
            "asset": asset,
            "currency": "EUR",
            "on": ago(days),
            "source": source,
        }
        DailyPrice.objects.update_or_create({"price": D(price)}, **values)


def stored(owner: User, asset: str, source: str = "kraken:sandbox") -> list[dict[str, Any]]:
    """The rows of one pool as plain figures, without those that are nothing."""
    rows = DailySum.objects.filter(owner=owner, asset=asset, source=source).order_by("on")
    found = []
    for row in rows:
        figures = {name: getattr(row, name) for name in (*AMOUNTS, "gaps", "flow_gaps")}
        told = {name: money.plain(D(value)) for name, value in figures.items() if value}
        cost = None if row.cost is None else money.plain(row.cost)
        days = (TODAY - row.on).days
        found.append({"days": days, "held": money.plain(row.quantity), "cost": cost, **told})
    return found


def test_a_day_has_what_came_and_went_at_its_worth_then() -> None:
    kraken = factories.connection(factories.user())
    closes("BTC", "100", "200", "300")
    book(kraken, 2, ("1000", "EUR"), kind="deposit")
    book(kraken, 2, ("-300", "EUR"), ("2", "BTC"), ("-0.1", "BTC", "fee"))
    book(kraken, 1, ("0.1", "BTC"), kind="reward")
    book(kraken, 0, ("-1", "BTC"), kind="withdrawal")
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner, "EUR") == [
        {"days": 2, "held": "700", "cost": "700", "put_in": "1000", "traded": "-300"}
    ]
    # Bought at 150 each, and the fee taken at that price, whatever the close.
    assert stored(kraken.owner, "BTC") == [
        {
            "days": 2,
            "held": "1.9",
            "cost": "285",
            "traded": "300",
            "fees": "15",
        },
        {"days": 1, "held": "2", "cost": "305", "income": "20"},
        {"days": 0, "held": "1", "cost": "152.5", "taken_out": "300", "realised": "147.5"},
    ]
    days = DailyValue.objects.filter(owner=kraken.owner).order_by("on")
    assert [[d.put_in, d.taken_out, d.income, d.fees] for d in days] == [
        [D(1000), D(0), D(0), D(15)],
        [D(0), D(0), D(20), D(0)],
        [D(0), D(300), D(0), D(0)],
    ]


def test_contracts_have_lines_of_their_own() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("50", "EUR"), kind="realised_pnl")
    book(kraken, 1, ("-2", "EUR"), kind="funding", hour=13)
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner, "EUR") == [
        {"days": 1, "held": "48", "cost": "48", "derivatives": "48"}
    ]


def test_an_unknown_price_is_a_gap_and_never_zero() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 2, ("5", "NEW"), kind="airdrop")
    book(kraken, 1, ("5", "NEW"), kind="deposit")
    valuation.recompute(kraken.owner_id)
    assert stored(kraken.owner, "NEW") == [
        {"days": 2, "held": "5", "cost": None, "gaps": "1"},
        {"days": 1, "held": "10", "cost": None, "gaps": "1", "flow_gaps": "1"},
    ]
    assert DailyValue.objects.get(on=ago(1)).flow_gaps == 1


def test_a_transfer_keeps_its_cost_and_its_worth_on_the_way() -> None:
    owner = factories.user()
    kraken = factories.connection(owner)
    binance = factories.connection(owner, exchange="binance")
    closes("BTC", "100", "100", "400", "400")
    book(kraken, 3, ("2", "BTC"), kind="deposit")
    out = book(kraken, 2, ("-1", "BTC"), kind="withdrawal")
    into = book(binance, 0, ("0.9", "BTC"), kind="deposit")
    factories.transfer(out, into, sent=D(1), received=D("0.9"), status="accepted")
    valuation.recompute(owner.pk)
    assert stored(owner, "BTC") == [
        {"days": 3, "held": "2", "cost": "200", "put_in": "200"},
        {"days": 2, "held": "1", "cost": "100", "moved": "-90", "fees": "10"},
    ]
    assert stored(owner, "BTC", "transit:sandbox") == [
        {"days": 2, "held": "0.9", "cost": "90", "moved": "90"},
        {"days": 0, "held": "0", "cost": "0", "moved": "-90"},
    ]
    assert stored(owner, "BTC", "binance:sandbox") == [
        {"days": 0, "held": "0.9", "cost": "90", "moved": "90"}
    ]
    values = DailyValue.objects.filter(owner=owner).order_by("on").values_list("value", flat=True)
    assert [money.plain(value) for value in values] == ["200", "190", "760", "760"]


def test_a_proposed_transfer_is_a_withdrawal_and_a_deposit() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("BTC", "100", "100")
    book(kraken, 1, ("2", "BTC"), kind="deposit", hour=1)
    out = book(kraken, 1, ("-1", "BTC"), kind="withdrawal")
    into = book(binance, 0, ("1", "BTC"), kind="deposit")
    factories.transfer(out, into)
    valuation.recompute(owner.pk)
    assert [row["put_in"] for row in stored(owner, "BTC", "binance:sandbox")] == ["100"]


def test_a_transfer_between_codes_of_one_asset_is_one_in_the_asset() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("SATS", "1", "1", "1")
    book(kraken, 2, ("5000", "SATS"), kind="deposit")
    out = book(kraken, 1, ("-2000", "SATS"), kind="withdrawal")
    into = book(binance, 0, ("2", "1000SATS"), kind="deposit")
    rest = {"received": D(2), "received_asset": "1000SATS"}
    factories.transfer(out, into, status="accepted", **rest)
    valuation.recompute(owner.pk)
    assert stored(owner, "SATS", "binance:sandbox") == [
        {"days": 0, "held": "2000", "cost": "2000", "moved": "2000"}
    ]


def test_what_is_decided_on_a_transfer_counts_from_its_first_movement_on() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("BTC", "100", "100", "100")
    book(kraken, 2, ("2", "BTC"), kind="deposit", hour=1)
    out = book(kraken, 2, ("-1", "BTC"), kind="withdrawal")
    into = book(binance, 1, ("1", "BTC"), kind="deposit")
    link = factories.transfer(out, into)
    valuation.recompute(owner.pk)
    assert valuation.stale_owners() == []
    transfers.accept(user=owner, link_id=link.pk)
    assert valuation.stale_owners() == [owner.pk]
    valuation.recompute(owner.pk)
    assert [row["moved"] for row in stored(owner, "BTC", "binance:sandbox")] == ["100"]
    transfers.undo(user=owner, link_id=link.pk)
    valuation.recompute(owner.pk)
    assert [row["put_in"] for row in stored(owner, "BTC", "binance:sandbox")] == ["100"]


def test_an_opening_balance_keeps_what_its_owner_says_it_cost() -> None:
    kraken = factories.connection(factories.user())
    closes("BTC", "500", "500")
    made = book(kraken, 1, ("2", "BTC"), kind="adjustment")
    factories.manual_entry(
        kraken, transaction=made, withdrawn_at=None, cost=D(40), cost_currency="EUR"
    )
    valuation.recompute(kraken.owner_id)
    assert ManualEntry.objects.count() == 1
    assert stored(kraken.owner, "BTC") == [
        {"days": 1, "held": "2", "cost": "40", "put_in": "1000", "moved": "-960"}
    ]


def test_what_an_edit_replaced_counts_nowhere() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 1, ("5", "EUR"), kind="deposit")
    Posting.objects.update(counts=False)
    valuation.recompute(kraken.owner_id)
    assert not DailySum.objects.exists()


def test_bitcoin_is_kept_beside_each_day_and_unknown_where_it_is() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 9, ("5", "EUR"), kind="deposit")
    closes("BTC", "100", "110")
    valuation.recompute(kraken.owner_id)
    days = DailyValue.objects.order_by("on").values_list("bitcoin", flat=True)
    assert list(days) == [None] * 8 + [D(100), D(110)]


def test_another_currency_works_all_days_out_anew() -> None:
    kraken = factories.connection(factories.user())
    book(kraken, 2, ("4", "EUR"), kind="deposit")
    values = {"asset": "EUR", "currency": "USD", "on": ago(2), "source": "ecb"}
    DailyPrice.objects.create(price=D("1.5"), **values)
    valuation.recompute(kraken.owner_id)
    User.objects.update(reporting_currency="USD")
    valuation.recompute(kraken.owner_id)
    assert [(row.currency, row.put_in) for row in DailySum.objects.all()] == [("USD", D(6))]


# --- From the earliest changed day only -------------------------------------------------------


def life(of: Connection, other: Connection, *, days: int, seed: int) -> None:
    """A random life over two exchanges with transfers that take a day."""
    chance = random.Random(seed)
    for ago_days in range(days, 1, -1):
        book(of, ago_days, ("100", "EUR"), kind="deposit", hour=1)
        price = chance.randrange(50, 90)
        book(of, ago_days, (f"-{price}", "EUR"), ("0.5", "BTC"), ("-0.01", "BTC", "fee"), hour=2)
        book(of, ago_days, ("0.003", "BTC"), kind="reward", hour=3)
        if chance.random() < 0.3:
            out = book(of, ago_days, ("-0.2", "BTC"), kind="withdrawal", hour=4)
            into = book(other, ago_days - 1, ("0.2", "BTC"), kind="deposit", hour=5)
            factories.transfer(out, into, status="accepted")
        if chance.random() < 0.3:
            book(of, ago_days, ("-0.1", "BTC"), ("30", "EUR"), hour=6)


def rows(owner: User) -> list[tuple[Any, ...]]:
    names = [field.name for field in DailySum._meta.fields if field.name != "id"]
    return list(
        DailySum.objects.filter(owner=owner).order_by("on", "source", "asset").values_list(*names)
    )


def test_the_sums_are_those_of_working_all_out_anew_wherever_the_change_was() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("BTC", *[str(100 + n * 7 % 40) for n in range(30)])
    life(kraken, binance, days=25, seed=7)
    valuation.recompute(owner.pk)
    for days in (12, 25, 0):
        book(kraken, days, ("0.25", "BTC"), kind="deposit", hour=7)
        valuation.recompute(owner.pk)
        step_by_step = rows(owner)
        ledger.mark_stale(owner.pk, date.min)
        valuation.recompute(owner.pk)
        assert rows(owner) == step_by_step


def test_worth_is_flows_gains_income_and_fees_in_what_is_stored() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("BTC", *[str(100 + n * 7 % 40) for n in range(30)])
    life(kraken, binance, days=25, seed=11)
    valuation.recompute(owner.pk)
    assert TransferLink.objects.count() > 2
    pools = DailySum.objects.filter(owner=owner).order_by("source", "asset", "-on")
    sums = DailySum.objects.filter(owner=owner).aggregate(**{n: Sum(n) for n in AMOUNTS})
    cost = money.total(row.cost or D(0) for row in pools.distinct("source", "asset"))
    came = sums["put_in"] - sums["taken_out"] + sums["traded"] + sums["moved"] + sums["income"]
    assert abs(came - sums["fees"] + sums["derivatives"] + sums["realised"] - cost) < D("1e-8")
    assert sums["moved"] == 0


def test_a_new_trade_touches_rows_of_its_day_only() -> None:
    owner = factories.user()
    kraken, binance = factories.connection(owner), factories.connection(owner, exchange="binance")
    closes("BTC", *["100"] * 30)
    life(kraken, binance, days=25, seed=3)
    valuation.recompute(owner.pk)
    before = set(DailySum.objects.values_list("pk", flat=True))
    book(kraken, 0, ("-5", "EUR"), ("0.1", "BTC"))
    with CaptureQueriesContext(database) as queries:
        valuation.recompute(owner.pk)
    after = set(DailySum.objects.values_list("pk", flat=True))
    assert before <= after
    assert len(after - before) == 2
    read = [q["sql"] for q in queries if "portfolio_posting" in q["sql"]]
    assert all("occurred_at" in sql for sql in read)
