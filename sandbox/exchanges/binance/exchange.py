"""The door: which paths there are, what they weigh, who may use them."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.binance import futures
from sandbox.exchanges.binance.earn import EarnData
from sandbox.exchanges.binance.errors import BinanceError, missing, not_allowed
from sandbox.exchanges.binance.futures import FuturesPrivate, FuturesPublic
from sandbox.exchanges.binance.lists import Endpoints
from sandbox.exchanges.binance.margin import MarginData
from sandbox.exchanges.binance.parameters import number
from sandbox.exchanges.binance.private import PrivateData
from sandbox.exchanges.binance.public import PublicData
from sandbox.exchanges.binance.statement import of_all
from sandbox.generate import advance
from sandbox.generate.binance import BinanceLife
from sandbox.generate.binance_contracts import COIN_M, USD_M
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response, json_response
from sandbox.limits import MINUTE, Bans, MinuteWeights
from sandbox.statement import Statement

API, SAPI = "/api/v3/", "/sapi/v1/"
API_LIMIT, SAPI_IP_LIMIT, SAPI_UID_LIMIT = 6_000, 12_000, 180_000
FUTURES_LIMIT = futures.LIMIT


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``right`` is None for public ones, empty for reading, else what it needs."""

    answer: Callable[[Call, Key], object]
    weight: int
    right: str | None = ""
    per_user: bool = False
    without_symbol: int | None = None  # the weight when no pair is named

    def weight_of(self, call: Call) -> int:
        """What the request costs."""
        if self.without_symbol is not None and "symbol" not in call.params:
            return self.without_symbol
        return self.weight


class Binance:
    """Answers below ``/binance``."""

    id = "binance"
    shown: tuple[str, ...] = ("main", "small", "empty", "spot", "older", "crowd")

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = world.binance
        self._speed = speed
        self._weights = MinuteWeights()
        self._bans = Bans(speed)
        self._routes = _reads(PublicData(world.prices, speed), PrivateData(world.binance))
        for host, wallet in (("fapi", USD_M), ("dapi", COIN_M)):
            public = FuturesPublic(wallet, world.prices, speed)
            self._routes |= _of_futures(host, public, FuturesPrivate(wallet, world.binance))
        self._routes |= _more(
            MarginData(world.binance).endpoints(), EarnData(world.binance).endpoints()
        )
        self._routes |= WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            f"{self.id}-{name}": Account(partial(self.statement, life), partial(self.live_on, life))
            for name, life in self._lives.items()
            if name in self.shown
        }

    def statement(self, life: BinanceLife) -> Statement:
        """The truth about one account."""
        return of_all(life)

    def live_on(self, life: BinanceLife, events: int, now_ms: int) -> None:
        """Let one account go on living."""
        advance.binance(life, events, now_ms)

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("x-mbx-apikey", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; anything but GET does unless it is a known read."""
        route = self._routes.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew and lift bans."""
        self._weights = MinuteWeights()
        self._bans.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as Binance would."""
        route = self._routes.get((call.request.method, call.path))
        if route is None:
            return html_response(404, "Not Found")
        headers: dict[str, str] = {}
        try:
            self._count(call, route, headers)
            _maintenance(call)
            key = self._authorised(call, route)
            response = json_response(route.answer(call, key))
        except BinanceError as error:
            response = error.response()
        response.headers |= headers
        return response

    def _count(self, call: Call, route: Route, headers: dict[str, str]) -> None:
        """Count the weight and refuse what is over the limit. May raise BinanceError."""
        address, now = call.request.peer, call.now_ms
        banned = self._bans.remaining(address, now)
        if banned:
            text = f"Way too much request weight used; IP banned until {now + banned}."
            raise BinanceError(-1003, text, 418, banned // 1000 + 1)
        bucket, allowed, header = self._bucket(call, route)
        used = self._weights.add(bucket, route.weight_of(call), now)
        headers[header] = str(used)
        if header == "X-MBX-USED-WEIGHT-1M":
            headers["X-MBX-USED-WEIGHT"] = str(used)
        if used > allowed:
            self._bans.refused(address, now)
            raise _too_many(allowed, -(-(MINUTE - now % MINUTE) // 1000))
        if "rate_limit" in call.faults:
            raise _too_many(allowed, call.faults["rate_limit"].option("seconds", 1))

    def _bucket(self, call: Call, route: Route) -> tuple[str, int, str]:
        """Where a request is counted: all of the API together, each SAPI endpoint alone."""
        if call.path.startswith(API):
            return f"api {call.request.peer}", self._scaled(API_LIMIT), "X-MBX-USED-WEIGHT-1M"
        for host in ("fapi", "dapi"):
            if call.path.startswith(f"/{host}/"):
                bucket = f"{host} {call.request.peer}"
                return bucket, self._scaled(FUTURES_LIMIT), "X-MBX-USED-WEIGHT-1M"
        if route.per_user:
            account = self.account_of(call.request)
            name = f"{call.path} {account}"
            return name, self._scaled(SAPI_UID_LIMIT), "X-SAPI-USED-UID-WEIGHT-1M"
        name = f"{call.path} {call.request.peer}"
        return name, self._scaled(SAPI_IP_LIMIT), "X-SAPI-USED-IP-WEIGHT-1M"

    def _scaled(self, limit: int) -> int:
        return max(int(limit * self._speed), 1)

    def _authorised(self, call: Call, route: Route) -> Key:
        """The key of a signed request; a placeholder for public ones. May raise BinanceError."""
        if route.right is None:
            return NOBODY
        name = call.request.headers.get("x-mbx-apikey", "")
        if len(name) != 64 or not name.isalnum():
            raise BinanceError(-2014, "API-key format invalid.", 401)
        key = self._keys.find(name, call.faults)
        if key is None or key.expired or not key.allows(call.request.peer):
            raise not_allowed()
        _check_time(call)
        _check_signature(call.request, key.secret)
        if route.right and route.right not in key.rights:
            raise not_allowed()
        return key


NOBODY = Key("binance", "nobody", {"apiKey": "", "secret": ""}, "", frozenset(), (), expired=True)


def _too_many(allowed: int, seconds: int) -> BinanceError:
    text = (
        f"Too much request weight used; current limit is {allowed} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return BinanceError(-1003, text, 429, seconds)


def _maintenance(call: Call) -> None:
    if "maintenance" in call.faults and not call.path.endswith("/system/status"):
        text = "Internal error; unable to process your request. Please try again."
        raise BinanceError(-1001, text, 503)


def _check_time(call: Call) -> None:
    sent = number(call.params, "timestamp")
    if sent is None:
        raise missing("timestamp")
    allowed = number(call.params, "recvWindow") or 5_000
    if allowed > 60_000:
        raise BinanceError(-1131, "recvWindow must be less than 60000.")
    if sent >= call.now_ms + 1_000:
        text = "Timestamp for this request was 1000ms ahead of the server's time."
        raise BinanceError(-1021, text)
    if call.now_ms - sent > allowed:
        raise BinanceError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _check_signature(request: Request, secret: str) -> None:
    """The signature covers query and body as they were sent, without itself."""
    signature = request.params.get("signature")
    if not signature:
        raise missing("signature")
    texts = (request.query, request.body.decode("utf-8", "replace"))
    signed = "".join(_unsigned(text, signature) for text in texts)
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise BinanceError(-1022, "Signature for this request is not valid.")


def _unsigned(text: str, signature: str) -> str:
    return "&".join(part for part in text.split("&") if part != f"signature={signature}")


def _reads(public: PublicData, private: PrivateData) -> dict[tuple[str, str], Route]:
    def open_(answer: Callable[[Call], object], weight: int, without: int | None = None) -> Route:
        return Route(lambda call, _: answer(call), weight, None, without_symbol=without)

    return {
        ("GET", f"{API}ping"): open_(public.ping, 1),
        ("GET", f"{API}time"): open_(public.time, 1),
        ("GET", f"{API}exchangeInfo"): open_(public.exchange_info, 20),
        ("GET", f"{API}ticker/price"): open_(public.price, 2, 4),
        ("GET", f"{API}ticker/bookTicker"): open_(public.book_ticker, 2, 4),
        ("GET", f"{API}ticker/24hr"): open_(public.day_ticker, 2, 80),
        ("GET", f"{API}klines"): open_(public.klines, 2),
        ("GET", f"{API}account"): Route(private.account, 20),
        ("GET", f"{API}myTrades"): Route(private.my_trades, 20),
        ("GET", f"{SAPI}system/status"): open_(_status, 1),
        ("GET", f"{SAPI}capital/config/getall"): Route(private.coins, 10),
        ("GET", f"{SAPI}capital/deposit/hisrec"): Route(private.deposits, 1),
        ("GET", f"{SAPI}capital/withdraw/history"): Route(
            private.withdrawals, 18_000, per_user=True
        ),
        ("GET", f"{SAPI}asset/assetDividend"): Route(private.dividends, 10),
        ("GET", f"{SAPI}asset/transfer"): Route(private.transfers, 1),
        ("POST", f"{SAPI}asset/get-funding-asset"): Route(private.funding, 1),
        ("GET", f"{SAPI}account/apiRestrictions"): Route(private.restrictions, 1),
    }


def _more(*found: Endpoints) -> dict[tuple[str, str], Route]:
    """The endpoints that modules of their own answer."""
    return {
        ("GET", f"{SAPI}{path}"): Route(answer, weight, per_user=bool(per_user))
        for endpoints in found
        for path, (answer, weight, *per_user) in endpoints.items()
    }


def _of_futures(
    host: str, public: FuturesPublic, private: FuturesPrivate
) -> dict[tuple[str, str], Route]:
    def open_(answer: Callable[[Call], object], weight: int) -> Route:
        return Route(lambda call, _: answer(call), weight, None)

    routes = {
        ("GET", f"/{host}/{path}"): open_(getattr(public, name), weight)
        for path, weight, name in futures.PUBLIC
    }
    return routes | {
        ("GET", f"/{host}/{path}"): Route(getattr(private, name), weight)
        for path, weight, name in futures.PRIVATE[host]
    }


def _status(call: Call) -> dict[str, Any]:
    if "maintenance" in call.faults:
        return {"status": 1, "msg": "system_maintenance"}
    return {"status": 0, "msg": "normal"}


def _no_funds(call: Call, _: Key) -> object:
    raise BinanceError(-2010, "Account has insufficient balance for requested action.")


def _no_order(call: Call, _: Key) -> object:
    raise BinanceError(-2011, "Unknown order sent.")


def _no_withdrawal(call: Call, _: Key) -> object:
    raise BinanceError(-4026, "You have insufficient balance.")


# Writes are answered by the key's rights and never change anything.
WRITES: dict[tuple[str, str], Route] = {
    ("POST", f"{API}order"): Route(_no_funds, 1, "trade"),
    ("POST", f"{API}order/test"): Route(lambda call, key: {}, 1, "trade"),
    ("POST", f"{API}order/oco"): Route(_no_funds, 1, "trade"),
    ("POST", f"{API}orderList/oco"): Route(_no_funds, 1, "trade"),
    ("POST", f"{API}order/cancelReplace"): Route(_no_order, 1, "trade"),
    ("DELETE", f"{API}order"): Route(_no_order, 1, "trade"),
    ("DELETE", f"{API}openOrders"): Route(_no_order, 1, "trade"),
    ("POST", f"{SAPI}capital/withdraw/apply"): Route(_no_withdrawal, 600, "withdraw", True),
    ("POST", f"{SAPI}asset/transfer"): Route(_no_withdrawal, 900, "withdraw", True),
    ("POST", f"{SAPI}asset/dust"): Route(_no_funds, 10, "trade", True),
    ("POST", f"{SAPI}convert/getQuote"): Route(_no_funds, 200, "trade", True),
    ("POST", f"{SAPI}convert/acceptQuote"): Route(_no_funds, 500, "trade", True),
    ("POST", "/fapi/v1/order"): Route(_no_funds, 1, "trade"),
    ("POST", "/fapi/v1/leverage"): Route(_no_funds, 1, "trade"),
    ("POST", "/dapi/v1/order"): Route(_no_funds, 1, "trade"),
}


EXCHANGE = Binance
