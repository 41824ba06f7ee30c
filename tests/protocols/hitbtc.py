"""HitBTC, API v3: HS256 signatures, one list of trades of all pairs, ``from`` and ``till``.

As https://api.hitbtc.com describes it: newest first, at most 1,000 rows; unknown parameters are
not looked at. Deposits arrive in the wallet, trades move the spot account.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from tests.protocols.life import Life, Trade, Transfer, plain
from tests.protocols.serving import Refusal, Request

KEY, SECRET = "hitbtc-key-0123456789abcdef", "hitbtc-secret-0123456789abcdef"
CREDENTIALS = {"apiKey": KEY, "secret": SECRET}
_COINS = ("BTC", "ETH", "USDT", "LUNA")
_PAIRS = [("BTC", "USDT"), ("ETH", "USDT"), ("ETH", "BTC")]
_WORDS = {"done": "SUCCESS", "pending": "PENDING", "failed": "ROLLED_BACK"}
_Record = TypeVar("_Record", Trade, Transfer)


class HitBTC:
    """One account."""

    def __init__(self) -> None:
        self.life = Life(1, _PAIRS, ("LUNA", "BTC"), crowd=1150, fee_coin=lambda b, q, s: q)

    def records(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        inward = sum(t.inward for t in self.life.transfers)
        outward = len(self.life.transfers) - inward
        return {"trades": len(self.life.trades), "deposits": inward, "withdrawals": outward}

    def answer(self, request: Request) -> Any:
        """Answer one request. May raise Refusal."""
        public = {"/api/3/public/symbol": _symbols, "/api/3/public/currency": _currencies}
        if request.path in public:
            return public[request.path]()
        self._check(request)
        private: dict[str, Callable[[Request], Any]] = {
            "/api/3/spot/balance": lambda _: self._balance(wallet=False),
            "/api/3/wallet/balance": lambda _: self._balance(wallet=True),
            "/api/3/spot/history/trade": self._trades,
            "/api/3/wallet/transactions": self._transactions,
        }
        if request.path not in private or request.method != "GET":
            raise _error(404, 404, "Not found")
        return private[request.path](request)

    def _check(self, request: Request) -> None:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        key, signature, moment = base64.b64decode(told).decode().split(":")
        query = f"?{request.query}" if request.query else ""
        payload = f"{request.method}{request.path}{query}{request.body}{moment}"
        wanted = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if kind != "HS256" or key != KEY or not hmac.compare_digest(wanted, signature):
            raise _error(401, 1002, "Authorization is required or has been failed")
        if abs(time.time() * 1000 - int(moment)) > 10_000:
            raise _error(401, 1004, "Timestamp is out of the window")

    def _balance(self, *, wallet: bool) -> Any:
        """Half of a coin lies in the wallet, some of the rest is in orders."""
        rows = []
        for coin, total in self.life.balances().items():
            parked = total / 2 if wallet else total - total / 2
            rows.append({"currency": coin, "available": plain(parked - 1), "reserved": "1"})
        return rows

    def _trades(self, request: Request) -> Any:
        symbol = request.parameters.get("symbol")
        chosen = [t for t in self.life.trades if symbol in (None, t.base + t.quote)]
        return [_trade(t) for t in _page(chosen, request)]

    def _transactions(self, request: Request) -> Any:
        types = request.parameters.get("types", "DEPOSIT,WITHDRAW").split(",")
        chosen = [t for t in self.life.transfers if _type(t) in types]
        return [_transaction(t) for t in _page(chosen, request)]


def _page(records: Iterable[_Record], request: Request) -> list[_Record]:
    asked = request.parameters
    limit = int(asked.get("limit", 100))
    if not 0 < limit <= 1000:
        raise _error(400, 10001, "Validation error: limit")
    begin, end = _moment(asked.get("from", "0")), _moment(asked.get("till", "99999999999999"))
    within = [record for record in records if begin <= record.at <= end]
    return sorted(within, key=lambda r: (r.at, r.id), reverse=True)[:limit]


def _moment(text: str) -> int:
    if text.isdigit():
        return int(text)
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _iso(ms: int) -> str:
    whole = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ms % 1000:03d}Z"


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "id": trade.id,
        "order_id": trade.id // 2,
        "client_order_id": f"order{trade.id}",
        "symbol": trade.base + trade.quote,
        "side": trade.side,
        "quantity": plain(trade.amount),
        "price": plain(trade.price),
        "fee": plain(trade.fee),
        "timestamp": _iso(trade.at),
        "taker": True,
    }


def _type(transfer: Transfer) -> str:
    return "DEPOSIT" if transfer.inward else "WITHDRAW"


def _transaction(transfer: Transfer) -> dict[str, Any]:
    fee = {} if transfer.inward else {"fee": plain(transfer.fee)}
    native = {"tx_id": f"tx{transfer.id}", "hash": f"hash{transfer.id}", "address": "example"}
    coin = {"currency": transfer.coin, "amount": plain(transfer.amount)}
    return {
        "id": transfer.id,
        "created_at": _iso(transfer.at),
        "updated_at": _iso(transfer.at + 60_000),
        "status": _WORDS[transfer.status],
        "type": _type(transfer),
        "subtype": "BLOCKCHAIN",
        "native": {**native, **coin, **fee},
    }


def _symbols() -> Any:
    steps = {"quantity_increment": "0.000000000001", "tick_size": "0.000001"}
    return {
        base + quote: {
            "type": "spot",
            "base_currency": base,
            "quote_currency": quote,
            "fee_currency": quote,
            "take_rate": "0.0025",
            "make_rate": "0.001",
            "margin_trading": False,
            **steps,
        }
        for base, quote in _PAIRS
    }


def _currencies() -> Any:
    row = {"crypto": True, "payin_enabled": True, "payout_enabled": True, "networks": []}
    return {
        coin: {**row, "full_name": coin, "precision_transfer": "0.00000001", "delisted": False}
        for coin in _COINS
    }


def _error(status: int, code: int, message: str) -> Refusal:
    return Refusal(status, {"error": {"code": code, "message": message, "description": ""}})
