"""What a key may read: accounts on both APIs, their ledgers, bank lists, fills, its own rights."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, exact, fixed
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.coinbase.errors import invalid, not_found
from sandbox.exchanges.coinbase.pages import after_resource, by_cursor, newest_first, size
from sandbox.generate.coinbase import (
    CoinbaseAccount,
    CoinbaseLife,
    Entry,
    Row,
    Wallet,
    is_fiat,
    money,
    timestamp,
)
from sandbox.generate.coinbase_assets import EXPONENTS


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, CoinbaseLife]) -> None:
        self._lives = lives

    def permissions(self, call: Call, key: Key) -> Row:
        """What the key may do, and in which portfolio."""
        return {
            "can_view": True,
            "can_trade": "trade" in key.rights,
            "can_transfer": "withdraw" in key.rights,
            "portfolio_uuid": self._of(key).portfolio,
            "portfolio_type": "DEFAULT",
        }

    def portfolios(self, call: Call, key: Key) -> Row:
        """The portfolio of the key."""
        name = {"name": "Default", "type": "DEFAULT", "deleted": False}
        return {"portfolios": [name | {"uuid": self._of(key).portfolio}]}

    def brokerage_accounts(self, call: Call, key: Key) -> Row:
        """The accounts of the key's portfolio, whatever is in them."""
        account = self._of(key)
        wallets = [w for w in account.wallets.values() if w.kind == "spot"]
        rows = [(wallet.id, _brokerage_account(account, wallet)) for wallet in wallets]
        page, cursor = by_cursor(call, rows, size(call, 49, 250))
        return {"accounts": page, "has_next": bool(cursor), "cursor": cursor, "size": len(page)}

    def fills(self, call: Call, key: Key) -> Row:
        """Fills, newest first."""
        start, end = (_moment(call, f"{name}_sequence_timestamp") for name in ("start", "end"))
        product = call.params.get("product_id", "")
        rows = [
            (entry.id, entry.row)
            for entry in newest_first(call, self._of(key).fills)
            if (start is None or entry.time_ms >= start)
            and (end is None or entry.time_ms < end)
            and product in ("", entry.row["product_id"])
        ]
        page, cursor = by_cursor(call, rows, size(call, 100, 3_000))
        return {"fills": page, "cursor": cursor}

    def summary(self, call: Call, key: Key) -> Row:
        """The fee tier."""
        return {
            "total_volume": 0,
            "total_fees": 0,
            "fee_tier": {
                "pricing_tier": "Intro 1",
                "usd_from": "0",
                "usd_to": "1000",
                "taker_fee_rate": "0.006",
                "maker_fee_rate": "0.004",
            },
        }

    def accounts(self, call: Call, key: Key) -> Row:
        """All accounts of the person: every portfolio's, vaults, staked coins, unopened ones."""
        account = self._of(key)
        opened = [(w.id, _account(account, w)) for w in account.wallets.values()]
        known = {w.code for w in account.wallets.values()}
        unopened = [(code, _unopened(code)) for code in EXPONENTS if code not in known]
        return after_resource(call, opened + unopened)

    def account(self, call: Call, key: Key) -> Row:
        """One account."""
        account = self._of(key)
        return {"data": _account(account, self._wallet(call, key))}

    def transactions(self, call: Call, key: Key) -> Row:
        """An account's ledger, newest first."""
        return self._list(call, self._wallet(call, key).ledger)

    def deposits(self, call: Call, key: Key) -> Row:
        """An account's transfers from banks, newest first."""
        return self._list(call, self._wallet(call, key).deposits)

    def withdrawals(self, call: Call, key: Key) -> Row:
        """An account's transfers to banks, newest first."""
        return self._list(call, self._wallet(call, key).withdrawals)

    def user(self, call: Call, key: Key) -> Row:
        """Who the key belongs to."""
        return {"data": {"id": self._of(key).user, "name": "Sandbox", "resource": "user"}}

    def _list(self, call: Call, entries: Sequence[Entry]) -> dict[str, Any]:
        found = newest_first(call, entries)
        return after_resource(call, [(entry.id, entry.row) for entry in found])

    def _wallet(self, call: Call, key: Key) -> Wallet:
        """The account that the path names: by its id, or by its currency."""
        name = call.path.split("/")[3]
        wallets = self._of(key).wallets
        found = next((w for w in wallets.values() if w.id == name), wallets.get(("spot", name)))
        if found is None:
            raise not_found()
        return found

    def _of(self, key: Key) -> CoinbaseAccount:
        return self._lives[key.account].account


def _brokerage_account(account: CoinbaseAccount, wallet: Wallet) -> Row:
    held = account.book.balance(wallet.kind, wallet.code)
    hold = account.on_hold.get(wallet.code, ZERO)
    with exact():
        available = held - hold
    return {
        "uuid": wallet.id,
        "name": wallet.name,
        "currency": wallet.code,
        "available_balance": _value(available, wallet.code),
        "default": True,
        "active": True,
        "created_at": timestamp(wallet.opened_ms),
        "updated_at": timestamp(wallet.ledger[-1].time_ms if wallet.ledger else wallet.opened_ms),
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if is_fiat(wallet.code) else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": _value(hold, wallet.code),
        "retail_portfolio_id": account.portfolio,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def _value(amount: Decimal, code: str) -> dict[str, str]:
    return {"value": fixed(amount, 2 if is_fiat(code) else 16), "currency": code}


def _account(account: CoinbaseAccount, wallet: Wallet) -> Row:
    kind = "vault" if wallet.kind == "vault" else "fiat" if is_fiat(wallet.code) else "wallet"
    return {
        "id": wallet.id,
        "name": wallet.name,
        "primary": (wallet.kind, wallet.code) == ("spot", "BTC"),
        "type": kind,
        "currency": _currency(wallet.code),
        "balance": money(account.book.balance(wallet.kind, wallet.code), wallet.code),
        "created_at": timestamp(wallet.opened_ms),
        "updated_at": timestamp(wallet.opened_ms),
        "resource": "account",
        "resource_path": f"/v2/accounts/{wallet.id}",
        "allow_deposits": True,
        "allow_withdrawals": True,
    }


def _unopened(code: str) -> Row:
    """An account that was never used is called by its currency."""
    return {
        "id": code,
        "name": f"{code} Wallet",
        "primary": False,
        "type": "fiat" if is_fiat(code) else "wallet",
        "currency": _currency(code),
        "balance": money(ZERO, code),
        "created_at": None,
        "updated_at": None,
        "resource": "account",
        "resource_path": f"/v2/accounts/{code}",
        "allow_deposits": True,
        "allow_withdrawals": True,
    }


def _currency(code: str) -> Row:
    return {
        "code": code,
        "name": BY_CODE[code].name,
        "exponent": EXPONENTS[code],
        "type": "fiat" if is_fiat(code) else "crypto",
    }


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name, "")
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError as error:
        raise invalid(f"{name} is invalid") from error
