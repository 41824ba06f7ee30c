"""Records of exchanges without a profile, as ccxt read them when they were fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, RecordKind, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

_WALLET = "spot"
_COVERED_ELSEWHERE = ("trade", "transaction", "deposit", "withdrawal", "fee")
_LEDGER_KINDS = {
    "trade": TransactionKind.TRADE,
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "transfer": TransactionKind.TRANSFER,
    "rebate": TransactionKind.REWARD,
    "cashback": TransactionKind.REWARD,
    "referral": TransactionKind.REWARD,
    "reward": TransactionKind.REWARD,
    "airdrop": TransactionKind.AIRDROP,
    "interest": TransactionKind.INTEREST,
    "fee": TransactionKind.FEE,
}


def normalise(stream: StreamSpec, record: dict[str, Any]) -> Event:
    """Return the event; what the stream is not to book has no movements."""
    row = record["unified"]
    event = _READERS[stream.kind](_gross(row) if "amounts" in stream.scope else row)
    books = stream.scope.get("books", "all")
    leave = books == "no" or (books == "rest" and row.get("type") in _COVERED_ELSEWHERE)
    if not leave:
        return event
    return Event(event.key, event.kind, event.occurred_at, (), event.detail)


def _gross(row: dict[str, Any]) -> dict[str, Any]:
    """Put back the fee that ccxt took off the amount; it is booked beside it."""
    fee = row.get("fee") or {}
    if not fee.get("cost") or fee.get("currency") != row.get("currency"):
        return row
    return {**row, "amount": str(money.add(exact(row["amount"]), exact(fee["cost"])))}


def _trade(row: dict[str, Any]) -> Event:
    symbol = str(row["symbol"])
    shown = detail(row, symbol="symbol", side="side", price="price", order="order", trade="id")
    return Event(
        key=f"trade:{symbol}:{row['id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["timestamp"]),
        # A contract trade moves no coins: its profit and fees come by the ledger.
        movements=() if ":" in symbol else _legs(row),
        detail=shown,
    )


def _legs(row: dict[str, Any]) -> tuple[Movement, ...]:
    base, quote = str(row["symbol"]).split("/")
    amount = exact(row["amount"])
    known = row.get("cost")
    cost = exact(known) if known else money.multiply(amount, exact(row["price"]))
    bought, paid = amount, money.negate(cost)
    if row["side"] not in ("buy", "sell"):
        raise ValueError("neither bought nor sold")
    if row["side"] == "sell":
        bought, paid = money.negate(amount), cost
    legs = (Movement(_WALLET, base, bought), Movement(_WALLET, quote, paid))
    return legs + _fees(row)


def _fees(row: dict[str, Any]) -> tuple[Movement, ...]:
    fees = row.get("fees") or [row.get("fee") or {}]
    paid = [fee for fee in fees if fee.get("cost") and exact(fee["cost"])]
    if not all(fee.get("currency") for fee in paid):
        raise ValueError("a fee in a coin that is not told")
    return tuple(
        Movement(_WALLET, fee["currency"], money.negate(exact(fee["cost"])), PostingRole.FEE)
        for fee in paid
    )


def _deposit(row: dict[str, Any]) -> Event:
    return _movement(row, TransactionKind.DEPOSIT)


def _withdrawal(row: dict[str, Any]) -> Event:
    return _movement(row, TransactionKind.WITHDRAWAL)


def _movement(row: dict[str, Any], kind: TransactionKind) -> Event:
    moved: tuple[Movement, ...] = ()
    if row.get("status") == "ok":
        amount = exact(row["amount"])
        outward = kind is TransactionKind.WITHDRAWAL
        signed = money.negate(amount) if outward else amount
        moved = (Movement(_WALLET, row["currency"], signed), *_fees(row))
    return Event(
        key=f"{kind.value}:{row.get('id') or row.get('txid')}",
        kind=kind,
        occurred_at=at_ms(row["timestamp"]),
        movements=moved,
        detail=detail(row, status="status", network="network", address="address", txid="txid"),
    )


def _ledger(row: dict[str, Any]) -> Event:
    size = exact(row["amount"]).copy_abs()
    amount = money.negate(size) if row.get("direction") == "out" else size
    return Event(
        key=f"ledger:{row['id']}",
        kind=kind_of(row.get("type"), _LEDGER_KINDS),
        occurred_at=at_ms(row["timestamp"]),
        movements=(Movement(_WALLET, row["currency"], amount), *_fees(row)),
        detail=detail(row, type="type", direction="direction", reference="referenceId"),
    )


_READERS: dict[RecordKind, Callable[[dict[str, Any]], Event]] = {
    RecordKind.TRADES: _trade,
    RecordKind.DEPOSITS: _deposit,
    RecordKind.WITHDRAWALS: _withdrawal,
    RecordKind.LEDGER: _ledger,
}
