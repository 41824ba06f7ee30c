"""What Coffer finds out of every kind of key at every simulated exchange, and what it does then.

python -m bench.passports: prints tables; kept in docs/passports.md. The real gateway asks the
sandbox over HTTP with each demo key. Ends with 1 if a key that may do more than read was not
recognised, or one that can only read was not proved to.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from portfolio.exchanges import catalogue, registry
from portfolio.exchanges.errors import GatewayError
from portfolio.exchanges.profiles import PROFILES
from portfolio.exchanges.types import PermissionAudit, Verdict
from tests.sandbox_server import demo_keys, running_sandbox

EXPECTED = {
    "read-only": "read_only",
    "trade": "can_trade",
    "withdraw": "can_withdraw",
    "expired": "does not work",
    "other-ip": "does not work",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One key and what became of it."""

    exchange: str
    purpose: str
    verdict: str
    audit: PermissionAudit | None
    words: str

    @property
    def is_right(self) -> bool:
        return self.verdict == EXPECTED[self.purpose]


def main() -> int:
    """Prints the tables; the exit status says whether every key was judged rightly."""
    with running_sandbox(speed=1000) as url:
        found = [
            _judge(url, row["exchange"], row["purpose"], row["credentials"])
            for row in demo_keys(url)
            if row["purpose"] in EXPECTED
        ]
    print("By `python -m bench.passports`, which asks the simulated exchanges.\n")
    print("| exchange | key | verdict | may besides reading | address | expires | account |")
    print("|---|---|---|---|---|---|---|")
    for one in found:
        print(_row(one))
    _print_profiles()
    return 0 if all(one.is_right for one in found) else 1


def _judge(url: str, exchange: str, purpose: str, credentials: dict[str, str]) -> Found:
    client = registry.open_client(exchange, credentials, base_url=f"{url}/{exchange}")
    try:
        audit = client.audit()
    except GatewayError as error:
        return Found(exchange, purpose, "does not work", None, error.message)
    finally:
        client.close()
    return Found(exchange, purpose, audit.verdict.value, audit, "")


_WORDS = {
    Verdict.READ_ONLY.value: "read-only, proved: taken",
    Verdict.CAN_TRADE.value: "may trade: refused unless the operator allows it",
    Verdict.CAN_WITHDRAW.value: "may withdraw or move funds: refused",
    Verdict.UNPROVED.value: "cannot be proved: taken with a warning",
}


def _row(one: Found) -> str:
    mark = "" if one.is_right else " **WRONG**"
    if one.audit is None:
        return f"| {one.exchange} | {one.purpose} | not taken{mark}: {one.words} | | | | |"
    audit = one.audit
    bound = {True: "bound", False: "any", None: "not told"}[audit.ip_restricted]
    expires = f"{audit.expires_at:%Y-%m-%d}" if audit.expires_at else "not told, or never"
    account = "told" if audit.account_uid else "not told"
    dangerous = ", ".join(audit.dangerous) or "nothing"
    verdict = _WORDS[one.verdict]
    cells = (one.exchange, one.purpose, f"{verdict}{mark}", dangerous, bound, expires, account)
    return f"| {' | '.join(cells)} |"


def _print_profiles() -> None:
    """Where each profile asks."""
    print("\n| exchange | asked for what a key may do | asked for the account |\n|---|---|---|")
    for exchange, profile in sorted(PROFILES.items()):
        info = catalogue.get(exchange)
        call = profile.audit_call
        proves = call is not None and info.can_prove_permissions
        asked = f"`{call.endpoint}`" if call is not None and proves else "*cannot be proved*"
        uid = f"`{profile.uid_call.endpoint}`" if profile.uid_call else "the same, where it tells"
        print(f"| {info.name} | {asked} | {uid} |")
    others = sum(exchange.id not in PROFILES for exchange in catalogue.all_exchanges())
    print(f"\nThe {others} exchanges without a profile: *cannot be proved*.")


if __name__ == "__main__":
    sys.exit(main())
