"""The generated lives: the same on every machine and day, and never in debt."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest

from sandbox.generate.book import Book, Overdrawn
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.world import World, build
from sandbox.options import DEFAULT_ANCHOR, Options

# Changes only when the generator is meant to tell another story.
FINGERPRINT = "2391c03aeeff91cd"


@pytest.fixture(scope="module")
def world() -> World:
    return build(Options().anchor_ms)


def _fingerprint(world: World) -> str:
    told = [
        {name: getattr(life.account, name) for name in names}
        for life, names in [
            *(
                (life, ("trades", "deposits", "withdrawals", "dividends", "transfers"))
                for life in world.binance.values()
            ),
        ]
    ]
    ledgers = [
        [asdict(entry) for entry in life.account.ledger + life.account.trades]
        for life in world.kraken.values()
    ]
    futures = [
        [life.futures.income, life.futures.fills]
        for life in world.binance.values()
        if life.futures is not None
    ]
    return hashlib.sha256(json.dumps([told, ledgers, futures]).encode()).hexdigest()[:16]


def test_the_story_is_always_the_same(world: World) -> None:
    with localcontext() as context:
        context.prec = 7  # whatever the surroundings calculate with
        again = build(Options().anchor_ms)
    assert _fingerprint(again) == _fingerprint(world) == FINGERPRINT


def test_the_history_spans_three_years_before_the_anchor(world: World) -> None:
    binance = [
        row["time"] for rows in world.binance["main"].account.trades.values() for row in rows
    ]
    kraken = [entry.ticks // 10 for entry in world.kraken["main"].account.ledger]
    anchor = Options().anchor_ms
    for times in (binance, kraken):
        assert anchor - 3 * 365 * DAY <= min(times) < anchor - 3 * 365 * DAY + 5 * DAY
        assert anchor - 60 * DAY < max(times) <= anchor


def test_another_anchor_moves_the_history() -> None:
    moved = build(Options(anchor=datetime(2025, 1, 1, tzinfo=UTC)).anchor_ms)
    times = [entry.ticks for entry in moved.kraken["main"].account.ledger]
    assert max(times) // 10_000 < datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    assert datetime(2025, 1, 1, tzinfo=UTC) < DEFAULT_ANCHOR


def test_ids_and_times_of_a_pair_ascend_together(world: World) -> None:
    for rows in world.binance["main"].account.trades.values():
        assert [r["id"] for r in rows] == sorted({r["id"] for r in rows})
        assert [r["time"] for r in rows] == sorted(r["time"] for r in rows)
    first, second = (world.binance["main"].account.trades[s] for s in ("BTCUSDT", "ETHUSDT"))
    assert {row["id"] for row in first} & {row["id"] for row in second}


def test_some_amounts_need_eighteen_decimals(world: World) -> None:
    held = world.binance["main"].account.book.balance("spot", "WBETH")
    assert -int(held.normalize().as_tuple().exponent) == 18


def test_a_book_refuses_debts() -> None:
    book = Book()
    book.post("spot", "BTC", Decimal("0.5"))
    with pytest.raises(Overdrawn):
        book.post("spot", "BTC", Decimal("-0.50000001"))
    assert book.held() == {"spot": {"BTC": Decimal("0.5")}}


def test_prices_do_not_depend_on_the_order_of_asking() -> None:
    now = Options().anchor_ms
    one, other = Prices("seed", now), Prices("seed", now)
    late = one.at("BTC", "USDT", now, 2)
    other.at("ETH", "BTC", now - 700 * DAY, 5)
    other.at("BTC", "EUR", now - 900 * DAY, 2)
    assert other.at("BTC", "USDT", now, 2) == late
    assert Decimal(20_000) < late < Decimal(250_000)
