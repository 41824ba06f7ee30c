"""Binance's simple earn, conversions, dust, bank money and Binance Pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.binance_margin import CROSS
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

EARN = "earn"
_ACCOUNTS = {"SPOT": "spot", "FUNDING": "funding"}
_DUST_WALLETS = {"SPOT": "spot", "MARGIN": CROSS}
_PAY_WALLETS = {"1": "funding", "2": "spot", "3": "spot", "5": EARN}  # 3: bank money
_CARDS = {"4", "6"}
_SUBSCRIBED, _REDEEMED = "SUCCESS", {"PAID", "SUCCESS"}
_BANK_DONE = {"Successful", "Finished", "Completed"}
# What goes from one product of earn into another, or is Binance's own (trial funds).
_WITHIN_EARN = {"RESTAKE", "TRIAL", "CONVERT", "TRANSFER", "NEW_TRANSFERRED"}
_FROM_ELSEWHERE = {"LOAN", "AI"}  # a loan's collateral, bought by auto-invest: not from a wallet


def subscription(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Coins put into a product: out of the spot or the funding wallet, into earn."""
    moved = [Movement(EARN, row["asset"], exact(row["amount"]))]
    if row.get("type") not in _FROM_ELSEWHERE:
        moved += [Movement(w, row["asset"], money.negate(part)) for w, part in _sources(row)]
    done = row["status"] == _SUBSCRIBED and row.get("type") not in _WITHIN_EARN
    return Event(
        key=f"earn-in:{stream.scope['product']}:{row['purchaseId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["time"]),
        movements=tuple(moved) if done else (),
        detail=_product(row) | detail(row, status="status", type="type", reference="purchaseId"),
    )


def _sources(row: dict[str, Any]) -> list[tuple[str, Decimal]]:
    """Return which wallet gave how much; where parts are not told, the one that is named."""
    parts = [
        ("spot", exact(row.get("amtFromSpot") or "0")),
        ("funding", exact(row.get("amtFromFunding") or "0")),
    ]
    told = [(wallet, amount) for wallet, amount in parts if amount]
    whole = (_ACCOUNTS.get(str(row.get("sourceAccount")), "spot"), exact(row["amount"]))
    return told or [whole]


def redemption(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Coins taken out of a product. What an early end costs of the principal is a fee."""
    wallet = _ACCOUNTS.get(str(row.get("destAccount")), "spot")
    asset, paid = row["asset"], exact(row["amount"])
    whole = exact(row.get("originalAmount") or row["amount"])
    lost = money.add(whole, money.negate(paid))
    moved = [Movement(EARN, asset, money.negate(paid)), Movement(wallet, asset, paid)]
    if lost > 0:
        moved.append(Movement(EARN, asset, money.negate(lost), PostingRole.FEE))
    done = row["status"] in _REDEEMED and row.get("type") not in _WITHIN_EARN
    return Event(
        key=f"earn-out:{stream.scope['product']}:{row['redeemId']}",
        kind=TransactionKind.TRANSFER,
        occurred_at=at_ms(row["time"]),
        movements=tuple(moved) if done else (),
        detail=_product(row) | detail(row, status="status", type="type", reference="redeemId"),
    )


def reward(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Interest that a flexible product adds to what is in it."""
    return Event(
        key=f"earn-reward:{reward_id(row)}",
        kind=TransactionKind.REWARD,
        occurred_at=at_ms(row["time"]),
        movements=(Movement(EARN, row["asset"], exact(row["rewards"])),),
        detail=_product(row) | detail(row, type="type"),
    )


def reward_id(row: dict[str, Any]) -> str:
    """Return what names a reward: it has no number."""
    product = row.get("projectId") or row.get("productId") or ""
    return f"{product}:{row['asset']}:{row['type']}:{row['time']}"


def _product(row: dict[str, Any]) -> dict[str, str]:
    return detail(row, product="projectId") | detail(row, product="productId", days="lockPeriod")


def conversion(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One coin turned into another at a quoted price, in the spot wallet."""
    moved = (
        Movement("spot", row["fromAsset"], money.negate(exact(row["fromAmount"]))),
        Movement("spot", row["toAsset"], exact(row["toAmount"])),
    )
    return Event(
        key=f"convert:{row['orderId']}",
        kind=TransactionKind.CONVERSION,
        occurred_at=at_ms(row["createTime"]),
        movements=moved if row["orderStatus"] == "SUCCESS" else (),
        detail=detail(row, status="orderStatus", price="ratio", order="orderId"),
    )


def dust(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Small remainders turned into BNB: each coin, what came for it, and the charge.

    ``transferedAmount`` is what arrives: the charge of the documentation's example is 2 % of both
    together.
    """
    wallet = _DUST_WALLETS[stream.scope["account"]]
    moved: list[Movement] = []
    for part in row["userAssetDribbletDetails"]:
        target = part.get("targetAsset") or row.get("targetAsset") or "BNB"
        arrived, charge = exact(part["transferedAmount"]), exact(part["serviceChargeAmount"])
        moved += [
            Movement(wallet, part["fromAsset"], money.negate(exact(part["amount"]))),
            Movement(wallet, target, money.add(arrived, charge)),
        ]
        if charge:
            moved.append(Movement(wallet, target, money.negate(charge), PostingRole.FEE))
    coins = ", ".join(str(part["fromAsset"]) for part in row["userAssetDribbletDetails"])
    return Event(
        key=f"dust:{stream.scope['account']}:{row['transId']}",
        kind=TransactionKind.CONVERSION,
        occurred_at=at_ms(row["operateTime"]),
        movements=tuple(moved),
        detail=detail(row, reference="transId") | {"coins": coins},
    )


def bank(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Money from or to a bank. ``indicatedAmount`` is what was sent; ``amount`` is without the fee.

    A deposit credits ``amount``; a withdrawal takes ``amount`` and the fee beside it.
    """
    goes_in = stream.scope["type"] == "0"
    currency, amount = row["fiatCurrency"], exact(row["amount"])
    fee = exact(row.get("totalFee") or "0")
    moved = [Movement("spot", currency, amount if goes_in else money.negate(amount))]
    if fee and not goes_in:
        moved.append(Movement("spot", currency, money.negate(fee), PostingRole.FEE))
    shown = detail(row, status="status", method="method", fee="totalFee", order="orderNo")
    return Event(
        key=f"bank:{row['orderNo']}",
        kind=TransactionKind.DEPOSIT if goes_in else TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["createTime"]),
        movements=tuple(moved) if row["status"] in _BANK_DONE else (),
        detail=shown,
    )


def payment(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Crypto bought or sold for bank money; a card's money was never in a wallet here."""
    buys = stream.scope["type"] == "0"
    paid, got = exact(row["sourceAmount"]), exact(row["obtainAmount"])
    moved = []
    if buys:
        if row.get("paymentMethod") == "Cash Balance":
            moved.append(Movement("spot", row["fiatCurrency"], money.negate(paid)))
        moved.append(Movement("spot", row["cryptoCurrency"], got))
    else:
        moved.append(Movement("spot", row["cryptoCurrency"], money.negate(paid)))
        moved.append(Movement("spot", row["fiatCurrency"], got))
    shown = detail(row, status="status", method="paymentMethod", price="price", fee="totalFee")
    given = {} if len(moved) == 2 else {"paid": f"{row['sourceAmount']} {row['fiatCurrency']}"}
    return Event(
        key=f"payment:{row['orderNo']}",
        kind=TransactionKind.CONVERSION if len(moved) == 2 else TransactionKind.DEPOSIT,
        occurred_at=at_ms(row["createTime"]),
        movements=tuple(moved) if row["status"] in _BANK_DONE else (),
        detail=shown | given | detail(row, order="orderNo"),
    )


def pay(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A payment by Binance Pay: received (positive) or made (negative)."""
    comes = exact(row["amount"]) > 0
    moved = [Movement(_pay_wallet(row), row["currency"], exact(row["amount"]))]
    spent = None if comes else _spent(row)
    return Event(
        key=f"pay:{row['transactionId']}",
        kind=TransactionKind.DEPOSIT if comes else TransactionKind.WITHDRAWAL,
        occurred_at=at_ms(row["transactionTime"]),
        movements=tuple(moved if spent is None else spent),
        detail=detail(row, type="orderType", reference="transactionId"),
    )


def _spent(row: dict[str, Any]) -> list[Movement] | None:
    """What a payment took, which may be several coins of several wallets; None: it is not told."""
    found: list[Movement] = []
    told = row.get("fundsDetail") or ()
    for fund in told:
        parts = [pair for cost in fund.get("walletAssetCost") or () for pair in cost.items()]
        for code, size in parts or [(row.get("walletType", "1"), fund["amount"])]:
            if str(code) not in _CARDS:
                wallet = _pay_wallet({"walletType": code})
                taken = money.negate(exact(size).copy_abs())
                found.append(Movement(wallet, fund["currency"], taken))
    return found if told else None


def _pay_wallet(row: dict[str, Any]) -> str:
    code = str(row.get("walletType", "1"))
    return _PAY_WALLETS.get(code, f"pay wallet {code}")
