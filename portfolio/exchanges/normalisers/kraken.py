"""Kraken: the ledger books everything; trades and status lists add what the ledger does not say."""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import kraken_asset, kraken_pair
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_seconds, detail, exact
from portfolio.exchanges.types import StreamSpec

_KINDS = {
    "trade": TransactionKind.TRADE,
    "spend": TransactionKind.CONVERSION,
    "receive": TransactionKind.CONVERSION,
    "conversion": TransactionKind.CONVERSION,
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "staking": TransactionKind.REWARD,
    "reward": TransactionKind.REWARD,
    "dividend": TransactionKind.REWARD,
    "invite bonus": TransactionKind.REWARD,
    "sale": TransactionKind.CONVERSION,
    "margin": TransactionKind.REALISED_PNL,
    "settled": TransactionKind.CONVERSION,
    "credit": TransactionKind.ADJUSTMENT,
    "adjustment": TransactionKind.ADJUSTMENT,
    "rollover": TransactionKind.FEE,
}
_EARNED = ("", "reward")
_EARN_MOVES = ("allocation", "deallocation", "autoallocation", "autodeallocation", "migration")
_TRANSFER_MOVES = ("spot", "staking", "futures", "earn", "margin")
asset, pair = kraken_asset, kraken_pair


def ledger(stream: StreamSpec, record: dict[str, Any]) -> Event:
    """One ledger row: the amount, and in addition the fee. Rows of one refid are one event."""
    ((entry, row),) = record.items()
    code, wallet = asset(row["asset"])
    fee = exact(row.get("fee") or "0")
    moved = [Movement(wallet, code, exact(row["amount"]))]
    if fee:
        moved.append(Movement(wallet, code, money.negate(fee), PostingRole.FEE))
    return Event(
        key=f"ledger:{row['refid']}",
        kind=_kind(str(row["type"]), str(row.get("subtype") or "")),
        occurred_at=at_seconds(row["time"]),
        movements=tuple(moved),
        detail={
            **detail(row, type="type", subtype="subtype", reference="refid"),
            "entry": entry,
        },
    )


def trade(stream: StreamSpec, record: dict[str, Any]) -> Event:
    """A trade's price, side and order, for the ledger rows that book it (their refid is its id)."""
    ((trade_id, row),) = record.items()
    base, quote = pair(str(row["pair"]))
    shown = detail(row, side="type", price="price", order="ordertxid", order_type="ordertype")
    return Event(
        key=f"ledger:{trade_id}",
        kind=TransactionKind.TRADE,
        occurred_at=at_seconds(row["time"]),
        detail={"symbol": f"{base}/{quote}" if base else str(row["pair"]), **shown},
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit's status, transaction id and address; the amount is booked from the ledger."""
    return _status(row, TransactionKind.DEPOSIT)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal's status, transaction id and address; the ledger books the amount."""
    return _status(row, TransactionKind.WITHDRAWAL)


def _status(row: dict[str, Any], kind: TransactionKind) -> Event:
    shown = detail(
        row,
        status="status",
        method="method",
        network="network",
        txid="txid",
        address="info",
        address_name="key",
    )
    return Event(
        key=f"ledger:{row['refid']}",
        kind=kind,
        occurred_at=at_seconds(row["time"]),
        detail=shown,
    )


def _kind(row_type: str, subtype: str) -> TransactionKind:
    if row_type == "earn":
        if subtype in _EARNED:
            return TransactionKind.REWARD
        moved = subtype in _EARN_MOVES
        return TransactionKind.TRANSFER if moved else TransactionKind.UNCLASSIFIED
    if row_type in ("transfer", "custodytransfer"):
        if "airdrop" in subtype:
            return TransactionKind.AIRDROP
        moves = any(word in subtype for word in _TRANSFER_MOVES)
        return TransactionKind.TRANSFER if moves else TransactionKind.UNCLASSIFIED
    return kind_of(row_type, _KINDS)
