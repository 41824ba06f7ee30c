"""What a tax report was made of, transaction by transaction, small enough to keep with it.

Two reports are held against each other by these: a transaction is known by its account and key,
whatever number it has, and what is said of it apart from what it was worth.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from portfolio.engine.export import ExportTransaction
from portfolio.engine.money import plain

_ROW = struct.Struct(">8s8s8sq")
_BETWEEN = "\x1f"


class Input(NamedTuple):
    """One transaction: digests of who it is, of what is told of it, and of what it was worth."""

    name: bytes
    told: bytes
    worth: bytes
    transaction: int


class Inputs:
    """Collects them while a ledger is read, oldest first."""

    def __init__(self, costs: Mapping[int, Decimal]) -> None:
        """``costs`` are what their owner says was paid, by transaction."""
        self._costs = costs
        self._rows = bytearray()
        self._seen: dict[bytes, int] = {}
        self.as_of: datetime | None = None  # of the latest transaction

    def add(self, transaction: ExportTransaction) -> None:
        """Notes one transaction."""
        self.as_of = transaction.occurred_at
        name = _digest(f"{transaction.account}{_BETWEEN}{transaction.key}")
        # An edit may split one into several of one key.
        self._seen[name] = again = self._seen.get(name, -1) + 1
        if again:
            name = _digest(f"{name.hex()}{_BETWEEN}{again}")
        cost = self._costs.get(transaction.id)
        worths = [_worth(leg.value) for leg in transaction.legs]
        worth = _digest(_BETWEEN.join([*worths, _worth(cost)]))
        self._rows += _ROW.pack(name, _digest(_told(transaction)), worth, transaction.id)

    def packed(self) -> bytes:
        """To be kept."""
        return zlib.compress(bytes(self._rows), 1)


def unpacked(data: bytes) -> Iterator[Input]:
    """What was kept, in its order."""
    return (Input(*row) for row in _ROW.iter_unpack(zlib.decompress(data)))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _worth(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _told(transaction: ExportTransaction) -> str:
    """All that the tax makes something of, but the worth; never a row's number."""
    parts = [transaction.occurred_at.isoformat(), transaction.kind.value, *transaction.tags]
    for leg in transaction.legs:
        parts += (leg.wallet, leg.asset, plain(leg.amount), leg.role.value)
    for other in (transaction.counterpart, *(p.counterpart for p in transaction.pieces)):
        if other is not None:
            parts += ("to", other.account, other.wallet, other.asset, plain(other.amount))
    return _BETWEEN.join(parts)
