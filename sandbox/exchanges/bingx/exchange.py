"""The door: which paths there are, how often they may be asked, who may use them."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from urllib.parse import unquote

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.bingx.errors import (
    BingXError,
    foreign_address,
    incorrect_key,
    no_funds,
    not_permitted,
    too_often,
    wrong_time,
)
from sandbox.exchanges.bingx.limits import Limits
from sandbox.exchanges.bingx.parameters import number
from sandbox.exchanges.bingx.positions import stated
from sandbox.exchanges.bingx.private import PrivateData
from sandbox.exchanges.bingx.public import PublicData
from sandbox.generate import bingx_lives
from sandbox.generate.bingx import BingXLife
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response, json_response
from sandbox.statement import Statement, of_bingx

API = "/openApi"
WINDOW = 5_000  # milliseconds a request may be old, unless it says otherwise


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``right`` is None for public ones, empty for reading, else what it needs."""

    answer: Callable[[Call, Key], object]
    per_second: int  # by account; public ones are counted by address and ten seconds
    right: str | None = ""


class BingX:
    """Answers below ``/bingx``."""

    id = "bingx"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = bingx_lives.build(world.prices)
        self._limits = Limits(speed)
        self._routes = _reads(PublicData(world.prices), PrivateData(self._lives)) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(partial(_statement, life), partial(bingx_lives.live_on, life))
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("x-bx-apikey", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; anything but GET does unless it is a known read."""
        route = self._routes.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew and open what was closed."""
        self._limits.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as BingX would: refusals too come with HTTP 200."""
        route = self._routes.get((call.request.method, call.path))
        if route is None:
            return html_response(404, "Not Found")
        headers: dict[str, str] = {}
        try:
            if "maintenance" in call.faults:
                raise BingXError(100503, "Server busy, please try again later")
            key = self._authorised(call, route)
            headers = self._count(call, route)
            response = json_response(route.answer(call, key))
        except BingXError as error:
            response = error.response(call.now_ms)
        response.headers |= headers
        return response

    def _count(self, call: Call, route: Route) -> dict[str, str]:
        """Count the request; the headers that tell of it. May raise BingXError."""
        fault = call.faults.get("rate_limit")
        if fault:
            raise too_often(call.now_ms + fault.option("seconds", 1) * 1000)
        who = call.request.peer if route.right is None else self.account_of(call.request)
        seconds = 10 if route.right is None else 1
        left, ends = self._limits.count(
            f"{who} {call.path}", route.per_second, seconds, call.now_ms
        )
        if left < 0:
            raise too_often(ends)
        return {"X-RateLimit-Requests-Remain": str(left), "X-RateLimit-Requests-Expire": str(ends)}

    def _authorised(self, call: Call, route: Route) -> Key:
        """The key of a signed request; a placeholder for public ones. May raise BingXError."""
        if route.right is None:
            return NOBODY
        name = call.request.headers.get("x-bx-apikey", "")
        key = self._keys.find(name, call.faults)
        if not name or key is None or key.expired:
            raise incorrect_key()
        if not key.allows(call.request.peer):
            raise foreign_address(call.request.peer)
        _check_time(call)
        _check_signature(call.request, key.secret)
        if route.right and route.right not in key.rights:
            raise not_permitted()
        return key


NOBODY = Key("bingx", "nobody", {"apiKey": "", "secret": ""}, "", frozenset(), (), expired=True)


def _statement(life: BingXLife) -> Statement:
    return {**of_bingx(life), "positions": stated(life)}


def _check_time(call: Call) -> None:
    sent = number(call.params, "timestamp")
    allowed = number(call.params, "recvWindow") or WINDOW
    if sent is None or abs(call.now_ms - sent) > min(allowed, 60_000):
        raise wrong_time()


def _check_signature(request: Request, secret: str) -> None:
    """The signature covers the query as it was put together, or the sorted fields of a body."""
    given = request.params.get("signature")
    if not given:
        raise BingXError(100412, "Null signature")
    texts = [_unsigned(request.query)]
    if request.headers.get("content-type", "").startswith("application/json") and request.body:
        fields = sorted(request.json().items())
        texts = ["&".join(f"{k}={v}" for k, v in fields if k != "signature")]
    # Values may be encoded on their way or not: both ways of signing them are taken.
    texts += [unquote(text) for text in texts]
    expected = (hmac.new(secret.encode(), t.encode(), hashlib.sha256).hexdigest() for t in texts)
    if not any(hmac.compare_digest(one, given) for one in expected):
        raise BingXError(100001, "Signature verification failed due to signature mismatch")


def _unsigned(query: str) -> str:
    return "&".join(part for part in query.split("&") if not part.startswith("signature="))


def _reads(public: PublicData, private: PrivateData) -> dict[tuple[str, str], Route]:
    def open_(answer: Callable[[Call], object], count: int = 100) -> Route:
        return Route(lambda call, _: answer(call), count, None)

    return {
        ("GET", f"{API}/spot/v1/server/time"): open_(public.spot_time),
        ("GET", f"{API}/spot/v1/common/symbols"): open_(public.symbols),
        ("GET", f"{API}/spot/v1/ticker/24hr"): open_(public.day_tickers),
        ("GET", f"{API}/spot/v1/market/kline"): open_(public.klines),
        ("GET", f"{API}/swap/v2/server/time"): open_(public.time, 500),
        ("GET", f"{API}/swap/v2/quote/contracts"): open_(public.contracts, 500),
        ("GET", f"{API}/cswap/v1/market/contracts"): open_(public.coin_contracts, 500),
        ("GET", f"{API}/v1/account/apiPermissions"): Route(private.permissions, 2),
        ("GET", f"{API}/account/v1/uid"): Route(private.uid, 10),
        ("GET", f"{API}/spot/v1/account/balance"): Route(private.spot, 5),
        ("GET", f"{API}/fund/v1/account/balance"): Route(private.fund, 2),
        ("GET", f"{API}/swap/v3/user/balance"): Route(private.perpetual, 5),
        ("GET", f"{API}/swap/v2/user/positions"): Route(private.positions, 5),
        ("GET", f"{API}/cswap/v1/user/balance"): Route(private.unused, 5),
        ("GET", f"{API}/cswap/v1/user/positions"): Route(private.unused, 5),
        ("GET", f"{API}/contract/v1/balance"): Route(private.unused, 5),
        ("GET", f"{API}/contract/v1/allPosition"): Route(private.unused, 5),
        ("GET", f"{API}/spot/v1/trade/myTrades"): Route(private.my_trades, 5),
        ("GET", f"{API}/api/v3/capital/deposit/hisrec"): Route(private.deposits, 10),
        ("GET", f"{API}/api/v3/capital/withdraw/history"): Route(private.withdrawals, 10),
        ("GET", f"{API}/api/v3/asset/transferRecord"): Route(private.transfers, 2),
        ("GET", f"{API}/swap/v2/user/income"): Route(private.income, 5),
        ("GET", f"{API}/swap/v2/trade/allFillOrders"): Route(private.fills, 5),
        ("GET", f"{API}/wallets/v1/capital/config/getall"): Route(private.coins, 5),
    }


def _no_funds(call: Call, _: Key) -> object:
    raise no_funds()


# Writes are answered by the key's rights and never change anything.
WRITES: dict[tuple[str, str], Route] = {
    ("POST", f"{API}/spot/v1/trade/order"): Route(_no_funds, 5, "trade"),
    ("POST", f"{API}/spot/v1/trade/cancel"): Route(_no_funds, 5, "trade"),
    ("POST", f"{API}/spot/v1/trade/batchOrders"): Route(_no_funds, 2, "trade"),
    ("POST", f"{API}/swap/v2/trade/order"): Route(_no_funds, 10, "trade"),
    ("DELETE", f"{API}/swap/v2/trade/order"): Route(_no_funds, 10, "trade"),
    ("POST", f"{API}/swap/v2/trade/closeAllPositions"): Route(_no_funds, 2, "trade"),
    ("POST", f"{API}/swap/v2/trade/leverage"): Route(_no_funds, 2, "trade"),
    ("POST", f"{API}/wallets/v1/capital/withdraw/apply"): Route(_no_funds, 2, "withdraw"),
    ("POST", f"{API}/wallets/v1/capital/innerTransfer/apply"): Route(_no_funds, 2, "withdraw"),
    ("POST", f"{API}/api/asset/v1/transfer"): Route(_no_funds, 2, "withdraw"),
    ("POST", f"{API}/api/v3/post/asset/transfer"): Route(_no_funds, 2, "withdraw"),
}


EXCHANGE = BingX
