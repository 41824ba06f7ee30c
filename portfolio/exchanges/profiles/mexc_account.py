"""What a MEXC key may do, what is in its accounts, and how to make such a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers.mexc import FUTURES, SPOT, asset
from portfolio.exchanges.normalisers.values import at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

# --- what a key may do -------------------------------------------------------------------------

_NEEDED = ("SPOT_ACCOUNT_READ", "SPOT_DEAL_READ", "SPOT_WITHDRAW_READ", "SPOT_TRANSFER_READ")
_ANOTHER = "MEXC told of another key: Coffer cannot see what this one may do."
_ENDS = "MEXC lets this key expire in {} days, since it has no IP address."


def read_audit(text: str, is_own: Callable[[str], bool]) -> PermissionAudit:
    """Judge a key by the endings of ``permissions``: all but reading is dangerous."""
    told = exact.loads(text)
    granted = _words(told["permissions"])
    if not is_own(str(told.pop("accessKey"))):
        return PermissionAudit.unproved(_ANOTHER)
    told.pop("note", None)
    dangerous = tuple(word for word in granted if not _reads(word))
    addresses, left = _words(told.get("ipWhiteList")), told.get("remainingValidity")
    made = told.get("createTime")
    return PermissionAudit(
        verdict=_verdict(granted, dangerous),
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=at_utc_text(made) if made else None,
        expires_at=None,  # counted in days that are left; told as a warning
        account_uid="",
        missing=tuple(word for word in _NEEDED if not _holds(granted, word)),
        warnings=() if addresses or left is None else (_ENDS.format(left),),
        raw=exact.dumps(told),
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())


def _reads(word: str) -> bool:
    return word.endswith(("_READ", "_R"))


def _holds(granted: tuple[str, ...], needed: str) -> bool:
    return needed in granted or needed.removesuffix("EAD") in granted


def _verdict(granted: tuple[str, ...], dangerous: tuple[str, ...]) -> Verdict:
    if granted and not dangerous:
        return Verdict.READ_ONLY
    trades = all(word.endswith("_DEAL_WRITE") for word in dangerous)
    return Verdict.CAN_TRADE if dangerous and trades else Verdict.CAN_WITHDRAW


# --- balances ----------------------------------------------------------------------------------


def read_spot(text: str) -> list[ReportedBalance]:
    """Read ``account``: what is free and what is held."""
    rows = exact.loads(text)["balances"]
    totals = [
        (asset(row["asset"]), money.add(number(row["free"]), number(row["locked"]))) for row in rows
    ]
    return [ReportedBalance(SPOT, code, total) for code, total in totals if total]


def read_futures(text: str) -> list[ReportedBalance]:
    """Read ``account/assets``: the equity, less what open positions have not realised."""
    rows = exact.loads(text)["data"]
    totals = [
        (
            asset(row["currency"]),
            money.add(number(row["equity"]), money.negate(number(row.get("unrealized") or "0"))),
        )
        for row in rows
    ]
    return [ReportedBalance(FUTURES, code, total) for code, total in totals if total]


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=("Account: read", "Spot: view order details", "Withdrawal: read", "Transfer: read"),
    keep=("Spot: trade", "Withdrawal: withdraw", "Transfer: transfer", "Futures: trade"),
    steps=(
        "On mexc.com open the menu of your profile, then API Management.",
        "Tick the rights to read and to view alone, of account, spot, withdrawal and transfer; of "
        "futures those that read, if you want its balance shown.",
        "Enter a note such as Coffer and, as linked IP address, the one of this server: a key "
        "without one expires after 90 days.",
        "Choose Create, confirm, and copy the Access Key and the Secret Key; the secret is shown "
        "only now.",
    ),
    notes=(
        "Connect early: MEXC serves trades of the last month only, deposits and withdrawals of 90 "
        "days, transfers of half a year. Bring what is older in from a file.",
        "Not read yet: what happens in futures (their balance is), savings, staking, airdrops.",
    ),
    covers=(
        ("balances", True, "", "spot; futures where the key may see them"),
        ("trades", True, "30 days", "spot, pair by pair"),
        ("deposits", True, "90 days", ""),
        ("withdrawals", True, "90 days", ""),
        ("transfers", True, "180 days", "between spot and futures"),
        ("dust", True, "90 days", "small balances to MX"),
    ),
)
