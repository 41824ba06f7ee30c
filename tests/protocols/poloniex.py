"""Poloniex Spot: HMAC-SHA256 over sorted parameters, a week of trades at most, fees in TRX.

As https://api-docs.poloniex.com/spot describes it: trades in milliseconds, newest first, the
wallet's activity in whole seconds with both directions in one answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.protocols.life import Life, Trade, Transfer, plain
from tests.protocols.serving import Refusal, Request

KEY, SECRET = "polo-key-0123456789abcdef", "polo-secret-0123456789abcdef"
CREDENTIALS = {"apiKey": KEY, "secret": SECRET}
_PAIRS = [("BTC", "USDT"), ("LINK", "USDT")]
_GONE = ("BTS", "BTC")
_WEEK = 7 * 86_400_000
_WORDS = {"done": "COMPLETED", "pending": "PROCESSING", "failed": "COMPLETE_ERROR"}


class Poloniex:
    """One account."""

    def __init__(self) -> None:
        self.life = Life(4, _PAIRS, _GONE, crowd=1100, fee_coin=lambda b, q, s: "TRX")

    def records(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        inward = sum(t.inward for t in self.life.transfers)
        outward = len(self.life.transfers) - inward
        return {"trades": len(self.life.trades), "deposits": inward, "withdrawals": outward}

    def answer(self, request: Request) -> Any:
        """Answer one request. May raise Refusal."""
        public: dict[str, Callable[[], Any]] = {
            "/markets": _markets,
            "/v2/currencies": _currencies,
            "/v3/market/allInstruments": lambda: {"code": "200", "msg": "", "data": []},
        }
        if request.path in public:
            return public[request.path]()
        self._check(request)
        private: dict[str, Callable[[dict[str, str]], Any]] = {
            "/accounts/balances": self._balances,
            "/trades": self._trades,
            "/wallets/activity": self._activity,
        }
        if request.path not in private or request.method != "GET":
            raise Refusal(404, {"code": 404, "message": "Not found"})
        return private[request.path](request.parameters)

    def _check(self, request: Request) -> None:
        moment = request.headers.get("signtimestamp", "0")
        told = sorted({**request.parameters, "signTimestamp": moment}.items())
        text = f"{request.method}\n{request.path}\n{urlencode(told)}".encode()
        wanted = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())
        signature = request.headers.get("signature", "").encode()
        known = request.headers.get("key") == KEY
        if not known or not hmac.compare_digest(wanted, signature):
            raise Refusal(401, {"code": 21100, "message": "Invalid signature"})
        if abs(time.time() * 1000 - int(moment)) > 5_000:
            raise Refusal(401, {"code": 21100, "message": "Invalid timestamp"})

    def _balances(self, asked: dict[str, str]) -> Any:
        rows = [
            {"currencyId": "1", "currency": coin, "available": plain(total - 1), "hold": "1"}
            for coin, total in self.life.balances().items()
        ]
        return [{"accountId": "1", "accountType": "SPOT", "balances": rows}]

    def _trades(self, asked: dict[str, str]) -> Any:
        end = int(asked.get("endTime", time.time() * 1000))
        begin = int(asked.get("startTime", end - _WEEK))
        if end - begin > _WEEK:
            text = "Interval between startTime and endTime has exceeded 7 day limit"
            raise Refusal(400, {"code": 21355, "message": text})
        if not 0 < int(asked.get("limit", 100)) <= 1000:
            raise Refusal(400, {"code": 24104, "message": "Invalid limit"})
        rows = [t for t in self.life.trades if begin <= t.at <= end]
        rows.sort(key=lambda t: (t.at, t.id), reverse=True)
        return [_trade(t) for t in rows[: int(asked.get("limit", 100))]]

    def _activity(self, asked: dict[str, str]) -> Any:
        begin, end = int(asked["start"]) * 1000, int(asked["end"]) * 1000 + 999
        within = [t for t in self.life.transfers if begin <= t.at <= end]
        return {
            "deposits": [_deposit(t) for t in within if t.inward],
            "withdrawals": [_withdrawal(t) for t in within if not t.inward],
        }


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "id": str(trade.id),
        "symbol": f"{trade.base}_{trade.quote}",
        "accountType": "SPOT",
        "orderId": str(trade.id // 2),
        "side": trade.side.upper(),
        "type": "LIMIT",
        "matchRole": "TAKER",
        "createTime": trade.at,
        "price": plain(trade.price),
        "quantity": plain(trade.amount),
        "amount": plain(trade.cost),
        "feeCurrency": trade.fee_coin,
        "feeAmount": plain(trade.fee),
        "pageId": str(trade.id),
        "clientOrderId": "",
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {
        "currency": transfer.coin,
        "address": "example",
        "timestamp": transfer.at // 1000,
        "txid": f"tx{transfer.id}",
        "status": _WORDS[transfer.status],
    }


def _deposit(transfer: Transfer) -> dict[str, Any]:
    told = {"depositNumber": transfer.id, "amount": plain(transfer.amount), "confirmations": 9}
    return {**_transfer(transfer), **told}


def _withdrawal(transfer: Transfer) -> dict[str, Any]:
    whole = plain(transfer.amount + transfer.fee)  # the fee is within
    told = {"withdrawalRequestsId": transfer.id, "amount": whole, "fee": plain(transfer.fee)}
    return {**_transfer(transfer), **told, "paymentID": None}


def _markets() -> Any:
    scales = {"priceScale": 6, "quantityScale": 12, "amountScale": 18}
    return [
        {"symbol": f"{base}_{quote}", "baseCurrencyName": base, "quoteCurrencyName": quote}
        | {"displayName": f"{base}/{quote}", "state": "NORMAL", "tradableStartTime": 1}
        | {"symbolTradeLimit": {"symbol": f"{base}_{quote}", **scales}}
        for base, quote in _PAIRS
    ]


def _currencies() -> Any:
    row = {"delisted": False, "tradeEnable": True, "networkList": []}
    coins = ("BTC", "LINK", "USDT", "BTS", "TRX")
    return [{"id": n, "coin": coin, "name": coin, **row} for n, coin in enumerate(coins)]
