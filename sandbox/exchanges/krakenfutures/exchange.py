"""The door: which paths there are, what they cost, who may use them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from sandbox.accounts import Key, keys_of
from sandbox.amounts import exact
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.krakenfutures import numbers, statement
from sandbox.exchanges.krakenfutures.errors import UNAUTHORISED, FuturesError
from sandbox.exchanges.krakenfutures.limits import Pools, log_cost
from sandbox.exchanges.krakenfutures.private import LOG_DEFAULT, PrivateData
from sandbox.exchanges.krakenfutures.public import PublicData
from sandbox.generate import krakenfutures_lives
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response

API = "/derivatives/api/v3/"
CHARTS = "/api/charts/v1/"
HISTORY = "/api/history/"


def _one(call: Call) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Route:
    """One private endpoint: its answer, what it costs, the right it needs to write."""

    answer: Callable[[Call, Key], Any]
    cost: Callable[[Call], int] = _one
    right: str = ""


class KrakenFutures:
    """Answers below ``/krakenfutures``; signatures are over the path without that prefix."""

    id = "krakenfutures"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = krakenfutures_lives.lives(world)
        self._pools = Pools(speed)
        self._nonces: dict[str, int] = {}
        self._public = PublicData(world.prices)
        self._private = _reads(PrivateData(self._lives, world.prices)) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                partial(statement.of, life.account), partial(krakenfutures_lives.live_on, life)
            )
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("apikey", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; anything but GET does."""
        route = self._private.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Fill the pools."""
        self._pools.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as Kraken Futures would."""
        try:
            with exact():
                result = self._result(call)
        except FuturesError as error:
            return error.response(call.path, call.now_ms)
        return numbers.response(result) if result is not None else html_response(404, "Not Found")

    def _result(self, call: Call) -> Any:
        """The answer, or None where there is no such path. May raise FuturesError."""
        if "maintenance" in call.faults:
            raise FuturesError("Unavailable", 503)
        if call.path.startswith(CHARTS) and call.path.count("/") == 6:
            return self._public.candles(call, *call.path.removeprefix(CHARTS).split("/"))
        if call.path in (f"{API}instruments", f"{API}tickers"):
            if "rate_limit" in call.faults:
                raise FuturesError("apiLimitExceeded")
            name = call.path.removeprefix(API)
            return getattr(self._public, name)(call)
        route = self._private.get((call.request.method, call.path))
        return route.answer(call, self._authorised(call, route)) if route else None

    def _authorised(self, call: Call, route: Route) -> Key:
        """Check key, address, signature, nonce, pace and rights, in this order."""
        key = self._keys.find(call.request.headers.get("apikey", ""), call.faults)
        if key is None or key.expired or not key.allows(call.request.peer):
            raise FuturesError(UNAUTHORISED)
        if not _is_signed(call, key.secret):
            raise FuturesError(UNAUTHORISED)
        self._check_nonce(call, key)
        if "rate_limit" in call.faults:
            raise FuturesError("apiLimitExceeded")
        self._pools.pay(key.api_key, call.path, route.cost(call), call.now_ms)
        if route.right and route.right not in key.rights:
            raise FuturesError(UNAUTHORISED)
        return key

    def _check_nonce(self, call: Call, key: Key) -> None:
        """A nonce need not be sent; one that is must be higher than the last."""
        text = call.request.headers.get("nonce", "")
        if not text:
            return
        last = self._nonces.get(key.api_key, 0)
        if not text.isdigit() or int(text) < last:
            raise FuturesError("nonceBelowThreshold")
        if int(text) == last:
            raise FuturesError("nonceDuplicate")
        self._nonces[key.api_key] = int(text)


def _is_signed(call: Call, secret: str) -> bool:
    """HMAC-SHA512 with the decoded secret over SHA-256 of parameters, nonce and path."""
    request = call.request
    path = call.path.removeprefix("/derivatives").encode()
    nonce = request.headers.get("nonce", "").encode()
    digest = hashlib.sha256(request.query.encode() + request.body + nonce + path).digest()
    expected = hmac.new(base64.b64decode(secret), digest, hashlib.sha512).digest()
    sent = request.headers.get("authent", "")
    return hmac.compare_digest(base64.b64encode(expected).decode(), sent)


def _fills_cost(call: Call) -> int:
    return 25 if call.params.get("lastFillTime") else 2


def _log_cost(call: Call) -> int:
    text = call.params.get("count", "")
    return log_cost(int(text) if text.isdigit() else LOG_DEFAULT)


def _reads(private: PrivateData) -> dict[tuple[str, str], Route]:
    def two(call: Call) -> int:
        return 2

    return {
        ("GET", f"{API}accounts"): Route(private.accounts, two),
        ("GET", f"{API}openpositions"): Route(private.positions, two),
        ("GET", f"{API}fills"): Route(private.fills, _fills_cost),
        # The documentation says v3; what older clients ask as v2 is the same here.
        **{
            ("GET", f"{HISTORY}{version}/{name}"): route
            for version in ("v2", "v3")
            for name, route in (
                ("account-log", Route(private.log, _log_cost)),
                ("executions", Route(private.executions)),
            )
        },
        ("GET", "/api/auth/v1/api-keys/v3/check"): Route(private.key_info),
    }


def _refused(word: str) -> Callable[[Call, Key], Any]:
    def answer(call: Call, key: Key) -> Any:
        raise FuturesError(word)

    return answer


# Writes are answered by the key's rights and never change anything.
WRITES: dict[tuple[str, str], Route] = {
    ("POST", API + name): Route(_refused(word), right=right)
    for word, right, names in (
        ("insufficientFunds", "trade", ("sendorder", "batchorder", "transfer")),
        ("notFound", "trade", ("editorder", "cancelorder", "cancelallorders")),
        ("insufficientFunds", "withdraw", ("withdrawal", "transfer/subaccount")),
    )
    for name in names
}


EXCHANGE = KrakenFutures
