"""OKX: two ledgers book all but deposits, withdrawals and interest, whose lists say more.

A bill of the trading account is one posting and its fee; bills of one trade share their trade id.
Conversions carry no common id: bills and history rows meet by their second.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

TRADING, FUNDING, EARN = "trading", "funding", "earn"
_DERIVATIVES = ("SWAP", "FUTURES", "OPTION")
_ASSETS = ALIASES["okx"]
_CONVERT, _EASY_CONVERT = "27", "28"

_BILL_KINDS = {
    "1": TransactionKind.TRANSFER,
    "2": TransactionKind.TRADE,
    "3": TransactionKind.REALISED_PNL,  # delivery
    "4": TransactionKind.CONVERSION,  # forced repayment: coins sold for what was owed
    "5": TransactionKind.LIQUIDATION,
    "6": TransactionKind.TRANSFER,  # margin moved into or out of a position
    "7": TransactionKind.INTEREST,
    "8": TransactionKind.FUNDING,
    "9": TransactionKind.LIQUIDATION,  # ADL
    "10": TransactionKind.ADJUSTMENT,  # clawback
    "11": TransactionKind.CONVERSION,
    "12": TransactionKind.TRANSFER,
    "13": TransactionKind.TRADE,
    "14": TransactionKind.TRADE,
    "24": TransactionKind.TRADE,
    _CONVERT: TransactionKind.CONVERSION,
    _EASY_CONVERT: TransactionKind.CONVERSION,
    "29": TransactionKind.CONVERSION,
    "30": TransactionKind.CONVERSION,
    "34": TransactionKind.REALISED_PNL,  # settlement
    "26": TransactionKind.TRANSFER,  # structured products
    "32": TransactionKind.TRANSFER,  # positions moved
    # Loans taken and paid back: nothing is won or lost.
    **dict.fromkeys(("15", "16", "22", "33"), TransactionKind.OTHER),
    "251": TransactionKind.FEE,  # of a share in profits, given back
    "250": TransactionKind.FEE,
    "381": TransactionKind.INTEREST,
}
_TRADED = {"2", "5", "9", "13", "14", "24"}  # have a trade id of their own

# What the deposit and withdrawal lists book: the funding bills of these types repeat it.
LISTED_ELSEWHERE = {"1", "2", "13"}
_SUBSCRIPTION, _REDEMPTION = "75", "76"
_CONVERTED = {"272", "273"}
_FUNDING_KINDS = {
    **dict.fromkeys(
        ("20", "21", "22", "23", "80", "82", "130", "131", "137", "329", "331", "348", "349"),
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(
        ("284", "285", "286", "287", "311", "339", "341", "342", "361", "476", "477", "81"),
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(
        ("78", "90", "91", "92", "93"),  # locked up, staked, given as collateral, and back
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(
        (
            *("48", "53", "68", "69", "77", "83", "85", "87", "88", "89"),
            *("139", "150", "151", "152", "162", "172", "173"),
        ),
        TransactionKind.REWARD,
    ),
    **dict.fromkeys(
        ("185", "189", "299", "300", "314", "328", "333", "350", "354"), TransactionKind.REWARD
    ),
    **dict.fromkeys(("343", "344", "400", "408", "232"), TransactionKind.INTEREST),
    **dict.fromkeys(("28", "229"), TransactionKind.AIRDROP),
    **dict.fromkeys(("84", "86", "221"), TransactionKind.FEE),
    **dict.fromkeys(_CONVERTED, TransactionKind.CONVERSION),
    "47": TransactionKind.ADJUSTMENT,
    "61": TransactionKind.CONVERSION,
    "135": TransactionKind.CONVERSION,
    "200": TransactionKind.CONVERSION,
    _SUBSCRIPTION: TransactionKind.TRANSFER,
    _REDEMPTION: TransactionKind.TRANSFER,
}

DEPOSIT_BOOKED = {"1", "2"}
_DEPOSIT_STATES = {
    "0": "waiting for confirmation",
    "1": "credited, not withdrawable yet",
    "2": "successful",
    "8": "suspended",
    "11": "address on a blacklist",
    "12": "frozen",
    "13": "intercepted",
    "14": "above the limit",
    "17": "waiting for travel rule",
}
WITHDRAWAL_UNDONE = {"-1", "-2"}
_WITHDRAWAL_STATES = {
    "-3": "cancelling",
    "-2": "cancelled",
    "-1": "failed",
    "0": "waiting",
    "1": "broadcasting",
    "2": "successful",
    "7": "approved",
    "10": "waiting for transfer",
    "15": "pending validation",
    "16": "delayed by local law",
    "17": "waiting for travel rule",
    "19": "waiting for the hot wallet",
}
_FEE = re.compile(r"^([0-9.eE+-]*?)([A-Za-z]*)$")  # once written "0.01000000eth"


def asset(code: str) -> str:
    """Return the canonical code of one of OKX's currencies."""
    return _ASSETS.get(code.upper(), code.upper())


def bill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One change of the trading account: ``balChg`` is net of ``fee`` (negative: paid)."""
    code, fee = asset(row["ccy"]), _number(row.get("fee"))
    principal = money.add(exact(row["balChg"]), money.negate(fee))
    moved = [Movement(TRADING, code, principal)] if principal else []
    if fee:
        moved.append(Movement(TRADING, code, fee, PostingRole.FEE))
    kind = str(row["type"])
    shown = detail(
        row,
        type="type",
        subtype="subType",
        price="px",
        order="ordId",
        trade="tradeId",
        note="notes",
    )
    return Event(
        key=_bill_key(row, kind),
        kind=_bill_kind(row, kind, principal),
        occurred_at=at_ms(row["ts"]),
        movements=tuple(moved),
        detail={**_symbol(row), **shown, "bill": str(row["billId"])},
    )


def _bill_key(row: dict[str, Any], kind: str) -> str:
    if kind in _TRADED and _trade_id(row):
        return f"trade:{row['instId']}:{row['tradeId']}"
    if kind == _CONVERT:
        return _by_second("convert", row["ts"])
    if kind == _EASY_CONVERT:
        return _by_second("dust", row["ts"])
    return f"bill:{row['billId']}"


def _trade_id(row: dict[str, Any]) -> bool:
    return bool(row.get("instId")) and str(row.get("tradeId") or "0") != "0"


def _bill_kind(row: dict[str, Any], kind: str, principal: Decimal) -> TransactionKind:
    found = kind_of(kind, _BILL_KINDS)
    if found is TransactionKind.TRADE and row.get("instType") in ("SWAP", "FUTURES"):
        return TransactionKind.REALISED_PNL if principal else TransactionKind.FEE
    return found


def asset_bill(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One change of the funding account; subscriptions to savings have no other ledger.

    None for deposits and withdrawals, which their lists book with address and transaction.
    """
    kind = str(row["type"])
    if kind in LISTED_ELSEWHERE:
        return None
    code, amount = asset(row["ccy"]), exact(row["balChg"])
    moved = [Movement(FUNDING, code, amount)]
    if kind in (_SUBSCRIPTION, _REDEMPTION):
        moved.append(Movement(EARN, code, money.negate(amount)))
    converted = kind in _CONVERTED
    return Event(
        key=_by_second("convert", row["ts"]) if converted else f"asset-bill:{row['billId']}",
        kind=kind_of(kind, _FUNDING_KINDS),
        occurred_at=at_ms(row["ts"]),
        movements=tuple(moved),
        detail={**detail(row, type="type", note="notes"), "bill": str(row["billId"])},
    )


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A trade's price, side and role, for the bills that book it."""
    trade = f"trade:{row['instId']}:{row['tradeId']}"
    shown = detail(row, side="side", price="fillPx", quantity="fillSz", order="ordId")
    role = {"T": "taker", "M": "maker"}.get(str(row.get("execType")))
    return Event(
        key=trade if _trade_id(row) else f"bill:{row['billId']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["ts"]),
        detail={**_symbol(row), **shown, **({"role": role} if role else {})},
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit to the funding account; it moves nothing until OKX has credited it."""
    state = str(row["state"])
    moved = (Movement(FUNDING, asset(row["ccy"]), exact(row["amt"])),)
    shown = detail(row, network="chain", address="to", txid="txId", sender="from")
    return Event(
        key=f"deposit:{row['depId']}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["ts"]),
        movements=moved if state in DEPOSIT_BOOKED else (),
        detail={"status": _DEPOSIT_STATES.get(state, state), **shown},
    )


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal: ``amt`` is what arrives, the fee goes out in addition.

    It leaves the balance when it is asked for; only a cancelled or failed one comes back.
    """
    state, code = str(row["state"]), asset(row["ccy"])
    fee, currency = _withdrawal_fee(row, code)
    moved = [Movement(FUNDING, code, money.negate(exact(row["amt"])))]
    if fee:
        moved.append(Movement(FUNDING, currency, money.negate(fee), PostingRole.FEE))
    shown = detail(row, network="chain", address="to", tag="tag", memo="memo", txid="txId")
    return Event(
        key=f"withdrawal:{row['wdId']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["ts"]),
        movements=() if state in WITHDRAWAL_UNDONE else tuple(moved),
        detail={"status": _WITHDRAWAL_STATES.get(state, state), **shown},
    )


def _withdrawal_fee(row: dict[str, Any], code: str) -> tuple[Decimal, str]:
    match = _FEE.match(str(row.get("fee") or "0"))
    if match is None:
        raise ValueError("not a fee")
    amount, unit = match.groups()
    return exact(amount or "0"), asset(str(row.get("feeCcy") or "") or unit or code)


def interest_id(row: dict[str, Any]) -> str:
    """Return what names an hour's interest, which has no id."""
    return ":".join(str(row[name]) for name in ("ccy", "ts", "rate", "amt"))


def interest(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """What savings earned in one hour; it is added to what is lent."""
    earned = exact(row["earnings"])
    code = asset(row["ccy"])
    return Event(
        key=f"interest:{interest_id(row)}",
        kind=TransactionKind.INTEREST,
        occurred_at=at_ms(row["ts"]),
        movements=(Movement(EARN, code, earned),) if earned else (),
        detail=detail(row, lent="amt", rate="rate"),
    )


def conversion(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A conversion's price, for the bills that book it."""
    shown = detail(row, side="side", price="fillPx", status="state", trade="tradeId")
    symbol = f"{asset(row['baseCcy'])}/{asset(row['quoteCcy'])}"
    return Event(
        key=_by_second("convert", row["ts"]),
        kind=TransactionKind.CONVERSION,
        occurred_at=at_ms(row["ts"]),
        detail={"symbol": symbol, **shown},
    )


def dust_id(row: dict[str, Any]) -> str:
    """Return what names one coin of an easy convert, which has no id."""
    return ":".join(str(row[name]) for name in ("uTime", "fromCcy", "toCcy"))


def dust(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One of the small balances that an easy convert turned into another coin."""
    return Event(
        key=_by_second("dust", row["uTime"]),
        kind=TransactionKind.CONVERSION,
        occurred_at=at_ms(row["uTime"]),
        detail=detail(row, status="status", into="toCcy"),
    )


def _by_second(name: str, moment: Any) -> str:
    return f"{name}:{int(exact(moment)) // 1000}"


def _symbol(row: dict[str, Any]) -> dict[str, str]:
    name = str(row.get("instId") or "")
    base, _, quote = name.partition("-")
    if quote and row.get("instType") not in _DERIVATIVES and "-" not in quote:
        name = f"{asset(base)}/{asset(quote)}"
    return {"symbol": name} if name else {}


def _number(value: Any) -> Decimal:
    return exact(value) if value not in (None, "") else money.ZERO
