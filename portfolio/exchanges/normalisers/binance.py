"""Binance: trades, deposits, withdrawals, dividends and moves between own wallets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.binance_futures import COIN_M, USD_M
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

_WALLETS = {  # as the types of transfers spell them
    "MAIN": "spot",
    "FUNDING": "funding",
    "MARGIN": "cross margin",
    "UMFUTURE": USD_M,
    "CMFUTURE": COIN_M,
}
_BY_WALLET_TYPE = {"0": "spot", "1": "funding"}

# What the wallet already has: 1 is final; 6 is credited, only not yet free to be withdrawn.
DEPOSIT_BOOKED = {"1", "6"}
_DEPOSIT_STATUS = {
    "0": "pending",
    "1": "success",
    "2": "rejected",
    "6": "credited, not withdrawable yet",
    "7": "wrong deposit",
    "8": "waiting for confirmation",
}
_WITHDRAWAL_COMPLETED = "6"
_WITHDRAWAL_STATUS = {
    "0": "email sent",
    "1": "cancelled",
    "2": "awaiting approval",
    "3": "rejected",
    "4": "processing",
    "5": "failure",
    "6": "completed",
}


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Both legs of a spot trade and its fee, which may be in a third asset (BNB)."""
    return fill(stream, row, wallet="spot", name="trade")


def fill(stream: StreamSpec, row: dict[str, Any], *, wallet: str, name: str) -> Event:
    """A trade in ``wallet``; ids are unique within a pair and ``name``."""
    base, quote = stream.scope["base"], stream.scope["quote"]
    quantity = exact(row["qty"])
    known = row.get("quoteQty")
    cost = exact(known) if known else money.multiply(quantity, exact(row["price"]))
    buys = row["isBuyer"]
    movements = [
        Movement(wallet, base, quantity if buys else money.negate(quantity)),
        Movement(wallet, quote, money.negate(cost) if buys else cost),
        *_fee(wallet, row["commissionAsset"], exact(row["commission"])),
    ]
    shown = detail(row, price="price", order="orderId", trade="id")
    return Event(
        key=f"{name}:{stream.scope['symbol']}:{row['id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["time"]),
        movements=tuple(movements),
        detail={
            "symbol": f"{base}/{quote}",
            "side": "buy" if row["isBuyer"] else "sell",
            "role": "maker" if row.get("isMaker") else "taker",
            **shown,
        },
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit; it moves nothing until the exchange has credited it."""
    status = str(row["status"])
    wallet = _wallet(row)
    moved = (Movement(wallet, row["coin"], exact(row["amount"])),)
    shown = detail(row, network="network", address="address", tag="addressTag", txid="txId")
    return Event(
        key=f"deposit:{deposit_id(row)}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["insertTime"]),
        movements=moved if status in DEPOSIT_BOOKED else (),
        detail={"status": _DEPOSIT_STATUS.get(status, status), **shown},
    )


def deposit_id(row: dict[str, Any]) -> str:
    """Return what names a deposit: its id, or in older answers its transaction."""
    return str(row["id"]) if row.get("id") else f"{row['coin']}:{row['txId']}:{row['insertTime']}"


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: ``amount`` is what arrives, the network fee goes out in addition."""
    status = str(row["status"])
    wallet = _wallet(row)
    moved = (
        Movement(wallet, row["coin"], money.negate(exact(row["amount"]))),
        *_fee(wallet, row["coin"], exact(row.get("transactionFee") or "0")),
    )
    shown = detail(row, network="network", address="address", tag="addressTag", txid="txId")
    return Event(
        key=f"withdrawal:{row['id']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_utc_text(row["applyTime"]),
        movements=moved if status == _WITHDRAWAL_COMPLETED else (),
        detail={"status": _WITHDRAWAL_STATUS.get(status, status), **shown},
    )


def dividend(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """An asset dividend: earn and staking payouts, airdrops, referral and other distributions."""
    taken_back = str(row.get("direction", "1")) == "-1"
    amount = exact(row["amount"])
    return Event(
        key=f"reward:{dividend_id(row)}",
        kind=TransactionKind.ADJUSTMENT if taken_back else _payout(str(row.get("enInfo") or "")),
        occurred_at=at_ms(row["divTime"]),
        movements=(Movement("spot", row["asset"], money.negate(amount) if taken_back else amount),),
        detail=detail(row, description="enInfo", reference="tranId"),
    )


def _payout(about: str) -> TransactionKind:
    return TransactionKind.AIRDROP if "airdrop" in about.lower() else TransactionKind.REWARD


def dividend_id(row: dict[str, Any]) -> str:
    """Return what names a dividend: its id, or in older answers its transaction and asset."""
    older = f"{row['tranId']}:{row['asset']}:{row['divTime']}"
    return str(row["id"]) if row.get("id") else older


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A move between two own wallets; a futures wallet's leg is left to its income row."""
    source, _, target = str(row["type"]).partition("_")
    amount = exact(row["amount"])
    legs = (
        Movement(_WALLETS.get(source, source.lower()), row["asset"], money.negate(amount)),
        Movement(_WALLETS.get(target, target.lower()), row["asset"], amount),
    )
    moved = tuple(leg for leg in legs if leg.wallet not in (USD_M, COIN_M))
    return Event(
        key=f"transfer:{row['tranId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["timestamp"]),
        movements=moved if row["status"] == "CONFIRMED" else (),
        detail=detail(row, status="status", direction="type", reference="tranId"),
    )


def _wallet(row: dict[str, Any]) -> str:
    code = str(row.get("walletType", "0"))
    return _BY_WALLET_TYPE.get(code, f"wallet {code}")


def _fee(wallet: str, asset: str, amount: Decimal) -> tuple[Movement, ...]:
    return (Movement(wallet, asset, money.negate(amount), PostingRole.FEE),) if amount else ()
