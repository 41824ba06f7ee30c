"""BTC Markets, API v3: HMAC-SHA512, lists newest first, pages by the numbers of records.

As https://docs.btcmarkets.net/v3 describes it: ``before`` and ``after`` are record ids, ``limit``
is 10 where it is not given and 200 at most. Trades are asked for by market here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from tests.protocols.life import Life, Trade, Transfer, plain
from tests.protocols.serving import Refusal, Request

KEY = "btcm-key-0123456789abcdef"
SECRET = base64.b64encode(b"btcm-secret-0123456789abcdef-012").decode()
CREDENTIALS = {"apiKey": KEY, "secret": SECRET}
_PAIRS = [("BTC", "AUD"), ("XRP", "AUD")]
_GONE = ("OMG", "AUD")
_WORDS = {"done": "Complete", "pending": "Accepted", "failed": "Failed"}
_Record = TypeVar("_Record", Trade, Transfer)


class BTCMarkets:
    """One account."""

    def __init__(self) -> None:
        self.life = Life(
            2, _PAIRS, _GONE, crowd=420, fee_coin=lambda b, q, s: q, deposit_fee=Decimal("2.5")
        )

    def records(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        inward = sum(t.inward for t in self.life.transfers)
        outward = len(self.life.transfers) - inward
        return {"trades": len(self.life.trades), "deposits": inward, "withdrawals": outward}

    def answer(self, request: Request) -> Any:
        """Answer one request. May raise Refusal."""
        if request.path == "/v3/markets":
            return _markets()
        self._check(request)
        if request.method != "GET":
            raise Refusal(404, {"code": "NotFound", "message": "not found"})
        if request.path == "/v3/accounts/me/balances":
            return self._balances()
        if request.path == "/v3/trades":
            return self._trades(request)
        inward = {"/v3/deposits": True, "/v3/withdrawals": False}.get(request.path)
        if inward is None:
            raise Refusal(404, {"code": "NotFound", "message": "not found"})
        chosen = [t for t in self.life.transfers if t.inward == inward]
        return [_transfer(t) for t in _page(chosen, request)]

    def _check(self, request: Request) -> None:
        moment = request.headers.get("bm-auth-timestamp", "0")
        text = f"{request.method}{request.path}{moment}{request.body}".encode()
        wanted = base64.b64encode(
            hmac.new(base64.b64decode(SECRET), text, hashlib.sha512).digest()
        ).decode()
        told = request.headers.get("bm-auth-signature", "")
        known = request.headers.get("bm-auth-apikey") == KEY
        if not known or not hmac.compare_digest(wanted, told):
            raise Refusal(401, {"code": "InvalidAuthSignature", "message": "invalid signature"})
        if abs(time.time() * 1000 - int(moment)) > 30_000:
            raise Refusal(401, {"code": "InvalidTimeWindow", "message": "BM-AUTH-TIMESTAMP"})

    def _balances(self) -> Any:
        rows = self.life.balances().items()
        return [
            {
                "assetName": coin,
                "balance": plain(total),
                "available": plain(total - 1),
                "locked": "1",
            }
            for coin, total in rows
        ]

    def _trades(self, request: Request) -> Any:
        market = request.parameters.get("marketId")
        if market not in [f"{base}-{quote}" for base, quote in (*_PAIRS, _GONE)]:
            raise Refusal(400, {"code": "MarketNotFound", "message": "invalid marketId"})
        chosen = [t for t in self.life.trades if f"{t.base}-{t.quote}" == market]
        return [_trade(t) for t in _page(chosen, request)]


def _page(records: Iterable[_Record], request: Request) -> list[_Record]:
    asked = request.parameters
    limit = int(asked.get("limit", 10))
    if not 0 < limit <= 200 or {"before", "after"} <= set(asked):
        raise Refusal(400, {"code": "InvalidPaginationParameter", "message": "pagination"})
    rows = [r for r in records if r.id < int(asked.get("before", 10**18))]
    rows = [r for r in rows if r.id > int(asked.get("after", 0))]
    return sorted(rows, key=lambda r: r.id, reverse=True)[:limit]


def _iso(ms: int) -> str:
    whole = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ms % 1000:03d}000Z"


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "id": str(trade.id),
        "marketId": f"{trade.base}-{trade.quote}",
        "timestamp": _iso(trade.at),
        "price": plain(trade.price),
        "amount": plain(trade.amount),
        "side": "Bid" if trade.side == "buy" else "Ask",
        "fee": plain(trade.fee),
        "orderId": str(trade.id // 2),
        "liquidityType": "Taker",
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    """Fees are within the amount, for both directions."""
    return {
        "id": str(transfer.id),
        "assetName": transfer.coin,
        "amount": plain(transfer.amount + transfer.fee),
        "type": "Deposit" if transfer.inward else "Withdraw",
        "creationTime": _iso(transfer.at),
        "status": _WORDS[transfer.status],
        "description": "example",
        "fee": plain(transfer.fee),
        "lastUpdate": _iso(transfer.at + 60_000),
    }


def _markets() -> Any:
    row = {"minOrderAmount": "0.0001", "amountDecimals": "8", "priceDecimals": "2"}
    return [
        {"marketId": f"{base}-{quote}", "baseAssetName": base, "quoteAssetName": quote}
        | {"status": "Online", **row}
        for base, quote in _PAIRS
    ]
