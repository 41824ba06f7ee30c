"""Kraken's ledgers and trades: UTC with four decimals, one row for each leg."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.generate.kraken import KrakenAccount

_LEDGERS = ("txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee",
            "balance")  # fmt: skip
_TRADES = ("txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol",
           "margin", "misc", "ledgers")  # fmt: skip


def _time(ticks: int) -> str:
    whole, part = divmod(ticks, 10_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%d %H:%M:%S}.{part:04}"


def ledgers(account: KrakenAccount) -> Iterator[tuple[str, ...]]:
    """All that moved."""
    yield _LEDGERS
    for entry in account.ledger:
        row = entry.row | {"txid": entry.id, "time": _time(entry.ticks)}
        yield tuple(str(row[name]) for name in _LEDGERS)


def trades(account: KrakenAccount) -> Iterator[tuple[str, ...]]:
    """Purchases and sales."""
    yield _TRADES
    for entry in account.trades:
        legs = ",".join(entry.row["ledgers"])
        row = entry.row | {"txid": entry.id, "time": _time(entry.ticks), "ledgers": legs}
        yield tuple(str(row[name]) for name in _TRADES)
