"""Gemini: trades pair by pair, transfers, and what goes into staking, comes back, and is earned."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

EXCHANGE, STAKING = "exchange", "staking"
_REVERSED = "full"  # as if the trade had never been; one that was broken by hand counts


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A trade: ``amount`` of the base at ``price``, the fee in addition in ``fee_currency``."""
    base, quote = stream.scope["base"], stream.scope["quote"]
    amount = exact(row["amount"])
    cost = money.multiply(amount, exact(row["price"]))
    side = str(row["type"]).lower()
    if side not in ("buy", "sell"):
        raise ValueError("a trade that is neither a purchase nor a sale")
    if side == "buy":
        cost = money.negate(cost)
    else:
        amount = money.negate(amount)
    fee = exact(row.get("fee_amount") or "0")
    moved = [Movement(EXCHANGE, base, amount), Movement(EXCHANGE, quote, cost)]
    if fee:
        code = str(row["fee_currency"]).upper()
        moved.append(Movement(EXCHANGE, code, money.negate(fee), PostingRole.FEE))
    broken = str(row.get("break") or "")
    shown = detail(row, price="price", order="order_id", trade="tid", broken="break")
    return Event(
        key=f"trade:{stream.scope['symbol']}:{row['tid']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["timestampms"]),
        movements=() if broken == _REVERSED else tuple(moved),
        detail={
            "symbol": f"{base}/{quote}",
            "side": side,
            "role": "taker" if row.get("aggressor") else "maker",
            **shown,
        },
    )


_IN, _OUT = Decimal(1), Decimal(-1)
_UNKNOWN = (money.ZERO, TransactionKind.UNCLASSIFIED)  # which way it goes is not told
_TRANSFERS = {
    "Deposit": (_IN, TransactionKind.DEPOSIT),
    "Withdrawal": (_OUT, TransactionKind.WITHDRAWAL),
    "Reward": (_IN, TransactionKind.REWARD),
    "AdminCredit": (_IN, TransactionKind.ADJUSTMENT),
    "AdminDebit": (_OUT, TransactionKind.ADJUSTMENT),
}
_BOOKED = ("Complete", "Advanced")  # advanced: in the balance before the chain or bank is done


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit, withdrawal, reward or correction; the fee goes out in addition to ``amount``.

    An amount of a type that is not known is shown, not booked.
    """
    way, kind = _TRANSFERS.get(str(row["type"]), _UNKNOWN)
    code = str(row["currency"]).upper()
    moved = [Movement(EXCHANGE, code, money.multiply(way, exact(row["amount"])))] if way else []
    fee = exact(row.get("feeAmount") or "0")
    if fee:
        paid_in = str(row.get("feeCurrency") or code).upper()
        moved.append(Movement(EXCHANGE, paid_in, money.negate(fee), PostingRole.FEE))
    shown = detail(
        row,
        status="status",
        network="network",
        method="method",
        txid="txHash",
        address="destination",
        note="purpose",
    )
    if not way:
        shown |= detail(row, amount="amount", asset="currency")
    return Event(
        key=f"transfer:{row['eid']}",
        kind=kind,
        occurred_at=at_ms(row["timestampms"]),
        movements=tuple(moved) if row["status"] in _BOOKED else (),
        detail={"type": str(row["type"]), **shown},
    )


# What each does to (the exchange account, staking).
_STAKINGS: dict[str, tuple[Decimal, Decimal, TransactionKind]] = {
    "Deposit": (_OUT, _IN, TransactionKind.TRANSFER),
    "Redeem": (_IN, _OUT, TransactionKind.TRANSFER),
    "AdminRedeem": (_IN, _OUT, TransactionKind.TRANSFER),
    "RedeemPayment": (money.ZERO, money.ZERO, TransactionKind.TRANSFER),  # of what was redeemed
    "Interest": (money.ZERO, _IN, TransactionKind.REWARD),
    "AdminCreditAdjustment": (money.ZERO, _IN, TransactionKind.ADJUSTMENT),
    "AdminDebitAdjustment": (money.ZERO, _OUT, TransactionKind.ADJUSTMENT),
}


def staking(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A move into or out of staking, or what it earned; of an unknown type nothing is booked."""
    word = str(row["transactionType"])
    spot, staked, kind = _STAKINGS.get(word, (money.ZERO, *_UNKNOWN))
    code, amount = str(row["amountCurrency"]).upper(), exact(row["amount"])
    moved = (
        Movement(EXCHANGE, code, money.multiply(spot, amount)),
        Movement(STAKING, code, money.multiply(staked, amount)),
    )
    return Event(
        key=f"staking:{row['transactionId']}",
        kind=kind,
        occurred_at=at_ms(row["dateTime"]),
        movements=tuple(movement for movement in moved if movement.amount),
        detail={
            **detail(row, type="transactionType"),
            **({} if word in _STAKINGS else detail(row, amount="amount", asset="amountCurrency")),
        },
    )
