"""Troubles that can be switched on, for one exchange, account or path, or for all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = {
    # In front of the exchange, or of its answer
    "server_error": "an HTTP status with a page of HTML; status (502), retry_after, location",
    "timeout": "no answer, and the connection is closed after seconds (default 30)",
    "lost_answer": "the exchange acts, and its answer is lost after seconds (default 0)",
    "reset": "the connection is reset in the midst of the answer",
    "slow_drip": "the answer comes in pieces, a pause of pause_ms (default 100) between them",
    "short_body": "the connection ends before as many bytes came as were announced",
    "broken_gzip": "the answer says that it is compressed, and is not",
    "html": "HTTP 200 with a page of HTML",
    "cut_json": "the answer ends in the middle of the JSON",
    "empty_body": "HTTP 200 with nothing in it",
    "json_null": "HTTP 200 with null",
    "wrong_type": "the right answer, called text/html",
    "large_page": "the right answer with so many megabytes (default 8) of spaces around it",
    "answer": "whatever body says, with status (default 200)",
    # What the exchange itself says
    "rate_limit": "refused as over the limit whatever was used; seconds for Retry-After",
    "clock_skew": "the exchange's clock is ahead by seconds (negative: behind)",
    "maintenance": "the exchange says that it is down for maintenance",
    "key_deleted": "keys are unknown",
    "key_expired": "keys have expired",
    "address_refused": "keys are bound to another address",
    "rights_widened": "keys may withdraw as well",
    # What the rows are
    "late_records": "of the records, one in every (default 5) is not there yet; hours back",
    "vanished_records": "the newest rows (default 1) are gone",
    "duplicate_pages": "pages repeat the last rows (default 5) of the page before",
    "repeated_page": "the answer is the first that was given at this path since",
    "empty_page": "the rows are left out; after_full: of pages after one of so many rows only",
    "unordered_rows": "the rows come in another order",
    "doubled_rows": "each row comes twice",
    "altered_rows": "one row in every_record (default 1) has in field the value (JSON, or none)",
}


class UnknownFault(Exception):
    """No such kind of fault, or an option it cannot have."""


@dataclass(slots=True)
class Fault:
    """One switched-on trouble. ``times`` counts down to its end, ``every`` skips requests."""

    id: int
    kind: str
    exchange: str = ""
    account: str = ""
    path: str = ""
    times: int | None = None
    every: int = 1
    options: dict[str, int | str] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def option(self, name: str, default: int) -> int:
        """A number that the kind can be told, such as ``seconds``."""
        value = self.options.get(name, default)
        return value if isinstance(value, int) else default

    def text(self, name: str, default: str = "") -> str:
        """A text that the kind can be told, such as ``field``."""
        value = self.options.get(name, default)
        return value if isinstance(value, str) else default

    def concerns(self, exchange: str, account: str, path: str) -> bool:
        """Whether a request is among those that shall be troubled."""
        return (
            self.exchange in ("", exchange)
            and self.account in ("", account)
            and self.path in path
            and (self.times is None or self.fired < self.times)
        )


class Faults:
    """The switched-on faults."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0

    def add(self, wish: Mapping[str, Any]) -> Fault:
        """Switch one on; keys are those of Fault, others become options. May raise UnknownFault."""
        given: dict[str, Any] = dict(wish)
        kind = given.pop("kind", None)
        if kind not in KINDS:
            raise UnknownFault(f"kind must be one of {', '.join(KINDS)}")
        known = {k: given.pop(k) for k in ("exchange", "account", "path") if k in given}
        numbers = {k: given.pop(k) for k in ("times", "every") if k in given}
        bad: list[str] = [name for name, value in numbers.items() if not isinstance(value, int)]
        bad += [name for name, value in given.items() if not isinstance(value, int | str)]
        if bad or not all(isinstance(v, str) for v in known.values()):
            raise UnknownFault(f"wrong value for {', '.join(bad) or 'exchange, account or path'}")
        self._last += 1
        fault = Fault(self._last, kind, **known, **numbers, options=given)
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> int:
        """Switch one off, or all; answers how many."""
        kept = [f for f in self._faults if fault_id is not None and f.id != fault_id]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def listed(self) -> list[dict[str, Any]]:
        """All switched-on faults with how often they struck."""
        return [asdict(fault) for fault in self._faults]

    def strike(self, exchange: str, account: str, path: str) -> dict[str, Fault]:
        """The faults that trouble this request, by kind; counts them."""
        struck = {}
        for fault in self._faults:
            if not fault.concerns(exchange, account, path):
                continue
            fault.seen += 1
            if fault.seen % fault.every == 0:
                fault.fired += 1
                struck[fault.kind] = fault
        return struck
