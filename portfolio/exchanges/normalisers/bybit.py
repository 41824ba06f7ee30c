"""Bybit's unified wallet: the transaction log books everything, executions explain its rows.

A log row's ``change`` is the truth: what the wallet's cash changed by. ``cashFlow + funding - fee``
says what it is made of.
"""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

UNIFIED = "unified"

_KINDS = {
    "DELIVERY": TransactionKind.REALISED_PNL,
    "LIQUIDATION": TransactionKind.LIQUIDATION,
    "ADL": TransactionKind.LIQUIDATION,
    "AIRDROP": TransactionKind.AIRDROP,
    "BONUS": TransactionKind.REWARD,
    "BONUS_RECOLLECT": TransactionKind.ADJUSTMENT,
    "FEE_REFUND": TransactionKind.REWARD,
    "INTEREST": TransactionKind.INTEREST,
    "AUTO_DEDUCTION": TransactionKind.ADJUSTMENT,
    "TRANSFER_IN": TransactionKind.TRANSFER,
    "TRANSFER_OUT": TransactionKind.TRANSFER,
    "CURRENCY_BUY": TransactionKind.CONVERSION,
    "CURRENCY_SELL": TransactionKind.CONVERSION,
    "CONVERT": TransactionKind.CONVERSION,
    "SPOT_REPAYMENT_BUY": TransactionKind.CONVERSION,
    "SPOT_REPAYMENT_SELL": TransactionKind.CONVERSION,
    "AUTO_SOLD_COLLATERAL_INS_LOAN": TransactionKind.CONVERSION,
    "AUTO_BUY_LIABILITY_INS_LOAN": TransactionKind.CONVERSION,
    "TRANSFER_IN_INS_LOAN": TransactionKind.TRANSFER,
    "TRANSFER_OUT_INS_LOAN": TransactionKind.TRANSFER,
    "LOANS_PLEDGE_ASSET": TransactionKind.TRANSFER,
    "PREMARKET_TRANSFER_OUT": TransactionKind.TRANSFER,
    "CUSTODY_LOCK": TransactionKind.TRANSFER,
    "CUSTODY_UNLOCK": TransactionKind.TRANSFER,
    "CUSTODY_UNLOCK_REFUND": TransactionKind.TRANSFER,
    "PEF_TRANSFER_IN": TransactionKind.TRANSFER,
    "PEF_TRANSFER_OUT": TransactionKind.TRANSFER,
    "BONUS_TRANSFER_IN": TransactionKind.REWARD,
    "BONUS_TRANSFER_OUT": TransactionKind.ADJUSTMENT,
    "INTEREST_REPAYMENT_INS_LOAN": TransactionKind.INTEREST,
    "AUTO_INTEREST_REPAYMENT_INS_LOAN": TransactionKind.INTEREST,
    "CUSTODY_NETWORK_FEE": TransactionKind.FEE,
    "CUSTODY_SETTLE_FEE": TransactionKind.FEE,
    "PEF_PROFIT_SHARE": TransactionKind.FEE,
    # What is lent and paid back is neither won nor lost.
    "BORROWED_AMOUNT_INS_LOAN": TransactionKind.OTHER,
    "PRINCIPLE_REPAYMENT_INS_LOAN": TransactionKind.OTHER,
    "AUTO_PRINCIPLE_REPAYMENT_INS_LOAN": TransactionKind.OTHER,
    "LOANS_BORROW_FUNDS": TransactionKind.OTHER,
}
_MOVES = ("_SUBSCRIPTION", "_REDEMPTION", "_REFUND")  # into and out of Earn and other products
_TRANSFERS = ("TRANSFER_IN", "TRANSFER_OUT")


def row_id(row: dict[str, Any]) -> str:
    """Return what tells rows apart; their ids alone are the same for two rows in some examples."""
    parts = (row.get("id"), row["currency"], row.get("tradeId"), row.get("cashBalance"))
    told = ":".join(str(part or "") for part in parts)
    return told if row.get("id") else f"{row['transactionTime']}{told}"


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the transaction log; rows of one execution or conversion are one event."""
    shown = detail(row, type="type", reference="orderId", trade="tradeId")
    return Event(
        key=_key(row),
        kind=_kind(row),
        occurred_at=at_ms(row["transactionTime"]),
        movements=_movements(row),
        detail={**shown, **detail(row, symbol="symbol", price="tradePrice")}
        if row.get("symbol")
        else shown,
    )


def _movements(row: dict[str, Any]) -> tuple[Movement, ...]:
    change, coin = exact(row["change"]), row["currency"]
    fee, flow, funding = (exact(row.get(name) or "0") for name in ("fee", "cashFlow", "funding"))
    principal = money.add(flow, funding)
    if money.add(principal, money.negate(fee)) != change:  # made of more than these three
        principal, fee = change, money.ZERO
    moved = (
        Movement(UNIFIED, coin, principal),
        Movement(UNIFIED, coin, money.negate(fee), PostingRole.FEE),
    )
    return tuple(movement for movement in moved if movement.amount)


def _key(row: dict[str, Any]) -> str:
    kind, trade = str(row["type"]), row.get("tradeId")
    if _KINDS.get(kind) is TransactionKind.CONVERSION:
        return f"convert:{row.get('orderId') or trade or row['transactionTime']}"
    if trade:
        return f"execution:{row['category']}:{trade}"
    if kind in _TRANSFERS:
        return f"transfer:{_transfer_id(row) or row_id(row)}"
    return f"ledger:{row.get('id') or row_id(row)}"


def _transfer_id(row: dict[str, Any]) -> str:
    """Return the transfer's own id, which the row's ends with: account, coin, transfer."""
    parts = str(row.get("id") or "").split("_", 2)
    told = len(parts) == 3 and parts[1] == row["currency"] and not parts[2].isdigit()
    return parts[2] if told else ""


def _kind(row: dict[str, Any]) -> TransactionKind:
    kind = str(row["type"])
    flow = exact(row.get("cashFlow") or "0")
    if kind == "TRADE":
        if row["category"] == "spot":
            return TransactionKind.TRADE
        return TransactionKind.REALISED_PNL if flow else TransactionKind.FEE
    if kind == "SETTLEMENT":
        funding = exact(row.get("funding") or "0")
        session = flow and not funding  # USDC contracts settle their profit every eight hours
        return TransactionKind.REALISED_PNL if session else TransactionKind.FUNDING
    if kind.endswith(_MOVES):
        return _KINDS.get(kind, TransactionKind.TRANSFER)
    return kind_of(kind, _KINDS)


_EXECUTIONS = {
    "Funding": TransactionKind.FUNDING,
    "BustTrade": TransactionKind.LIQUIDATION,
    "AdlTrade": TransactionKind.LIQUIDATION,
    "Delivery": TransactionKind.REALISED_PNL,
    "Settle": TransactionKind.REALISED_PNL,
}


def execution(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Price, side and order of an execution, for the log rows that book it."""
    category, kind = stream.scope["category"], str(row.get("execType") or "")
    shown = detail(
        row,
        symbol="symbol",
        price="execPrice",
        quantity="execQty",
        order="orderId",
        trade="execId",
        execution="execType",
    )
    side = {} if kind == "Funding" else {"side": str(row["side"]).lower()}
    role = {"role": "maker" if row.get("isMaker") else "taker"} if kind == "Trade" else {}
    return Event(
        key=f"execution:{category}:{row['execId']}",
        kind=_EXECUTIONS.get(kind, TransactionKind.TRADE),
        occurred_at=at_ms(row["execTime"]),
        detail={**shown, **side, **role, "market": category},
    )
