"""What a key may read of its account: ledgers, lists, balances, its own rights."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, exact, plain
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.okx import positions
from sandbox.exchanges.okx.errors import wrong
from sandbox.exchanges.okx.parameters import limit, number, required
from sandbox.exchanges.okx.served import RECENT_ASSET_BILLS, RECENT_BILLS, RECENT_FILLS, Served
from sandbox.generate.okx import EARN, FUNDING, TRADING, Row
from sandbox.generate.okx_markets import SPOT, chain
from sandbox.generate.prices import Prices

KINDS = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, accounts: Mapping[str, Served], prices: Prices) -> None:
        self._accounts = accounts
        self._prices = prices

    def config(self, call: Call, key: Key) -> list[Row]:
        """What the key may do and whose it is."""
        uid = self._of(key).account.uid
        words = ["read_only", *sorted(key.rights)]
        return [
            {
                "acctLv": "3",
                "acctStpMode": "cancel_maker",
                "autoLoan": False,
                "ctIsoMode": "automatic",
                "enableSpotBorrow": False,
                "greeksType": "PA",
                "feeType": "0",
                "ip": ",".join(str(network) for network in key.networks),
                "type": "0",
                "kycLv": "3",
                "label": f"sandbox {key.purpose}",
                "level": "Lv1",
                "levelTmp": "",
                "liquidationGear": "-1",
                "mainUid": uid,
                "mgnIsoMode": "automatic",
                "opAuth": "1",
                "perm": ",".join(words),
                "posMode": "net_mode",
                "roleType": "0",
                "spotBorrowAutoRepay": False,
                "spotOffsetType": "",
                "spotRoleType": "0",
                "spotTraderInsts": [],
                "traderInsts": [],
                "uid": uid,
            }
        ]

    def trading(self, call: Call, key: Key) -> list[Row]:
        """The trading account: cash, and equity with what open positions have won."""
        account = self._of(key).account
        won = positions.profits(account, self._prices, call.now_ms)
        details = []
        for code, amount in self._held(key, TRADING).items():
            locked = account.frozen.get(code, ZERO)
            row = _detail(code, amount, locked, call.now_ms)
            with exact():
                row |= {"eq": plain(amount + won.get(code, ZERO))}
            details.append(row | {"upl": plain(won.get(code, ZERO))})
        return [{"adjEq": "", "details": details, "totalEq": "", "uTime": str(call.now_ms)}]

    def positions(self, call: Call, key: Key) -> list[Row]:
        """Open contracts of all kinds."""
        return positions.listed(self._of(key).account, self._prices, call)

    def funding(self, call: Call, key: Key) -> list[Row]:
        """The funding account."""
        return [
            {"availBal": plain(amount), "bal": plain(amount), "ccy": code, "frozenBal": "0"}
            for code, amount in self._held(key, FUNDING).items()
        ]

    def savings(self, call: Call, key: Key) -> list[Row]:
        """Simple earn: what is lent, with what it has earned."""
        return [
            {
                "amt": plain(amount),
                "ccy": code,
                "earnings": "0",
                "loanAmt": plain(amount),
                "pendingAmt": "0",
                "rate": "0.01",
                "redemptAmt": "",
            }
            for code, amount in self._held(key, EARN).items()
        ]

    def bills(self, call: Call, key: Key) -> list[Row]:
        """The trading account's changes of seven days."""
        return self._bills(call, key, RECENT_BILLS)

    def bills_archive(self, call: Call, key: Key) -> list[Row]:
        """The trading account's changes of three months."""
        return self._bills(call, key, None)

    def _bills(self, call: Call, key: Key, days: int | None) -> list[Row]:
        names = ("instType", "instId", "ccy", "mgnMode", "type", "subType")
        rows = _matching(call, self._of(key).rows("bills", days), names)
        return _by_id(call, rows)

    def fills(self, call: Call, key: Key) -> list[Row]:
        """Trades of three days."""
        rows = self._of(key).rows("fills", RECENT_FILLS)
        return _by_id(call, _matching(call, rows, ("instType", "instId", "ordId")))

    def fills_history(self, call: Call, key: Key) -> list[Row]:
        """Trades of three months, of one type of instrument."""
        if required(call.params, "instType") not in KINDS:
            raise wrong("instType")
        rows = self._of(key).rows("fills")
        return _by_id(call, _matching(call, rows, ("instType", "instId", "ordId")))

    def asset_bills(self, call: Call, key: Key) -> list[Row]:
        """The funding account's changes of one month."""
        rows = self._of(key).rows("asset_bills", RECENT_ASSET_BILLS)
        return _by_moment(call, _matching(call, rows, ("ccy", "type")))

    def asset_bills_history(self, call: Call, key: Key) -> list[Row]:
        """All changes of the funding account, by moment or (``pagingType=2``) by id."""
        rows = _matching(call, self._of(key).rows("asset_bills"), ("ccy", "type"))
        if call.params.get("pagingType", "1") not in ("1", "2"):
            raise wrong("pagingType")
        return (
            _by_id(call, rows) if call.params.get("pagingType") == "2" else _by_moment(call, rows)
        )

    def deposits(self, call: Call, key: Key) -> list[Row]:
        """All deposits with their state."""
        rows = self._of(key).rows("deposits")
        return _by_moment(call, _matching(call, rows, ("ccy", "depId", "txId", "state")))

    def withdrawals(self, call: Call, key: Key) -> list[Row]:
        """All withdrawals with their state."""
        rows = self._of(key).rows("withdrawals")
        return _by_moment(call, _matching(call, rows, ("ccy", "wdId", "txId", "state")))

    def converts(self, call: Call, key: Key) -> list[Row]:
        """All conversions."""
        return _by_moment(call, self._of(key).rows("converts"))

    def lendings(self, call: Call, key: Key) -> list[Row]:
        """Hourly interest of one month."""
        return _by_moment(call, _matching(call, self._of(key).rows("lendings"), ("ccy",)))

    def dusts(self, call: Call, key: Key) -> list[Row]:
        """Easy converts of seven days."""
        return _by_moment(call, self._of(key).rows("dusts"), "uTime")

    def currencies(self, call: Call, key: Key) -> list[Row]:
        """All coins with their chains."""
        codes = {code for pair in SPOT.values() for code in (pair.base, pair.quote)}
        return [_currency(code) for code in sorted(codes)]

    def _of(self, key: Key) -> Served:
        return self._accounts[key.account]

    def _held(self, key: Key, wallet: str) -> dict[str, Decimal]:
        return self._of(key).account.book.held().get(wallet, {})


def _matching(call: Call, rows: Iterable[Row], names: tuple[str, ...]) -> list[Row]:
    wanted = {name: call.params[name] for name in names if call.params.get(name)}
    begin, end = number(call.params, "begin"), number(call.params, "end")
    return [
        row
        for row in rows
        if all(row.get(name) == value for name, value in wanted.items())
        and (begin is None or int(row["ts"]) >= begin)
        and (end is None or int(row["ts"]) <= end)
    ]


def _by_id(call: Call, rows: list[Row]) -> list[Row]:
    return _page(call, rows, lambda row: int(row["billId"]))


def _by_moment(call: Call, rows: list[Row], name: str = "ts") -> list[Row]:
    return _page(call, rows, lambda row: int(row[name]))


def _page(call: Call, rows: list[Row], place: Callable[[Row], int]) -> list[Row]:
    """Newest first: rows earlier than ``after`` and later than ``before``, both exclusive."""
    after, before = number(call.params, "after"), number(call.params, "before")
    count = limit(call.params)
    timed = ((str(place(row)), int(row.get("ts") or row["uTime"]), row) for row in rows)
    found = sorted(call.punctual(timed), key=place, reverse=True)
    found = [row for row in found if before is None or place(row) > before]
    start = sum(1 for row in found if after is not None and place(row) >= after)
    return call.page(found, start, count)


def _detail(code: str, amount: Decimal, locked: Decimal, now_ms: int) -> Row:
    return {
        "availBal": plain(amount - locked),
        "availEq": plain(amount - locked),
        "cashBal": plain(amount),
        "ccy": code,
        "crossLiab": "0",
        "disEq": "",
        "eq": plain(amount),
        "eqUsd": "",
        "frozenBal": plain(locked),
        "interest": "0",
        "isoEq": "0",
        "isoLiab": "0",
        "liab": "0",
        "maxLoan": "",
        "mgnRatio": "",
        "notionalLever": "",
        "ordFrozen": plain(locked),
        "twap": "0",
        "uTime": str(now_ms),
        "upl": "0",
        "uplLiab": "0",
    }


def _currency(code: str) -> dict[str, Any]:
    asset = BY_CODE[code]
    return {
        "canDep": True,
        "canInternal": True,
        "canWd": True,
        "ccy": code,
        "chain": "" if asset.fiat else chain(code),
        "fee": asset.withdraw_fee,
        "logoLink": "",
        "mainNet": True,
        "maxWd": "1000000",
        "minDep": "0.00001",
        "minWd": "0.0001",
        "name": asset.name,
        "needTag": False,
        "usedWdQuota": "0",
        "wdQuota": "10000000",
        "wdTickSz": str(asset.places),
    }
