"""What a key may read of its account: balances, trades, deposits, withdrawals and more."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, fixed, plain
from sandbox.assets import BY_CODE, Asset
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, invalid_symbol
from sandbox.exchanges.binance.margin import universal
from sandbox.exchanges.binance.parameters import limit, number, required, switched_on, window
from sandbox.generate.binance import FUNDING, SPOT, BinanceAccount, BinanceLife, Row
from sandbox.generate.prices import DAY
from sandbox.markets import BINANCE

HOURS_24 = 24 * 3_600_000


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BinanceLife]) -> None:
        self._lives = lives

    def account(self, call: Call, key: Key) -> dict[str, Any]:
        """Balances of the spot wallet; assets without balance are listed too, as on Binance."""
        account = self._of(key)
        balances = [
            *_receipts(account),
            *(
                _spot_balance(account, asset.code)
                for asset in BY_CODE.values()
                if asset.binance
                and (
                    account.book.balance(SPOT, asset.code)
                    or not switched_on(call.params, "omitZeroBalances")
                )
            ),
        ]
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": {
                "maker": "0.00100000",
                "taker": "0.00100000",
                "buyer": "0.00000000",
                "seller": "0.00000000",
            },
            # These three speak of the account, not of the key.
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": call.now_ms - 1_000,
            "accountType": "SPOT",
            "balances": balances,
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def my_trades(self, call: Call, key: Key) -> list[Row]:
        """Trades of one pair in ascending order; delisted pairs still answer."""
        params = call.params
        symbol = required(params, "symbol")
        if not symbol.isalnum() or not symbol.isupper():
            text = "legal range is '^[A-Z0-9-_.]{1,20}$'."
            raise BinanceError(-1100, f"Illegal characters found in parameter 'symbol'; {text}")
        if symbol not in BINANCE:
            raise invalid_symbol()
        count = limit(params, "limit", 500, 1_000)
        start, end = number(params, "startTime"), number(params, "endTime")
        first_id = number(params, "fromId")
        if first_id is not None and (start is not None or end is not None):
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        if start is not None and end is not None and end - start > HOURS_24:
            raise BinanceError(-1127, "More than 24 hours between startTime and endTime.")
        rows = self._of(key).trades.get(symbol, [])
        rows = call.punctual((f"{symbol}{r['id']}", r["time"], r) for r in rows)
        if first_id is not None:
            return call.page(rows, bisect_left(rows, first_id, key=lambda r: r["id"]), count)
        return _between(rows, start, end, count)

    def deposits(self, call: Call, key: Key) -> list[Row]:
        """Deposits of a window of at most 90 days, newest first."""
        rows = self._of(key).deposits
        timed = ((str(r["id"]), int(r["insertTime"]), r) for r in rows)
        return _history(call, timed)

    def withdrawals(self, call: Call, key: Key) -> list[Row]:
        """Withdrawals of a window of at most 90 days, newest first."""
        rows = self._of(key).withdrawals
        return _history(call, ((str(r["id"]), _applied_ms(r), r) for r in rows))

    def dividends(self, call: Call, key: Key) -> dict[str, Any]:
        """Distributions of a window of at most 180 days, newest first; ``total`` counts them."""
        params = call.params
        start, end = window(params, call.now_ms, 180)
        rows = call.punctual((str(r["id"]), r["divTime"], r) for r in self._of(key).dividends)
        found = [
            r
            for r in reversed(rows)
            if start <= r["divTime"] <= end and params.get("asset", r["asset"]) == r["asset"]
        ]
        count = limit(params, "limit", 20, 500)
        return {"rows": found[:count], "total": len(found)}

    def transfers(self, call: Call, key: Key) -> dict[str, Any]:
        """Moves between two of the own wallets, newest first, by page.

        Binance keeps these for six months. The sandbox keeps them all, so that a ledger of the
        whole life of an account can be held against its balances.
        """
        params = call.params
        kind = required(params, "type")
        size = limit(params, "size", 10, 100)
        current = limit(params, "current", 1, 1_000_000)
        end = number(params, "endTime")
        end = call.now_ms if end is None else end
        start = number(params, "startTime")
        start = end - 7 * DAY if start is None else start
        account = self._of(key)
        moved = [*account.transfers, *universal(account, kind)]
        rows = call.punctual((str(r["tranId"]), r["timestamp"], r) for r in moved)
        found = [r for r in reversed(rows) if r["type"] == kind and start <= r["timestamp"] <= end]
        if not found:
            return {"total": 0}  # without rows, as on Binance
        total = len(found) + min(call.overlap, len(found))
        return {"total": total, "rows": call.page(found, (current - 1) * size, size)}

    def funding(self, call: Call, key: Key) -> list[Row]:
        """Balances of the funding wallet, only those that are not zero."""
        held = self._of(key).book.held().get(FUNDING, {})
        wanted = call.params.get("asset", "")
        return [
            {
                "asset": code,
                "free": plain(quantity),
                "locked": "0",
                "freeze": "0",
                "withdrawing": "0",
                "btcValuation": "0",
            }
            for code, quantity in held.items()
            if wanted in ("", code)
        ]

    def coins(self, call: Call, key: Key) -> list[Row]:
        """All coins with their networks; delisted ones are not for trading any more."""
        account = self._of(key)
        return [_coin(account, asset) for asset in BY_CODE.values() if asset.binance]

    def restrictions(self, call: Call, key: Key) -> dict[str, Any]:
        """What the key may do."""
        trade, move = "trade" in key.rights, "withdraw" in key.rights
        answer = {
            "ipRestrict": bool(key.networks),
            "createTime": 1_698_645_219_000,
            "enableReading": True,
            "enableWithdrawals": move,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": False,
            "permitsUniversalTransfer": move,
            "enableVanillaOptions": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
            "enableSpotAndMarginTrading": trade,
            "enablePortfolioMarginTrading": False,
        }
        if trade and not key.networks:
            # Binance takes the right to trade away from unbound keys after 90 days.
            answer["tradingAuthorityExpirationTime"] = call.now_ms + 80 * DAY
        return answer

    def _of(self, key: Key) -> BinanceAccount:
        return self._lives[key.account].account


def _receipts(account: BinanceAccount) -> list[dict[str, str]]:
    """What is in flexible products shows in the spot wallet once more, as LDBTC and the like."""
    return [
        {"asset": f"LD{code}", "free": fixed(amount, 8), "locked": fixed(ZERO, 8)}
        for code, amount in sorted(account.earn.flexible.items())
        if amount
    ]


def _spot_balance(account: BinanceAccount, code: str) -> dict[str, str]:
    locked = account.locked.get(code, ZERO)
    free = account.book.balance(SPOT, code) - locked
    return {"asset": code, "free": fixed(free, 8), "locked": fixed(locked, 8)}


def _between(rows: list[Row], start: int | None, end: int | None, count: int) -> list[Row]:
    found = [
        r
        for r in rows
        if (start is None or r["time"] >= start) and (end is None or r["time"] <= end)
    ]
    # With a start the oldest from there, otherwise the latest; ascending either way.
    return found[:count] if start is not None else found[-count:]


def _history(call: Call, timed: Iterable[tuple[str, int, Row]]) -> list[Row]:
    params = call.params
    start, end = window(params, call.now_ms, 90)
    inside = [(name, ms, row) for name, ms, row in timed if start <= ms <= end]
    rows = [
        row
        for row in reversed(call.punctual(inside))
        if params.get("coin", row["coin"]) == row["coin"]
        and params.get("status", str(row["status"])) == str(row["status"])
        and params.get("txId", row["txId"]) == row["txId"]
    ]
    return call.page(rows, number(params, "offset") or 0, limit(params, "limit", 1_000, 1_000))


def _applied_ms(row: Row) -> int:
    applied = datetime.strptime(row["applyTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(applied.timestamp()) * 1000


def _coin(account: BinanceAccount, asset: Asset) -> Row:
    networks = [] if asset.fiat else [_network(asset)]
    free = account.book.balance(SPOT, asset.code) - account.locked.get(asset.code, ZERO)
    return {
        "coin": asset.code,
        "depositAllEnable": asset.listed,
        "withdrawAllEnable": True,
        "name": asset.name,
        "free": plain(free),
        "locked": plain(account.locked.get(asset.code, ZERO)),
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": asset.fiat,
        "trading": asset.listed,
        "networkList": networks,
    }


def _network(asset: Asset) -> Row:
    return {
        "network": asset.network,
        "coin": asset.code,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "depositEnable": asset.listed,
        "withdrawEnable": True,
        "depositDesc": "",
        "withdrawDesc": "",
        "specialTips": "",
        "name": asset.network,
        "resetAddressStatus": False,
        "addressRegex": "",
        "memoRegex": "",
        "withdrawFee": asset.withdraw_fee,
        "withdrawMin": asset.withdraw_fee,
        "withdrawMax": "9999999",
        "depositDust": "0.00000001",
        "minConfirm": 12,
        "unLockConfirm": 0,
        "sameAddress": False,
        "estimatedArrivalTime": 5,
        "busy": False,
    }
