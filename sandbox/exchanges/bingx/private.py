"""What a key may read of its account: balances, trades, deposits, withdrawals and more."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import exact, fixed
from sandbox.assets import ASSETS, Asset
from sandbox.exchanges.base import Call
from sandbox.exchanges.bingx.errors import bad_symbol
from sandbox.exchanges.bingx.markets import CODES
from sandbox.exchanges.bingx.parameters import limit, number, required, window
from sandbox.exchanges.bingx.positions import gained, shown
from sandbox.generate.bingx import FUNDING, NETWORKS, PERPETUAL, SPOT, BingXLife, Row
from sandbox.generate.prices import DAY

LONG = 40 * 365  # days: as far back as anything goes
TIMES = ("startTime", "endTime")
RIGHTS = {"trade": [1, 3], "withdraw": [4, 5]}


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BingXLife]) -> None:
        self._lives = lives

    def permissions(self, call: Call, key: Key) -> dict[str, Any]:
        """What the key may do, by numbers."""
        more = [code for right in sorted(key.rights) for code in RIGHTS[right]]
        data = {
            "apiKey": key.api_key,
            "note": "demo",
            "permissions": sorted([2, *more]),
            "ipAddresses": [str(network) for network in key.networks] or [""],
        }
        return _told(data, call)

    def uid(self, call: Call, key: Key) -> dict[str, Any]:
        """The account's number."""
        return _told({"uid": self._of(key).account.uid}, call)

    def spot(self, call: Call, key: Key) -> dict[str, Any]:
        """Balances of the spot account, zeros of a few coins among them."""
        return _told({"balances": self._held(key, SPOT)}, call)

    def fund(self, call: Call, key: Key) -> dict[str, Any]:
        """Balances of the fund account; the list has another name there."""
        return _told({"assets": self._held(key, FUNDING)}, call)

    def perpetual(self, call: Call, key: Key) -> dict[str, Any]:
        """The perpetual account; a currency that was never used comes with empty texts."""
        life = self._of(key)
        held, won = life.available("USDT", PERPETUAL), gained(life, call.now_ms)
        with exact():
            used = _margin(str(life.account.uid), "USDT", fixed(held, 4))
            used |= {"equity": fixed(held + won, 4), "unrealizedProfit": fixed(won, 4)}
        return _told([used, _margin("", "USDC", "")], call)

    def positions(self, call: Call, key: Key) -> dict[str, Any]:
        """The open positions in contracts that settle in USDT."""
        return _told(shown(self._of(key), call.params.get("symbol", ""), call.now_ms), call)

    def unused(self, call: Call, key: Key) -> dict[str, Any]:
        """An account that nobody here has opened: coin-M contracts, standard futures."""
        return _told([], call)

    def _held(self, key: Key, wallet: str) -> list[Row]:
        held = self._of(key).account.book.held().get(wallet, {})
        rows = [{"asset": code, "free": fixed(q, 0), "locked": "0"} for code, q in held.items()]
        return rows if "USDT" in held else [*rows, {"asset": "USDT", "free": "0", "locked": "0"}]

    def my_trades(self, call: Call, key: Key) -> dict[str, Any]:
        """Trades of a pair (or all) in ascending order, the oldest first that were asked for.

        ``fromId`` is inclusive. A time that is not kept any more is not refused: the bounds are
        ignored, and the newest trades answered.
        """
        symbol = call.params.get("symbol", "")
        if symbol and (symbol.count("-") != 1 or symbol != symbol.upper()):
            raise bad_symbol()
        of_pair = self._of(key).account.trades
        rows = [row for name, rows in of_pair.items() if symbol in ("", name) for row in rows]
        rows.sort(key=lambda row: (row["time"], row["id"]))
        rows = call.punctual((f"{r['symbol']}{r['id']}", r["time"], r) for r in rows)
        count = limit(call.params, "limit", 500, 1_000)
        start, end = (number(call.params, name) for name in TIMES)
        first = number(call.params, "fromId") or 0
        if start is not None or end is not None:
            if start is not None and start < call.now_ms - 120 * DAY:
                return _told({"fills": rows[-count:]}, call)
            rows = [r for r in rows if (start or 0) <= r["time"] <= (end or call.now_ms)]
        if symbol:
            at = bisect_left(rows, first, key=lambda row: row["id"])
        else:
            rows, at = [row for row in rows if row["id"] >= first], 0
        return _told({"fills": call.page(rows, at, count)}, call)

    def deposits(self, call: Call, key: Key) -> list[Row]:
        """Deposits, newest first, by offset; without the envelope of other answers."""
        rows = [(row["insertTime"], row) for row in self._of(key).account.deposits]
        return _history(call, rows)

    def withdrawals(self, call: Call, key: Key) -> list[Row]:
        """Withdrawals, newest first, by offset; without the envelope of other answers."""
        return _history(call, self._of(key).account.withdrawals)

    def transfers(self, call: Call, key: Key) -> dict[str, Any]:
        """Moves from one own wallet to another, newest first, by page."""
        params = call.params
        way = (required(params, "fromAccount"), required(params, "toAccount"))
        start, end = window(params, call.now_ms, LONG, TIMES)
        rows = self._of(key).account.transfers
        timed = ((r["transferId"], r["timestamp"], r) for r in rows)
        found = [
            row
            for row in reversed(call.punctual(timed))
            if (row["fromAccount"], row["toAccount"]) == way and start <= row["timestamp"] <= end
        ]
        size = limit(params, "pageSize", 10, 100)
        page = (number(params, "pageIndex") or 1) - 1
        return {"total": len(found), "rows": call.page(found, page * size, size)}

    def income(self, call: Call, key: Key) -> dict[str, Any]:
        """The perpetual account's ledger of the last three months, newest first."""
        params = call.params
        start, end = window(params, call.now_ms, 7, TIMES)
        rows = self._of(key).served_income()
        timed = ((r["tranId"] + r["incomeType"], r["time"], r) for r in rows)
        found = [
            row
            for row in reversed(call.punctual(timed))
            if start <= row["time"] <= end
            and params.get("symbol", row["symbol"]) == row["symbol"]
            and params.get("incomeType", row["incomeType"]) == row["incomeType"]
        ]
        return _told(found[: limit(params, "limit", 100, 1_000)], call)

    def fills(self, call: Call, key: Key) -> dict[str, Any]:
        """Fills of perpetual contracts, newest first, at most 512."""
        params = call.params
        required(params, "tradingUnit")
        required(params, "startTs")
        required(params, "endTs")
        start, end = window(params, call.now_ms, 7, ("startTs", "endTs"))
        timed = ((row["tradeId"], ms, row) for ms, row in self._of(key).served_fills())
        found = [
            row
            for row, ms in _with_times(call, timed)
            if start <= ms <= end and params.get("symbol", row["symbol"]) == row["symbol"]
        ]
        return _told({"fill_orders": found[::-1][:512]}, call)

    def coins(self, call: Call, key: Key) -> dict[str, Any]:
        """All coins with their networks."""
        return _told([_coin(asset) for asset in ASSETS if asset.code in CODES], call)

    def _of(self, key: Key) -> BingXLife:
        return self._lives[key.account]


def _told(data: object, call: Call) -> dict[str, Any]:
    return {"code": 0, "timestamp": call.now_ms, "msg": "", "data": data}


def _with_times(call: Call, timed: Any) -> list[tuple[Row, int]]:
    return call.punctual((name, ms, (row, ms)) for name, ms, row in timed)


def _history(call: Call, timed: list[tuple[int, Row]]) -> list[Row]:
    params = call.params
    start, end = window(params, call.now_ms, LONG, TIMES)
    named = ((f"{row.get('id', '')}{row['txId']}{ms}", ms, row) for ms, row in timed)
    found = [
        row
        for row, ms in reversed(_with_times(call, named))
        if start <= ms <= end
        and params.get("coin", row["coin"]) == row["coin"]
        and params.get("status", str(row["status"])) == str(row["status"])
    ]
    count = limit(params, "limit", 1_000, 1_000)
    return call.page(found, number(params, "offset") or 0, count)


def _margin(user: str, code: str, held: str) -> Row:
    return {
        "userId": user,
        "asset": code,
        "balance": held,
        "equity": held,
        "unrealizedProfit": "0.0000" if held else "",
        "realisedProfit": "0",
        "availableMargin": held,
        "usedMargin": "0.0000" if held else "",
        "freezedMargin": "0.0000" if held else "",
        "shortUid": user,
    }


def _coin(asset: Asset) -> Row:
    network = NETWORKS.get(asset.network, asset.network)
    return {
        "coin": asset.code,
        "name": asset.name,
        "networkList": [
            {
                "name": network,
                "network": network,
                "isDefault": True,
                "minConfirm": 2,
                "withdrawEnable": True,
                "depositEnable": asset.listed,
                "withdrawFee": asset.withdraw_fee,
                "withdrawMax": "9999999",
                "withdrawMin": asset.withdraw_fee,
                "depositMin": asset.withdraw_fee,
                "withdrawPrecision": 8,
                "depositPrecision": 8,
                "contractAddress": "",
                "needTagOrMemo": False,
            }
        ],
    }
