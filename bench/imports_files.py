"""Made-up files for measuring imports: one trading life in Coffer's own table and in Kraken's."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portfolio.exchanges.types import FetchedRecord

COFFER, KRAKEN = "coffer", "kraken"
LAYOUTS = (COFFER, KRAKEN)
ROWS_EACH = {COFFER: 2.8, KRAKEN: 1.9}  # of an event, on average
YEARS = timedelta(days=3 * 365)
END = datetime(2026, 11, 1, tzinfo=UTC)
# What Kraken calls a coin, and what one costs in euros.
_COINS = {"BTC": ("XXBT", 50_000), "ETH": ("XETH", 2_500), "SOL": ("SOL", 120), "DOT": ("DOT", 6)}
_UNIT = 10**8
_COFFER_HEADING = (
    "transaction,time,kind,exchange,connection,wallet,asset,amount,role,key,symbol,side,price,"
    "order,txid,network,address,status,description"
)
_KRAKEN_HEADING = '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"'


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: legs as (asset, hundred-millionths), and a fee in euros, in the same."""

    number: int
    at: datetime
    kind: str
    legs: tuple[tuple[str, int], ...]
    fee: int = 0


def life(rows: int, layout: str, *, seed: int = 1) -> Iterator[Happening]:
    """Events that make about that many rows of a layout: mostly trades, oldest first."""
    chance = random.Random(seed)  # noqa: S311
    count = round(rows / ROWS_EACH[layout])
    step = YEARS / count
    for number in range(1, count + 1):
        at = END - YEARS + (number - 1) * step + step * chance.random()
        yield _happening(chance, number, at.replace(microsecond=0))


def _happening(chance: random.Random, number: int, at: datetime) -> Happening:
    coin = chance.choice(tuple(_COINS))
    amount = chance.randrange(1, _UNIT)
    if number % 20 == 1:
        return Happening(number, at, "deposit", (("EUR", 1_000_000 * _UNIT + amount),))
    if number % 50 == 7:
        return Happening(number, at, "withdrawal", (("EUR", -amount),), fee=_UNIT)
    if number % 25 == 3:
        return Happening(number, at, "reward", ((coin, amount // 1000 + 1),))
    cost = amount * _COINS[coin][1]
    sign = 1 if number < 100 or chance.random() < 0.6 else -1
    return Happening(
        number, at, "trade", ((coin, sign * amount), ("EUR", -sign * cost)), cost // 400 + 1
    )


def file_of(rows: int, layout: str) -> bytes:
    """A whole file."""
    line_of = _coffer_lines if layout == COFFER else _kraken_lines
    heading = _COFFER_HEADING if layout == COFFER else _KRAKEN_HEADING
    lines = [heading]
    for each in life(rows, layout):
        lines += line_of(each)
    return "\n".join((*lines, "")).encode()


def _coffer_lines(of: Happening) -> Iterator[str]:
    legs = [(asset, amount, "principal") for asset, amount in of.legs]
    if of.fee:
        legs.append(("EUR", -of.fee, "fee"))
    for asset, amount, role in legs:
        yield (
            f"{of.number},{of.at:%Y-%m-%dT%H:%M:%SZ},{of.kind},other,Bench,spot,{asset},"
            f"{_text(amount)},{role},K{of.number},,,,,,,,,"
        )


def _kraken_lines(of: Happening) -> Iterator[str]:
    for entry, row in _ledger(of):
        at = f"{of.at:%Y-%m-%d %H:%M:%S}"
        cells = (entry, row["refid"], at, row["type"], "", "currency", row["asset"])
        yield ",".join(f'"{cell}"' for cell in (*cells, row["amount"], row["fee"], ""))


def answers(rows: int) -> Iterator[FetchedRecord]:
    """The same life as Kraken's own answers tell it: a record for each row of its file."""
    for each in life(rows, KRAKEN):
        for entry, row in _ledger(each):
            told = row | {"time": int(each.at.timestamp())}
            yield FetchedRecord(entry, each.at, json.dumps({entry: told}))


def _ledger(of: Happening) -> Iterator[tuple[str, dict[str, str]]]:
    for place, (asset, amount) in enumerate(of.legs):
        code = "ZEUR" if asset == "EUR" else _COINS[asset][0]
        fee = of.fee if asset == "EUR" else 0
        yield (
            f"L{of.number}-{place}",
            {
                "refid": f"T{of.number}",
                "type": of.kind,
                "subtype": "",
                "aclass": "currency",
                "asset": code,
                "amount": _text(amount),
                "fee": _text(fee),
                "balance": "0",
            },
        )


def _text(units: int) -> str:
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // _UNIT}.{abs(units) % _UNIT:08d}"
