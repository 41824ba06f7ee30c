"""The programs that run on one's own machine; most of them judge exports too (``judges``)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal

from tests.exports.meaning import Reader, Told


def _bittytax(content: bytes) -> list[Told]:
    """Bought less sold less fee; its own order is by time."""
    return [
        Told(row["Timestamp"][:19], _summed(row, (("Buy", 1), ("Sell", -1), ("Fee", -1))))
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]


def _summed(row: dict[str, str], columns: tuple[tuple[str, int], ...]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, sign in columns:
        if asset := row[f"{name} Asset"]:
            amount = sign * Decimal(row[f"{name} Quantity"])
            sums[asset] = sums.get(asset, Decimal(0)) + amount
    return sums


_AMOUNT = r"  +(-?[\d.]+) (\"[^\"]+\"|\S+)"


def _postings(wallet: str) -> Callable[[bytes], list[Told]]:
    """What each entry puts into wallets; what is under way is in none."""
    posting = re.compile(wallet + _AMOUNT)

    def read(content: bytes) -> list[Told]:
        told: list[Told] = []
        at = ""
        for line in content.decode().splitlines():
            if re.match(r"\d{4}-\d\d-\d\d \* ", line):
                at = line[:10]
            found = posting.match(line)
            if found and "Under" not in found[0]:
                told.append(Told(at, {found[2].strip('"'): Decimal(found[1])}))
        return [entry for entry in told if any(entry.change.values())]

    return read


def _rotki(content: bytes) -> list[Told]:
    packed = zipfile.ZipFile(io.BytesIO(content))
    trades = [_trade(row) for row in _table(packed, "rotki-trades.csv")]
    events = [_event(row) for row in _table(packed, "rotki-events.csv")]
    for told in (trades, events):
        assert told == sorted(told, key=lambda entry: entry.at)
    return sorted(trades + events, key=lambda entry: entry.at)


def _table(packed: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(packed.read(name).decode(), newline="")))


def _trade(row: dict[str, str]) -> Told:
    change = {row["Receive Currency"]: Decimal(row["Receive Amount"])}
    spent = row["Spend Currency"]
    change[spent] = change.get(spent, Decimal(0)) - Decimal(row["Spend Amount"])
    return Told(_second(row), _less_fee(row, change))


def _event(row: dict[str, str]) -> Told:
    sign = 1 if row["Type"] in ("Deposit", "Income", "Staking") else -1
    change = {row["Currency"]: sign * Decimal(row["Amount"])}
    return Told(_second(row), _less_fee(row, change))


def _less_fee(row: dict[str, str], change: dict[str, Decimal]) -> dict[str, Decimal]:
    """Both cells of a fee are filled, or neither."""
    assert bool(row["Fee"]) == bool(row["Fee Currency"])
    if asset := row["Fee Currency"]:
        change[asset] = change.get(asset, Decimal(0)) - Decimal(row["Fee"])
    return change


def _second(row: dict[str, str]) -> str:
    """Milliseconds, of which twins take the next."""
    assert re.fullmatch(r"\d{13}", row["Timestamp"])
    return row["Timestamp"][:10]


READERS = {
    "bittytax": Reader(_bittytax),
    "beancount": Reader(_postings(r"  (?:Assets:\S+)"), symbols={"1INCH": "X1INCH"}),
    "hledger": Reader(_postings(r"    (?:Assets:\S(?:\S| \S)*)")),
    "ledger": Reader(_postings(r"    (?:Assets:\S(?:\S| \S)*)")),
    "rotki": Reader(_rotki),
}
