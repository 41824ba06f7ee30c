"""Kraken Futures: the account log books everything by what a wallet's cash changed by.

A fill has two rows with one ``execution``: the position's size, which is no money, and the cash.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers import kraken
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

MULTI, HOLDING, SINGLE = "multi-collateral", "holding", "single-collateral"
_MARGIN = re.compile(r"(?:f|fi|fv|pi|pv)[-_]([a-z0-9]+?)[:_]?(usd|xbt|eur)")
_CODE = re.compile(r"[a-z0-9.]+")

_KINDS = {
    "futures liquidation": TransactionKind.LIQUIDATION,
    "futures partial liquidation": TransactionKind.LIQUIDATION,
    "futures assignor": TransactionKind.LIQUIDATION,
    "futures unwind bankrupt": TransactionKind.LIQUIDATION,
    "covered liquidation": TransactionKind.LIQUIDATION,
    "settlement": TransactionKind.REALISED_PNL,
    "funding rate change": TransactionKind.FUNDING,
    "interest payment": TransactionKind.INTEREST,
    "kfee applied": TransactionKind.FEE,
    "conversion": TransactionKind.CONVERSION,
    "conversion credit": TransactionKind.CONVERSION,
    "transfer": TransactionKind.TRANSFER,
    "subaccount transfer": TransactionKind.TRANSFER,
    "cross-exchange transfer": TransactionKind.TRANSFER,
    "admin transfer": TransactionKind.TRANSFER,
}
# The account's own orders, and positions taken over from those who were liquidated.
_FILLS = ("futures trade", "futures assignee", "futures unwind counterparty")


def asset(name: str) -> str:
    """Return the canonical code of a currency: ``xbt`` is BTC."""
    return kraken.asset(name.upper())[0]


def wallet(account: str) -> str:
    """Return the wallet that a margin account is: ``flex``, ``f-xbt:usd``, ``fi_xbtusd``, ``eth``.

    The log and the list of balances name the same accounts differently. One that is not known
    keeps its name.
    """
    name = account.lower()
    if name in ("flex", "f-flex", "mc"):
        return MULTI
    margin = _MARGIN.fullmatch(name)
    if margin:
        return f"{SINGLE} {asset(margin[1])}/{asset(margin[2])}"
    return HOLDING if name == "cash" or _CODE.fullmatch(name) else account


def contract_wallet(symbol: str) -> str:
    """Return the wallet that a contract is settled in: ``PF_XBTUSD``, ``FI_XBTUSD_261225``."""
    kind, _, rest = symbol.lower().partition("_")
    return MULTI if is_linear(symbol) else wallet(f"{kind}_{rest.partition('_')[0]}")


def is_linear(symbol: str) -> bool:
    """Tell whether a contract is one of the multi-collateral kind, counted in coins."""
    return symbol.lower().partition("_")[0] in ("pf", "ff")


def pair(symbol: str) -> tuple[str, str]:
    """Return (coin, currency) of a contract's name. May raise ValueError."""
    parts = symbol.lower().split("_")
    if len(parts) < 2 or len(parts[1]) < 4:
        raise ValueError("not the name of a contract")
    return asset(parts[1][:-3]), asset(parts[1][-3:])


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the account log; the rows of one execution, move or conversion are one event.

    None for a position's row that nothing connects with the money.
    """
    position = row["asset"] == row.get("contract")
    if position and _key(row).startswith("log:"):
        return None
    shown = detail(row, type="info", account="margin_account", entry="id")
    return Event(
        key=_key(row),
        kind=_kind(row),
        occurred_at=at_utc_text(row["date"]),
        movements=() if position else _movements(row),
        detail={**shown, **_reference(row), **_of_contract(row, position=position)},
    )


def _key(row: dict[str, Any]) -> str:
    reference, info = row.get("execution"), str(row["info"])
    moment = f"{row['margin_account']}:{row['date']}"
    if info == "conversion":  # the two rows name nothing in common but account and moment
        return f"conversion:{moment}"
    if _KINDS.get(info) is TransactionKind.TRANSFER and reference:
        return f"transfer:{reference}"
    if reference:
        return f"execution:{reference}"
    if info == "settlement":  # nobody's execution: the contract has expired
        return f"settlement:{row['contract']}:{moment}"
    return f"log:{row['booking_uid']}"


def _kind(row: dict[str, Any]) -> TransactionKind:
    info = str(row["info"])
    if info not in _FILLS:
        return kind_of(info, _KINDS)
    if _part(row, "realized_pnl"):
        return TransactionKind.REALISED_PNL
    return TransactionKind.FUNDING if _part(row, "realized_funding") else TransactionKind.FEE


def _part(row: dict[str, Any], name: str) -> Decimal:
    value = row.get(name)
    return money.ZERO if value is None else exact(value)


def _movements(row: dict[str, Any]) -> tuple[Movement, ...]:
    """Split the change of the balance into what was won and what was paid for it.

    ``realized_pnl + realized_funding - fee - liquidation_fee``, where that is the change; else it
    is made of more, and is booked whole.
    """
    change = money.add(exact(row["new_balance"]), money.negate(exact(row["old_balance"])))
    place, code = wallet(str(row["margin_account"])), asset(str(row["asset"]))
    fees = [_part(row, name) for name in ("fee", "liquidation_fee")]
    won = money.total(_part(row, name) for name in ("realized_pnl", "realized_funding"))
    if money.add(won, money.negate(money.total(fees))) != change:
        won, fees = change, []
    moved = [Movement(place, code, won)]
    moved += [Movement(place, code, money.negate(fee), PostingRole.FEE) for fee in fees]
    return tuple(movement for movement in moved if movement.amount)


def _reference(row: dict[str, Any]) -> dict[str, str]:
    """What the other side knows a transfer by: Kraken's spot ledger has it as ``refid``."""
    transfer = _KINDS.get(str(row["info"])) is TransactionKind.TRANSFER
    return detail(row, reference="execution") if transfer else {}


def _of_contract(row: dict[str, Any], *, position: bool) -> dict[str, str]:
    if not row.get("contract"):
        return {}
    symbol = str(row["contract"]).upper()
    if not position:
        return {"symbol": symbol, **detail(row, price="trade_price")}
    before, after = exact(row["old_balance"]), exact(row["new_balance"])
    size = money.add(after, money.negate(before))
    return {
        "symbol": symbol,
        "side": "buy" if size > 0 else "sell",
        "quantity": money.plain(size.copy_abs()),
        **detail(row, price="trade_price"),
    }


def execution(stream: StreamSpec, element: dict[str, Any]) -> Event:
    """The order behind a fill, for the rows of the log that book it."""
    told = execution_of(element)
    role = str(told.get("executionType") or "").lower()
    order = told.get("order") or told.get(f"{role or 'taker'}Order") or {}
    more = {"side": str(order["direction"]).lower()} if order.get("direction") else {}
    if order.get("tradeable"):
        more["symbol"] = str(order["tradeable"]).upper()
    return Event(
        key=f"execution:{told['uid']}",
        kind=TransactionKind.TRADE,
        occurred_at=executed_at(element),
        detail={
            **detail(told, price="price", quantity="quantity", role="executionType"),
            **detail(order, order="uid", order_type="orderType"),
            **more,
        },
    )


def execution_of(element: dict[str, Any]) -> dict[str, Any]:
    """Return what an element of the history says of its execution.

    Documentation and answers differ in the case of the name around it. May raise ValueError.
    """
    ((name, inner),) = element["event"].items()
    if str(name).lower() != "execution":
        raise ValueError("not an execution")
    found: dict[str, Any] = inner["execution"]
    return found


def executed_at(element: dict[str, Any]) -> datetime:
    """Return the moment of an execution."""
    return at_ms(execution_of(element)["timestamp"])
