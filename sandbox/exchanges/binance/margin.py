"""Cross and isolated margin below /sapi/v1/margin."""

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, exact, fixed
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, invalid_symbol, missing
from sandbox.exchanges.binance.lists import Endpoints, between, page_of, span
from sandbox.exchanges.binance.parameters import limit, number, required
from sandbox.generate.binance import BinanceAccount, BinanceLife, Row
from sandbox.generate.binance_margin import CROSS, wallet_of
from sandbox.generate.prices import DAY
from sandbox.markets import BINANCE

# How asset/transfer names the moves that margin/transfer lists.
UNIVERSAL = {
    "MAIN_MARGIN": ("SPOT", "CROSS_MARGIN"),
    "MARGIN_MAIN": ("CROSS_MARGIN", "SPOT"),
    "MARGIN_ISOLATEDMARGIN": ("CROSS_MARGIN", "ISOLATED_MARGIN"),
    "ISOLATEDMARGIN_MARGIN": ("ISOLATED_MARGIN", "CROSS_MARGIN"),
}


class MarginData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BinanceLife]) -> None:
        self._lives = lives

    def endpoints(self) -> Endpoints:
        """Answers and weights by path."""
        return {
            "margin/account": (self.account, 10),
            "margin/isolated/account": (self.isolated, 10),
            "margin/myTrades": (self.my_trades, 10),
            "margin/borrow-repay": (self.loans, 10),
            "margin/interestHistory": (self.interest, 1),
            "margin/transfer": (self.transfers, 1),
            "margin/forceLiquidationRec": (self.liquidations, 1),
            "margin/allPairs": (lambda call, key: [], 1),
            "margin/isolated/allPairs": (lambda call, key: [], 1),
        }

    def account(self, call: Call, key: Key) -> dict[str, Any]:
        """The cross account by coin, all coins. May raise BinanceError where it was not opened."""
        account = self._of(key)
        if CROSS not in account.margin.places:
            raise BinanceError(-3003, "Margin account does not exist.")
        assets = [_asset(account, CROSS, asset.code) for asset in BY_CODE.values() if asset.binance]
        return {
            "created": True,
            "borrowEnabled": True,
            "marginLevel": "2.51",
            "collateralMarginLevel": "2.51",
            "totalAssetOfBtc": "0",
            "totalLiabilityOfBtc": "0",
            "totalNetAssetOfBtc": "0",
            "tradeEnabled": True,
            "transferInEnabled": True,
            "transferOutEnabled": True,
            "accountType": "MARGIN_1",
            "userAssets": assets,
        }

    def isolated(self, call: Call, key: Key) -> dict[str, Any]:
        """The accounts of isolated pairs that were opened."""
        account = self._of(key)
        places = [place for place in account.margin.places if place != CROSS]
        return {
            "assets": [_pair(account, place) for place in places],
            "totalAssetOfBtc": "0",
            "totalLiabilityOfBtc": "0",
            "totalNetAssetOfBtc": "0",
        }

    def my_trades(self, call: Call, key: Key) -> list[Row]:
        """Trades of one pair in ascending order, from an id on or of a day."""
        params = call.params
        symbol = required(params, "symbol")
        if symbol not in BINANCE:
            raise invalid_symbol()
        count = limit(params, "limit", 500, 1_000)
        first_id = number(params, "fromId")
        place = symbol if params.get("isIsolated", "").upper() == "TRUE" else CROSS
        rows = self._of(key).margin.trades.get((place, symbol), [])
        rows = call.punctual((f"{place}{symbol}{r['id']}", r["time"], r) for r in rows)
        if first_id is not None:
            return call.page(rows, bisect_left(rows, first_id, key=lambda r: r["id"]), count)
        start, end = number(params, "startTime"), number(params, "endTime")
        if start is not None and end is not None and end - start > DAY:
            raise BinanceError(-1127, "More than 24 hours between startTime and endTime.")
        return between(rows, "time", start or 0, end or call.now_ms)[-count:]

    def loans(self, call: Call, key: Key) -> dict[str, Any]:
        """Loans or repayments; without a coin only the seven days before the end are looked at."""
        records, params = self._of(key).margin, call.params
        kind = required(params, "type")
        if kind not in ("BORROW", "REPAY"):
            raise BinanceError(-1130, "Data sent for parameter 'type' is not valid.")
        if "startTime" not in params and "txId" not in params:
            raise missing("startTime")
        by_place = records.loans if kind == "BORROW" else records.repayments
        rows = by_place.get(params.get("isolatedSymbol", CROSS), [])
        end = number(params, "endTime") or call.now_ms
        reach = end - (30 if "asset" in params else 7) * DAY
        start = max(number(params, "startTime") or 0, reach)
        return page_of(call, between(rows, "timestamp", start, end), ("txId", "timestamp"))

    def interest(self, call: Call, key: Key) -> dict[str, Any]:
        """What was charged for loans, newest first."""
        return self._list(call, self._of(key).margin.charges, "txId", "interestAccuredTime")

    def transfers(self, call: Call, key: Key) -> dict[str, Any]:
        """Moves into and out of a margin account, newest first."""
        return self._list(call, self._of(key).margin.transfers, "txId", "timestamp")

    def liquidations(self, call: Call, key: Key) -> dict[str, Any]:
        """Orders by which Binance had its loans back, newest first."""
        days = 90
        rows = self._of(key).margin.liquidations
        return self._list(call, rows, "orderId", "updatedTime", days=days)

    def _list(
        self,
        call: Call,
        by_place: Mapping[str, list[Row]],
        ident: str,
        time: str,
        *,
        days: int = 30,
    ) -> dict[str, Any]:
        start, end = span(call, days, default_days=7)
        rows = by_place.get(call.params.get("isolatedSymbol", CROSS), [])
        return page_of(call, between(rows, time, start, end), (ident, time))

    def _of(self, key: Key) -> BinanceAccount:
        return self._lives[key.account].account


def universal(account: BinanceAccount, kind: str) -> list[Row]:
    """The rows of asset/transfer that are about margin."""
    ends = UNIVERSAL.get(kind)
    rows = account.margin.transfers.get(CROSS, []) if ends else []
    return [
        {
            "asset": row["asset"],
            "amount": row["amount"],
            "type": kind,
            "status": row["status"],
            "tranId": row["txId"],
            "timestamp": row["timestamp"],
        }
        for row in rows
        if (row["transFrom"], row["transTo"]) == ends
    ]


def _pair(account: BinanceAccount, place: str) -> Row:
    market = BINANCE[place]
    return {
        "baseAsset": _asset(account, place, market.base),
        "quoteAsset": _asset(account, place, market.quote),
        "symbol": place,
        "isolatedCreated": True,
        "enabled": True,
        "marginLevel": "999",
        "marginLevelStatus": "EXCESSIVE",
        "marginRatio": "10",
        "indexPrice": "1",
        "liquidatePrice": "0",
        "liquidateRate": "0",
        "tradeEnabled": True,
    }


def _asset(account: BinanceAccount, place: str, code: str) -> Row:
    held = account.book.balance(wallet_of(place), code)
    owed = account.margin.owed.balance(place, code)
    unpaid = account.margin.unpaid.balance(place, code)
    with exact():
        locked = held / 4 if code == "USDT" else ZERO
        locked = locked.quantize(Decimal("0.01")) if locked else ZERO
        free, net = held - locked, held - owed - unpaid
    return {
        "asset": code,
        "borrowed": fixed(owed, 8),
        "free": fixed(free, 8),
        "interest": fixed(unpaid, 8),
        "locked": fixed(locked, 8),
        "netAsset": fixed(net, 8),
    }
