"""Bybit's funding and earn wallets: what comes, goes and moves, and the funding wallet's own log.

Deposits, withdrawals, transfers and conversions have lists of their own, which name and explain
them; the log books the rest: peer-to-peer trades, airdrops, interest, sub-accounts, products.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.bybit import UNIFIED
from portfolio.exchanges.normalisers.values import at_ms, at_seconds, detail, exact
from portfolio.exchanges.types import StreamSpec

FUNDING, EARN = "funding", "earn"
_WALLETS = {"FUND": FUNDING, "UNIFIED": UNIFIED, "SPOT": "spot", "CONTRACT": "derivatives"}

_DEPOSIT_STATUS = {
    "0": "unknown",
    "1": "waiting for confirmation",
    "2": "processing",
    "3": "success",
    "4": "failed",
    "10011": "waiting to be credited",
    "10012": "credited",
}
_DEPOSIT_BOOKED = ("3", "10012")
_INTERNAL_STATUS = {"1": "processing", "2": "success", "3": "failed"}

# From this day on the list of conversions holds those made on the website too; what is earlier
# is in the log whoever made it.
CONVERSIONS_LISTED = datetime(2025, 9, 10, tzinfo=UTC)
_FUNDING_CONVERSIONS = ("eb_convert_funding", "funding")


def deposit_id(row: dict[str, Any]) -> str:
    """Return what names a deposit: its id, or in older answers its place on the chain."""
    older = f"{row['coin']}:{row.get('txID')}:{row.get('txIndex')}"
    return str(row["id"]) if row.get("id") else older


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit from a chain; it moves nothing until it is credited."""
    status = str(row["status"])
    fee = exact(row.get("depositFee") or "0")
    moved = (
        Movement(FUNDING, row["coin"], exact(row["amount"])),
        Movement(FUNDING, row["coin"], money.negate(fee), PostingRole.FEE),
    )
    shown = detail(row, network="chain", address="toAddress", tag="tag", txid="txID")
    return Event(
        key=f"deposit:{deposit_id(row)}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=deposited_at(row),
        movements=_that_move(moved) if status in _DEPOSIT_BOOKED else (),
        detail={"status": _DEPOSIT_STATUS.get(status, status), **shown},
    )


def deposited_at(row: dict[str, Any]) -> datetime:
    """Return when a deposit was last changed."""
    return at_ms(row.get("successAt") or row.get("createdTime") or 0)


def internal_deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit from another account at Bybit, which no chain has seen."""
    status = str(row["status"])
    moved = (Movement(FUNDING, row["coin"], exact(row["amount"])),)
    return Event(
        key=f"deposit:internal:{row['id']}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_seconds(row["createdTime"]),
        movements=moved if status == "2" else (),
        detail={
            "status": _INTERNAL_STATUS.get(status, status),
            "network": "within Bybit",
            **detail(row, reference="txID"),
        },
    )


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal, to a chain or within Bybit: the fee goes out in addition to ``amount``."""
    status, coin = str(row["status"]), row["coin"]
    moved = (
        Movement(FUNDING, coin, money.negate(exact(row["amount"]))),
        Movement(
            FUNDING, coin, money.negate(exact(row.get("withdrawFee") or "0")), PostingRole.FEE
        ),
    )
    shown = detail(row, network="chain", address="toAddress", tag="tag", txid="txID")
    return Event(
        key=f"withdrawal:{row['withdrawId']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["createTime"]),
        movements=_that_move(moved) if status in ("success", "BlockchainConfirmed") else (),
        detail={"status": status, **shown},
    )


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A move between two own wallets; the unified wallet's side is booked by its log."""
    amount = exact(row["amount"])
    sides = (
        (str(row["fromAccountType"]), money.negate(amount)),
        (str(row["toAccountType"]), amount),
    )
    moved = tuple(
        Movement(_WALLETS.get(account, account.lower()), row["coin"], signed)
        for account, signed in sides
        if account != "UNIFIED"
    )
    return Event(
        key=f"transfer:{row['transferId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["timestamp"]),
        movements=moved if row["status"] == "SUCCESS" else (),
        detail=detail(row, status="status", source="fromAccountType", target="toAccountType"),
    )


def conversion(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """A conversion in the funding wallet; those of the unified wallet are booked by its log."""
    moment = at_ms(row["createdAt"])
    if row["accountType"] not in _FUNDING_CONVERSIONS or moment < CONVERSIONS_LISTED:
        return None
    moved = (
        Movement(FUNDING, row["fromCoin"], money.negate(exact(row["fromAmount"]))),
        Movement(FUNDING, row["toCoin"], exact(row["toAmount"])),
    )
    return Event(
        key=f"convert:{row['exchangeTxId']}",
        kind=TransactionKind.CONVERSION,
        occurred_at=moment,
        movements=moved if row["exchangeStatus"] == "success" else (),
        detail=detail(row, status="exchangeStatus", price="convertRate"),
    )


def earn_order(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A stake or its redemption: earn's side; the other is in the paying wallet's log."""
    amount, word = exact(row["orderValue"]), str(row["orderType"])
    signed = {"Stake": amount, "Redeem": money.negate(amount)}.get(word)
    # Of another word it is not known which way it goes: the amount is shown, not booked.
    moved = () if signed is None else (Movement(EARN, row["coin"], signed),)
    shown = detail(row, status="status", type="orderType", product="productId", order="orderId")
    if signed is None:
        shown |= detail(row, amount="orderValue", asset="coin")
    return Event(
        key=f"earn:{row['orderId']}",
        kind=TransactionKind.UNCLASSIFIED if signed is None else TransactionKind.TRANSFER,
        occurred_at=at_ms(row["createdAt"]),
        movements=moved if row["status"] == "Success" else (),
        detail=shown,
    )


_PREFIX = "fundingAccountRecord"
_LISTED_GROUPS = (f"{_PREFIX}TypeDeposit", f"{_PREFIX}TypeWithdraw")
_LISTED = (f"{_PREFIX}TransferFromTradingAccount", f"{_PREFIX}Transfer2TradingAccount")
_CONVERT = f"{_PREFIX}Convert"
_PAYOUTS = ("Interest", "Yield", "Distribution", "Issuance", "Reward", "Bonus", "Rebate")


def log(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the funding wallet's log; None where a list of its own tells of it."""
    group, about = str(row["showBusiType"]), str(row["description"])
    moment = at_seconds(row["createTime"])
    converts = about == _CONVERT
    if group in _LISTED_GROUPS or about in _LISTED:
        return None
    if converts and moment >= CONVERSIONS_LISTED:
        return None
    amount = exact(row["txnAmt"]).copy_abs()
    signed = money.negate(amount) if row["ioDirection"] == "O" else amount
    # The two sides of a conversion come in the same second and name each other in no way.
    key = f"convert:funding:{row['createTime']}" if converts else f"funding:{row['currcCursor']}"
    return Event(
        key=key,
        kind=_log_kind(group, about, comes=signed > 0),
        occurred_at=moment,
        movements=(Movement(FUNDING, row["currency"], signed),),
        detail={"description": str(row.get("descriptionEn") or about).strip(), "type": group},
    )


def _log_kind(group: str, about: str, *, comes: bool) -> TransactionKind:
    if about == _CONVERT:
        return TransactionKind.CONVERSION
    if group == f"{_PREFIX}Airdrop":
        return TransactionKind.AIRDROP
    if group == f"{_PREFIX}Earn":
        pays = any(word in about for word in _PAYOUTS)
        return TransactionKind.REWARD if pays else TransactionKind.TRANSFER
    if group in (f"{_PREFIX}TransferIn", f"{_PREFIX}TransferOut"):
        return TransactionKind.TRANSFER
    if group == f"{_PREFIX}Fiat":  # against money that was never in a wallet here
        return TransactionKind.DEPOSIT if comes else TransactionKind.WITHDRAWAL
    if "Loan" in group:  # neither won nor lost
        return TransactionKind.TRANSFER if "Pledge" in about else TransactionKind.OTHER
    return TransactionKind.UNCLASSIFIED


def _that_move(movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    return tuple(movement for movement in movements if movement.amount)
