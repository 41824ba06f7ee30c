"""The door: which paths there are, how often they may be asked, who may use them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.coinbase import tokens
from sandbox.exchanges.coinbase.errors import (
    CoinbaseError,
    invalid,
    missing_right,
    not_found,
    unauthorized,
)
from sandbox.exchanges.coinbase.limits import HOUR, SECOND, Windows
from sandbox.exchanges.coinbase.private import PrivateData
from sandbox.exchanges.coinbase.public import PublicData
from sandbox.generate import coinbase_world
from sandbox.generate.world import World
from sandbox.http import Request, Response, json_response

V2, BROKERAGE = "/v2/", "/api/v3/brokerage/"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``right`` is None for public ones, empty for reading, else what it needs."""

    answer: Callable[[Call, Key], object]
    right: str | None = ""


class Coinbase:
    """Answers below ``/coinbase``; tokens are for host and path with that prefix."""

    id = "coinbase"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = coinbase_world.build(world.prices)
        self._hours = Windows(10_000, HOUR, speed)
        self._seconds = Windows(30, SECOND, speed)
        self._public = Windows(10, SECOND, speed)
        self._routes = _reads(PublicData(world.prices), PrivateData(self._lives)) + WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                partial(coinbase_world.statement, life.account),
                partial(coinbase_world.live_on, life),
            )
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        token = tokens.read(request)
        key = self._keys.get(token.key_name) if token else None
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something: all but GET do."""
        return method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew."""
        for windows in (self._hours, self._seconds, self._public):
            windows.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as Coinbase would."""
        try:
            return json_response(self._result(call))
        except CoinbaseError as error:
            return error.response(call.path)

    def _result(self, call: Call) -> object:
        route = self._route(call)
        if "maintenance" in call.faults:
            raise CoinbaseError(503, "internal_server_error", "Temporarily unavailable")
        if route.right is None:
            self._count(call, self._public, call.request.peer)
            return route.answer(call, NOBODY)
        key = self._authorised(call)
        windows = self._hours if call.path.startswith(V2) else self._seconds
        self._count(call, windows, key.api_key)
        if route.right and route.right not in key.rights:
            raise missing_right()
        return route.answer(call, key)

    def _route(self, call: Call) -> Route:
        for method, pattern, route in self._routes:
            if method == call.request.method and pattern.fullmatch(call.path):
                return route
        raise not_found()

    def _authorised(self, call: Call) -> Key:
        """The key of a request; one word for whatever is wrong with it. May raise CoinbaseError."""
        token = tokens.read(call.request)
        key = self._keys.find(token.key_name, call.faults) if token else None
        if token is None or key is None or key.expired or not key.allows(call.request.peer):
            raise unauthorized()
        if not tokens.is_good(token, call.request, key.secret, call.now_ms):
            raise unauthorized()
        return key

    def _count(self, call: Call, windows: Windows, bucket: str) -> None:
        fault = call.faults.get("rate_limit")
        if windows.add(bucket, call.now_ms) and fault is None:
            return
        headers = {} if fault is None else {"Retry-After": str(fault.option("seconds", 1))}
        raise CoinbaseError(429, "rate_limit_exceeded", "Too many requests", headers)


NOBODY = Key("coinbase", "", {}, "", frozenset(), (), expired=False)
Routes = list[tuple[str, re.Pattern[str], Route]]


def _get(path: str, answer: Callable[[Call, Key], object], right: str | None = "") -> Routes:
    pattern = re.sub(r"\{[a-z_]+\}", "[A-Za-z0-9-]+", path)
    return [("GET", re.compile(pattern), Route(answer, right))]


def _open(path: str, answer: Callable[[Call], object]) -> Routes:
    return _get(path, lambda call, key: answer(call), None)


def _reads(public: PublicData, private: PrivateData) -> Routes:
    return [
        *_open(f"{V2}time", public.old_time),
        *_open(f"{V2}currencies", public.currencies),
        *_open(f"{V2}currencies/crypto", public.coins),
        *_open(f"{V2}exchange-rates", public.rates),
        *_open(f"{BROKERAGE}time", public.time),
        *_open(f"{BROKERAGE}market/products", public.products),
        *_open(f"{BROKERAGE}market/products/{{product_id}}", public.product),
        *_open(f"{BROKERAGE}market/products/{{product_id}}/candles", public.candles),
        *_get(f"{BROKERAGE}key_permissions", private.permissions),
        *_get(f"{BROKERAGE}portfolios", private.portfolios),
        *_get(f"{BROKERAGE}accounts", private.brokerage_accounts),
        *_get(f"{BROKERAGE}orders/historical/fills", private.fills),
        *_get(f"{BROKERAGE}transaction_summary", private.summary),
        *_get(f"{V2}user", private.user),
        *_get(f"{V2}accounts", private.accounts),
        *_get(f"{V2}accounts/{{account_id}}", private.account),
        *_get(f"{V2}accounts/{{account_id}}/transactions", private.transactions),
        *_get(f"{V2}accounts/{{account_id}}/deposits", private.deposits),
        *_get(f"{V2}accounts/{{account_id}}/withdrawals", private.withdrawals),
    ]


def _no_funds(call: Call, key: Key) -> object:
    error = {"error": "INSUFFICIENT_FUND", "message": "Insufficient balance in source account"}
    return {"success": False, "failure_reason": "UNKNOWN_FAILURE_REASON", "error_response": error}


def _no_way(call: Call, key: Key) -> object:
    raise invalid("You do not have that much.")


def _write(method: str, path: str, right: str, answer: Callable[[Call, Key], object]) -> Routes:
    return [(method, re.compile(path), Route(answer, right))]


# Writes are answered by the key's rights and never change anything.
WRITES: Routes = [
    *_write("POST", f"{BROKERAGE}orders(/.*)?", "trade", _no_funds),
    *_write("POST", f"{BROKERAGE}convert/.*", "trade", _no_way),
    *_write("POST", f"{BROKERAGE}portfolios(/.*)?", "withdraw", _no_way),
    *_write("PUT", f"{BROKERAGE}portfolios/.*", "withdraw", _no_way),
    *_write("DELETE", f"{BROKERAGE}.*", "withdraw", _no_way),
    *_write("POST", f"{V2}accounts(/.*)?", "withdraw", _no_way),
    *_write("PUT", f"{V2}.*", "withdraw", _no_way),
    *_write("DELETE", f"{V2}.*", "withdraw", _no_way),
]

EXCHANGE = Coinbase
