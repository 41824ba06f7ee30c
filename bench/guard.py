"""The guard in front of every exchange, tried on all that ccxt can send.

python -m bench.guard: prints a table; kept in docs/guard.md. Of each exchange every unified method
that acts and every endpoint that is not on its list of reads is called on a guarded instance whose
network only notes what reaches it. Ends with 1 if anything but a listed read was let through.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import ccxt

from portfolio.exchanges import generate, guard
from portfolio.exchanges.errors import WriteRefused
from portfolio.exchanges.profiles import PROFILES
from tests.exchanges.guarded import ALL, guarded
from tests.exchanges.test_guard import acting_methods, call


@dataclass(frozen=True, slots=True)
class Tried:
    """One exchange: what was called, what was refused, what got as far as the network."""

    exchange: str
    reads: int
    methods: int
    refused_methods: int
    endpoints: int
    refused_endpoints: int
    looked_up: int  # reads a method made before it was refused
    leaked: int  # anything else

    @property
    def is_tight(self) -> bool:
        return self.leaked == 0 and self.refused_endpoints == self.endpoints


def main() -> int:
    """Prints the table; the exit status says whether the guard held."""
    rows = [_try(exchange) for exchange in ALL]
    print(f"ccxt {ccxt.__version__}, {len(rows)} exchanges. By `python -m bench.guard`.\n")
    print(_HEAD)
    return _print(rows)


_HEAD = """\
*Acting methods* are ccxt's unified ones (orders, withdrawals, transfers, loans, settings) and what
classes add to them. *By the guard*: stopped by the list of reads; the others end in ccxt's own
demands (no such market, an account that is not there) before they ask. *Other endpoints* are all in
ccxt's table that are not on the list. *Looked up*: listed reads that a method made before it was
stopped. *Let through*: anything else that reached the network.

| exchange | read list | reads | acting methods | by the guard | other endpoints | refused | \
looked up | let through |
|---|---|---|---|---|---|---|---|---|"""


def _print(rows: list[Tried]) -> int:
    for row in rows:
        kind = "profile" if row.exchange in PROFILES else "from ccxt's source"
        print(
            f"| {row.exchange} | {kind} | {row.reads} | {row.methods} | "
            f"{row.refused_methods} | {row.endpoints} | "
            f"{row.refused_endpoints} | {row.looked_up} | {row.leaked} |"
        )
    total = [sum(getattr(row, name) for row in rows) for name in _COUNTED]
    print(f"| **all** | | {' | '.join(f'**{number:,}**' for number in total)} |")
    return 0 if all(row.is_tight for row in rows) else 1


_COUNTED = (
    "reads",
    "methods",
    "refused_methods",
    "endpoints",
    "refused_endpoints",
    "looked_up",
    "leaked",
)


def _try(exchange: str) -> Tried:
    instance, wire = guarded(exchange)
    methods = acting_methods(type(instance))
    refused = sum(isinstance(call(instance, name), WriteRefused) for name in methods)
    acted = sum(generate.looks_like_write(exchange, m, p) for _, m, p in wire.admitted)
    beside = max(len(wire.sent) - len(wire.admitted), 0)
    looked_up = len(wire.admitted)
    endpoints, stopped = _endpoints(exchange)
    return Tried(
        exchange=exchange,
        reads=len(instance._gate._calls),
        methods=len(methods),
        refused_methods=refused,
        endpoints=endpoints,
        refused_endpoints=stopped,
        looked_up=looked_up,
        leaked=acted + beside,
    )


def _endpoints(exchange: str) -> tuple[int, int]:
    instance, wire = guarded(exchange)
    listed = set(instance._gate._calls)
    others = [
        entry
        for entry in generate.entries(type(instance)).values()
        if (guard.section_of(entry.api), entry.method, entry.path) not in listed
    ]
    stopped = sum(_is_refused(instance, entry) for entry in others)
    return len(others), stopped if not wire.sent else 0


def _is_refused(instance: Any, entry: Any) -> bool:
    try:
        entry.unbound_method(instance, {})
    except WriteRefused:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
