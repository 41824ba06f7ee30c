"""Crypto.com Exchange: the ledger of transactions books everything that moves a coin's balance.

Rows of contracts (BTCUSD-PERP) tell of positions and move no coin. Deposits and withdrawals share
no number with their rows; they meet by coin, amount and day.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "exchange"
_ASSETS = {"USD_STABLE_COIN": "USD"}  # renamed so in 2022

_DEPOSIT, _WITHDRAWAL = "deposit", "withdrawal"
_KINDS = {
    "TRADING": TransactionKind.TRADE,
    "TRADE_FEE": TransactionKind.FEE,
    "ONCHAIN_DEPOSIT": TransactionKind.DEPOSIT,
    "ONCHAIN_WITHDRAWAL": TransactionKind.WITHDRAWAL,
    "DEPOSIT": TransactionKind.DEPOSIT,
    "WITHDRAW": TransactionKind.WITHDRAWAL,
    "WITHDRAW_FEE": TransactionKind.FEE,
    "ROLLBACK_DEPOSIT": TransactionKind.DEPOSIT,
    "ROLLBACK_WITHDRAW": TransactionKind.WITHDRAWAL,
    "FIAT_WITHDRAWAL_CANCEL": TransactionKind.WITHDRAWAL,
    "FUNDING": TransactionKind.FUNDING,
    "REALIZED_PNL": TransactionKind.REALISED_PNL,
    "SESSION_SETTLE": TransactionKind.REALISED_PNL,
    "SESSION_RESET": TransactionKind.REALISED_PNL,
    "SOCIALIZED_LOSS": TransactionKind.REALISED_PNL,
    "UNCOVERED_LOSS": TransactionKind.REALISED_PNL,
    "INSURANCE_FUND": TransactionKind.LIQUIDATION,
    "LIQUIDATION_FEE": TransactionKind.LIQUIDATION,
    "SETTLEMENT_FEE": TransactionKind.FEE,
    "ADJUSTMENT": TransactionKind.ADJUSTMENT,
    "ADMIN_ADJUSTMENT": TransactionKind.ADJUSTMENT,
    "DELIST": TransactionKind.CONVERSION,
    "AUTO_CONVERSION": TransactionKind.CONVERSION,
    "MANUAL_CONVERSION": TransactionKind.CONVERSION,
    "SUBACCOUNT_TX": TransactionKind.TRANSFER,
    "MARGIN_TRADE_INTEREST": TransactionKind.INTEREST,
}
_FEES = (TransactionKind.FEE,)
# Kinds whose rows meet the lists; of other words the beginning tells (OFFCHAIN_DEPOSIT).
_LISTED = {TransactionKind.DEPOSIT: _DEPOSIT, TransactionKind.WITHDRAWAL: _WITHDRAWAL}


def asset(code: str) -> str:
    """Return the canonical code of one of Crypto.com's currencies."""
    return _ASSETS.get(code.upper(), code.upper())


def is_contract(instrument: str) -> bool:
    """Tell a contract (``BTCUSD-PERP``) or pair from a coin."""
    return "-" in instrument or ("_" in instrument and instrument.upper() not in _ASSETS)


def row_id(row: dict[str, Any]) -> str:
    """Return what tells rows apart: a journal entry may have a row for each coin."""
    return f"{row['journal_id']}:{row['instrument_name']}:{row['journal_type']}"


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row: ``transaction_qty`` is what the balance of ``instrument_name`` changed by."""
    instrument, amount = str(row["instrument_name"]), exact(row["transaction_qty"])
    kind = _kind(str(row["journal_type"]))
    moment = at_ms(row["event_timestamp_ms"])
    moved: tuple[Movement, ...] = ()
    if amount and not is_contract(instrument):
        role = PostingRole.FEE if kind in _FEES else PostingRole.PRINCIPAL
        moved = (Movement(WALLET, asset(instrument), amount, role),)
    shown = detail(
        row, type="journal_type", order="order_id", trade="trade_id", profit="realized_pnl"
    )
    if is_contract(instrument):
        shown["symbol"] = instrument
    return Event(
        key=_key(row, kind, moment, amount),
        kind=kind,
        occurred_at=moment,
        movements=moved,
        detail={**shown, "entry": str(row["journal_id"])},
    )


def _kind(word: str) -> TransactionKind:
    if word in _KINDS:
        return _KINDS[word]
    if "DEPOSIT" in word:
        return TransactionKind.DEPOSIT
    return TransactionKind.WITHDRAWAL if "WITHDRAW" in word else TransactionKind.UNCLASSIFIED


def _key(row: dict[str, Any], kind: TransactionKind, moment: datetime, amount: Decimal) -> str:
    if str(row.get("trade_id") or "0") != "0":
        return f"trade:{row['trade_id']}"
    if kind in _LISTED:
        return _by_day(_LISTED[kind], str(row["instrument_name"]), moment, amount)
    return f"journal:{row_id(row)}"


def _by_day(what: str, code: str, moment: datetime, amount: Decimal) -> str:
    return f"{what}:{asset(code)}:{money.plain(amount.copy_abs())}:{moment:%Y%m%d}"


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A trade's price, side and order, for the rows that book it."""
    shown = detail(row, price="traded_price", quantity="traded_quantity", order="order_id")
    role = str(row.get("taker_side") or "").lower()
    return Event(
        key=f"trade:{row['trade_id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["create_time"]),
        detail={
            "symbol": _symbol(str(row["instrument_name"])),
            "side": str(row["side"]).lower(),
            **shown,
            **({"role": role} if role else {}),
            "trade": str(row["trade_id"]),
        },
    )


def _symbol(instrument: str) -> str:
    base, mark, quote = instrument.partition("_")
    return f"{asset(base)}/{asset(quote)}" if mark and "-" not in instrument else instrument


_DEPOSIT_STATUS = {"0": "not arrived", "1": "arrived", "2": "failed", "3": "pending"}
_WITHDRAWAL_STATUS = {
    "0": "pending",
    "1": "processing",
    "2": "rejected",
    "3": "payment in progress",
    "4": "payment failed",
    "5": "completed",
    "6": "cancelled",
}


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit's state, address and transaction; the ledger books the amount."""
    arrived = at_ms(row.get("update_time") or row["create_time"])
    return _listed(row, TransactionKind.DEPOSIT, arrived, _DEPOSIT_STATUS)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal's state, address and transaction; the ledger books the amount."""
    asked = at_ms(row["create_time"])
    return _listed(row, TransactionKind.WITHDRAWAL, asked, _WITHDRAWAL_STATUS)


def _listed(
    row: dict[str, Any], kind: TransactionKind, moment: datetime, words: dict[str, str]
) -> Event:
    status = str(row["status"])
    shown = detail(
        row, network="network_id", address="address", txid="txid", fee="fee", listed="id"
    )
    return Event(
        key=_by_day(_LISTED[kind], str(row["currency"]), moment, exact(row["amount"])),
        kind=kind,
        occurred_at=moment,
        detail={"status": words.get(status, status), **shown},
    )
