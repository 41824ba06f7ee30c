"""Coinbase's accounts: which there are, what is in them, which histories they call for.

A key belongs to one portfolio. The brokerage lists that portfolio's accounts (one per currency);
the older list shows all of a person's accounts, vaults and staked coins among them, which belong
to the first ("default") portfolio.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import coinbase as normalisers
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import StreamSpec

_BROKERAGE_WALLETS = {"CRYPTO": "spot", "FIAT": "spot"}


class CoinbaseAccount(NamedTuple):
    """One account: its id, and where in a person's holdings it belongs."""

    id: str
    wallet: str
    asset: str
    quantity: Decimal
    fiat: bool


def following_brokerage(text: str) -> dict[str, Any] | None:
    """Return how to ask for the page after this one of the brokerage's list."""
    answer = exact.loads(text)
    cursor = answer.get("cursor") if answer.get("has_next") else ""
    return {"limit": 250, "cursor": cursor} if cursor else None


def following_v2(text: str) -> dict[str, Any] | None:
    """Return how to ask for the page after this one of the older list."""
    after = next_resource(text)
    return {"limit": 100, "starting_after": after} if after else None


def next_resource(text: str) -> str:
    """Return where the older API says that the next page begins; "" after the last one.

    Some answers name it, all that are documented have it in the next page's address.
    """
    pagination = exact.loads(text).get("pagination") or {}
    named = pagination.get("next_starting_after")
    query = parse_qs(urlsplit(str(pagination.get("next_uri") or "")).query)
    return str(named or next(iter(query.get("starting_after", ())), ""))


def read(listed: list[list[str]]) -> dict[str, CoinbaseAccount]:
    """Read [key_permissions], [brokerage accounts ...], [accounts ...]; by id, in their order."""
    permissions, brokerage, older = listed
    found: dict[str, CoinbaseAccount] = {}
    for text in brokerage:
        for row in exact.loads(text)["accounts"]:
            found[row["uuid"]] = _of_brokerage(row)
    if exact.loads(permissions[0]).get("portfolio_type") != "DEFAULT":
        return found  # what is set aside belongs to the default portfolio
    for text in older:
        for row in exact.loads(text)["data"]:
            wallet = _set_aside(row)
            if wallet and row["id"] not in found:
                found[row["id"]] = _of_v2(row, wallet)
    return found


def _of_brokerage(row: dict[str, Any]) -> CoinbaseAccount:
    word = str(row.get("type") or "").removeprefix("ACCOUNT_TYPE_")
    parts = (row.get("available_balance"), row.get("hold"))
    return CoinbaseAccount(
        row["uuid"],
        _BROKERAGE_WALLETS.get(word, word.lower() or "spot"),
        normalisers.asset(row["currency"]),
        money.total(number(part["value"]) for part in parts if part),
        word == "FIAT",
    )


def _of_v2(row: dict[str, Any], wallet: str) -> CoinbaseAccount:
    balance = row["balance"]
    asset = normalisers.asset(balance["currency"])
    return CoinbaseAccount(row["id"], wallet, asset, number(balance["amount"]), False)


def _set_aside(row: dict[str, Any]) -> str:
    """Return the wallet of a vault or of staked coins; "" for the accounts of any portfolio."""
    if row["type"] not in ("wallet", "fiat"):
        return str(row["type"])
    staked = "staked" in str(row.get("name") or "").lower()
    return "staking" if staked or row["balance"]["currency"] == "ETH2" else ""


def read_balances(listed: list[list[str]]) -> list[ReportedBalance]:
    """Return what is in each wallet; a currency may have several accounts."""
    totals: dict[tuple[str, str], Decimal] = {}
    for account in read(listed).values():
        slot = (account.wallet, account.asset)
        totals[slot] = money.add(totals.get(slot, money.ZERO), account.quantity)
    return [ReportedBalance(w, code, total) for (w, code), total in totals.items() if total]


def plan(listed: list[list[str]]) -> list[StreamSpec]:
    """Return each account's ledger, then the bank lists of those that hold currencies.

    An account that is empty may have a history all the same: it is swept.
    """
    accounts = read(listed).values()
    ledgers = [_stream("ledger", RecordKind.LEDGER, account) for account in accounts]
    banks = [
        _stream(kind.value, kind, account)
        for account in accounts
        if account.fiat
        for kind in (RecordKind.DEPOSITS, RecordKind.WITHDRAWALS)
    ]
    return [*sorted(ledgers, key=lambda stream: "sweep" in stream.scope), *banks]


def _stream(family: str, kind: RecordKind, account: CoinbaseAccount) -> StreamSpec:
    scope = {"account": account.id, "wallet": account.wallet, "asset": account.asset}
    if not account.quantity:
        scope["sweep"] = "yes"
    return StreamSpec(f"{family}:{account.id}", kind, scope)
