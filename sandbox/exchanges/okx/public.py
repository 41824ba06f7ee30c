"""Market data: instruments, tickers and daily candles."""

from decimal import Decimal
from typing import Any

from sandbox.amounts import exact, fixed, plain
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.okx.errors import OkxError, wrong
from sandbox.exchanges.okx.parameters import limit, number, required
from sandbox.generate.okx_markets import CONTRACTS, SPOT, Contract, Pair
from sandbox.generate.prices import DAY, HOUR, MINUTE, Prices

KINDS = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")
WIDTHS = {"1Dutc": DAY, "1H": HOUR, "1m": MINUTE}
CANDLES = 1_440  # as many of the latest has the list of candles that is not history
MOST_CANDLES = 300


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> list[Any]:
        """The exchange's clock."""
        return [{"ts": str(call.now_ms)}]

    def status(self, call: Call) -> list[Any]:
        """Whether the exchange is up: maintenance is listed while there is some."""
        if "maintenance" not in call.faults:
            return []
        begin, end = str(call.now_ms - 60_000), str(call.now_ms + 600_000)
        return [{"title": "Maintenance", "state": "ongoing", "begin": begin, "end": end}]

    def instruments(self, call: Call) -> list[Any]:
        """All instruments of one type."""
        kind = required(call.params, "instType")
        if kind not in KINDS:
            raise wrong("instType")
        if kind in ("SPOT", "MARGIN"):
            return [_pair(pair, kind) for pair in SPOT.values()]
        family = call.params.get("uly") or call.params.get("instFamily")
        listed = [c for c in CONTRACTS.values() if c.kind == kind and c.listed]
        return [_contract(c) for c in listed if family in (None, "", _underlying(c))]

    def tickers(self, call: Call) -> list[Any]:
        """The last prices of one type of instrument."""
        kind = required(call.params, "instType")
        pairs = SPOT.values() if kind == "SPOT" else ()
        return [self._ticker(pair, call.now_ms) for pair in pairs]

    def ticker(self, call: Call) -> list[Any]:
        """The last price of one pair."""
        return [self._ticker(_wanted(call), call.now_ms)]

    def candles(self, call: Call) -> list[Any]:
        """The latest candles."""
        return self._candles(call, CANDLES)

    def history_candles(self, call: Call) -> list[Any]:
        """Candles of all years."""
        return self._candles(call, None)

    def _candles(self, call: Call, most: int | None) -> list[Any]:
        """Newest first, between ``before`` and ``after``, both exclusive."""
        pair = _wanted(call)
        width = WIDTHS.get(call.params.get("bar", "1m"))
        if width is None:
            raise wrong("bar")
        present = call.now_ms - call.now_ms % width
        after = number(call.params, "after")
        before = number(call.params, "before") or 0
        newest = present if after is None else min(present, (after - 1) // width * width)
        oldest = self._prices.start + DAY
        if most is not None:
            oldest = max(oldest, present - (most - 1) * width)
        opened = range(newest, max(oldest - 1, before), -width)
        count = limit(call.params, MOST_CANDLES)
        return [self._candle(pair, moment, width, call.now_ms) for moment in opened[:count]]

    def _candle(self, pair: Pair, opened: int, width: int, now_ms: int) -> list[str]:
        places = pair.price_places
        candle = self._prices.part(pair.base, pair.quote, opened, width, places, now_ms)
        with exact():
            turnover = candle.volume * (candle.open + candle.close) / 2
        prices = (candle.open, candle.high, candle.low, candle.close)
        written = [fixed(price, pair.price_places) for price in prices]
        volumes = [f"{volume:.8f}" for volume in (candle.volume, turnover, turnover)]
        return [str(opened), *written, *volumes, "0" if now_ms < opened + width else "1"]

    def _ticker(self, pair: Pair, now_ms: int) -> dict[str, str]:
        last = self._prices.at(pair.base, pair.quote, now_ms, pair.price_places)
        before = self._prices.at(pair.base, pair.quote, now_ms - DAY, pair.price_places)
        tick = Decimal(1).scaleb(-pair.price_places)
        return {
            "instType": "SPOT",
            "instId": pair.id,
            "last": plain(last),
            "lastSz": "0.5",
            "askPx": plain(last + tick),
            "askSz": "3",
            "bidPx": plain(max(last - tick, tick)),
            "bidSz": "2",
            "open24h": plain(before),
            "high24h": plain(max(last, before)),
            "low24h": plain(min(last, before)),
            "volCcy24h": "100000",
            "vol24h": "1000",
            "ts": str(now_ms),
            "sodUtc0": plain(before),
            "sodUtc8": plain(before),
        }


def _wanted(call: Call) -> Pair:
    pair = SPOT.get(required(call.params, "instId"))
    if pair is None:
        raise OkxError(51001, "Instrument ID doesn't exist.")
    return pair


def _underlying(contract: Contract) -> str:
    return f"{contract.base}-USD" if contract.kind == "OPTION" else f"{contract.base}-USDT"


def _instrument(kind: str, name: str) -> dict[str, Any]:
    empty = ("alias", "baseCcy", "ctMult", "ctType", "ctVal", "ctValCcy", "expTime", "optType")
    return {
        **dict.fromkeys((*empty, "quoteCcy", "settleCcy", "stk", "uly", "instFamily"), ""),
        "category": "1",
        "instId": name,
        "instType": kind,
        "lever": "5",
        "listTime": "1548133413000",
        "lotSz": "0.000001",
        "minSz": "0.00001",
        "state": "live",
        "tickSz": "0.1",
    }


def _pair(pair: Pair, kind: str) -> dict[str, Any]:
    return _instrument(kind, pair.id) | {
        "baseCcy": pair.base,
        "quoteCcy": pair.quote,
        "tickSz": f"{Decimal(1).scaleb(-pair.price_places):f}",
        "lotSz": f"{Decimal(1).scaleb(-BY_CODE[pair.base].places):f}",
    }


def _contract(contract: Contract) -> dict[str, Any]:
    row = _instrument(contract.kind, contract.id) | {
        "ctType": "linear" if contract.settle == "USDT" else "inverse",
        "ctVal": plain(contract.size),
        "ctMult": "1",
        "ctValCcy": contract.base,
        "settleCcy": contract.settle,
        "uly": _underlying(contract),
        "instFamily": _underlying(contract),
        "lotSz": "1",
        "minSz": "1",
    }
    if contract.kind != "SWAP":
        row["expTime"] = "1774512000000"
    if contract.kind == "OPTION":
        row |= {"optType": "C", "stk": "120000"}
    return row
