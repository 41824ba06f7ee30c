"""The door: which paths there are, how often they may be asked, who may use them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.okx.errors import OkxError, refused, too_many
from sandbox.exchanges.okx.limits import Windows
from sandbox.exchanges.okx.private import PrivateData
from sandbox.exchanges.okx.public import PublicData
from sandbox.exchanges.okx.served import Served
from sandbox.generate import okx_advance, okx_lives
from sandbox.generate.prices import YEAR
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response, json_response

API = "/api/v5/"
EXPIRES = 30_000  # milliseconds a request may be on its way
HEADERS = (
    ("ok-access-key", 50103, "OK-ACCESS-KEY"),
    ("ok-access-passphrase", 50104, "OK-ACCESS-PASSPHRASE"),
    ("ok-access-sign", 50106, "OK-ACCESS-SIGN"),
    ("ok-access-timestamp", 50107, "OK-ACCESS-TIMESTAMP"),
)
Rate = tuple[int, int]  # how many in how many seconds


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``right`` is None for public ones, empty for reading, else what it needs."""

    answer: Callable[[Call, Key], object]
    rate: Rate
    right: str | None = ""


class Okx:
    """Answers below ``/okx``; signatures are over the path without that prefix."""

    id = "okx"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = okx_lives.build(world.prices)
        anchor = world.prices.origin + 3 * YEAR
        self._served = {n: Served(life.account, anchor) for n, life in self._lives.items()}
        self._windows = Windows(speed)
        private = PrivateData(self._served, world.prices)
        self._routes = _reads(PublicData(world.prices), private) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                self._served[name].statement, partial(okx_advance.live_on, life)
            )
            for name, life in self._lives.items()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("ok-access-key", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; anything but GET does unless it is a known read."""
        route = self._routes.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew."""
        self._windows.forget()

    def answer(self, call: Call) -> Response:
        """Answer a request as OKX would."""
        route = self._routes.get((call.request.method, call.path))
        if route is None:
            return html_response(404, "Not Found")
        try:
            if "maintenance" in call.faults and not call.path.endswith("system/status"):
                raise OkxError(50001, "Service temporarily unavailable. Try again later.", 503)
            key = self._authorised(call, route)
            data = route.answer(call, key)
        except OkxError as error:
            response = error.response()
            if error.status == 429 and "rate_limit" in call.faults:
                seconds = call.faults["rate_limit"].option("seconds", 1)
                response.headers["Retry-After"] = str(seconds)
            return response
        return json_response({"code": "0", "data": data, "msg": ""})

    def _authorised(self, call: Call, route: Route) -> Key:
        """The key of a signed request; a placeholder for public ones. May raise OkxError."""
        if route.right is None:
            self._count(call, route, call.request.peer)
            return NOBODY
        headers = call.request.headers
        for name, code, shown in HEADERS:
            if not headers.get(name):
                raise refused(code, f'Request header "{shown}" can not be empty.')
        _check_time(headers["ok-access-timestamp"], call.now_ms)
        key = self._keys.find(headers["ok-access-key"], call.faults)
        if key is None or key.expired:
            raise refused(50119, "API key doesn't exist.")
        if headers["ok-access-passphrase"] != key.credentials["password"]:
            raise refused(50105, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')
        if not key.allows(call.request.peer):
            words = f"Your IP {call.request.peer} is not included in your API key's IP whitelist."
            raise refused(50110, words)
        _check_signature(call, key.secret)
        self._count(call, route, key.account_id)
        if route.right and route.right not in key.rights:
            raise refused(50120, "This API key doesn't have permission to use this function.")
        return key

    def _count(self, call: Call, route: Route, who: str) -> None:
        allowed = self._windows.allows(call.path, who, route.rate, call.now_ms)
        if not allowed or "rate_limit" in call.faults:
            raise too_many()


NOBODY = Key("okx", "nobody", {"apiKey": "", "secret": ""}, "", frozenset(), (), expired=True)


def _check_time(text: str, now_ms: int) -> None:
    """ISO 8601 in UTC with milliseconds, not older or younger than half a minute."""
    try:
        sent = datetime.fromisoformat(text)
    except ValueError:
        sent = None
    if sent is None or sent.tzinfo is None or not text.endswith("Z"):
        raise refused(50112, 'Invalid "OK-ACCESS-TIMESTAMP".')
    if abs(int(sent.timestamp() * 1000) - now_ms) > EXPIRES:
        raise refused(50102, "Timestamp request expired.")


def _check_signature(call: Call, secret: str) -> None:
    """HMAC-SHA256 over time, method, path with query, and body, as they were sent."""
    request = call.request
    query = f"?{request.query}" if request.query else ""
    head = f"{request.headers['ok-access-timestamp']}{request.method}{call.path}{query}"
    digest = hmac.new(secret.encode(), head.encode() + request.body, hashlib.sha256).digest()
    expected = base64.b64encode(digest).decode()
    if not hmac.compare_digest(expected, request.headers["ok-access-sign"]):
        raise refused(50113, "Invalid Sign")


def _reads(public: PublicData, private: PrivateData) -> dict[tuple[str, str], Route]:
    def open_(answer: Callable[[Call], object], rate: Rate) -> Route:
        return Route(lambda call, _: answer(call), rate, None)

    slow, quick, asset = (5, 2), (10, 2), (6, 1)
    routes = {
        "public/time": open_(public.time, (10, 2)),
        "public/instruments": open_(public.instruments, (20, 2)),
        "market/tickers": open_(public.tickers, (20, 2)),
        "market/ticker": open_(public.ticker, (20, 2)),
        "market/candles": open_(public.candles, (40, 2)),
        "market/history-candles": open_(public.history_candles, (20, 2)),
        "system/status": open_(public.status, (1, 5)),
        "account/config": Route(private.config, slow),
        "account/balance": Route(private.trading, quick),
        "account/positions": Route(private.positions, quick),
        "account/bills": Route(private.bills, slow),
        "account/bills-archive": Route(private.bills_archive, slow),
        "trade/fills": Route(private.fills, (60, 2)),
        "trade/fills-history": Route(private.fills_history, quick),
        "trade/easy-convert-history": Route(private.dusts, (1, 2)),
        "asset/balances": Route(private.funding, asset),
        "asset/bills": Route(private.asset_bills, asset),
        "asset/bills-history": Route(private.asset_bills_history, (1, 1)),
        "asset/currencies": Route(private.currencies, asset),
        "asset/deposit-history": Route(private.deposits, asset),
        "asset/withdrawal-history": Route(private.withdrawals, asset),
        "asset/convert/history": Route(private.converts, asset),
        "finance/savings/balance": Route(private.savings, asset),
        "finance/savings/lending-history": Route(private.lendings, asset),
    }
    return {("GET", API + path): route for path, route in routes.items()}


def _no_funds(call: Call, _: Key) -> object:
    raise OkxError(51008, "Order failed. Insufficient balance.")


def _no_order(call: Call, _: Key) -> object:
    raise OkxError(51400, "Cancellation failed as the order doesn't exist.")


def _no_transfer(call: Call, _: Key) -> object:
    raise OkxError(58350, "Insufficient balance.")


# Writes are answered by the key's rights and never change anything.
WRITES: dict[tuple[str, str], Route] = {
    ("POST", API + path): Route(answer, rate, right)
    for answer, rate, right, paths in (
        (
            _no_funds,
            (60, 2),
            "trade",
            ("trade/order", "trade/batch-orders", "trade/order-algo", "trade/easy-convert"),
        ),
        (
            _no_order,
            (60, 2),
            "trade",
            ("trade/cancel-order", "trade/cancel-batch-orders", "trade/amend-order"),
        ),
        (
            _no_transfer,
            (6, 1),
            "trade",
            ("asset/transfer", "asset/convert/trade", "finance/savings/purchase-redempt"),
        ),
        (_no_transfer, (6, 1), "withdraw", ("asset/withdrawal", "asset/cancel-withdrawal")),
    )
    for path in paths
}


EXCHANGE = Okx
