"""Upbit: closed orders, deposits and withdrawals; nothing else is listed."""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "spot"
_ALIASES = {"TON": "TOKAMAK"}  # Tokamak Network; elsewhere TON is another coin
_DEPOSITED = "ACCEPTED"
_WITHDRAWN = "DONE"


def asset(code: str) -> str:
    """Return the canonical code of one of Upbit's currencies."""
    return _ALIASES.get(code, code)


def pair(market: str) -> tuple[str, str]:
    """Return the (base, quote) codes of a market; its name has the quote first: KRW-BTC."""
    quote, _, base = market.partition("-")
    return asset(base), asset(quote)


def order(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """A closed order with all of its fills; None where it was cancelled without any.

    The fee is taken in the quote, in addition to what is paid or out of what is received.
    """
    amount = exact(row["executed_volume"])
    if not amount:
        return None
    base, quote = pair(str(row["market"]))
    value, fee = exact(row["executed_funds"]), exact(row.get("paid_fee") or "0")
    buys = row["side"] == "bid"
    moved = (
        Movement(WALLET, base, amount if buys else money.negate(amount)),
        Movement(WALLET, quote, money.negate(value) if buys else value),
        Movement(WALLET, quote, money.negate(fee), PostingRole.FEE),
    )
    return Event(
        key=f"order:{row['uuid']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_utc_text(row["created_at"]),
        movements=tuple(movement for movement in moved if movement.amount),
        detail={
            "symbol": f"{base}/{quote}",
            "side": "buy" if buys else "sell",
            **detail(row, type="ord_type", status="state", limit="price", fills="trades_count"),
            "order": str(row["uuid"]),
        },
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit, once it is accepted."""
    amount = exact(row["amount"])
    booked = str(row["state"]).upper() == _DEPOSITED
    return _moved(row, TransactionKind.DEPOSIT, amount, booked=booked)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal, once it is done: its fee goes out in addition to the amount."""
    amount = money.negate(exact(row["amount"]))
    booked = str(row["state"]).upper() == _WITHDRAWN
    return _moved(row, TransactionKind.WITHDRAWAL, amount, booked=booked)


def _moved(row: dict[str, Any], kind: TransactionKind, amount: Any, *, booked: bool) -> Event:
    code, fee = asset(str(row["currency"])), exact(row.get("fee") or "0")
    moved = (
        Movement(WALLET, code, amount),
        Movement(WALLET, code, money.negate(fee), PostingRole.FEE),
    )
    return Event(
        key=f"{kind.value}:{row['uuid']}",
        kind=kind,
        occurred_at=at_utc_text(row.get("done_at") or row["created_at"]),
        movements=tuple(movement for movement in moved if movement.amount) if booked else (),
        detail={
            "status": str(row["state"]).lower(),
            **detail(row, network="net_type", txid="txid", type="transaction_type"),
        },
    )
