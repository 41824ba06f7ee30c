"""Transactions written as people read them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal

from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole, TransactionKind

_numbers = itertools.count(1)
EUROS = ExportContext(currency="EUR")


def leg(text: str) -> ExportLeg:
    """Reads "-0.5 BTC", "-0.5 BTC fee", "1 DOT in staking"."""
    amount, asset, *rest = text.split()
    role = PostingRole.FEE if "fee" in rest else PostingRole.PRINCIPAL
    wallet = rest[rest.index("in") + 1] if "in" in rest else "spot"
    return ExportLeg(wallet, asset, Decimal(amount), role)


def event(at: str, kind: str, *legs: str, key: str = "", **detail: str) -> ExportTransaction:
    """A transaction at a UTC time such as "2024-05-02 11:30"."""
    number = next(_numbers)
    return ExportTransaction(
        id=number,
        occurred_at=datetime.fromisoformat(at).replace(tzinfo=UTC),
        kind=TransactionKind(kind),
        account="main",
        account_label="Main",
        exchange="binance",
        key=key or f"T{number}",
        legs=tuple(leg(text) for text in legs),
        detail=detail,
    )
