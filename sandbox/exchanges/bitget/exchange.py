"""The door: which paths there are, how often they may be asked, who may use them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from urllib.parse import unquote

from sandbox.accounts import Key, keys_of
from sandbox.amounts import ZERO, plain
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.bitget.errors import BitgetError
from sandbox.exchanges.bitget.positions import stated
from sandbox.exchanges.bitget.private import PrivateData
from sandbox.exchanges.bitget.public import PublicData
from sandbox.generate import bitget_main
from sandbox.generate.bitget import BitgetAccount
from sandbox.generate.prices import YEAR
from sandbox.generate.world import World
from sandbox.http import Request, Response, html_response, json_response
from sandbox.statement import Statement

API = "/api/v2/"
ADDRESS_LIMIT, MINUTE = 6_000, 60_000
PATIENCE = 30_000  # milliseconds that a request's time may be off


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``right`` is None for public ones, empty for reading, else what it needs."""

    answer: Callable[[Call, Key], object]
    pace: int = 10  # requests a second: of an account, or of an address where it is public
    right: str | None = ""


NOBODY = Key("bitget", "nobody", {"apiKey": "", "secret": ""}, "", frozenset(), (), expired=True)


class Bitget:
    """Answers below ``/bitget``; signatures are over the path without that prefix."""

    id = "bitget"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = bitget_main.lives(world.prices)
        self._speed = speed
        self._asked: dict[tuple[str, int], int] = {}
        anchor = world.prices.origin + 3 * YEAR
        private = PrivateData(self._lives, world.prices, anchor)
        self._routes = _public(PublicData(world.prices)) | _reads(private) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                partial(statement, life.account), partial(bitget_main.live_on, life)
            )
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("access-key", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; anything but GET does unless it is a known read."""
        route = self._routes.get((method, path))
        return bool(route.right) if route else method != "GET"

    def forget_limits(self) -> None:
        """Start counting requests anew."""
        self._asked.clear()

    def answer(self, call: Call) -> Response:
        """Answer a request as Bitget would."""
        route = self._routes.get((call.request.method, call.path))
        if route is None:
            return html_response(404, "Not Found")
        try:
            data = self._data(call, route)
        except BitgetError as error:
            return error.response(call.now_ms)
        body = {"code": "00000", "msg": "success", "requestTime": call.now_ms, "data": data}
        return json_response(body)

    def _data(self, call: Call, route: Route) -> object:
        if "rate_limit" in call.faults:
            raise _too_many(call.faults["rate_limit"].option("seconds", 1))
        if "maintenance" in call.faults:
            raise BitgetError("40200", "Server upgrade, please try again later")
        self._count(call.request.peer, ADDRESS_LIMIT, call.now_ms, MINUTE)
        if route.right is None:
            self._count(f"{call.path} {call.request.peer}", route.pace, call.now_ms, 1_000)
            return route.answer(call, NOBODY)
        key = self._authorised(call)
        self._count(f"{call.path} {key.account_id}", route.pace, call.now_ms, 1_000)
        if route.right and route.right not in key.rights:
            words = f"Incorrect permissions, need {route.right} write permissions"
            raise BitgetError("40014", words)
        return route.answer(call, key)

    def _count(self, bucket: str, allowed: int, now_ms: int, period: int) -> None:
        """Count a request in the present period. May raise BitgetError."""
        slot = (bucket, now_ms // period)
        used = self._asked.get(slot, 0) + 1
        if len(self._asked) > 1_000:
            self._asked = {}
        self._asked[slot] = used
        if used > max(int(allowed * self._speed), 1):
            raise _too_many(None)

    def _authorised(self, call: Call) -> Key:
        """Check key, passphrase, address, time and signature, in this order."""
        headers = call.request.headers
        name = headers.get("access-key", "")
        if not name:
            raise BitgetError("40001", "ACCESS_KEY cannot be empty")
        key = self._keys.find(name, call.faults)
        if key is None or key.expired:
            raise BitgetError("40037", "Apikey does not exist")
        if headers.get("access-passphrase", "") != key.credentials["password"]:
            raise BitgetError("40012", "apikey/password is incorrect")
        if not key.allows(call.request.peer):
            raise BitgetError("40018", "Invalid IP")
        moment = headers.get("access-timestamp", "")
        if not moment.isdigit():
            raise BitgetError("40005", "Invalid ACCESS_TIMESTAMP")
        if abs(int(moment) - call.now_ms) > PATIENCE:
            raise BitgetError("40008", "Request timestamp expired")
        if not _is_signed(call, moment, key.secret):
            raise BitgetError("40009", "sign signature error")
        return key


def _is_signed(call: Call, moment: str, secret: str) -> bool:
    """HMAC-SHA256 over time, method, path with the plain query, and body; in base64."""
    request = call.request
    query = f"?{unquote(request.query)}" if request.query else ""
    message = f"{moment}{request.method}{call.path}{query}".encode() + request.body
    expected = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    sent = request.headers.get("access-sign", "")
    return hmac.compare_digest(base64.b64encode(expected).decode(), sent)


def _too_many(seconds: int | None) -> BitgetError:
    return BitgetError("429", "Too Many Requests", 429, seconds)


def statement(account: BitgetAccount) -> Statement:
    """Balances by wallet and asset; counts of all rows that the endpoints serve.

    The tax records are the ledger: trades, transfers, funding, interest and rewards are rows of
    it. Deposits and withdrawals are also lists of their own.
    """
    balances: dict[str, dict[str, str]] = {
        wallet: {code: plain(quantity) for code, quantity in held.items() if quantity != ZERO}
        for wallet, held in account.book.held().items()
    }
    ledgers = (account.spot, *account.futures.values(), *account.margin.values())
    records = {
        "ledger": sum(len(rows) for rows in ledgers),
        "deposits": len(account.deposits),
        "withdrawals": len(account.withdrawals),
    }
    return {"balances": balances, "records": records, "positions": stated(account)}


def _public(public: PublicData) -> dict[tuple[str, str], Route]:
    answers: dict[str, Callable[[Call], object]] = {
        "public/time": public.time,
        "spot/public/coins": public.coins,
        "spot/public/symbols": public.symbols,
        "margin/currencies": public.margin,
        "mix/market/contracts": public.contracts,
        "spot/market/tickers": public.tickers,
        "spot/market/candles": public.candles,
        "spot/market/history-candles": public.older_candles,
    }

    def open_(answer: Callable[[Call], object]) -> Route:
        return Route(lambda call, _: answer(call), 20, None)

    return {("GET", API + path): open_(answer) for path, answer in answers.items()}


def _reads(private: PrivateData) -> dict[tuple[str, str], Route]:
    routes = {
        "spot/account/info": Route(private.info, 1),
        "spot/account/assets": Route(private.spot),
        "mix/account/accounts": Route(private.futures),
        "mix/position/all-position": Route(private.positions, 5),
        "margin/crossed/account/assets": Route(private.crossed),
        "margin/isolated/account/assets": Route(private.isolated),
        "earn/account/assets": Route(private.earn),
        "tax/spot-record": Route(private.tax_spot, 1),
        "tax/future-record": Route(private.tax_futures, 1),
        "tax/margin-record": Route(private.tax_margin, 1),
        "spot/wallet/deposit-records": Route(private.deposits),
        "spot/wallet/withdrawal-records": Route(private.withdrawals),
    }
    return {("GET", API + path): route for path, route in routes.items()}


def _refused(code: str, words: str) -> Callable[[Call, Key], object]:
    def answer(call: Call, key: Key) -> object:
        raise BitgetError(code, words)

    return answer


_NO_FUNDS = _refused("43012", "Insufficient balance")
_NO_ORDER = _refused("43001", "The order does not exist")
# Writes are answered by the key's rights and never change anything.
WRITES: dict[tuple[str, str], Route] = {
    **{
        ("POST", API + path): Route(_NO_FUNDS, 10, "trade")
        for path in (
            *("spot/trade/place-order", "spot/trade/batch-orders", "mix/order/place-order"),
            *("margin/crossed/place-order", "margin/isolated/place-order"),
            *("margin/crossed/account/borrow", "margin/isolated/account/borrow"),
            *("convert/trade", "earn/savings/subscribe", "earn/savings/redeem"),
        )
    },
    **{
        ("POST", API + path): Route(_NO_ORDER, 10, "trade")
        for path in ("spot/trade/cancel-order", "mix/order/cancel-order")
    },
    **{
        ("POST", API + path): Route(_NO_FUNDS, 5, "withdraw")
        for path in (
            *("spot/wallet/withdrawal", "spot/wallet/transfer"),
            "spot/wallet/subaccount-transfer",
        )
    },
}


EXCHANGE = Bitget
