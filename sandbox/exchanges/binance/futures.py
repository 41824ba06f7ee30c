"""Binance's futures: market data of the contracts, and what a key may read of both wallets."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import down, exact, fixed
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, invalid_symbol, not_allowed
from sandbox.exchanges.binance.parameters import limit, number, required
from sandbox.generate.binance import BinanceLife, Row
from sandbox.generate.binance_contracts import CONTRACTS, USD_M, Contract
from sandbox.generate.binance_futures import FuturesLife, Position
from sandbox.generate.prices import DAY, Prices

LIMIT = 2_400
STABLE = ("USDT", "USDC", "BNB")


class FuturesPublic:
    """The endpoints of one kind of futures that need no key."""

    def __init__(self, wallet: str, prices: Prices, speed: Fraction) -> None:
        self._prices, self._wallet = prices, wallet
        self._limit = max(int(LIMIT * speed), 1)
        self._contracts = {c.id: c for c in CONTRACTS.values() if c.wallet == wallet}

    def ping(self, call: Call) -> dict[str, Any]:
        """Nothing, quickly."""
        return {}

    def time(self, call: Call) -> dict[str, Any]:
        """The exchange's clock."""
        return {"serverTime": call.now_ms}

    def exchange_info(self, call: Call) -> dict[str, Any]:
        """All contracts."""
        limits = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
        return {
            "timezone": "UTC",
            "serverTime": call.now_ms,
            "futuresType": "U_MARGINED" if self._wallet == USD_M else "C_MARGINED",
            "rateLimits": [limits | {"limit": self._limit}],
            "exchangeFilters": [],
            "symbols": [_listed(contract) for contract in self._contracts.values()],
        }

    def price(self, call: Call) -> object:
        """The latest price of one contract, or of all; COIN-M answers with a list either way."""
        wanted = call.params.get("symbol")
        rows = [
            {
                "symbol": contract.id,
                "price": fixed(contract.price(self._prices, call.now_ms), contract.places),
                "time": call.now_ms,
            }
            for contract in self._contracts.values()
            if wanted in (None, contract.id)
        ]
        if not rows:
            raise invalid_symbol()
        return rows[0] if wanted and self._wallet == USD_M else rows

    def klines(self, call: Call) -> list[list[Any]]:
        """Daily candles, oldest first. May raise BinanceError."""
        contract = self._contracts.get(required(call.params, "symbol"))
        if contract is None:
            raise invalid_symbol()
        if required(call.params, "interval") != "1d":
            raise BinanceError(-1120, "Invalid interval.")
        count = limit(call.params, "limit", 500, 1_500)
        today = call.now_ms - call.now_ms % DAY
        start = number(call.params, "startTime")
        first = today - (count - 1) * DAY if start is None else -(-start // DAY) * DAY
        days = range(max(first, self._prices.start + DAY), today + 1, DAY)[:count]
        return [self._kline(contract, day, call.now_ms) for day in days]

    def _kline(self, contract: Contract, day: int, now_ms: int) -> list[Any]:
        candle = self._prices.candle(contract.coin, contract.quote, day, 12, now_ms)
        with exact():
            shown = [
                fixed(down(price * contract.times, contract.places), contract.places)
                for price in (candle.open, candle.high, candle.low, candle.close)
            ]
        volume = f"{candle.volume:.3f}"
        return [day, *shown, volume, day + DAY - 1, volume, candle.trades, volume, volume, "0"]


def _listed(contract: Contract) -> dict[str, Any]:
    linear = contract.wallet == USD_M
    delivered = 4_133_404_800_000 if contract.perpetual else 1_774_512_000_000
    row = {
        "symbol": contract.id,
        "pair": contract.pair,
        "contractType": "PERPETUAL" if contract.perpetual else "CURRENT_QUARTER",
        "deliveryDate": delivered,
        "onboardDate": 1_569_398_400_000,
        "baseAsset": contract.base,
        "quoteAsset": contract.quote,
        "marginAsset": contract.settle,
        "pricePrecision": contract.places,
        "quantityPrecision": contract.lot,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": f"{Decimal(1).scaleb(-contract.places):f}",
                "maxPrice": "1000000",
                "tickSize": f"{Decimal(1).scaleb(-contract.places):f}",
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": f"{Decimal(1).scaleb(-contract.lot):f}",
                "maxQty": "1000000",
                "stepSize": f"{Decimal(1).scaleb(-contract.lot):f}",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }
    status = {"status": "TRADING"} if linear else {"contractStatus": "TRADING"}
    return row | status | ({} if linear else {"contractSize": contract.size})


class FuturesPrivate:
    """The reading endpoints of one futures wallet, each for the account of the key that asks."""

    def __init__(self, wallet: str, lives: Mapping[str, BinanceLife]) -> None:
        self._wallet, self._lives = wallet, lives

    def balance(self, call: Call, key: Key) -> list[Row]:
        """What is settled, by asset; assets without a balance are listed too, as on Binance."""
        life = self._of(key)
        coins = {c.settle for c in CONTRACTS.values() if c.wallet == self._wallet}
        codes = sorted(coins | set(STABLE if self._wallet == USD_M else ()))
        return [self._balance(call, life, code) for code in codes]

    def _balance(self, call: Call, life: FuturesLife, code: str) -> Row:
        held = life.available(code, self._wallet)
        open_ = [p for p in life.open(self._wallet) if p.contract.settle == code]
        with exact():
            won = sum((_unrealised(p, life, call.now_ms) for p in open_), Decimal(0))
        return {
            "accountAlias": "SgsR",
            "asset": code,
            "balance": fixed(held, 8),
            "crossWalletBalance": fixed(held, 8),
            "crossUnPnl": fixed(won, 8),
            "availableBalance": fixed(held, 8),
            "updateTime": call.now_ms - 60_000,
        }

    def positions(self, call: Call, key: Key) -> list[Row]:
        """Open positions; COIN-M lists contracts without one too."""
        life = self._of(key)
        rows = [self._position(call, life, found) for found in life.open(self._wallet)]
        if self._wallet == USD_M:
            return rows
        there = {row["symbol"] for row in rows}
        idle = (c for c in CONTRACTS.values() if c.wallet == self._wallet and c.id not in there)
        return rows + [self._position(call, life, Position(c, "BOTH")) for c in idle]

    def _position(self, call: Call, life: FuturesLife, found: Position) -> Row:
        contract = found.contract
        mark = contract.price(life.life.prices, call.now_ms)
        row: Row = {
            "symbol": contract.id,
            "positionSide": found.side,
            "positionAmt": fixed(found.quantity, contract.lot),
            "entryPrice": fixed(found.entry, contract.places),
            "markPrice": fixed(mark, 8) if found.quantity else "0.00000000",
            "unRealizedProfit": fixed(_unrealised(found, life, call.now_ms), 8),
            "liquidationPrice": "0",
            "updateTime": found.updated,
        }
        if self._wallet == USD_M:
            return row | {"marginAsset": contract.settle, "isolatedMargin": "0"}
        return row | {"leverage": "10", "marginType": "cross", "isolatedMargin": "0.00000000"}

    def income(self, call: Call, key: Key) -> list[Row]:
        """The ledger of the wallet, oldest first; seven days back where no time is sent."""
        params, rows = call.params, self._of(key).served_income(self._wallet)
        count, page = limit(params, "limit", 100, 1_000), limit(params, "page", 1, 1_000_000)
        start, end = number(params, "startTime"), number(params, "endTime")
        if start is None and end is None:
            start = call.now_ms - 7 * DAY
        if self._wallet != USD_M and start is not None:
            _within(start, call.now_ms if end is None else end, 365)
        named = {"symbol": params.get("symbol"), "incomeType": params.get("incomeType")}
        timed = ((f"{r['incomeType']}{r['tranId']}", r["time"], r) for r in rows)
        found = [
            row
            for row in call.punctual(timed)
            if _inside(row, start, end)
            and all(wanted in (None, row[name]) for name, wanted in named.items())
        ]
        return call.page(found, (page - 1) * count, count)

    def trades(self, call: Call, key: Key) -> list[Row]:
        """Trades of one contract (COIN-M: or of one pair), by time or from an id on."""
        life, params = self._of(key), call.params
        start, end = number(params, "startTime"), number(params, "endTime")
        first_id = number(params, "fromId")
        symbols = self._named(params, first_id)
        if first_id is not None and (start is not None or end is not None):
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        if start is None and end is None and first_id is None:
            start = call.now_ms - 7 * DAY
        if start is not None and end is not None:
            _within(start, end, 7)
        rows = [row for s in symbols for row in life.served_fills(s)]
        timed = ((f"{r['symbol']}{r['id']}", r["time"], r) for r in rows)
        found = [
            row
            for row in sorted(call.punctual(timed), key=lambda row: int(row["id"]))
            if _inside(row, start, end) and (first_id is None or row["id"] >= first_id)
        ]
        return found[: limit(params, "limit", 500, 1_000)]

    def _named(self, params: Mapping[str, str], first_id: int | None) -> list[str]:
        pair = params.get("pair") if self._wallet != USD_M else None
        if pair and (params.get("symbol") or first_id is not None):
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        symbol = pair or required(params, "symbol")
        found = [
            c.id
            for c in CONTRACTS.values()
            if c.wallet == self._wallet and symbol == (c.pair if pair else c.id)
        ]
        if not found:
            raise invalid_symbol()
        return found

    def _of(self, key: Key) -> FuturesLife:
        """The futures of the key's account. May raise BinanceError: there may be none."""
        life = self._lives[key.account].futures
        if life is None:
            raise not_allowed()
        return life


def _unrealised(position: Position, life: FuturesLife, now_ms: int) -> Decimal:
    if not position.quantity:
        return Decimal(0)
    mark = position.contract.price(life.life.prices, now_ms)
    return down(position.contract.profit(position.quantity, position.entry, mark), 8)


def _inside(row: Row, start: int | None, end: int | None) -> bool:
    return (start is None or row["time"] >= start) and (end is None or row["time"] <= end)


def _within(start: int, end: int, days: int) -> None:
    if end - start > days * DAY:
        raise BinanceError(-4165, "Invalid time interval")


Ask = Callable[[Call, Key], object]
# Path, weight and name of each endpoint, below /fapi or /dapi.
PUBLIC = (
    ("v1/ping", 1, "ping"),
    ("v1/time", 1, "time"),
    ("v1/exchangeInfo", 1, "exchange_info"),
    ("v1/ticker/price", 2, "price"),
    ("v1/klines", 5, "klines"),
)
PRIVATE = {
    "fapi": (
        ("v2/balance", 5, "balance"),
        ("v3/balance", 5, "balance"),
        ("v2/positionRisk", 5, "positions"),
        ("v3/positionRisk", 5, "positions"),
        ("v1/income", 30, "income"),
        ("v1/userTrades", 5, "trades"),
    ),
    "dapi": (
        ("v1/balance", 1, "balance"),
        ("v1/positionRisk", 1, "positions"),
        ("v1/income", 20, "income"),
        ("v1/userTrades", 20, "trades"),
    ),
}
