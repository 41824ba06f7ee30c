"""Open positions of an account: the endpoint that lists them, and the statement's rows."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, exact, plain
from sandbox.exchanges.base import Call
from sandbox.exchanges.bybit.errors import BybitError, wrong
from sandbox.exchanges.bybit.parameters import limit, required
from sandbox.generate.bybit_records import BybitAccount, Position
from sandbox.generate.prices import Prices

Row = dict[str, Any]
CATEGORIES = ("linear", "inverse", "option")


def base_of(category: str, symbol: str) -> str:
    """The coin of a contract."""
    return symbol.removesuffix("USD" if category == "inverse" else "USDT")


def settle_of(category: str, symbol: str) -> str:
    """What a contract is won and lost in."""
    return base_of(category, symbol) if category == "inverse" else "USDT"


def profit(prices: Prices, place: tuple[str, str], position: Position, now_ms: int) -> Decimal:
    """What an open position has won so far, in what it settles in."""
    price = mark(prices, place, now_ms)
    with exact():
        if place[0] == "inverse":
            return position.size / position.price - position.size / price
        return position.size * (price - position.price)


def mark(prices: Prices, place: tuple[str, str], now_ms: int) -> Decimal:
    """The present price of a contract."""
    currency = "USD" if place[0] == "inverse" else "USDT"
    return prices.at(base_of(*place), currency, now_ms, 2)


def open_positions(account: BybitAccount) -> Iterator[tuple[tuple[str, str], Position]]:
    """What is open, by category and symbol."""
    return ((place, held) for place, held in sorted(account.positions.items()) if held.size)


def listed(account: BybitAccount, prices: Prices, call: Call) -> Row:
    """One page. Linear ones are asked for by symbol or settlement coin. May raise BybitError."""
    category = required(call.params, "category", CATEGORIES)
    symbol, coin = call.params.get("symbol", ""), call.params.get("settleCoin", "")
    if category == "linear" and not symbol and not coin:
        raise wrong("symbol or settleCoin")
    found = [
        _row(prices, place, position, call.now_ms)
        for place, position in open_positions(account)
        if place[0] == category and symbol in ("", place[1]) and coin in ("", settle_of(*place))
    ]
    start, size = _start(call.params.get("cursor", "")), limit(call.params, 20, 200)
    page = found[start : start + size]
    # As with other lists the last page has a cursor too; what it opens is empty.
    cursor = f"{start + len(page)}%3A0" if page else ""
    return {"category": category, "nextPageCursor": cursor, "list": page}


def _start(cursor: str) -> int:
    text = cursor.replace("%3A", ":").partition(":")[0]
    if cursor and not text.isdigit():
        raise BybitError(10001, "cursor is invalid")
    return int(text) if text else 0


def _row(prices: Prices, place: tuple[str, str], position: Position, now_ms: int) -> Row:
    price, won = mark(prices, place, now_ms), profit(prices, place, position, now_ms)
    size = abs(position.size)
    with exact():
        value = size / price if place[0] == "inverse" else size * price
    return {
        "symbol": place[1],
        "leverage": "10",
        "avgPrice": plain(position.price),
        "liqPrice": "",
        "riskLimitValue": "200000",
        "takeProfit": "",
        "positionValue": plain(round(value, 8)),
        "tpslMode": "Full",
        "riskId": 41,
        "trailingStop": "0",
        "unrealisedPnl": plain(round(won, 8)),
        "markPrice": plain(price),
        "cumRealisedPnl": "0.48805876",
        "positionMM": "0.381021",
        "createdTime": str(now_ms - 86_400_000),
        "positionIdx": 0,
        "positionIM": "3.634521",
        "updatedTime": str(now_ms - 3_600_000),
        "side": "Buy" if position.size > ZERO else "Sell",
        "bustPrice": "",
        "size": plain(size),
        "positionStatus": "Normal",
        "stopLoss": "",
        "tradeMode": 0,
    }


def told(account: BybitAccount) -> list[dict[str, str]]:
    """The rows of the statement."""
    return [
        {
            "wallet": "unified",
            "symbol": place[1],
            "side": "long" if position.size > ZERO else "short",
            "quantity": plain(abs(position.size)),
            "unit": "contracts" if place[0] == "inverse" else base_of(*place),
            "entry_price": plain(position.price),
            "settle_asset": settle_of(*place),
        }
        for place, position in open_positions(account)
    ]
