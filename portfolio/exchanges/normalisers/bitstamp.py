"""Bitstamp: one list of transactions books everything, each row with a column per currency."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_utc_text, exact
from portfolio.exchanges.types import StreamSpec

SPOT = "spot"

_KINDS = {
    "0": TransactionKind.DEPOSIT,
    "1": TransactionKind.WITHDRAWAL,
    "2": TransactionKind.TRADE,
    "14": TransactionKind.TRANSFER,  # sub-accounts
    "25": TransactionKind.TRANSFER,  # staked assets come back
    "26": TransactionKind.TRANSFER,  # assets sent to staking
    "27": TransactionKind.REWARD,  # of staking
    "32": TransactionKind.REWARD,  # of a referral
    "33": TransactionKind.TRANSFER,  # settlement
    "35": TransactionKind.TRANSFER,  # between accounts
    "58": TransactionKind.REALISED_PNL,  # derivatives, periodically
    "61": TransactionKind.LIQUIDATION,
}
# Columns that are no currency; those with an underscore are rates of a pair or ids.
_OTHER_COLUMNS = frozenset(
    ("amount", "datetime", "fee", "id", "leverage", "market", "price", "status", "tid", "type")
)
_CURRENCY = re.compile(r"^[a-z0-9]+$")
_PAIR = re.compile(r"^(?P<base>[a-z0-9]+)_(?P<quote>[a-z0-9]+)(?P<contract>-perp)?$")
_IDS = frozenset(("order_id", "self_trade", "self_trade_order_id"))


def transaction(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row. Amounts are signed; the fee goes out in addition to them."""
    kind = kind_of(row["type"], _KINDS)
    amounts, traded = dict(_amounts(row)), _pair(row)
    moved = [Movement(SPOT, code, amount) for code, amount in amounts.items()]
    fee = exact(row.get("fee") or "0")
    if fee:
        code = _fee_currency(amounts, traded)
        moved.append(Movement(SPOT, code, money.negate(fee), PostingRole.FEE))
    return Event(
        key=f"transaction:{row['id']}",
        kind=kind,
        occurred_at=at_utc_text(row["datetime"]),
        movements=tuple(moved),
        detail=_detail(row, amounts, traded),
    )


def _amounts(row: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for name, value in row.items():
        if name in _OTHER_COLUMNS or not _CURRENCY.match(name) or value in (None, ""):
            continue
        if amount := exact(value):
            yield name.upper(), amount


def _pair(row: dict[str, Any]) -> tuple[str, str, str, Decimal] | None:
    """Return (base, quote, symbol, rate) of the pair that was traded."""
    for name, value in row.items():
        told = None if name in _IDS else _PAIR.match(name)
        if told and value not in (None, "") and exact(value):
            base, quote = told["base"].upper(), told["quote"].upper()
            return base, quote, f"{base}/{quote}{(told['contract'] or '').upper()}", exact(value)
    return None


def _fee_currency(amounts: dict[str, Decimal], traded: tuple[str, str, str, Decimal] | None) -> str:
    """Return what a fee is in: the quote of a trade, else the one currency that moved."""
    if traded:
        return traded[1]
    if len(amounts) != 1:
        raise ValueError("a fee of no currency")
    return next(iter(amounts))


def _detail(
    row: dict[str, Any],
    amounts: dict[str, Decimal],
    traded: tuple[str, str, str, Decimal] | None,
) -> dict[str, str]:
    found = {"type": str(row["type"])}
    if row.get("order_id"):
        found["order"] = str(row["order_id"])
    if traded:
        base, _, symbol, rate = traded
        found |= {"symbol": symbol, "price": money.plain(rate)}
        if base in amounts:
            found["side"] = "sell" if amounts[base] < 0 else "buy"
    return found
