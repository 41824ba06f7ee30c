"""What a KuCoin key may do, what is in its wallets, and how to make such a key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import kucoin as normalisers
from portfolio.exchanges.normalisers.kucoin import asset
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

# --- what a key may do -------------------------------------------------------------------------

_READS = ("General",)
_TRADES = ("Spot", "Margin", "Futures", "Unified", "Earn")
_SUB_ACCOUNT = (
    "This is the key of a sub-account: Coffer sees that one only. Make a key of the main account "
    "for the main account's wallets."
)


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by the words of ``permission``: all but General is dangerous."""
    info = exact.loads(text)["data"]
    granted = _words(info["permission"])
    dangerous = tuple(word for word in granted if word not in _READS)
    verdict = Verdict.READ_ONLY
    if dangerous or not granted:
        tradable = bool(dangerous) and all(word in _TRADES for word in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    addresses = _words(info.get("ipWhitelist") or "")
    key = str(info.get("apiKey") or "")
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=_when(info.get("createdAt")),
        expires_at=_when(info.get("expiredAt")),
        account_uid=str(info["uid"]),
        missing=tuple(word for word in _READS if word not in granted),
        warnings=() if info.get("isMaster", True) else (_SUB_ACCOUNT,),
        raw=text.replace(key, "...") if key else text,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(text).split(",") if word.strip())


def _when(value: Any) -> datetime | None:
    """Return a moment; a key that does not expire has none, or -1."""
    return at_ms(value) if value and number(value) > 0 else None


# --- balances ----------------------------------------------------------------------------------

_LISTED = {"main": normalisers.FUNDING, "trade": normalisers.SPOT, "trade_hf": normalisers.SPOT}


def read_accounts(text: str) -> list[ReportedBalance]:
    """Read ``accounts``: funding and spot. One account may be listed under two names."""
    rows = {row["id"]: row for row in exact.loads(text)["data"]}.values()
    known = [row for row in rows if row["type"] in _LISTED]
    return _held((_LISTED[row["type"]], row["currency"], number(row["balance"])) for row in known)


def read_cross(text: str) -> list[ReportedBalance]:
    """Read ``margin/accounts``: what is there less what is owed."""
    rows = exact.loads(text)["data"]["accounts"]
    return _held((normalisers.CROSS, row["currency"], _own(row)) for row in rows)


def read_isolated(text: str) -> list[ReportedBalance]:
    """Read ``isolated/accounts``: all pairs together, less what is owed."""
    pairs = exact.loads(text)["data"]["assets"]
    rows = [pair[side] for pair in pairs for side in ("baseAsset", "quoteAsset")]
    return _held((normalisers.ISOLATED, row["currency"], _own(row)) for row in rows)


def read_futures(text: str) -> list[ReportedBalance]:
    """Read ``account-overview``: equity without what open positions have won or lost so far."""
    row = exact.loads(text)["data"]
    unrealised = number(row.get("unrealisedPNL") or 0)
    cash = money.add(number(row["accountEquity"]), money.negate(unrealised))
    return _held([(normalisers.FUTURES, row["currency"], cash)])


def _own(row: dict[str, Any]) -> Decimal:
    owed = number(row.get("liability") or "0")
    return money.add(number(row["total"]), money.negate(owed))


def _held(found: Iterable[tuple[str, str, Decimal]]) -> list[ReportedBalance]:
    totals: dict[tuple[str, str], Decimal] = {}
    for wallet, code, amount in found:
        place = (wallet, asset(code))
        totals[place] = money.add(totals.get(place, money.ZERO), amount)
    return [ReportedBalance(*place, total) for place, total in totals.items() if total]


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``positions``: in contracts, short ones below zero."""
    rows = exact.loads(text)["data"] or []
    return [_position(row) for row in rows if number(row["currentQty"])]


def _position(row: dict[str, Any]) -> ReportedPosition:
    quantity, settled = number(row["currentQty"]), asset(row["settleCurrency"])
    return ReportedPosition(
        wallet=normalisers.FUTURES,
        symbol=row["symbol"],
        side="long" if quantity > 0 else "short",
        quantity=quantity.copy_abs(),
        unit="contracts",
        entry_price=_some(row.get("avgEntryPrice")),
        mark_price=_some(row.get("markPrice")),
        price_asset="USD" if row.get("isInverse") else settled,
        unrealised_pnl=_some(row.get("unrealisedPnl")),
        settle_asset=settled,
    )


def _some(value: Any) -> Decimal | None:
    return None if value in (None, "") else number(value)


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=("General",),
    keep=(
        *("Spot", "Margin", "Futures", "Unified"),
        *("Earn", "Transfer", "Flex Transfers", "Withdrawal"),
    ),
    steps=(
        "On kucoin.com open your profile, then API Management, and choose Create API.",
        "Choose API-Based Trading. Give it a name such as Coffer and a passphrase of its own; "
        "write the passphrase down.",
        "Leave General ticked and nothing else.",
        "Under IP Restriction choose Yes and enter this server's address: a key that is bound to "
        "it is of no use elsewhere, and does not expire for want of use.",
        "Confirm, and copy the key and the secret; you also need the passphrase.",
    ),
    notes=(
        "Connect early: of the spot and margin wallets KuCoin serves the last three days only. "
        "What is older shows as a difference; bring it in from a file that KuCoin lets you "
        "download.",
        "KuCoin may show the futures balance and open positions only to keys that may trade "
        "futures. Coffer does not take such keys and then leaves them out.",
        "Not read yet: unified accounts, savings and staking, lending, trading bots.",
    ),
    covers=(
        ("balances", True, "", "funding, spot, cross and isolated margin, futures"),
        ("ledger", True, "1 year for funding and futures, 3 days for spot and margin", ""),
        ("trades", True, "3 days, and all from then on", "as part of the ledger"),
        ("deposits", True, "1 year", "booked by the ledger; addresses and ids beside it"),
        ("withdrawals", True, "1 year", "booked by the ledger; addresses and ids beside it"),
        ("transfers", True, "1 year", "as part of the ledgers"),
        ("conversions", True, "1 year", "as part of the ledger"),
        ("rewards", True, "1 year", "as part of the ledger"),
        ("interest", True, "since April 2023", "of cross margin loans"),
        ("funding", True, "1 year", "within the realised profit of each eight hours"),
    ),
)
