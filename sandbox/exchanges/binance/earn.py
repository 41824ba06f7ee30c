"""Simple earn, conversions, dust, bank money and Binance Pay below /sapi/v1."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import fixed
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, missing
from sandbox.exchanges.binance.lists import Endpoints, between, page_of, span
from sandbox.exchanges.binance.parameters import limit, number, required
from sandbox.generate.binance import BinanceAccount, BinanceLife, Row
from sandbox.generate.binance_earn import FLEXIBLE, LOCKED
from sandbox.generate.prices import DAY

QUARTER = 92  # days
DUST_KEPT = 100


class EarnData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BinanceLife]) -> None:
        self._lives = lives

    def endpoints(self) -> Endpoints:
        """Answers and weights by path."""
        made: Endpoints = {
            "simple-earn/account": (self.account, 150),
            "simple-earn/flexible/position": (self.flexible, 150),
            "simple-earn/locked/position": (self.locked, 150),
            "convert/tradeFlow": (self.conversions, 3_000, True),
            "asset/dribblet": (self.dust, 1),
            "fiat/orders": (self.bank, 90_000, True),
            "fiat/payments": (self.payments, 1),
            "pay/transactions": (self.pay, 3_000, True),
        }
        for product in (FLEXIBLE, LOCKED):
            path = f"simple-earn/{product}/history"
            made[f"{path}/subscriptionRecord"] = (partial(self.subscriptions, product), 150)
            made[f"{path}/redemptionRecord"] = (partial(self.redemptions, product), 150)
            made[f"{path}/rewardsRecord"] = (partial(self.rewards, product), 150)
        return made

    def account(self, call: Call, key: Key) -> dict[str, Any]:
        """The worth of all positions; the sandbox does not say it."""
        names = ("totalAmount", "totalFlexibleAmount", "totalLocked")
        return {f"{name}In{unit}": "0" for name in names for unit in ("BTC", "USDT")}

    def flexible(self, call: Call, key: Key) -> dict[str, Any]:
        """Flexible positions, by page."""
        rows = [
            {
                "totalAmount": fixed(amount, 8),
                "latestAnnualPercentageRate": "0.02",
                "asset": asset,
                "canRedeem": True,
                "collateralAmount": "0",
                "productId": f"{asset}001",
                "autoSubscribe": False,
            }
            for asset, amount in sorted(self._of(key).earn.flexible.items())
            if amount
        ]
        return _positions(call, rows)

    def locked(self, call: Call, key: Key) -> dict[str, Any]:
        """Locked positions, by page."""
        rows = [
            row
            | {
                "amount": fixed(row["amount"], 8),
                "duration": str(row["duration"]),
                "status": "HOLDING",
                "rewardAsset": row["asset"],
                "isRenewable": False,
                "isAutoRenew": False,
            }
            for _, row in sorted(self._of(key).earn.locked.items())
        ]
        return _positions(call, rows)

    def subscriptions(self, product: str, call: Call, key: Key) -> dict[str, Any]:
        """What was put in, newest first."""
        return _earned(call, self._of(key).earn.subscriptions[product], "purchaseId")

    def redemptions(self, product: str, call: Call, key: Key) -> dict[str, Any]:
        """What was taken out, newest first."""
        return _earned(call, self._of(key).earn.redemptions[product], "redeemId")

    def rewards(self, product: str, call: Call, key: Key) -> dict[str, Any]:
        """Rewards; those of flexible products by type."""
        rows = self._of(key).earn.rewards[product]
        if product == FLEXIBLE:
            kind = required(call.params, "type")
            if kind not in ("BONUS", "REALTIME", "REWARDS", "ALL"):
                raise BinanceError(-1130, "Data sent for parameter 'type' is not valid.")
            rows = [row for row in rows if kind in ("ALL", row["type"])]
        return _earned(call, rows, "positionId")

    def conversions(self, call: Call, key: Key) -> dict[str, Any]:
        """Conversions of at most thirty days, newest first; more than the limit are cut off."""
        for name in ("startTime", "endTime"):
            if number(call.params, name) is None:
                raise missing(name)
        start, end = span(call, 30, default_days=30)
        rows = between(self._of(key).earn.conversions, "createTime", start, end)
        rows = call.punctual((str(r["orderId"]), r["createTime"], r) for r in rows)
        count = limit(call.params, "limit", 100, 1_000)
        return {
            "list": rows[::-1][:count],
            "startTime": start,
            "endTime": end,
            "limit": count,
            "moreData": len(rows) > count,
        }

    def dust(self, call: Call, key: Key) -> dict[str, Any]:
        """The latest hundred of a stretch of time, each with what went into it."""
        account = call.params.get("accountType", "SPOT")
        start, end = number(call.params, "startTime"), number(call.params, "endTime")
        rows = self._of(key).earn.dust.get(account, [])
        found = between(rows, "operateTime", start or 0, end or call.now_ms)
        found = call.punctual((str(r["transId"]), r["operateTime"], r) for r in found)
        latest = found[-DUST_KEPT:][::-1]
        return {"total": len(latest), "userAssetDribblets": latest}

    def bank(self, call: Call, key: Key) -> dict[str, Any]:
        """Deposits from or withdrawals to a bank."""
        return _fiat(call, self._of(key).earn.bank)

    def payments(self, call: Call, key: Key) -> dict[str, Any]:
        """Crypto bought or sold for bank money."""
        return _fiat(call, self._of(key).earn.payments)

    def pay(self, call: Call, key: Key) -> dict[str, Any]:
        """Payments of at most ninety days, newest first; more than the limit are cut off.

        Binance keeps eighteen months; the sandbox keeps them all.
        """
        start, end = span(call, 90, default_days=90)
        rows = between(self._of(key).earn.pay, "transactionTime", start, end)
        rows = call.punctual((r["transactionId"], r["transactionTime"], r) for r in rows)
        count = limit(call.params, "limit", 100, 100)
        return {"code": "000000", "message": "success", "data": rows[::-1][:count], "success": True}

    def _of(self, key: Key) -> BinanceAccount:
        return self._lives[key.account].account


def _earned(call: Call, rows: list[Row], ident: str) -> dict[str, Any]:
    start, end = span(call, QUARTER, default_days=30)
    return page_of(call, between(rows, "time", start, end), (ident, "time"))


def _positions(call: Call, rows: list[Row]) -> dict[str, Any]:
    size = limit(call.params, "size", 10, 100)
    start = (limit(call.params, "current", 1, 1_000) - 1) * size
    return {"rows": rows[start : start + size], "total": len(rows)}


def _fiat(call: Call, by_type: dict[str, list[Row]]) -> dict[str, Any]:
    kind = required(call.params, "transactionType")
    if kind not in by_type:
        raise BinanceError(-1130, "Data sent for parameter 'transactionType' is not valid.")
    end = number(call.params, "endTime") or call.now_ms
    start = number(call.params, "beginTime")
    start = end - 30 * DAY if start is None else start
    rows = between(by_type[kind], "createTime", start, end)
    rows = call.punctual((r["orderNo"], r["createTime"], r) for r in rows)[::-1]
    size = limit(call.params, "rows", 100, 500)
    page = call.page(rows, (limit(call.params, "page", 1, 1_000) - 1) * size, size)
    total = len(rows) + min(call.overlap, len(rows))
    return {"code": "000000", "message": "success", "data": page, "total": total, "success": True}
