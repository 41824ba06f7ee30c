"""Troubles that can be switched on, for one exchange, account or path, or for all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = {
    "server_error": "HTTP 5xx with a page of HTML; status (default 502)",
    "timeout": "no answer, and the connection is closed after seconds (default 30)",
    "cut_json": "the answer ends in the middle of the JSON",
    "rate_limit": "refused as over the limit whatever was used; seconds for Retry-After",
    "clock_skew": "the exchange's clock is ahead by seconds (negative: behind)",
    "late_records": "of the records, one in every (default 5) is not there yet; hours back",
    "duplicate_pages": "pages repeat the last rows (default 5) of the page before",
    "maintenance": "the exchange says that it is down for maintenance",
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
    options: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def option(self, name: str, default: int) -> int:
        """A number that the kind can be told, such as ``seconds``."""
        return self.options.get(name, default)

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
        counted = numbers | given
        bad = [name for name, value in counted.items() if not isinstance(value, int)]
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
