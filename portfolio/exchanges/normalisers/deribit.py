"""Deribit: the transaction log of each currency books everything that changes its cash balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "account"

_KINDS = {
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "settlement": TransactionKind.REALISED_PNL,
    "delivery": TransactionKind.REALISED_PNL,
    "transfer": TransactionKind.TRANSFER,
    "swap": TransactionKind.CONVERSION,
    "correction": TransactionKind.ADJUSTMENT,
    "liquidation": TransactionKind.LIQUIDATION,
}
_REWARDS = ("reward", "airdrop", "bonus", "rebate", "interest")
_NAMED = ("addr", "transaction", "note", "other_user")  # what the details of a row may tell


def asset(code: str) -> str:
    """Return the canonical code of one of Deribit's currencies."""
    return code.upper()


def settled_in(instrument: str) -> tuple[str, str]:
    """Return the coin a contract is of and the one it pays in (``BTC_USDC-PERPETUAL``)."""
    base, _, quote = instrument.partition("-")[0].partition("_")
    return asset(base), asset(quote or base)


def is_spot(instrument: str) -> bool:
    """Tell a pair of coins (``BTC_USDC``) from a contract."""
    return "_" in instrument and "-" not in instrument


def is_option(instrument: str) -> bool:
    """Tell an option (``BTC-27JUN25-100000-C``) from other contracts."""
    return instrument.count("-") >= 3 and instrument.rpartition("-")[2] in ("C", "P")


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row: ``change`` is what the cash balance changed by, ``commission`` the fee within."""
    code, instrument = asset(str(row["currency"])), str(row.get("instrument_name") or "")
    change, fee = exact(row["change"]), exact(row.get("commission") or 0)
    kind = _kind(str(row["type"]), instrument, change + fee)
    parts = ((change + fee, PostingRole.PRINCIPAL), (-fee, PostingRole.FEE))
    return Event(
        key=_key(row, code, instrument),
        kind=kind,
        occurred_at=at_ms(row["timestamp"]),
        movements=tuple(Movement(WALLET, code, each, role) for each, role in parts if each),
        detail={**_shown(row, instrument), "entry": str(row["id"])},
    )


def _kind(word: str, instrument: str, principal: Decimal) -> TransactionKind:
    if word == "trade":
        if is_spot(instrument) or is_option(instrument):
            return TransactionKind.TRADE
        return TransactionKind.REALISED_PNL if principal else TransactionKind.FEE
    if any(part in word for part in _REWARDS):
        return TransactionKind.REWARD
    return kind_of(word, _KINDS)


def _key(row: dict[str, Any], code: str, instrument: str) -> str:
    """Return the name of a row's transaction: a pair's trade has a row in each of two logs."""
    if row["type"] == "trade" and is_spot(instrument) and row.get("trade_id"):
        return f"trade:{instrument}:{row['trade_id']}"
    return f"log:{code}:{row['id']}"


def _shown(row: dict[str, Any], instrument: str) -> dict[str, str]:
    told = row.get("info")
    about = detail(told, **{name: name for name in _NAMED}) if isinstance(told, dict) else {}
    if isinstance(told, str) and told:
        about = {"note": told}
    words = {"addr": "address", "transaction": "txid"}
    fields = detail(
        row,
        **{"type": "type", "side": "side", "price": "price", "quantity": "amount"},
        **{"position": "position", "order": "order_id", "trade": "trade_id", "role": "user_role"},
        **{"funding": "total_interest_pl"},
    )
    symbol = instrument.replace("_", "/") if is_spot(instrument) else instrument
    return {
        **({"symbol": symbol} if symbol else {}),
        **fields,
        **{words.get(name, name): value for name, value in about.items()},
    }
