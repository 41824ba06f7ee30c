"""The door: which methods there are, what they cost, who may use them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from sandbox.accounts import Key, keys_of
from sandbox.exchanges.base import Account, Call
from sandbox.exchanges.kraken.errors import KrakenError, invalid_arguments
from sandbox.exchanges.kraken.private import PrivateData
from sandbox.exchanges.kraken.public import PublicData
from sandbox.generate import advance
from sandbox.generate.world import World
from sandbox.http import Request, Response, json_response
from sandbox.limits import Counter
from sandbox.statement import of_kraken

PUBLIC, PRIVATE = "/0/public/", "/0/private/"
# The tier of a verified private person: 20 calls at once, one comes back every two seconds.
MAXIMUM, DECAY = Fraction(20), Fraction(1, 2)
MISTAKES = 10  # wrong keys or signatures in a row before a lockout
LOCKOUT = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Route:
    """One private method: what it answers, what it costs, the right it needs to write."""

    answer: Callable[[Call, Key], object]
    cost: int = 1
    right: str = ""


class Kraken:
    """Answers below ``/kraken``; signatures are over the path without that prefix."""

    id = "kraken"

    def __init__(self, world: World, speed: Fraction) -> None:
        self._keys = keys_of(self.id)
        self._lives = world.kraken
        self._speed = speed
        self._counter = Counter(MAXIMUM * speed, DECAY * speed)
        self._nonces: dict[str, int] = {}
        self._mistakes: dict[str, int] = {}
        self._locked_until: dict[str, int] = {}
        public = PublicData(world.prices)
        self._public: dict[str, Callable[[Call], object]] = {
            "Time": public.time,
            "SystemStatus": public.status,
            "Assets": public.assets,
            "AssetPairs": public.pairs,
            "Ticker": public.ticker,
            "OHLC": public.ohlc,
        }
        self._private = _reads(PrivateData(world.kraken)) | WRITES

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""
        return {
            life.account.id: Account(
                partial(of_kraken, life.account), partial(advance.kraken, life)
            )
            for life in self._lives.values()
        }

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""
        key = self._keys.get(request.headers.get("api-key", ""))
        return key.account_id if key else ""

    def writes(self, method: str, path: str) -> bool:
        """Whether a method changes something; unknown private ones count as such."""
        if not path.startswith(PRIVATE):
            return False
        route = self._private.get(path.removeprefix(PRIVATE))
        return route is None or bool(route.right)

    def forget_limits(self) -> None:
        """Start counting requests anew and lift lockouts."""
        self._counter.forget()
        self._mistakes.clear()
        self._locked_until.clear()

    def answer(self, call: Call) -> Response:
        """Answer a request as Kraken would: always HTTP 200."""
        try:
            return json_response({"error": [], "result": self._result(call)})
        except KrakenError as error:
            return error.response()

    def _result(self, call: Call) -> object:
        if "maintenance" in call.faults and not call.path.endswith("SystemStatus"):
            raise KrakenError("EService:Unavailable")
        if call.path.startswith(PUBLIC):
            answer = self._public.get(call.path.removeprefix(PUBLIC))
            if answer is None:
                raise KrakenError("EGeneral:Unknown method")
            if "rate_limit" in call.faults:
                raise KrakenError("EGeneral:Too many requests")
            return answer(call)
        route = self._private.get(call.path.removeprefix(PRIVATE))
        if route is None or not call.path.startswith(PRIVATE) or call.request.method != "POST":
            raise KrakenError("EGeneral:Unknown method")
        return route.answer(call, self._authorised(call, route))

    def _authorised(self, call: Call, route: Route) -> Key:
        """Check key, address, signature, nonce, pace and rights, in this order."""
        name = call.request.headers.get("api-key", "")
        if self._locked_until.get(name, 0) > call.now_ms:
            raise KrakenError("EGeneral:Temporary lockout")
        key = self._keys.find(name, call.faults)
        if key is None or key.expired:
            raise self._mistake(name, call.now_ms, "EAPI:Invalid key")
        if not key.allows(call.request.peer):
            # Kraken has no words of its own for a foreign address.
            raise KrakenError("EGeneral:Permission denied")
        if not _is_signed(call, key.secret):
            raise self._mistake(name, call.now_ms, "EAPI:Invalid signature")
        self._mistakes.pop(name, None)
        self._check_nonce(call, name)
        limited = not self._counter.add(name, route.cost, call.now_ms)
        if limited or "rate_limit" in call.faults:
            raise KrakenError("EAPI:Rate limit exceeded")
        if route.right and route.right not in key.rights:
            raise KrakenError("EGeneral:Permission denied")
        return key

    def _check_nonce(self, call: Call, name: str) -> None:
        text = call.params.get("nonce", "")
        if not text.isdigit() or int(text) <= self._nonces.get(name, 0):
            raise KrakenError("EAPI:Invalid nonce")
        self._nonces[name] = int(text)

    def _mistake(self, name: str, now_ms: int, words: str) -> KrakenError:
        self._mistakes[name] = self._mistakes.get(name, 0) + 1
        if self._mistakes[name] >= MISTAKES:
            self._mistakes.pop(name)
            self._locked_until[name] = now_ms + int(LOCKOUT / max(self._speed, Fraction(1)))
        return KrakenError(words)


def _is_signed(call: Call, secret: str) -> bool:
    """HMAC-SHA512 with the decoded secret over the path and SHA-256 of nonce and body."""
    nonce = call.params.get("nonce", "").encode()
    digest = hashlib.sha256(nonce + call.request.body).digest()
    message = call.path.encode() + digest
    expected = hmac.new(base64.b64decode(secret), message, hashlib.sha512).digest()
    sent = call.request.headers.get("api-sign", "")
    return hmac.compare_digest(base64.b64encode(expected).decode(), sent)


def _reads(private: PrivateData) -> dict[str, Route]:
    return {
        "Balance": Route(private.balance),
        "BalanceEx": Route(private.extended_balance),
        "Ledgers": Route(private.ledgers, cost=2),
        "QueryLedgers": Route(private.query_ledgers),
        "TradesHistory": Route(private.trades, cost=2),
        "QueryTrades": Route(private.query_trades),
        "DepositStatus": Route(private.deposits),
        "WithdrawStatus": Route(private.withdrawals),
        "GetApiKeyInfo": Route(private.key_info),
        # No orders wait in the sandbox.
        "OpenOrders": Route(lambda call, key: {"open": {}}),
        "ClosedOrders": Route(lambda call, key: {"closed": {}, "count": 0}),
    }


def _no_funds(call: Call, key: Key) -> object:
    raise KrakenError("EOrder:Insufficient funds")


def _no_order(call: Call, key: Key) -> object:
    raise KrakenError("EOrder:Unknown order")


def _no_way(call: Call, key: Key) -> object:
    raise KrakenError("EFunding:Unknown withdraw key")


def _no_arguments(call: Call, key: Key) -> object:
    raise invalid_arguments()


# Writes are answered by the key's rights and never change anything.
WRITES: dict[str, Route] = {
    **{
        name: Route(_no_funds, 0, "trade")
        for name in ("AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder")
    },
    **{
        name: Route(_no_order, 0, "trade")
        for name in ("CancelOrder", "CancelOrderBatch", "CancelAll", "CancelAllOrdersAfter")
    },
    **{name: Route(_no_way, 1, "withdraw") for name in ("Withdraw", "WithdrawCancel")},
    **{
        name: Route(_no_arguments, 1, "withdraw")
        for name in (
            "WalletTransfer",
            "AccountTransfer",
            "CreateSubaccount",
            "Stake",
            "Unstake",
            "Earn/Allocate",
            "Earn/Deallocate",
        )
    },
    "DepositAddresses": Route(_no_arguments, 1, "withdraw"),
    "AddExport": Route(_no_arguments, 1, "export"),
    "RemoveExport": Route(_no_arguments, 1, "export"),
}


EXCHANGE = Kraken
