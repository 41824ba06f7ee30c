"""Invents a long trading life in Binance's own records, for demonstrations and load tests.

Deterministic: the same seed, size and end give the same records. Nothing is ever sold that is not
held. All amounts are counted in hundred-millionths, so they are exact.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from portfolio.engine.types import RecordKind
from portfolio.exchanges.types import StreamSpec

YEARS = timedelta(days=3 * 365)
UNIT = 10**8
CASH = "USDT"
# Base asset, a price in the middle of its life in dollars, decimals of a traded quantity.
_COINS = (
    ("BTC", "65000", 5),
    ("ETH", "2600", 4),
    ("BNB", "480", 3),
    ("SOL", "120", 3),
    ("XRP", "0.9", 0),
    ("ADA", "0.5", 1),
    ("DOGE", "0.12", 0),
    ("DOT", "6", 2),
    ("LINK", "15", 2),
    ("LTC", "85", 3),
)
_REWARDED = ("BNB", "SOL", "ADA", "DOT")
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
REWARDS = StreamSpec("rewards", RecordKind.REWARDS)


def _trades(base: str) -> StreamSpec:
    symbol = f"{base}{CASH}"
    return StreamSpec(
        f"trades:{symbol}", RecordKind.TRADES, {"symbol": symbol, "base": base, "quote": CASH}
    )


STREAMS = (DEPOSITS, WITHDRAWALS, REWARDS, *(_trades(base) for base, _, _ in _COINS))
ENDPOINTS = {
    RecordKind.DEPOSITS: "GET /sapi/v1/capital/deposit/hisrec",
    RecordKind.WITHDRAWALS: "GET /sapi/v1/capital/withdraw/history",
    RecordKind.REWARDS: "GET /sapi/v1/asset/assetDividend",
    RecordKind.TRADES: "GET /api/v3/myTrades",
}


class SyntheticRecord(NamedTuple):
    """One record as Binance would send it."""

    stream: StreamSpec
    external_id: str
    occurred_at: datetime
    body: str


@dataclass(slots=True)
class _Coin:
    stream: StreamSpec
    base: str
    price: int
    lot: int  # the smallest quantity


@dataclass(slots=True)
class _Life:
    chance: random.Random
    number: int  # of the last record: the source of all ids
    coins: list[_Coin]
    held: dict[str, int] = field(default_factory=dict)

    def add(self, asset: str, amount: int) -> None:
        self.held[asset] = self.held.get(asset, 0) + amount


def records(count: int, *, seed: int, run: int, end: datetime) -> Iterator[SyntheticRecord]:
    """Yields ``count`` records of one transaction each, oldest first, up to ``end``.

    Ids differ between runs, so that the histories of several runs add up.
    """
    chance = random.Random(f"{seed}/{run}")  # noqa: S311  (play money)
    coins = [_Coin(_trades(b), b, _units(price), 10 ** (8 - d)) for b, price, d in _COINS]
    life = _Life(chance, run * 10**9, coins)
    start, step = end - YEARS, YEARS / count
    for place in range(count):
        life.number += 1
        at = start + place * step + step * chance.random()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        yield _record(life, place, at)


def _record(life: _Life, place: int, at: datetime) -> SyntheticRecord:
    if place % 250 == 0:
        return _deposit(life, CASH, life.chance.randrange(20_000, 80_000) * UNIT, at)
    if place % 1000 == 1:
        return _deposit(life, "BNB", life.chance.randrange(5, 20) * UNIT, at)
    if place % 40 == 5:
        return _reward(life, at)
    if place % 200 == 77 and (found := _withdrawal(life, at)):
        return found
    return _trade(life, at)


def _trade(life: _Life, at: datetime) -> SyntheticRecord:
    chance = life.chance
    coin = chance.choice(life.coins)
    coin.price += coin.price * chance.randrange(-60, 61) // 10_000
    wanted = chance.randrange(10 * UNIT, 400 * UNIT) * UNIT // coin.price
    quantity = max(wanted // coin.lot, 1) * coin.lot
    paid = coin.price * quantity // UNIT
    is_sold = life.held.get(coin.base, 0) >= quantity
    is_buyer = life.held.get(CASH, 0) >= paid and (not is_sold or chance.random() < 0.55)
    if not is_buyer and not is_sold:
        return _deposit(life, CASH, 50_000 * UNIT, at)
    life.add(coin.base, quantity if is_buyer else -quantity)
    life.add(CASH, -paid if is_buyer else paid)
    received, amount = (coin.base, quantity) if is_buyer else (CASH, paid)
    fee_asset, fee = _fee(life, received, amount, paid)
    life.add(fee_asset, -fee)
    body = {
        "symbol": coin.stream.scope["symbol"],
        "id": life.number,
        "orderId": life.number * 7 + 3,
        "orderListId": -1,
        "price": _text(coin.price),
        "qty": _text(quantity),
        "quoteQty": _text(paid),
        "commission": _text(fee),
        "commissionAsset": fee_asset,
        "time": _milliseconds(at),
        "isBuyer": is_buyer,
        "isMaker": chance.random() < 0.4,
        "isBestMatch": True,
    }
    return SyntheticRecord(coin.stream, str(life.number), at, json.dumps(body))


def _fee(life: _Life, received: str, amount: int, paid: int) -> tuple[str, int]:
    """0.075 % in BNB while there is any, else 0.1 % of what was received."""
    bnb = next(coin for coin in life.coins if coin.base == "BNB")
    fee = paid * 75 // 100_000 * UNIT // bnb.price
    return ("BNB", fee) if life.held.get("BNB", 0) >= fee else (received, amount // 1000)


def _deposit(life: _Life, asset: str, amount: int, at: datetime) -> SyntheticRecord:
    life.add(asset, amount)
    body = {
        "id": f"syn{life.number}",
        "amount": _text(amount),
        "coin": asset,
        "network": "ETH" if asset == CASH else "BSC",
        "status": 1,
        "address": f"0x{life.number:040x}",
        "addressTag": "",
        "txId": f"0x{life.chance.getrandbits(256):064x}",
        "insertTime": _milliseconds(at),
        "transferType": 0,
        "confirmTimes": "12/12",
        "unlockConfirm": 12,
        "walletType": 0,
    }
    return SyntheticRecord(DEPOSITS, str(body["id"]), at, json.dumps(body))


def _withdrawal(life: _Life, at: datetime) -> SyntheticRecord | None:
    coin = life.chance.choice(life.coins)
    amount, fee = life.held.get(coin.base, 0) // 4, coin.lot * 2
    if amount <= fee:
        return None
    life.add(coin.base, -amount - fee)
    second = at.replace(microsecond=0)
    body = {
        "id": f"syn{life.number}",
        "amount": _text(amount),
        "transactionFee": _text(fee),
        "coin": coin.base,
        "status": 6,
        "address": f"0x{life.number:040x}",
        "txId": f"0x{life.chance.getrandbits(256):064x}",
        "applyTime": f"{second:%Y-%m-%d %H:%M:%S}",
        "network": "ETH",
        "transferType": 0,
        "walletType": 0,
    }
    return SyntheticRecord(WITHDRAWALS, str(body["id"]), second, json.dumps(body))


def _reward(life: _Life, at: datetime) -> SyntheticRecord:
    asset = life.chance.choice(_REWARDED)
    amount = life.chance.randrange(1, UNIT // 1000)
    life.add(asset, amount)
    body: dict[str, Any] = {
        "id": life.number,
        "amount": _text(amount),
        "asset": asset,
        "divTime": _milliseconds(at),
        "enInfo": "Simple Earn Flexible rewards",
        "tranId": life.number,
        "direction": 1,
    }
    return SyntheticRecord(REWARDS, str(life.number), at, json.dumps(body))


def _units(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(8, "0"))


def _text(units: int) -> str:
    return f"{units // UNIT}.{units % UNIT:08d}"


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
