"""CEX.IO Spot Trading: POST of JSON, one ledger of all that moved, one row an amount.

As https://trade.cex.io/docs describes it: the signature is over the action, the time and the body;
``dateFrom`` and ``dateTo`` bound the transaction history, ``pageSize`` its answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from tests.protocols.life import Life, plain
from tests.protocols.serving import Refusal, Request

KEY, SECRET = "cex-key-0123456789abcdef", "cex-secret-0123456789abcdef"
CREDENTIALS = {"apiKey": KEY, "secret": SECRET}
_PAIRS = [("BTC", "USD"), ("ETH", "USD")]
_PRIVATE, _PUBLIC = "/api/spot/rest/", "/api/spot/rest-public/"
_PAGE = 250


class _Row(NamedTuple):
    id: str
    at: int
    type: str
    coin: str
    amount: Decimal


class CEX:
    """One account. Fees are taken in a third coin, each in a row of its own."""

    def __init__(self) -> None:
        self.life = Life(3, _PAIRS, ("GHS", "BTC"), crowd=300, fee_coin=lambda b, q, s: "CEXP")

    def records(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        return {"ledger": len(list(self._rows()))}

    def answer(self, request: Request) -> Any:
        """Answer one request. May raise Refusal."""
        asked = json.loads(request.body or "{}")
        if request.path.startswith(_PUBLIC):
            public = {
                "get_pairs_info": _pairs,
                "get_currencies_info": _currencies,
                "get_processing_info": dict,
            }
            return {"ok": "ok", "data": public[request.path.removeprefix(_PUBLIC)]()}
        action = request.path.removeprefix(_PRIVATE)
        self._check(request, action)
        if action == "get_my_wallet_balance":
            held = self.life.balances().items()
            return {"ok": "ok", "data": {coin: {"balance": plain(total)} for coin, total in held}}
        if action == "get_my_transaction_history":
            return {"ok": "ok", "data": [_told(row) for row in self._page(asked)]}
        raise Refusal(404, {"error": "Not found"})

    def _check(self, request: Request, action: str) -> None:
        moment = request.headers.get("x-aggr-timestamp", "0")
        text = f"{action}{moment}{request.body}".encode()
        wanted = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())
        told = request.headers.get("x-aggr-signature", "").encode()
        known = request.headers.get("x-aggr-key") == KEY and request.method == "POST"
        if not known or not hmac.compare_digest(wanted, told):
            raise Refusal(401, {"error": "Authorization Failed. Signature is wrong"})
        if abs(time.time() - int(moment)) > 30:
            raise Refusal(401, {"error": "Authorization Failed. Timestamp is wrong"})

    def _rows(self) -> Iterator[_Row]:
        for trade in self.life.trades:
            for place, (coin, amount) in enumerate(trade.moves()):
                word = "commission" if place == 2 else "trade"
                yield _Row(f"{trade.id}{place}", trade.at, word, coin, amount)
        for transfer in self.life.transfers:
            word = "deposit" if transfer.inward else "withdraw"
            for coin, amount in transfer.moves():  # what failed or is on its way moved nothing
                yield _Row(f"{transfer.id}9", transfer.at, word, coin, amount)

    def _page(self, asked: dict[str, Any]) -> list[_Row]:
        begin, end = int(asked.get("dateFrom", 0)), int(asked.get("dateTo", 10**15))
        rows = [row for row in self._rows() if begin <= row.at <= end]
        size = min(int(asked.get("pageSize", _PAGE)), _PAGE)
        return sorted(rows, key=lambda row: (row.at, row.id), reverse=True)[:size]


def _told(row: _Row) -> dict[str, Any]:
    moment = datetime.fromtimestamp(row.at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "transactionId": row.id,
        "timestamp": f"{moment}.{row.at % 1000:03d}Z",
        "accountId": "",
        "type": row.type,
        "amount": plain(row.amount),
        "details": "example",
        "currency": row.coin,
    }


def _pairs() -> Any:
    row = {"basePrecision": "8", "quotePrecision": "8", "pricePrecision": "4"}
    return [{"base": base, "quote": quote, **row} for base, quote in _PAIRS]


def _currencies() -> Any:
    row = {"fiat": False, "precision": "8", "walletPrecision": "8"}
    coins = ("BTC", "ETH", "USD", "GHS", "CEXP")
    return [{"currency": coin, **row} for coin in coins]
