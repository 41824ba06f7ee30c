"""BingX: spot trades, deposits, withdrawals, moves between own wallets, and the perpetual's ledger.

The perpetual wallet is booked from its income rows alone: a transfer's leg there is left to the
income row of the transfer, since income is kept for three months and transfers for longer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

PERPETUAL = "perpetual"
WALLETS = {  # as transfers spell them
    "fund": "funding",
    "spot": "spot",
    "USDTMPerp": PERPETUAL,
    "coinMPerp": "coin-m perpetual",
    "stdFutures": "standard futures",
}
# Until then there was one account for both; what was traded stayed in the one now called Fund.
SPOT_ACCOUNT_SINCE = datetime(2025, 3, 9, tzinfo=UTC)

_DOUBLE = Context(prec=15, rounding=ROUND_HALF_EVEN)
_NETWORK_IN_COIN = re.compile(r"\d")
DEPOSIT_BOOKED = "1"
_DEPOSIT_STATUS = {"0": "in progress", "1": "completed", "6": "on the chain, not credited yet"}
_WITHDRAWAL_BOOKED = "6"
_WITHDRAWAL_STATUS = {"4": "under review", "5": "failed", "6": "completed"}
_INCOME_KINDS = {
    "TRANSFER": TransactionKind.TRANSFER,
    "REALIZED_PNL": TransactionKind.REALISED_PNL,
    "ADL": TransactionKind.REALISED_PNL,
    "INSURANCE_CLEAR": TransactionKind.LIQUIDATION,
    "FUNDING_FEE": TransactionKind.FUNDING,
    "TRADING_FEE": TransactionKind.FEE,
    "COMMISSION": TransactionKind.FEE,
    "GTD_PRICE": TransactionKind.FEE,
    "SYSTEM_DEDUCTION": TransactionKind.ADJUSTMENT,
}
_FEES_OF_FILLS = ("TRADING_FEE", "COMMISSION")


def from_double(value: Any) -> Decimal:
    """Return an amount that BingX worked out as a float, without what floats add to it.

    A double carries 15 decimal digits; 17.997667582000002 was 17.997667582. May raise ValueError.
    """
    amount = exact(value)
    return _DOUBLE.plus(amount) if len(amount.as_tuple().digits) > _DOUBLE.prec else amount


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Both legs of a spot trade and its fee; ``commission`` is negative where it is paid."""
    base, quote = stream.scope["base"], stream.scope["quote"]
    quantity, moment = exact(row["qty"]), at_ms(row["time"])
    wallet = "spot" if moment >= SPOT_ACCOUNT_SINCE else "funding"
    known = row.get("quoteQty")
    cost = from_double(known) if known else money.multiply(quantity, exact(row["price"]))
    buys = row["isBuyer"]
    fee = from_double(row.get("commission") or "0")
    moved = [
        Movement(wallet, base, quantity if buys else money.negate(quantity)),
        Movement(wallet, quote, money.negate(cost) if buys else cost),
    ]
    if fee:
        moved.append(Movement(wallet, row["commissionAsset"], fee, PostingRole.FEE))
    return Event(
        key=f"trade:{stream.scope['symbol']}:{row['id']}",
        kind=TransactionKind.TRADE,
        occurred_at=moment,
        movements=tuple(moved),
        detail={
            "symbol": f"{base}/{quote}",
            "side": "buy" if buys else "sell",
            "role": "maker" if row.get("isMaker") else "taker",
            **detail(row, price="price", order="orderId", trade="id"),
        },
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit into the Fund account; it moves nothing until it is completed."""
    status = str(row.get("status", ""))
    moved = (Movement("funding", coin(row), exact(row["amount"])),)
    shown = detail(row, network="network", address="address", tag="addressTag", txid="txId")
    return Event(
        key=f"deposit:{deposit_id(row)}",
        kind=TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["insertTime"]),
        movements=moved if status == DEPOSIT_BOOKED else (),
        detail={"status": _DEPOSIT_STATUS.get(status, status), **shown},
    )


def deposit_id(row: dict[str, Any]) -> str:
    """Return what names a deposit: BingX gives it no id."""
    return f"{row['coin']}:{row.get('txId') or ''}:{row['amount']}:{row['insertTime']}"


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal from the Fund account: the network fee goes out in addition to the amount.

    Older rows have no status; then one that has a transaction on the chain is done.
    """
    status = str(row.get("status", _WITHDRAWAL_BOOKED if row.get("txId") else ""))
    asset = coin(row)
    moved = [Movement("funding", asset, money.negate(exact(row["amount"])))]
    fee = exact(row.get("transactionFee") or "0")
    if fee:
        moved.append(Movement("funding", asset, money.negate(fee), PostingRole.FEE))
    shown = detail(row, network="network", address="address", tag="addressTag", txid="txId")
    return Event(
        key=f"withdrawal:{row['id']}",
        kind=TransactionKind.WITHDRAWAL,
        occurred_at=at_utc_text(row["applyTime"]),
        movements=tuple(moved) if status == _WITHDRAWAL_BOOKED else (),
        detail={"status": _WITHDRAWAL_STATUS.get(status, status), **shown},
    )


def coin(row: dict[str, Any]) -> str:
    """Return the asset of a deposit or withdrawal: USDTTRC20 on the network TRC20 is USDT."""
    name, network = str(row["coin"]), str(row.get("network") or "")
    bare = name.removesuffix(network)
    return bare if bare and _NETWORK_IN_COIN.search(network) else name


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A move between two own wallets; the perpetual wallet's leg is left to its income row."""
    source, target = str(row["fromAccount"]), str(row["toAccount"])
    amount = exact(row["amount"]).copy_abs()
    legs = (
        Movement(WALLETS.get(source, source), row["asset"], money.negate(amount)),
        Movement(WALLETS.get(target, target), row["asset"], amount),
    )
    done = str(row.get("status") or "CONFIRMED") == "CONFIRMED"
    return Event(
        key=f"transfer:{row['transferId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["timestamp"]),
        movements=tuple(leg for leg in legs if leg.wallet != PERPETUAL) if done else (),
        detail={
            "direction": f"{source} to {target}",
            **detail(row, status="status", reference="transferId"),
        },
    )


def income(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the perpetual wallet's ledger; one of an unknown type is unclassified."""
    kind = kind_of(row["incomeType"], _INCOME_KINDS)
    role = PostingRole.FEE if kind is TransactionKind.FEE else PostingRole.PRINCIPAL
    amount = exact(row["income"])
    moved = (Movement(PERPETUAL, row["asset"], amount, role),) if amount else ()
    shown = detail(row, type="incomeType", description="info", trade="tradeId")
    return Event(
        key=_income_key(row),
        kind=kind,
        occurred_at=at_ms(row["time"]),
        movements=moved,
        detail={**_symbol(row), **shown},
    )


def _income_key(row: dict[str, Any]) -> str:
    if row["incomeType"] == "TRANSFER":
        return f"transfer:{row['tranId']}"
    if row["incomeType"] in _FEES_OF_FILLS and row.get("tradeId"):
        return f"fill:{row['symbol']}:{row['tradeId']}"
    return f"income:{income_id(row)}"


def income_id(row: dict[str, Any]) -> str:
    """Return what names an income row: a transaction's number comes once for each type of row."""
    names = ("incomeType", "tranId", "tradeId", "symbol", "asset", "time", "income")
    return ":".join(str(row.get(name) or "") for name in names)


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A fill of a perpetual contract: price and side for the row of income that books its fee."""
    shown = detail(row, price="price", quantity="volume", value="amount", order="orderId")
    side = str(row.get("side") or "").lower()
    return Event(
        key=f"fill:{fill_id(row)}",
        kind=TransactionKind.TRADE,
        occurred_at=filled_at(row),
        detail={
            **_symbol(row),
            **({"side": side} if side else {}),
            **shown,
            **detail(row, position="positionSide", order_type="type", trade="tradeId"),
        },
    )


def fill_id(row: dict[str, Any]) -> str:
    """Return what names a fill: its number, or in older answers all that is told of it."""
    if row.get("tradeId"):
        return f"{row['symbol']}:{row['tradeId']}"
    names = ("symbol", "orderId", "filledTime", "price", "volume", "commission")
    return ":".join(str(row.get(name) or "") for name in names)


def filled_at(row: dict[str, Any]) -> datetime:
    """Return when a fill happened.

    ``filledTm`` says UTC. ``filledTime`` says +0800 beside it with the very same figures, so it is
    believed only where it is alone.
    """
    return at_utc_text(row.get("filledTm") or row["filledTime"])


def _symbol(row: dict[str, Any]) -> dict[str, str]:
    base, _, quote = str(row.get("symbol") or "").rpartition("-")
    return {"symbol": f"{base}/{quote}:{quote}"} if base else {}
