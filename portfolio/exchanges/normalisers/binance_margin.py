"""Binance's cross and isolated margin: trades, loans, interest, transfers, liquidations.

A margin balance is what is there less what is owed, principal and interest. So borrowing and
repaying move nothing, and interest counts when it is charged. A transfer between two wallets that
both have lists of their own is told by both; each list books its own side only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.exchanges.normalisers import binance
from portfolio.exchanges.normalisers.values import at_ms, at_seconds, detail, exact
from portfolio.exchanges.types import StreamSpec

CROSS, ISOLATED = "cross margin", "isolated margin"
WALLETS = {"cross": CROSS, "isolated": ISOLATED}

_OWN = {"cross": "CROSS_MARGIN", "isolated": "ISOLATED_MARGIN"}
# The other side of a transfer, where no list of its own tells it. What is not here (futures,
# options, sub-accounts, the other margin account) is told there, or is not the account's own.
_BESIDE = {"SPOT": "spot", "FIAT": "spot", "MAIN": "spot", "FUNDING": "funding"}
_DONE = "CONFIRMED"


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Both legs of a margin trade and its fee."""
    mode = stream.scope["mode"]
    return binance.fill(stream, row, wallet=WALLETS[mode], name=f"{mode}-trade")


def loan(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A loan taken or paid back: what is owed changes with what is there, and nothing is won."""
    scope = stream.scope
    shown = detail(
        row,
        status="status",
        asset="asset",
        amount="amount",
        principal="principal",
        interest="interest",
        symbol="isolatedSymbol",
        reference="txId",
    )
    return Event(
        key=f"loan:{scope['mode']}:{scope['type']}:{row['txId']}:{row['asset']}",
        kind=TransactionKind.OTHER,
        occurred_at=moment(row["timestamp"]),
        detail={"type": scope["type"].lower(), **shown},
    )


def interest(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Interest charged on a loan; it is owed from then on, in ``asset``."""
    scope = stream.scope
    wallet, place = WALLETS[scope["mode"]], scope.get("symbol", scope["mode"])
    return Event(
        key=f"interest:{place}:{interest_id(row)}",
        kind=TransactionKind.INTEREST,
        occurred_at=at_ms(row["interestAccuredTime"]),
        movements=(Movement(wallet, row["asset"], money.negate(exact(row["interest"]))),),
        detail=detail(
            row,
            type="type",
            principal="principal",
            rate="interestRate",
            borrowed="rawAsset",
            symbol="isolatedSymbol",
        ),
    )


def interest_id(row: dict[str, Any]) -> str:
    """Return what names a charge within its account; older rows have no number."""
    told = (row.get("txId") or "", row["asset"], row.get("rawAsset") or row["asset"], row["type"])
    return ":".join(str(part) for part in (*told, row["interestAccuredTime"]))


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A move into or out of a margin account, booked on this account's side.

    The other side is booked too where it is the spot or the funding wallet, which do not list it.
    """
    mode, goes_in = stream.scope["mode"], row["type"] == "ROLL_IN"
    asset, amount = row["asset"], exact(row["amount"])
    source, target = str(row.get("transFrom") or ""), str(row.get("transTo") or "")
    moved: list[Movement] = []
    if not (source or target):  # older rows
        source, target = ("SPOT", _OWN[mode]) if goes_in else (_OWN[mode], "SPOT")
    if (source == _OWN[mode]) != (target == _OWN[mode]):
        places = {_OWN[mode]: WALLETS[mode], **_BESIDE}
        if source in places:
            moved.append(Movement(places[source], asset, money.negate(amount)))
        if target in places:
            moved.append(Movement(places[target], asset, amount))
    return Event(
        key=f"transfer:{row['txId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=moment(row["timestamp"]),
        movements=tuple(moved) if row["status"] == _DONE else (),
        detail={
            **detail(row, status="status", reference="txId", symbol="fromSymbol"),
            **detail(row, symbol="toSymbol"),
            **({"direction": f"{source}_{target}"} if source and target else {}),
        },
    )


def liquidation(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """An order by which Binance closed a position; its fills are among the trades."""
    return Event(
        key=f"liquidation:{stream.scope['mode']}:{row['orderId']}",
        kind=TransactionKind.LIQUIDATION,
        occurred_at=at_ms(row["updatedTime"]),
        detail=detail(
            row,
            symbol="symbol",
            side="side",
            quantity="executedQty",
            price="avgPrice",
            order="orderId",
        ),
    )


def moment(value: Any) -> datetime:
    """Return the moment of a time in milliseconds; the documentation shows some in seconds."""
    return at_ms(value) if exact(value) > 10**11 else at_seconds(value)
