"""HTX: trades, deposits, withdrawals and transfers book by lists of their own.

The accounts' history reaches thirty days back and books the rest: interest, exchanges, airdrops. It
is silent on what the lists tell.
"""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import known
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

SPOT, ISOLATED, CROSS, POINTS = "spot", "isolated margin", "cross margin", "points"
WALLETS = {"spot": SPOT, "margin": ISOLATED, "super-margin": CROSS, "point": POINTS}

# Names that are another coin's elsewhere.
_ASSETS = {
    "NGL": "GFNGL",
    "GET": "THEMIS",
    "GTC": "GAMECOM",
    "HIT": "HITCHAIN",
    "PNT": "PENTA",
    "SBTC": "SUPERBITCOIN",
    "SOUL": "SOULSAVER",
    "BIFI": "BITCOINFILE",
    "FUD": "FTX Users Debt",
}


def asset(code: str) -> str:
    """Return the canonical code of one of HTX's currencies."""
    return _ASSETS.get(code.upper(), code.upper())


def wallet(account: str) -> str:
    """Return the wallet that accounts of a type are shown as."""
    return WALLETS.get(account, account)


# --- trades ------------------------------------------------------------------------------------


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A match of an order: its fee is taken from what was received, or in HT or points."""
    base, quote = stream.scope["base"], stream.scope["quote"]
    place, bought = _wallet_of(row), str(row["type"]).startswith("buy")
    amount, price = exact(row["filled-amount"]), exact(row["price"])
    worth = money.multiply(amount, price)
    moved = (
        Movement(place, base, amount if bought else money.negate(amount)),
        Movement(place, quote, money.negate(worth) if bought else worth),
        *_fees(row, place, base if bought else quote),
    )
    shown = detail(row, price="price", quantity="filled-amount", order="order-id", role="role")
    side = {"symbol": f"{base}/{quote}", "side": "buy" if bought else "sell"}
    return Event(
        key=f"trade:{row['symbol']}:{row['id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["created-at"]),
        movements=_that_move(moved),
        detail={**side, **shown, **detail(row, type="type", trade="trade-id", source="source")},
    )


def _wallet_of(row: dict[str, Any]) -> str:
    """Return where a trade was made: ``spot-api``, ``margin-web``, ``super-margin-app``."""
    source = str(row.get("source") or "")
    if source.startswith(("super-margin", "cross-margin")):
        return CROSS
    return ISOLATED if source.startswith("margin") else SPOT


def _fees(row: dict[str, Any], place: str, received: str) -> list[Movement]:
    """Return what was paid: a negative fee is given back; points stand for the whole fee."""
    code = asset(str(row.get("fee-currency") or received))
    deducted = str(row.get("fee-deduct-currency") or "hbpoint")
    fee, points = (exact(row.get(name) or "0") for name in ("filled-fees", "filled-points"))
    from_points = POINTS if deducted == "hbpoint" else place
    paid = ((place, code, fee), (from_points, asset(deducted), points))
    return [
        Movement(where, what, money.negate(amount), PostingRole.FEE)
        for where, what, amount in paid
        if amount
    ]


# --- deposits, withdrawals ---------------------------------------------------------------------

_ARRIVED = ("confirmed", "safe")
_UNDONE = (
    *("canceled", "reject", "wallet-reject", "failed", "confirm-error", "repealed"),
    "cancelled",
)


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit; it moves nothing until the chain has confirmed it."""
    state = str(row["state"])
    moved = (Movement(SPOT, asset(row["currency"]), exact(row["amount"])),)
    return Event(
        key=f"deposit:{row['id']}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["created-at"]),
        movements=_that_move(moved) if state in _ARRIVED else (),
        detail=_travelled(row),
    )


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: the fee goes out in addition to ``amount``; it leaves when it is asked for."""
    code, fee = asset(row["currency"]), exact(row.get("fee") or "0").copy_abs()
    moved = (
        Movement(SPOT, code, money.negate(exact(row["amount"]).copy_abs())),
        Movement(SPOT, code, money.negate(fee), PostingRole.FEE),
    )
    return Event(
        key=f"withdrawal:{row['id']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["created-at"]),
        movements=() if str(row["state"]) in _UNDONE else _that_move(moved),
        detail=_travelled(row),
    )


def _travelled(row: dict[str, Any]) -> dict[str, str]:
    shown = detail(row, status="state", network="chain", address="address", tag="address-tag")
    inner = str(row.get("sub-type") or "") == "FAST"
    return {**shown, **({"network": "within HTX"} if inner else detail(row, txid="tx-hash"))}


# --- transfers, and the rest -------------------------------------------------------------------


def transfer_id(row: dict[str, Any]) -> str:
    """Return what tells transfers apart: their own number is often 0."""
    names = ("accountId", "transactTime", "currency", "transactAmt", "transferType", "transactId")
    return ":".join(str(row.get(name)) for name in names)


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """What came into an account or left it for another one of the same owner."""
    amount = exact(row["transactAmt"])
    number = str(row.get("transactId") or "0")
    return Event(
        key=f"transfer:{transfer_id(row)}" if number == "0" else f"transfer:{number}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["transactTime"]),
        movements=_that_move((Movement(stream.scope["wallet"], asset(row["currency"]), amount),)),
        detail=detail(row, type="transferType", source="transferer", target="transferee"),
    )


_LISTED = ("trade", "fee", "deduct", "transfer", "-to-", "deposit", "withdraw")
_LOANS = ("credit", "loan", "borrow", "repay")
_KINDS = (
    ("interest", TransactionKind.INTEREST),
    ("liquidation", TransactionKind.LIQUIDATION),
    ("exchange", TransactionKind.CONVERSION),
    ("etf", TransactionKind.CONVERSION),
    ("airdrop", TransactionKind.AIRDROP),
    ("rebate", TransactionKind.REWARD),
    ("reward", TransactionKind.REWARD),
)


def history(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of an account's history; None where a list of its own tells of it."""
    word = str(row["transact-type"]).lower()
    if any(part in word for part in (*_LISTED, *_LOANS)):
        return None
    kind = known(next((kind for part, kind in _KINDS if part in word), None))
    amount = exact(row["transact-amt"])
    return Event(
        key=f"history:{row['record-id']}",
        kind=kind,
        occurred_at=at_ms(row["transact-time"]),
        movements=_that_move((Movement(stream.scope["wallet"], asset(row["currency"]), amount),)),
        detail=detail(row, type="transact-type"),
    )


def _that_move(movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    return tuple(movement for movement in movements if movement.amount)
