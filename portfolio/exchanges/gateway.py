"""One credential's guarded way to one exchange: asks, pays from the budget, translates failures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from portfolio.exchanges import addresses, exact, failures
from portfolio.exchanges.budget import Budget, environment_of, fingerprint, used_from
from portfolio.exchanges.circuit import Circuit
from portfolio.exchanges.errors import GatewayError, WaitUntil, WriteRefused
from portfolio.exchanges.failures import Failure, Reply
from portfolio.exchanges.guard import add_sections, make_instance, origins, point_at
from portfolio.exchanges.markets import MarketCache
from portfolio.exchanges.profile import Allowance, Call, CodeRule, Treatment

_REFUSED = "Coffer refused a request that is not on this exchange's list of reads."
_TOLD = 6  # letters of a key that are enough to tell it from its owner's other ones
_clocks: dict[tuple[str, str], int] = {}  # milliseconds we are ahead, by exchange and address


@dataclass(frozen=True)
class Rules:
    """What the gateway must know of an exchange."""

    exchange: str
    name: str
    calls: tuple[Call, ...]
    allowances: tuple[Allowance, ...] = ()
    error_code: Callable[[str], str] = lambda text: ""
    codes: Mapping[str, CodeRule] = field(default_factory=dict)
    time_call: Call | None = None
    read_time: Callable[[str], datetime] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)  # of sections that ccxt does not know
    codes_decide: bool = False
    family: str = ""  # whose allowances it shares

    def find_code(self, code: str) -> CodeRule | None:
        """Return the rule of ``code``, or of the beginning of it (``EAPI:Invalid nonce:x``)."""
        known = self.codes.get(code)
        longer = (rule for begin, rule in self.codes.items() if code.startswith(f"{begin}:"))
        return known or next(longer, None)


class Gateway:
    """A guarded ccxt instance. Nothing of ccxt, and nothing secret, comes out of it."""

    def __init__(
        self,
        rules: Rules,
        credentials: Mapping[str, str],
        *,
        base_url: str | None,
        account: str = "",
        budget: Budget | None = None,
        circuit: Circuit | None = None,
    ) -> None:
        self._rules = rules
        self._budget = budget
        self._circuit = circuit
        self._place = ""  # of the latest request, for the circuit
        self._calls = {(call.api, call.method, call.path): call for call in rules.calls}
        self._venue = f"{rules.family or rules.exchange}:{environment_of(base_url)}"
        self._account = fingerprint(account or credentials.get("apiKey", ""))
        self._asked: Call | None = None
        self._reply: Reply | None = None
        self._costs: Mapping[str, int] = {}
        self._unquoted: dict[int, str] = {}
        self._most = 0
        self._remembers = False
        self._spent: Mapping[str, int] = {}
        self._clock_key = (rules.exchange, base_url or "")
        self._ccxt = make_instance(rules.exchange, self, credentials, rules.options)
        add_sections(self._ccxt, rules.urls)
        if base_url:
            point_at(self._ccxt, base_url)
            self._prefix = urlsplit(base_url.rstrip("/")).path
        else:
            self._prefix = ""
        self._origins = origins(self._ccxt)
        self._ccxt.options["timeDifference"] = _clocks.get(self._clock_key, 0)

    def __repr__(self) -> str:
        return f"Gateway({self._rules.exchange!r})"

    def is_own_key(self, name: str) -> bool:
        """Whether an exchange means the key in use by ``name``: whole, or begun and starred."""
        begun, own = name.rstrip("*"), str(self._ccxt.apiKey or "")
        return own == name or (begun != name and len(begun) >= _TOLD and own.startswith(begun))

    # --- the locks (guard.Gate) ----------------------------------------------------------------

    def admit(self, section: str, method: str, path: str) -> None:
        """Let a listed read pass, paid for. May raise WriteRefused, WaitUntil or NotAnswering."""
        call = self._calls.get((section, method, path))
        if call is None:
            raise WriteRefused(_REFUSED)
        asked = self._asked
        if asked is not None and (asked.api, asked.method, asked.path) == (section, method, path):
            call = asked  # one path may serve many questions, each at its own cost
        self._reply, self._costs = None, call.costs
        for allowance in self._rules.allowances:
            cost = call.costs.get(allowance.name)
            if cost and self._budget is not None:
                self._budget.acquire(self._bucket(allowance), cost, allowance=allowance)
        self._enter(f"{self._venue}:{section}:{method}:{path}")

    def _enter(self, place: str) -> None:
        """Leave an exchange alone that answers nobody. May raise NotAnswering."""
        self._place = ""
        until = self._circuit.enter(place) if self._circuit else None
        if until is not None:
            raise failures.not_answering(self._rules.name, until)
        self._place = place

    def admit_url(self, method: str, url: str) -> None:
        """Let only the exchange's own address pass. May raise WriteRefused."""
        split = urlsplit(url)
        known = f"{split.scheme}://{split.netloc}" in self._origins
        inside = split.path.startswith(self._prefix + "/") and ".." not in split.path.split("/")
        if not known or not inside:
            raise WriteRefused(_REFUSED)

    def heard(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Keep the answer, and learn from its headers how much of the allowance is used.

        Of those that the request was paid from: others may have a header of the same name.
        """
        self._reply = Reply(status, headers, body)
        for allowance in self._rules.allowances:
            # Only those that the request was paid from: two may have a header of one name.
            used = used_from(headers, allowance) if allowance.name in self._costs else None
            if used is not None and self._budget is not None:
                self._budget.observe(self._bucket(allowance), used, allowance=allowance)

    def parse(self, text: str) -> Any:
        """Parse an answer for ccxt: fractions as plain strings, the only exact kind it takes.

        Within ``unified``, which of the strings came without quotes is remembered.
        """
        if not self._remembers:
            return json.loads(text, parse_float=str)

        def fraction(digits: str) -> str:
            self._unquoted[id(digits)] = digits
            return digits

        value = json.loads(text, parse_float=fraction)
        self._most = max(self._most, _longest(value))
        return value

    def _bucket(self, allowance: Allowance) -> str:
        parts = [self._venue, allowance.name]
        return ":".join([*parts, self._account] if allowance.per_account else parts)

    # --- asking --------------------------------------------------------------------------------

    def ask(self, call: Call, parameters: Mapping[str, Any], *, own_key_as: str = "") -> str:
        """Return the text of the answer, as received. May raise any GatewayError.

        ``own_key_as`` names the parameter of an exchange that wants to be told the key in use.
        """
        path, section, method = call.path, call.api.split("."), call.method
        if call not in self._rules.calls:
            raise WriteRefused(_REFUSED)
        asked = {**parameters, **call.fixed}
        if call.address_parameter:
            asked[call.address_parameter] = self.address
        if own_key_as:
            asked[own_key_as] = self._ccxt.apiKey

        def request() -> str:
            self._asked = call
            try:
                self._ccxt.request(path, section, method, dict(asked))
            finally:
                self._asked = None
            return self._reply.text if self._reply else ""

        return str(self._attempt(request))

    def header(self, name: str) -> str:
        """Return a header of the latest answer, "" where it had none of that name."""
        return str(self._reply.headers.get(name) or "") if self._reply else ""

    @property
    def address(self) -> str:
        """The public address of an account that is known by it, else ""."""
        return str(self._ccxt.walletAddress or "").lower()

    def unified(self, method: str, *arguments: Any) -> Any:
        """Return the result of one of ccxt's unified reads. May raise any GatewayError."""
        self._unquoted, self._most = {}, 0
        self._remembers = True
        try:
            return self._attempt(lambda: getattr(self._ccxt, method)(*arguments))
        finally:
            self._remembers = False

    def sent(self) -> int:
        """Return how many rows the longest list had that came for the latest ``unified`` call."""
        return self._most

    def as_sent(self, value: Any) -> str:
        """Return JSON of a value of the latest ``unified`` call: bare numbers are bare again."""
        return exact.dumps(value, frozenset(self._unquoted))

    def use_markets(self, cache: MarketCache, key: str) -> None:
        """Give ccxt the markets that all workers share; load them once where there are none."""
        instance, kept = self._ccxt, cache.get(key)
        if kept is not None:
            data = json.loads(kept)
            instance.options.update(data["options"])
            instance.set_markets(data["markets"], data["currencies"])
            return
        self._attempt(instance.load_markets)
        names = instance.options.get("marketHelperProps") or ()
        data = {
            "markets": list(instance.markets.values()),
            "currencies": instance.currencies,
            "options": {name: instance.options.get(name) for name in names},
        }
        cache.set(key, json.dumps(data, default=str))

    def iso(self, ms: int) -> str:
        """Return a moment as ccxt writes it for exchanges that take words."""
        return str(self._ccxt.iso8601(ms))

    def spot_pairs(self) -> dict[str, tuple[str, str]]:
        """Return the spot pairs of the loaded markets that trade: symbol -> (asset, currency)."""
        return {
            symbol: (market["base"], market["quote"])
            for symbol, market in self._ccxt.markets.items()
            if market["spot"] and market["active"] is not False
        }

    def _attempt(self, work: Callable[[], Any]) -> Any:
        result, failure = self._try(work)
        if failure is not None and self._can_mend(failure):
            result, failure = self._try(work)
        if failure is not None:
            self._remember(failure)
            raise failure.error  # outside of any except block: ccxt's texts stay behind
        return result

    def _try(self, work: Callable[[], Any]) -> tuple[Any, Failure | None]:
        self._reply, result = None, None
        try:
            result = work()
        except GatewayError:
            raise  # our own: the guard or the budget said no
        except Exception as error:  # ccxt raises many kinds, and plain ones on odd answers
            failure: Failure | None = self._translate(error)
        else:
            failure = self._not_an_answer()
        self._tell_circuit(failure)
        return result, failure

    def _tell_circuit(self, failure: Failure | None) -> None:
        """A refusal is an answer too; what is to be tried again as it stands is none."""
        if self._circuit is None or not self._place:
            return
        if failure is not None and failure.treatment is Treatment.AGAIN:
            self._circuit.failed(self._place, self._account)
        else:
            self._circuit.answered(self._place)

    def _translate(self, error: Exception) -> Failure:
        now, name, reply = datetime.now(UTC), self._rules.name, self._reply
        code = self._rules.error_code(reply.text) if reply else ""
        by_code = failures.from_code(code, self._rules.find_code, now)
        if reply is None:
            decided = failures.before_sending(name, error)
        elif by_code and self._rules.codes_decide and reply.status >= 500:
            decided = by_code
        else:
            decided = failures.from_status(name, reply, code, now)
        decided = decided or by_code or failures.from_class(name, error, code, now)
        decided.error.caller = addresses.caller_named_in(reply.text) if reply else ""
        return decided

    def _not_an_answer(self) -> Failure | None:
        """Return a failure for what ccxt lets through: redirects and pages that are not JSON."""
        reply = self._reply
        if reply is None or (reply.status < 300 and reply.text[:1] in ("{", "[")):
            return None
        return Failure(failures.unreadable(self._rules.name), Treatment.AGAIN)

    def _can_mend(self, failure: Failure) -> bool:
        """Set the clock, or just take a newer number; True where asking again may help."""
        if failure.treatment is Treatment.NONCE:
            return True
        rules = self._rules
        by_clock = failure.treatment in (Treatment.CLOCK, Treatment.KEY_OR_CLOCK)
        if not by_clock or not rules.time_call or not rules.read_time:
            return False
        theirs = rules.read_time(self.ask(rules.time_call, {}))
        ahead = (datetime.now(UTC) - theirs) // timedelta(milliseconds=1)
        self._ccxt.options["timeDifference"] = _clocks[self._clock_key] = ahead
        return True

    def _remember(self, failure: Failure) -> None:
        if self._budget is None or not isinstance(failure.error, WaitUntil):
            return
        for bucket in self._stopped(failure.treatment):
            self._budget.pause(bucket, failure.error.until)

    def _stopped(self, treatment: Treatment) -> Iterable[str]:
        if treatment is Treatment.WAIT_ALL:
            return [self._venue]
        return [self._bucket(rule) for rule in self._rules.allowances if rule.per_account]

    def close(self) -> None:
        """Close the connections."""
        self._ccxt.session.close()


def _longest(value: Any) -> int:
    """Return the length of the longest list of an answer, those within its records left out."""
    if isinstance(value, list):
        return len(value)
    if not isinstance(value, dict):
        return 0
    records = len(value) if all(isinstance(row, dict) for row in value.values()) else 0
    return max([records, *map(_longest, value.values())])
