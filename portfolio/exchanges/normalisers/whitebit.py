"""WhiteBIT: deals, deposits, withdrawals, conversions, codes and contracts, each by its list.

Nothing tells of moves between its three balances (main, spot, collateral), so they are one wallet.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_seconds, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "spot"
SETTLED_IN = "USDT"  # all perpetual contracts
_PERPETUAL = "_PERP"
DEPOSITED = WITHDRAWN = ("3", "7")
_PARTLY = "18"
_STATUS = {
    **dict.fromkeys(("3", "7"), "successful"),
    **dict.fromkeys(("4", "9"), "canceled"),
    "5": "unconfirmed by user",
    _PARTLY: "partially successful",
    "21": "additional data required",
    "22": "uncredited",
    "27": "awaiting verification",
    "28": "confirmation in progress",
}


def is_perpetual(market: str) -> bool:
    """Tell whether a market trades contracts, not coins."""
    return market.endswith(_PERPETUAL)


def pair(market: str) -> tuple[str, str]:
    """Return the (base, quote) codes of a market such as BTC_USDT or BTC_PERP."""
    base, _, quote = market.partition("_")
    return base, SETTLED_IN if is_perpetual(market) else quote


def deal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deal: both legs and the fee, which is taken in the quote; a contract's only explains."""
    market = str(row["market"])
    base, quote = pair(market)
    role = {"1": "maker", "2": "taker"}.get(str(row.get("role")))
    fee = f"{row['fee']} {_fee_asset(row, quote)}"
    told = f"{row['amount']} {base} at {row['price']} {quote}, fee {fee}"
    contract = is_perpetual(market)
    order = str(row.get("orderId") or row["id"])
    shown = {"symbol": market if contract else f"{base}/{quote}", "side": str(row["side"])}
    one = {f"deal {row['id']}": told} if contract else detail(row, price="price", trade="id")
    return Event(
        key=f"position:{market}:{order}" if contract else f"trade:{market}:{row['id']}",
        kind=TransactionKind.REALISED_PNL if contract else TransactionKind.TRADE,
        occurred_at=at_seconds(row["time"]),
        movements=() if contract else _legs(row, base, quote),
        detail={**shown, "order": order, **({"role": role} if role else {}), **one},
    )


def _fee_asset(row: dict[str, Any], quote: str) -> str:
    return str(row.get("feeAsset") or quote)


def _legs(row: dict[str, Any], base: str, quote: str) -> tuple[Movement, ...]:
    amount, value, fee = (exact(row[name]) for name in ("amount", "deal", "fee"))
    buys = row["side"] == "buy"
    moved = (
        Movement(WALLET, base, amount if buys else money.negate(amount)),
        Movement(WALLET, quote, money.negate(value) if buys else value),
        Movement(WALLET, _fee_asset(row, quote), money.negate(fee), PostingRole.FEE),
    )
    return tuple(movement for movement in moved if movement.amount)


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit: what is credited is the amount less the fee."""
    status, fee = str(row["status"]), exact(row.get("fee") or "0")
    booked = _with_fee(row["ticker"], exact(row["amount"]), fee) if status in DEPOSITED else ()
    return _moved("deposit", TransactionKind.DEPOSIT, row, booked)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: its amount has the fee in it; of a partial one, what was processed."""
    status = str(row["status"])
    amount, fee = exact(row["amount"]), exact(row.get("fee") or "0")
    part = (row.get("details") or {}).get("partial") or {}
    if status == _PARTLY and part:
        amount, fee = exact(part["processedAmount"]), exact(part["processedFee"])
    sent = money.add(amount, money.negate(fee))
    out = (
        Movement(WALLET, row["ticker"], money.negate(sent)),
        Movement(WALLET, row["ticker"], money.negate(fee), PostingRole.FEE),
    )
    booked = tuple(m for m in out if m.amount) if status in (*WITHDRAWN, _PARTLY) else ()
    return _moved("withdrawal", TransactionKind.WITHDRAWAL, row, booked)


def _with_fee(asset: str, amount: Decimal, fee: Decimal) -> tuple[Movement, ...]:
    moved = (
        Movement(WALLET, asset, amount),
        Movement(WALLET, asset, money.negate(fee), PostingRole.FEE),
    )
    return tuple(movement for movement in moved if movement.amount)


def _moved(
    word: str, kind: TransactionKind, row: dict[str, Any], booked: tuple[Movement, ...]
) -> Event:
    status = str(row["status"])
    return Event(
        key=f"{word}:{row['transactionId']}",
        kind=kind,
        occurred_at=at_seconds(row["createdAt"]),
        movements=booked,
        detail={
            "status": _STATUS.get(status, f"pending ({status})"),
            **detail(row, network="network", address="address", tag="memo", txid="transactionHash"),
            **detail(row, description="description"),
        },
    )


def conversion(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A conversion: what was given for what was received, from one end of its path to the other."""
    path = row["path"]
    given, got = str(path[0]["from"]), str(path[-1]["to"])
    return Event(
        key=f"convert:{row['id']}",
        kind=TransactionKind.CONVERSION,
        occurred_at=at_seconds(row["date"]),
        movements=(
            Movement(WALLET, given, money.negate(exact(row["give"]))),
            Movement(WALLET, got, exact(row["receive"])),
        ),
        detail=detail(row, price="rate"),
    )


def code(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A WhiteBIT code that was made (money goes out) or used (money comes in)."""
    amount = exact(row["amount"])
    return Event(
        key=f"code:{row['external_id']}",
        kind=TransactionKind.WITHDRAWAL if amount < 0 else TransactionKind.DEPOSIT,
        occurred_at=at_seconds(row["date"]),
        movements=(Movement(WALLET, row["ticker"], amount),) if amount else (),
        detail={"network": "WhiteBIT code", **detail(row, status="status")},
    )


def position(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A change of a position in contracts: what it realised, and its fee.

    ``realizedPnl`` is net of the fee: an opening order that costs 0.03 has realised -0.03. Of a
    margin position on a pair of coins nothing is booked, since its deals are, both legs of them.
    """
    market, order = str(row["market"]), row.get("orderDetail") or {}
    fee, told = exact(order.get("tradeFee") or "0"), order.get("realizedPnl")
    net = exact(told) if told not in (None, "") else money.negate(fee)
    booked = _with_fee(SETTLED_IN, money.add(net, fee), fee) if is_perpetual(market) else ()
    liquidated = bool(row.get("liquidationState"))
    return Event(
        key=f"position:{market}:{order.get('id') or row['positionId']}",
        kind=TransactionKind.LIQUIDATION if liquidated else TransactionKind.REALISED_PNL,
        occurred_at=at_seconds(row["modifyDate"]),
        movements=booked,
        detail={
            "symbol": market,
            **detail(row, position="positionId", liquidation="liquidationState"),
            **detail(order, price="price", quantity="tradeAmount", funding="fundingFee"),
        },
    )
