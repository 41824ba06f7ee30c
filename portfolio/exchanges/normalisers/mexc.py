"""MEXC: trades, deposits, withdrawals, transfers and exchanges of dust; it shows no ledger."""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

SPOT, FUTURES, MARGIN = "spot", "futures", "isolated margin"
WALLETS = {"SPOT": SPOT, "FUTURES": FUTURES, "FUTURE": FUTURES, "ISOLATED_MARGIN": MARGIN}

# Names that are another coin's elsewhere.
_ASSETS = ALIASES["mexc"]


def asset(code: str) -> str:
    """Return the canonical code of a coin, also where its network is added: ``USDC-TRX``."""
    bare = code.upper().partition("-")[0]
    return _ASSETS.get(bare, bare)


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A trade of one pair; its fee is taken from what was received, or from MX."""
    base, quote, bought = stream.scope["base"], stream.scope["quote"], bool(row["isBuyer"])
    amount, worth = exact(row["qty"]), exact(row["quoteQty"])
    fee = exact(row.get("commission") or "0")
    paid_in = asset(row.get("commissionAsset") or (base if bought else quote))
    moved = (
        Movement(SPOT, base, amount if bought else money.negate(amount)),
        Movement(SPOT, quote, money.negate(worth) if bought else worth),
        Movement(SPOT, paid_in, money.negate(fee), PostingRole.FEE),
    )
    side = {"symbol": f"{base}/{quote}", "side": "buy" if bought else "sell"}
    return Event(
        key=f"trade:{row['symbol']}:{row['id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["time"]),
        movements=_that_move(moved),
        detail={**side, **detail(row, price="price", quantity="qty", order="orderId")},
    )


# --- deposits, withdrawals ---------------------------------------------------------------------

_CREDITED = "5"
_UNDONE = ("8", "9")  # failed, cancelled
_INSIDE = "1"


def deposit_id(row: dict[str, Any]) -> str:
    """Return what tells deposits apart: they have no number."""
    return ":".join(str(row.get(name)) for name in ("coin", "txId", "insertTime"))


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit; it moves nothing until it is credited."""
    moved = (Movement(SPOT, asset(row["coin"]), exact(row["amount"])),)
    return Event(
        key=f"deposit:{deposit_id(row)}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["insertTime"]),
        movements=_that_move(moved) if str(row["status"]) == _CREDITED else (),
        detail=_travelled(row),
    )


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: ``amount`` includes the fee; it leaves when it is asked for."""
    code, fee = asset(row["coin"]), exact(row.get("transactionFee") or "0")
    sent = money.add(exact(row["amount"]), money.negate(fee))
    moved = (
        Movement(SPOT, code, money.negate(sent)),
        Movement(SPOT, code, money.negate(fee), PostingRole.FEE),
    )
    return Event(
        key=f"withdrawal:{row['id']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["applyTime"]),
        movements=() if str(row["status"]) in _UNDONE else _that_move(moved),
        detail=_travelled(row),
    )


def _travelled(row: dict[str, Any]) -> dict[str, str]:
    shown = detail(row, status="status", network="network", address="address", tag="memo")
    txid = str(row.get("transHash") or row.get("txId") or "").partition(":")[0]
    inside = str(row.get("transferType") or "0") == _INSIDE
    within = {"network": "within MEXC"} if inside else {}
    return {**shown, **within, **({"txid": txid} if txid and not inside else {})}


# --- transfers, dust ---------------------------------------------------------------------------


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A transfer between two accounts of the same owner."""
    code, amount = asset(row["asset"]), exact(row["amount"])
    source, target = (_wallet(row[name]) for name in ("fromAccountType", "toAccountType"))
    moved = (Movement(source, code, money.negate(amount)), Movement(target, code, amount))
    return Event(
        key=f"transfer:{row['tranId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["timestamp"]),
        movements=_that_move(moved) if str(row["status"]) == "SUCCESS" else (),
        detail=detail(row, status="status", source="fromAccountType", target="toAccountType"),
    )


def _wallet(word: str) -> str:
    return WALLETS.get(word, word.lower().replace("_", " "))


def dust(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A small balance exchanged for MX: the fee is taken off ``convert`` already."""
    given, received = exact(row["amount"]), exact(row["convert"])
    moved = (
        Movement(SPOT, asset(row["asset"]), money.negate(given)),
        Movement(SPOT, "MX", received),
    )
    return Event(
        key=f"dust:{row['id']}",
        kind=TransactionKind.CONVERSION,
        occurred_at=at_ms(row["time"]),
        movements=_that_move(moved),
        detail=detail(row, fee="fee"),
    )


def _that_move(movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    return tuple(movement for movement in movements if movement.amount)
