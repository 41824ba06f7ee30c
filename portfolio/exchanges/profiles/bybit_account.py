"""What a Bybit key may do, what is in its wallets, and how to make such a key."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers.bybit import UNIFIED
from portfolio.exchanges.normalisers.bybit_funding import EARN, FUNDING
from portfolio.exchanges.normalisers.values import at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

# --- what a key may do -------------------------------------------------------------------------

_TRADES = {
    *("ContractTrade.Order", "ContractTrade.Position", "Spot.SpotTrade", "Options.OptionsTrade"),
    *("Derivatives.DerivativesTrade", "CopyTrading.CopyTrading", "BlockTrade.BlockTrade"),
    "Exchange.ExchangeHistory",  # conversions
}
# What must be ticked so that a reading key sees what it is needed for.
_NEEDED = ("Wallet.AccountTransfer", "Spot.SpotTrade", "ContractTrade.Position")
_NOT_UNIFIED = "This account is not a unified trading account: Coffer cannot read its trades."


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``query-api``: one that is not read-only, by its words; unknown is dangerous.

    ``permissions`` are groups of words. A read-only key has them too: they say what it may see.
    """
    info = exact.loads(text)["result"]
    groups: dict[str, list[str]] = info["permissions"]
    granted = tuple(f"{group}.{word}" for group, words in groups.items() for word in words)
    reads = info.get("readOnly") == 1
    addresses = tuple(str(address) for address in info.get("ips") or () if address != "*")
    return PermissionAudit(
        verdict=Verdict.READ_ONLY if reads else _verdict(granted),
        permissions=granted,
        dangerous=() if reads else granted or ("Read-Write",),
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=_when(info.get("createdAt")),
        expires_at=_when(info.get("expiredAt")),
        account_uid=str(info.get("userID") or ""),
        missing=tuple(word for word in _NEEDED if word not in granted),
        warnings=(_NOT_UNIFIED,) if info.get("uta") == 0 else (),
        raw=_without_key(text, info),
    )


def _verdict(granted: tuple[str, ...]) -> Verdict:
    tradable = bool(granted) and all(word in _TRADES for word in granted)
    return Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW


def _when(value: Any) -> datetime | None:
    """Return a moment; keys that do not expire carry the year 1970, or nothing."""
    moment = at_utc_text(value) if value else None
    return moment if moment and moment.year > 1970 else None


def _without_key(text: str, info: dict[str, Any]) -> str:
    key = str(info.get("apiKey") or "")
    return text.replace(key, "...") if key else text


# --- balances ----------------------------------------------------------------------------------


def read_unified(text: str) -> list[ReportedBalance]:
    """Read ``wallet-balance``: cash only. Equity adds the worth of open positions to it."""
    accounts = exact.loads(text)["result"]["list"]
    rows = [row for account in accounts for row in account["coin"]]
    return _held(UNIFIED, ((row["coin"], row["walletBalance"]) for row in rows))


def read_funding(text: str) -> list[ReportedBalance]:
    """Read ``query-account-coins-balance`` of the funding wallet."""
    rows = exact.loads(text)["result"].get("balance") or []
    return _held(FUNDING, ((row["coin"], row["walletBalance"]) for row in rows))


def read_earn(text: str) -> list[ReportedBalance]:
    """Read ``earn/position``; yield that is not paid out yet is left aside."""
    rows = exact.loads(text)["result"].get("list") or []
    return _held(EARN, ((row["coin"], row["amount"]) for row in rows))


def _held(wallet: str, pairs: Any) -> list[ReportedBalance]:
    totals: dict[str, Decimal] = {}
    for coin, amount in pairs:
        totals[coin] = money.add(totals.get(coin, money.ZERO), number(amount or "0"))
    return [ReportedBalance(wallet, coin, total) for coin, total in totals.items() if total]


# --- how to make a key -------------------------------------------------------------------------

GUIDE = Guide(
    give=("Read-Only", "Orders and Positions", "Wallet: Account Transfer", "Exchange", "Earn"),
    keep=("Read-Write", "Withdrawal", "Subaccount Transfer"),
    steps=(
        "On bybit.com open your profile, then API, and choose Create New Key.",
        "Choose System-generated API keys, then Read-Only: whatever is ticked below is then only "
        "seen, never done.",
        "Choose Only IPs with permissions granted, and enter this server's address: a key that is "
        "bound to it is of no use elsewhere, and does not expire after three months.",
        "Tick all of Unified Trading and Assets that is offered (orders, positions, wallet, "
        "convert, earn) and submit.",
        "Copy the API key and the secret; the secret is shown only now.",
    ),
    notes=(
        "In the EEA choose Bybit EU.",
        "Use a key of the main account: Bybit shows withdrawals to no other. Sub-accounts need "
        "connections of their own.",
        "Not fetched yet: on-chain earn, launchpools, trading bots, copy trading and loans. What "
        "goes there leaves the wallets shown here, and comes back into them.",
    ),
    covers=(
        ("balances", True, "", "unified, funding, and flexible savings in earn"),
        ("ledger", True, "2 years", "all that moved in the unified wallet, and in funding"),
        ("trades", True, "2 years", "spot, linear and inverse; options by the ledger only"),
        ("deposits", True, "from the first deposit", "from chains and from other users"),
        ("withdrawals", True, "from the first withdrawal", "to chains and to other users"),
        ("transfers", True, "as far as Bybit lists them", "between own wallets, and into savings"),
        ("conversions", True, "as far as Bybit lists them", "or as part of the ledger"),
        ("rewards", True, "as far as Bybit lists them", "as part of the ledger"),
        ("funding", True, "2 years", "as part of the ledger"),
        ("interest", True, "2 years", "as part of the ledger"),
        ("liquidations", True, "2 years", "as part of the ledger"),
        ("dust", True, "as far as Bybit lists them", "as part of the ledger"),
    ),
)
