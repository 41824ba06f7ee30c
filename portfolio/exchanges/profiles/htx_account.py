"""What an HTX key may do, what is in its accounts, and how to make such a key."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import htx as normalisers
from portfolio.exchanges.normalisers.htx import asset, wallet
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.profile import Call, Listing
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

# --- what a key may do -------------------------------------------------------------------------

_READS = ("readOnly",)
_NOT_LISTED = "HTX did not list this key: Coffer cannot see what it may do."
_ENDS = "HTX lets this key expire in {} days, since it has no IP address."


def read_audit(text: str, is_own: Callable[[str], bool]) -> PermissionAudit:
    """Judge a key by the words of ``permission``: all but ``readOnly`` is dangerous."""
    rows = exact.loads(text)["data"]
    own = [row for row in rows if is_own(str(row.get("accessKey") or ""))]
    if len(own) != 1:
        return PermissionAudit.unproved(_NOT_LISTED)
    granted, addresses = _words(own[0]["permission"]), _words(own[0].get("ipAddresses"))
    dangerous = tuple(word for word in granted if word not in _READS)
    left, made = number(own[0].get("validDays", -1)), own[0].get("createTime")
    told = {name: value for name, value in own[0].items() if name not in ("accessKey", "note")}
    return PermissionAudit(
        verdict=_verdict(granted, dangerous),
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=at_ms(made) if made else None,
        expires_at=None,  # counted in days that are left; told as a warning
        account_uid="",
        missing=tuple(word for word in _READS if word not in granted),
        warnings=() if left < 0 else (_ENDS.format(left),),
        raw=exact.dumps(told),
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())


def _verdict(granted: tuple[str, ...], dangerous: tuple[str, ...]) -> Verdict:
    if granted and not dangerous:
        return Verdict.READ_ONLY
    return Verdict.CAN_TRADE if dangerous == ("trade",) else Verdict.CAN_WITHDRAW


# --- accounts ----------------------------------------------------------------------------------

_COUNTED = ("trade", "frozen", "lock", "bank")
_OWED = ("loan", "interest")


def accounts(lists: list[list[str]]) -> list[dict[str, Any]]:
    """Return the accounts that are in use, of the first list."""
    rows: list[dict[str, Any]] = exact.loads(lists[0][0])["data"]
    return [row for row in rows if row.get("state", "working") == "working"]


def listings(call: Call) -> Callable[[list[list[str]]], list[Listing]]:
    """Make a list of each account's balance."""
    return lambda lists: [Listing(call, {"account-id": row["id"]}) for row in accounts(lists)]


def read_balances(lists: list[list[str]]) -> list[ReportedBalance]:
    """Read each account's balance: what is there, less what is owed."""
    totals: dict[tuple[str, str], Decimal] = {}
    for (text,) in lists[1:]:
        answer = exact.loads(text)["data"]
        place = wallet(str(answer["type"]))
        for row in answer["list"]:
            code = (place, asset(row["currency"]))
            totals[code] = money.add(totals.get(code, money.ZERO), _counted(row))
    return [ReportedBalance(*code, total) for code, total in totals.items() if total]


def _counted(row: dict[str, Any]) -> Decimal:
    amount = number(row["balance"])
    if row["type"] in _COUNTED:
        return amount
    return money.negate(amount.copy_abs()) if row["type"] in _OWED else money.ZERO


def plan(lists: list[list[str]]) -> list[StreamSpec]:
    """Return each account's history and transfers."""
    found = []
    for row in accounts(lists):
        ident = str(row["id"])
        scope = {"account": ident, "wallet": wallet(str(row["type"]))}
        found.append(StreamSpec(f"transfers:{ident}", RecordKind.TRANSFERS, scope))
        if scope["wallet"] != normalisers.POINTS:
            found.append(StreamSpec(f"history:{ident}", RecordKind.LEDGER, scope))
    return found


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=("Read",),
    keep=("Trade", "Withdraw"),
    steps=(
        "On htx.com open your profile, then API Management.",
        "Enter a name such as Coffer, and tick Read alone.",
        "Enter this server's address as the IP to bind: a key that is bound to it is of no use "
        "elsewhere, and does not expire after 90 days.",
        "Choose Create, confirm, and copy the Access Key and the Secret Key; the secret is shown "
        "only now.",
    ),
    notes=(
        "Connect early: HTX serves trades of the last 120 days only, transfers of 180, and "
        "interest, exchanges and the like of 30. Bring what is older in from a file.",
        "Not read yet: futures and swaps, savings, staking, loans and their interest.",
    ),
    covers=(
        ("balances", True, "", "spot, isolated and cross margin, points, and other accounts"),
        ("trades", True, "120 days", "spot and margin, pair by pair"),
        ("deposits", True, "from the first deposit", ""),
        ("withdrawals", True, "from the first withdrawal", ""),
        ("transfers", True, "180 days", "between own accounts"),
        ("ledger", True, "30 days", "what no other list tells"),
        ("interest", True, "30 days", "as part of the ledger"),
        ("conversions", True, "30 days", "as part of the ledger"),
        ("rewards", True, "30 days", "as part of the ledger"),
    ),
)
