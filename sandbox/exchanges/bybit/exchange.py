"""The door: which paths there are, how often they may be asked, who may use them."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.bybit import statement
from sandbox.exchanges.bybit.errors import BybitError, denied, envelope, wrong
from sandbox.exchanges.bybit.limits import Limits, forbidden
from sandbox.exchanges.bybit.private import PrivateData
from sandbox.exchanges.bybit.public import PublicData
from sandbox.generate import bybit_main
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response, json_response

SECOND, MINUTE = 1_000, 60_000


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint and how often an account may ask it. ``right`` is None for public ones."""

    answer: Callable[[Call, Key], object]
    limit: int = 10
    window: int = SECOND
    right: str | None = ""


class Bybit:
    """Answers below ``/bybit``."""

    id = "bybit"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = bybit_main.lives(world.prices)
        self._limits = Limits(speed)
        public, private = PublicData(world.prices), PrivateData(self._lives, world.prices)
        self._routes = _open(public) | _reads(private) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                partial(statement.of, life.account), partial(bybit_main.live_on, life)
            )
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("x-bapi-api-key", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; all that is posted does."""
        route = self._routes.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew and lift bans."""
        self._limits.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as Bybit would: mostly with HTTP 200, the code in the body."""
        route = self._routes.get((call.request.method, call.path))
        if route is None:
            return html_response(404, "Not Found")
        headers: dict[str, str] = {}
        try:
            response = json_response(envelope(self._result(call, route, headers), call.now_ms))
        except BybitError as error:
            response = forbidden() if error.status == 403 else error.response(call.now_ms)
        response.headers |= headers
        return response

    def _result(self, call: Call, route: Route, headers: dict[str, str]) -> object:
        self._limits.count_address(call.request.peer, call.now_ms)
        if "maintenance" in call.faults and not call.path.endswith("/system/status"):
            raise BybitError(10016, "Server error.")
        if route.right is None:
            if "rate_limit" in call.faults:
                raise BybitError(10006, "Too many visits!")
            return route.answer(call, NOBODY)
        key = self._authorised(call)
        self._count(call, route, key, headers)
        if route.right and route.right not in key.rights:
            raise denied()
        return route.answer(call, key)

    def _count(self, call: Call, route: Route, key: Key, headers: dict[str, str]) -> None:
        """Count a request to one endpoint by account. May raise BybitError."""
        bucket = f"{key.account_id} {call.path}"
        passes, told = self._limits.count_account(bucket, route.limit, route.window, call.now_ms)
        headers |= told
        if not passes or "rate_limit" in call.faults:
            raise BybitError(10006, "Too many visits!")

    def _authorised(self, call: Call) -> Key:
        """Check key, address, time and signature, in this order. May raise BybitError."""
        key = self._keys.find(call.request.headers.get("x-bapi-api-key", ""), call.faults)
        if key is None or key.expired:
            raise BybitError(10003, "API key is invalid.")
        if not key.allows(call.request.peer):
            raise BybitError(10010, "Unmatched IP, please check your API key's bound IP addresses.")
        _check_time(call)
        if not _is_signed(call.request, key):
            raise BybitError(10004, "Error sign, please check your signature generation algorithm.")
        return key


NOBODY = Key("bybit", "nobody", {"apiKey": "", "secret": ""}, "", frozenset(), (), expired=True)


def _check_time(call: Call) -> None:
    """The time sent may be a second ahead, and behind by the receive window."""
    headers = call.request.headers
    sent, allowed = headers.get("x-bapi-timestamp", ""), headers.get("x-bapi-recv-window", "5000")
    if not sent.isdigit() or not allowed.isdigit():
        raise wrong("X-BAPI-TIMESTAMP")
    if not call.now_ms - int(allowed) <= int(sent) < call.now_ms + 1_000:
        raise BybitError(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{sent}],server_timestamp[{call.now_ms}],recv_window[{allowed}]",
        )


def _is_signed(request: Request, key: Key) -> bool:
    """HMAC-SHA256 over time, key, receive window, and the query or the body as they were sent."""
    headers = request.headers
    content = request.query.encode() if request.method == "GET" else request.body
    opening = "".join(
        headers.get(name, "")
        for name in ("x-bapi-timestamp", "x-bapi-api-key", "x-bapi-recv-window")
    )
    expected = hmac.new(key.secret.encode(), opening.encode() + content, hashlib.sha256)
    return hmac.compare_digest(expected.hexdigest(), headers.get("x-bapi-sign", ""))


def _open(public: PublicData) -> dict[tuple[str, str], Route]:
    answers: dict[str, Callable[[Call], object]] = {
        "/v5/market/time": public.time,
        "/v5/market/instruments-info": public.instruments,
        "/v5/market/tickers": public.tickers,
        "/v5/market/kline": public.kline,
        "/v5/system/status": public.status,
    }
    return {
        ("GET", path): Route(partial(_unsigned, answer), right=None)
        for path, answer in answers.items()
    }


def _unsigned(answer: Callable[[Call], object], call: Call, key: Key) -> object:
    return answer(call)


def _reads(private: PrivateData) -> dict[tuple[str, str], Route]:
    asset = "/v5/asset"
    routes = {
        "/v5/user/query-api": Route(private.key_info),
        "/v5/account/info": Route(private.account_info, 50),
        "/v5/account/wallet-balance": Route(private.wallet, 50),
        "/v5/account/transaction-log": Route(private.log, 30),
        "/v5/execution/list": Route(private.executions, 50),
        "/v5/position/list": Route(private.open_positions, 50),
        "/v5/earn/order": Route(private.orders),
        "/v5/earn/position": Route(private.positions),
        f"{asset}/coin/query-info": Route(private.coins, 5),
        f"{asset}/deposit/query-internal-record": Route(private.internal_deposits),
        f"{asset}/deposit/query-record": Route(private.deposits, 100, MINUTE),
        f"{asset}/exchange/query-convert-history": Route(private.conversions, 50),
        f"{asset}/fundinghistory": Route(private.funding_log),
        f"{asset}/transfer/query-account-coins-balance": Route(private.coins_balance, 5),
        f"{asset}/transfer/query-inter-transfer-list": Route(private.transfers, 60, MINUTE),
        f"{asset}/withdraw/query-record": Route(private.withdrawals, 300, MINUTE),
    }
    return {("GET", path): route for path, route in routes.items()}


def _no_funds(call: Call, key: Key) -> object:
    raise BybitError(110007, "ab not enough for new order")


def _no_order(call: Call, key: Key) -> object:
    raise BybitError(110001, "order not exists or too late to cancel")


def _no_balance(call: Call, key: Key) -> object:
    raise BybitError(131212, "User insufficient balance")


def _nothing_set(call: Call, key: Key) -> object:
    raise BybitError(110043, "Set leverage has not been modified")


# Writes are answered by the key's rights and never change anything.
_TRADES: dict[Callable[[Call, Key], object], tuple[str, ...]] = {
    _no_funds: ("order/create", "order/create-batch", "asset/exchange/convert-execute"),
    _no_order: ("order/amend", "order/cancel", "order/cancel-all", "order/cancel-batch"),
    _nothing_set: ("position/set-leverage", "position/trading-stop"),
}
_MOVES: dict[Callable[[Call, Key], object], tuple[str, ...]] = {
    _no_balance: (
        *("asset/withdraw/create", "asset/withdraw/cancel", "earn/place-order"),
        *("asset/transfer/inter-transfer", "asset/transfer/universal-transfer"),
    ),
}
WRITES: dict[tuple[str, str], Route] = {
    ("POST", f"/v5/{path}"): Route(answer, right=right)
    for right, answers in (("trade", _TRADES), ("withdraw", _MOVES))
    for answer, paths in answers.items()
    for path in paths
}


EXCHANGE = Bybit
