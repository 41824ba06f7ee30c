"""What a Gate key may do, what is in its wallets, and how to make such a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import gate as normalisers
from portfolio.exchanges.normalisers.gate import asset, some
from portfolio.exchanges.normalisers.values import at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

# --- what a key may do -------------------------------------------------------------------------

_TRADES = {
    *("spot", "margin", "futures", "delivery", "options", "unified", "earn", "loan"),
    *("copy", "pilot", "alpha", "crossx"),
}
_NEEDED = ("spot", "wallet", "futures", "earn")
_NOT_LISTED = "Gate did not list this key: Coffer cannot see what it may do."
_EXPIRES = "This key has no IP address: Gate lets it expire after 90 days."
_UNIFIED = "This key is of a unified account, which Coffer does not read yet."


def read_audit(text: str, is_own: Callable[[str], bool]) -> PermissionAudit:
    """Judge a key by ``main_keys``, where each right is ``read_only`` or not.

    The answer lists all keys of the account with the ends of their names starred, or (in newer
    documentation) is the asking key's own entry.
    """
    answer = exact.loads(text)
    rows = answer if isinstance(answer, list) else [answer]
    own = [row for row in rows if _is_of_asker(row, is_own, listed=isinstance(answer, list))]
    if len(own) != 1:
        return _unproved(rows)
    rights = {str(right["name"]): right for right in own[0].get("perms") or ()}
    dangerous = tuple(name for name, right in rights.items() if right.get("read_only") is not True)
    addresses = tuple(str(address) for address in own[0].get("ip_whitelist") or ())
    warned = ((_EXPIRES, not addresses), (_UNIFIED, str(own[0].get("mode", 1)) == "2"))
    return PermissionAudit(
        verdict=_verdict(dangerous),
        permissions=tuple(_named(name, right) for name, right in rights.items()),
        dangerous=tuple(_named(name, rights[name]) for name in dangerous),
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=_when(own[0].get("created_at")),
        expires_at=None,
        account_uid=str(own[0]["user_id"]),
        missing=tuple(name for name in _NEEDED if name not in rights),
        warnings=tuple(sentence for sentence, told in warned if told),
        raw=_raw(own[0]),
    )


def _is_of_asker(row: dict[str, Any], is_own: Callable[[str], bool], *, listed: bool) -> bool:
    name = row.get("key")
    return is_own(name) if isinstance(name, str) else not listed


def _verdict(dangerous: tuple[str, ...]) -> Verdict:
    if not dangerous:
        return Verdict.READ_ONLY
    return Verdict.CAN_TRADE if set(dangerous) <= _TRADES else Verdict.CAN_WITHDRAW


def _named(name: str, right: dict[str, Any]) -> str:
    return f"{name}: read only" if right.get("read_only") is True else f"{name}: read and write"


def _when(value: Any) -> datetime | None:
    return at_seconds(value) if str(value or "").isdigit() else None


def _raw(row: dict[str, Any]) -> str:
    """Return the entry without the key's name, as text."""
    told = {name: value for name, value in row.items() if name not in ("key", "name")}
    return exact.dumps(told)


def _unproved(rows: list[dict[str, Any]]) -> PermissionAudit:
    accounts = {str(row["user_id"]) for row in rows if row.get("user_id")}
    return PermissionAudit.unproved(
        _NOT_LISTED, account_uid=accounts.pop() if len(accounts) == 1 else ""
    )


# --- balances ----------------------------------------------------------------------------------


def read_spot(text: str) -> list[ReportedBalance]:
    """Read ``spot/accounts``: what is available and what is in orders."""
    rows = exact.loads(text)
    return _held((normalisers.SPOT, row["currency"], _sum(row)) for row in rows)


def read_margin(text: str) -> list[ReportedBalance]:
    """Read ``margin/accounts``: all pairs together, less what is owed."""
    rows = [pair[side] for pair in exact.loads(text) for side in ("base", "quote")]
    return _held((normalisers.MARGIN, row["currency"], _own(row)) for row in rows)


def read_savings(text: str) -> list[ReportedBalance]:
    """Read ``earn/uni/lends``."""
    rows = exact.loads(text)
    return _held((normalisers.EARN, row["currency"], number(row["amount"])) for row in rows)


def read_futures(settle: str) -> Callable[[str], list[ReportedBalance]]:
    """Read a futures account: ``total`` is its cash, without what positions have won or lost."""
    wallet = normalisers.FUTURES[settle]

    def read(text: str) -> list[ReportedBalance]:
        row = exact.loads(text)
        points = number(row.get("point") or "0")
        return _held(((wallet, settle, number(row["total"])), (wallet, "POINT", points)))

    return read


def _sum(row: dict[str, Any]) -> Decimal:
    return money.add(number(row["available"]), number(row.get("locked") or "0"))


def _own(row: dict[str, Any]) -> Decimal:
    owed = [money.negate(number(row.get(name) or "0")) for name in ("borrowed", "interest")]
    return money.total((_sum(row), *owed))


def _held(found: Iterable[tuple[str, str, Decimal]]) -> list[ReportedBalance]:
    totals: dict[tuple[str, str], Decimal] = {}
    for wallet, code, amount in found:
        place = (wallet, asset(code))
        totals[place] = money.add(totals.get(place, money.ZERO), amount)
    return [ReportedBalance(*place, total) for place, total in totals.items() if total]


def read_positions(settle: str) -> Callable[[str], list[ReportedPosition]]:
    """Read ``positions``: in contracts, short ones below zero."""

    def read(text: str) -> list[ReportedPosition]:
        rows = exact.loads(text)
        return [_position(settle, row) for row in rows if number(row["size"])]

    return read


def _position(settle: str, row: dict[str, Any]) -> ReportedPosition:
    size = number(row["size"])
    return ReportedPosition(
        wallet=normalisers.FUTURES[settle],
        symbol=row["contract"],
        side="long" if size > 0 else "short",
        quantity=size.copy_abs(),
        unit="contracts",
        entry_price=some(row.get("entry_price")),
        mark_price=some(row.get("mark_price")),
        price_asset=asset(str(row["contract"]).rpartition("_")[2]),
        unrealised_pnl=some(row.get("unrealised_pnl")),
        settle_asset=settle.upper(),
    )


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=(
        *("Account: read only", "Spot / Margin Trade: read only", "Wallet: read only"),
        *("Perpetual Futures: read only", "Earn: read only"),
    ),
    keep=("Read And Write, of anything", "Withdraw", "Sub-accounts"),
    steps=(
        "On gate.com open your profile, then API Management, and choose Create API Key.",
        "Choose an API v4 key of the classic account, and give it a name such as Coffer.",
        "Enter this server's address under IP Permissions: a key that is bound to it is of no use "
        "elsewhere, and does not expire after 90 days.",
        "Tick Account, Spot / Margin Trade, Wallet, Perpetual Futures and Earn, each with Read "
        "Only. Nothing is to say Read And Write.",
        "Submit, and copy the key and the secret; the secret is shown only now.",
    ),
    notes=(
        "Account is needed: without it Gate does not tell what the key may do.",
        "For classic accounts. A unified account is not read yet.",
        "Not read yet: dated futures, options, staking and other products, copy trading, loans. "
        "What goes there leaves the wallets shown here.",
    ),
    covers=(
        ("balances", True, "", "spot, isolated margin, perpetual futures, flexible savings"),
        ("trades", True, "as far as Gate serves them", "spot and isolated margin, of all pairs"),
        ("ledger", True, "as far as Gate serves it", "of spot and of perpetual futures"),
        ("deposits", True, "as far as Gate lists them", ""),
        ("withdrawals", True, "as far as Gate lists them", ""),
        ("transfers", True, "as far as Gate serves them", "as part of the ledgers"),
        ("conversions", True, "as far as Gate serves them", "as part of the spot ledger"),
        ("rewards", True, "as far as Gate serves them", "as part of the spot ledger"),
        ("interest", True, "as far as Gate lists it", "of margin loans and of savings"),
        ("funding", True, "as far as Gate serves it", "as part of the futures ledger"),
    ),
)
