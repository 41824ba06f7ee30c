"""The neutral stream as JSON: the same transactions give the same lines, whatever the format.

What an export was made of is fingerprinted over these lines, and JSON Lines files hold them.
Numbers are text, times are UTC, what is not there is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from portfolio.engine.export import (
    Counterpart,
    ExportContext,
    ExportLeg,
    ExportTransaction,
    TaxChoices,
    TransferPiece,
)
from portfolio.engine.money import plain
from portfolio.exports.format import utc

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def line(told: Mapping[str, Any]) -> bytes:
    """One line of JSON, its names in order."""
    return _ENCODER.encode(told).encode() + b"\n"


def of_context(context: ExportContext) -> dict[str, Any]:
    """What a whole export has in common."""
    return _there(
        {
            "currency": context.currency,
            "symbols": dict(context.symbols),
            "openings": [asdict(o) | {"quantity": plain(o.quantity)} for o in context.openings],
            "since": context.since and utc(context.since),
            "before": context.before and utc(context.before),
            "accounts": sorted(context.accounts),
            "tax": context.tax and _tax(context.tax),
        }
    )


def _tax(choices: TaxChoices) -> dict[str, Any]:
    settings = choices.settings
    return {
        "settings": {f.name: _told(getattr(settings, f.name)) for f in fields(settings)},
        "picks": dict(choices.picks),
        "costs": {str(number): plain(cost) for number, cost in sorted(choices.costs.items())},
    }


def _told(value: object) -> str:
    """As text; a set in order, since it has another in each process."""
    return str(sorted(value) if isinstance(value, frozenset) else value)


def of_transaction(transaction: ExportTransaction) -> dict[str, Any]:
    """One transaction with all its amounts."""
    return _there(
        {
            "id": transaction.id,
            "time": utc(transaction.occurred_at),
            "kind": transaction.kind.value,
            "exchange": transaction.exchange,
            "account": transaction.account,
            "connection": transaction.account_label,
            "key": transaction.key,
            "legs": [_leg(leg) for leg in transaction.legs],
            "detail": dict(transaction.detail),
            "transfer": transaction.transfer,
            "counterpart": transaction.counterpart and _counterpart(transaction.counterpart),
            "pieces": [_piece(piece) for piece in transaction.pieces],
            "note": transaction.note,
            "tags": list(transaction.tags),
        }
    )


def _there(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}


def _leg(leg: ExportLeg) -> dict[str, Any]:
    return _there(
        {
            "wallet": leg.wallet,
            "asset": leg.asset,
            "amount": plain(leg.amount),
            "role": leg.role.value,
            "value": _plain(leg.value),
        }
    )


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _counterpart(other: Counterpart) -> dict[str, Any]:
    told = asdict(other) | {"amount": plain(other.amount)}
    if not other.is_outside:
        del told["is_outside"]
    return told


def _piece(piece: TransferPiece) -> dict[str, Any]:
    told = {"transfer": piece.transfer, "asset": piece.asset, "amount": plain(piece.amount)}
    return told | {"counterpart": _counterpart(piece.counterpart)}
