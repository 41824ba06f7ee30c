"""Gate: trades, deposits and withdrawals book by lists of their own, account books the rest.

The spot account's book tells of what is *available*: an order takes from it when it is placed and
gives back when it is cancelled. Its rows of orders are therefore left to the list of trades. A
futures account's book is of its cash and books everything there.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, at_seconds, detail, exact
from portfolio.exchanges.types import StreamSpec

SPOT, MARGIN, EARN = "spot", "isolated margin", "earn"
FUTURES = {"usdt": "usdt futures", "btc": "btc futures"}
POINT = "GATEPOINT"

# Names that are another coin's elsewhere.
_ASSETS = ALIASES["gate"]


def asset(code: str) -> str:
    """Return the canonical code of one of Gate's currencies."""
    return _ASSETS.get(code.upper(), code.upper())


# --- trades ------------------------------------------------------------------------------------


def traded_at(row: dict[str, Any]) -> datetime:
    """Return when a trade was made: milliseconds with fractions, or whole seconds."""
    precise = row.get("create_time_ms")
    return at_ms(precise) if precise else at_seconds(row["create_time"])


def trade_id(row: dict[str, Any]) -> str:
    """Return what names a trade; who trades with oneself has both sides of it."""
    return f"{row['currency_pair']}:{row['id']}:{row['side']}"


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A spot or margin trade; its fee is in one of the two coins, in GT or in points."""
    base, _, quote = str(row["currency_pair"]).partition("_")
    wallet = MARGIN if stream.scope["account"] == "margin" else SPOT
    amount, price = exact(row["amount"]), exact(row["price"])
    worth = money.multiply(amount, price)
    bought = row["side"] == "buy"
    moved = (
        Movement(wallet, asset(base), amount if bought else money.negate(amount)),
        Movement(wallet, asset(quote), money.negate(worth) if bought else worth),
        *_fees(wallet, row),
    )
    shown = detail(row, side="side", price="price", quantity="amount", order="order_id")
    symbol = f"{asset(base)}/{asset(quote)}"
    return Event(
        key=f"trade:{trade_id(row)}",
        kind=TransactionKind.TRADE,
        occurred_at=traded_at(row),
        movements=_that_move(moved),
        detail={"symbol": symbol, **shown, **detail(row, role="role", trade="id")},
    )


def _fees(wallet: str, row: dict[str, Any]) -> list[Movement]:
    paid = (
        (row.get("fee_currency"), row.get("fee")),
        ("GT", row.get("gt_fee")),
        ("POINT", row.get("point_fee")),
    )
    return [
        Movement(wallet, asset(str(code)), money.negate(exact(fee)), PostingRole.FEE)
        for code, fee in paid
        if fee not in (None, "") and exact(fee)
    ]


# --- the spot account's book -------------------------------------------------------------------

_KINDS = {
    **dict.fromkeys(
        (
            *("sub_account_transfer", "margin_in", "margin_out", "futures_in", "futures_out"),
            *("margin_funding_in", "margin_funding_out", "cross_margin_in", "cross_margin_out"),
            *("copy_trading_in", "copy_trading_out", "quant_in", "quant_out", "delivery_in"),
            *("delivery_out", "options_in", "options_out", "lend", "redeem"),
        ),
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(("flash_swap_buy", "flash_swap_sell"), TransactionKind.CONVERSION),
    **dict.fromkeys(("referral_fee", "point_refr", "rebate"), TransactionKind.REWARD),
    **dict.fromkeys(("interest", "profit"), TransactionKind.INTEREST),
    "airdrop": TransactionKind.AIRDROP,
}
_LISTED = ("deposit", "deposits", "withdraw", "withdrawal", "withdrawals", "point_fee")
_SAVINGS = ("lend", "redeem")


def book(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the spot account's book; None where another list tells of it."""
    word = str(row.get("type") or "").lower()
    if word in _LISTED or "order" in word:
        return None
    change, code = exact(row["change"]), asset(row["currency"])
    moved = [Movement(SPOT, code, change)]
    if word in _SAVINGS:
        moved.append(Movement(EARN, code, money.negate(change)))
    kind, text = kind_of(word, _KINDS), str(row.get("text") or "")
    swapped = kind is TransactionKind.CONVERSION and text
    return Event(
        key=f"convert:{text}" if swapped else f"book:{row['id']}",
        kind=kind,
        occurred_at=at_ms(row["time"]),
        movements=_that_move(tuple(moved)),
        detail=detail(row, type="type", code="code", note="text"),
    )


def margin_book(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the margin accounts' book, which tells of what comes and goes.

    Orders are in the list of trades; the balance is told less what is owed, so loans move nothing.
    """
    word = str(row.get("type") or "").lower()
    if any(part in word for part in ("order", "borrow", "repay", "loan", "interest")):
        return None
    return Event(
        key=f"margin:{row['id']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row.get("time_ms") or int(exact(row["time"])) * 1000),
        movements=_that_move((Movement(MARGIN, asset(row["currency"]), exact(row["change"])),)),
        detail=detail(row, type="type", symbol="currency_pair"),
    )


def margin_interest_id(row: dict[str, Any]) -> str:
    """Return what names interest, which has no id."""
    return ":".join(
        str(row[name]) for name in ("currency_pair", "currency", "create_time", "interest")
    )


def margin_interest(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Interest that a margin loan has cost."""
    done = str(row.get("status", 1)) == "1"
    paid = money.negate(exact(row["interest"]))
    moved = (Movement(MARGIN, asset(row["currency"]), paid),)
    return Event(
        key=f"margin-interest:{margin_interest_id(row)}",
        kind=TransactionKind.INTEREST,
        occurred_at=at_ms(row["create_time"]),
        movements=_that_move(moved) if done else (),
        detail=detail(row, symbol="currency_pair", rate="actual_rate"),
    )


def savings_interest_id(row: dict[str, Any]) -> str:
    """Return what names an hour's interest, which has no id."""
    return ":".join(str(row[name]) for name in ("currency", "create_time", "interest"))


def savings_interest(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """Interest of savings that is added to them; None where it is paid to the spot account."""
    done = str(row.get("status", 1)) == "1"
    if row.get("interest_status") != "interest_reinvest" or not done:
        return None
    return Event(
        key=f"savings:{savings_interest_id(row)}",
        kind=TransactionKind.INTEREST,
        occurred_at=at_ms(row["create_time"]),
        movements=_that_move((Movement(EARN, asset(row["currency"]), exact(row["interest"])),)),
        detail=detail(row, rate="actual_rate"),
    )


# --- deposits, withdrawals ---------------------------------------------------------------------

_ARRIVED = ("DONE", "DEP_CREDITED")
_UNDONE = ("CANCEL", "REJECT")


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit; it moves nothing until it is credited."""
    status = str(row["status"])
    moved = (Movement(SPOT, _coin(row), exact(row["amount"])),)
    return Event(
        key=f"deposit:{row['id']}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_seconds(row["timestamp"]),
        movements=_that_move(moved) if status in _ARRIVED else (),
        detail=_travelled(row),
    )


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: its fee is within ``amount``. It leaves when it is asked for."""
    fee, coin = exact(row.get("fee") or "0").copy_abs(), _coin(row)
    arrives = money.add(exact(row["amount"]).copy_abs(), money.negate(fee))
    moved = (
        Movement(SPOT, coin, money.negate(arrives)),
        Movement(SPOT, coin, money.negate(fee), PostingRole.FEE),
    )
    return Event(
        key=f"withdrawal:{row['id']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_seconds(row["timestamp"]),
        movements=() if str(row["status"]) in _UNDONE else _that_move(moved),
        detail=_travelled(row),
    )


def _coin(row: dict[str, Any]) -> str:
    """Return the coin; older deposits name its chain too: ``USDT_TRX``."""
    coin, _, chain = str(row["currency"]).partition("_")
    told = chain and chain.upper() == str(row.get("chain") or chain).upper()
    return asset(coin if told else str(row["currency"]))


def _travelled(row: dict[str, Any]) -> dict[str, str]:
    shown = detail(row, status="status", network="chain", address="address", tag="memo")
    inner = "internal" in str(row.get("txid") or "").lower()
    return {**shown, **(detail(row, note="txid") if inner else detail(row, txid="txid"))}


# --- futures -----------------------------------------------------------------------------------

_FUTURES_KINDS = {
    "dnw": TransactionKind.TRANSFER,
    "point_dnw": TransactionKind.TRANSFER,
    "pnl": TransactionKind.REALISED_PNL,
    "fee": TransactionKind.FEE,
    "point_fee": TransactionKind.FEE,
    "refr": TransactionKind.REWARD,
    "point_refr": TransactionKind.REWARD,
    "fund": TransactionKind.FUNDING,
    "settle": TransactionKind.REALISED_PNL,
}


def futures_id(row: dict[str, Any]) -> str:
    """Return what names a row of a futures account's book; older ones have no id."""
    if row.get("id"):
        return str(row["id"])
    told = ("time", "type", "text", "change", "balance")
    return ":".join(str(row.get(name) or "") for name in told)


def futures(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of a futures account's book; trial funds are not the account's own."""
    settle, word = stream.scope["settle"], str(row["type"])
    code = POINT if word.startswith("point_") else settle.upper()
    change = money.ZERO if word.startswith("bonus") else exact(row["change"])
    kind = kind_of(word, _FUTURES_KINDS)
    role = PostingRole.FEE if kind is TransactionKind.FEE else PostingRole.PRINCIPAL
    contract = row.get("contract") or str(row.get("text") or "").partition(":")[0]
    shown = detail(row, type="type", note="text", trade="trade_id")
    return Event(
        key=f"futures:{settle}:{futures_id(row)}",
        kind=kind,
        occurred_at=at_seconds(row["time"]),
        movements=_that_move((Movement(FUTURES[settle], code, change, role),)),
        detail={**({"symbol": str(contract)} if contract else {}), **shown},
    )


def _that_move(movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    return tuple(movement for movement in movements if movement.amount)


def some(value: Any) -> Decimal | None:
    """Return a number, None where there is none."""
    return None if value in (None, "") else exact(value)
