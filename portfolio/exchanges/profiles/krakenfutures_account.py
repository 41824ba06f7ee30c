"""What a Kraken Futures key may do, what is in its wallets, and how to make such a key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import krakenfutures as names
from portfolio.exchanges.normalisers.values import at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

_NONE, _READ, _FULL = "NO_ACCESS", "READ_ONLY", "FULL_ACCESS"

# --- what a key may do -------------------------------------------------------------------------


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by its level in each part of the API; what is not known counts as dangerous."""
    info = exact.loads(text)
    levels: dict[str, Any] = info["permissions"]
    granted = {part: str(level) for part, level in levels.items() if level != _NONE}
    dangerous = tuple(part for part, level in granted.items() if level != _READ)
    verdict = Verdict.READ_ONLY
    if dangerous:
        trades = dangerous == ("general",) and granted["general"] == _FULL
        verdict = Verdict.CAN_TRADE if trades else Verdict.CAN_WITHDRAW
    addresses = tuple(str(block) for block in _blocks(info))
    return PermissionAudit(
        verdict=verdict,
        permissions=tuple(f"{part}: {level}" for part, level in granted.items()),
        dangerous=tuple(f"{part}: {granted[part]}" for part in dangerous),
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=at_utc_text(info["createdAt"]) if info.get("createdAt") else None,
        expires_at=None,
        account_uid=str(info.get("accountUid") or ""),
        missing=() if "general" in granted else (f"general: {_READ}",),
        raw=_without_key(text, info),
    )


def _blocks(info: dict[str, Any]) -> list[Any]:
    """Return the allowed addresses; older answers name one block only."""
    one = info.get("allowedCidrBlock")
    return list(info.get("allowedCidrBlocks") or ([one] if one else []))


def _without_key(text: str, info: dict[str, Any]) -> str:
    key = str(info.get("apiKey") or "")
    return text.replace(key, "...").replace(key.replace("/", "\\/"), "...") if key else text


# --- balances and positions --------------------------------------------------------------------


def read_balances(text: str) -> list[ReportedBalance]:
    """Read ``accounts``: cash of every wallet; what open positions have won is beside it."""
    found = []
    for name, account in exact.loads(text)["accounts"].items():
        for code, amount in _cash(account):
            if amount:
                found.append(ReportedBalance(names.wallet(name), names.asset(code), amount))
    return found


def _cash(account: dict[str, Any]) -> list[tuple[str, Decimal]]:
    if "currencies" in account:
        held = account["currencies"] or {}
        return [(code, number(row["quantity"])) for code, row in held.items()]
    held = account.get("balances") or {}
    # Positions stand among them, under the contract's name.
    return [(code, number(amount)) for code, amount in held.items() if "_" not in code]


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``openpositions``."""
    return [_position(row) for row in exact.loads(text)["openPositions"]]


def _position(row: dict[str, Any]) -> ReportedPosition:
    """Linear contracts are counted in coins, inverse ones in contracts of one dollar."""
    symbol = str(row["symbol"]).upper()
    base, currency = names.pair(symbol)
    linear = names.is_linear(symbol)
    settle = str(row.get("pnlCurrency") or currency) if linear else base
    # Of inverse contracts it is not documented what the amount is in.
    known = linear and names.asset(settle) == currency
    won = row.get("unrealizedPnl") if known else None
    return ReportedPosition(
        wallet=names.contract_wallet(symbol),
        symbol=symbol,
        side="long" if row["side"] == "long" else "short",
        quantity=number(row["size"]),
        unit=base if linear else "contracts",
        entry_price=None if row.get("price") is None else number(row["price"]),
        mark_price=None,
        price_asset=currency,
        unrealised_pnl=None if won is None else number(won),
        settle_asset=names.asset(settle),
    )


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=("General API: Read only",),
    keep=("General API: Full access", "Withdrawal API: Full access"),
    steps=(
        "Kraken Futures has keys of its own: one made for kraken.com does not work here.",
        "On pro.kraken.com open Settings, then API, choose Derivatives, and Create API key.",
        "Name it, for example Coffer. For General API choose Read only.",
        "For Withdrawal API leave No access.",
        "Enter this server's address under IP addresses: a key that is bound to it is of no use "
        "elsewhere.",
        "Create the key and copy both the public and the private key; the private one is shown "
        "only now.",
    ),
    notes=(
        "Connect Kraken as well, with a key of its own: coins come and go by way of its spot "
        "wallet.",
        "Sub-accounts need connections of their own.",
    ),
    covers=(
        ("balances", True, "", "multi-collateral, single-collateral and holding wallets; cash"),
        ("ledger", True, "from the first day", "everything that moved, fees included"),
        ("trades", True, "from the first day", "orders behind the fills; linear and inverse"),
        ("funding", True, "from the first day", "as part of the ledger"),
        ("liquidations", True, "from the first day", "as part of the ledger"),
        ("conversions", True, "from the first day", "of collateral, as part of the ledger"),
        ("interest", True, "from the first day", "as part of the ledger"),
        ("transfers", True, "from the first day", "as part of the ledger"),
        ("deposits", False, "", "coins come and go by way of Kraken's spot wallet"),
        ("withdrawals", False, "", "coins come and go by way of Kraken's spot wallet"),
    ),
)
