"""What a key may read of its account: wallets, positions, fills, executions, the account log."""

import base64
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import plain
from sandbox.exchanges.base import Call
from sandbox.exchanges.krakenfutures.errors import FuturesError, invalid, iso
from sandbox.generate.krakenfutures import HOLDING, MULTI, Execution, FuturesAccount, FuturesLife
from sandbox.generate.krakenfutures_contracts import INVERSE, Contract, kraken
from sandbox.generate.prices import Prices

Row = dict[str, Any]
CREATED = "2023-11-30T14:15:22Z"
FILLS, LOG_DEFAULT, LOG_MOST, EVENTS = 100, 500, 100_000, 1_000


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, FuturesLife], prices: Prices) -> None:
        self._lives, self._prices = lives, prices

    def accounts(self, call: Call, key: Key) -> Row:
        """Every wallet with its cash, and what open positions make of it."""
        account = self._of(key)
        held = account.book.held()
        found: Row = {
            "cash": {
                "type": "cashAccount",
                "balances": {
                    kraken(code): amount for code, amount in held.get(HOLDING, {}).items()
                },
            },
            "flex": self._flex(account, held.get(MULTI, {}), call.now_ms),
        }
        for contract in INVERSE:
            name = f"fi_{kraken(contract.base)}usd"
            found[name] = self._single(account, contract, call.now_ms)
        return {"result": "success", "accounts": found, "serverTime": iso(call.now_ms)}

    def _flex(self, account: FuturesAccount, held: Mapping[str, Decimal], now_ms: int) -> Row:
        worth = sum((q * self._prices.usd(code, now_ms) for code, q in held.items()), Decimal(0))
        won = self._unrealised(account, MULTI, now_ms)
        return {
            "type": "multiCollateralMarginAccount",
            "currencies": {
                kraken(code).upper(): {
                    "quantity": quantity,
                    "value": quantity * self._prices.usd(code, now_ms),
                    "collateral": quantity * self._prices.usd(code, now_ms),
                    "available": quantity,
                }
                for code, quantity in held.items()
            },
            "balanceValue": worth,
            "collateralValue": worth,
            "portfolioValue": worth + won,
            "pnl": won,
            "unrealizedFunding": Decimal(0),
        }

    def _single(self, account: FuturesAccount, contract: Contract, now_ms: int) -> Row:
        """A wallet that one coin margins; positions stand beside the cash."""
        cash = account.book.balance(contract.wallet, contract.base)
        won = self._unrealised(account, contract.wallet, now_ms)
        sizes = {
            name: position.size
            for name, position in account.positions.items()
            if position.contract.wallet == contract.wallet
        }
        return {
            "type": "marginAccount",
            "currency": kraken(contract.base),
            "balances": {kraken(contract.base): cash, **sizes},
            "auxiliary": {"usd": 0, "pv": cash + won, "pnl": won, "af": cash, "funding": 0},
        }

    def _unrealised(self, account: FuturesAccount, wallet: str, now_ms: int) -> Decimal:
        found = Decimal(0)
        for position in account.positions.values():
            contract = position.contract
            if contract.wallet == wallet:
                price = self._prices.at(contract.base, "USD", now_ms, contract.price_places)
                found += contract.won(position.size, position.entry, price)
        return found

    def positions(self, call: Call, key: Key) -> Row:
        """What is open."""
        rows = [
            {
                "side": "long" if position.size > 0 else "short",
                "symbol": position.contract.symbol,
                "price": position.entry,
                "fillTime": iso(position.since),
                "size": abs(position.size),
                "unrealizedFunding": Decimal("-0.0012"),
                **({"pnlCurrency": "USD"} if position.contract.linear else {}),
            }
            for position in self._of(key).positions.values()
        ]
        return {"result": "success", "openPositions": rows, "serverTime": iso(call.now_ms)}

    def fills(self, call: Call, key: Key) -> Row:
        """The last hundred fills, or the hundred before a moment."""
        before = _moment(call, "lastFillTime")
        found = [
            execution
            for execution in reversed(_punctual(call, self._of(key)))
            if before is None or execution.ms < before
        ]
        rows = [_fill(execution) for execution in found[:FILLS]]
        return {"result": "success", "fills": rows, "serverTime": iso(call.now_ms)}

    def log(self, call: Call, key: Key) -> Row:
        """Entries of the account log by time and by id, both ends included; newest first."""
        account, count = self._of(key), _count(call, LOG_DEFAULT, LOG_MOST)
        newest_first = _order(call) == "desc"
        rows = _wanted(call, _entries(call, account))
        if newest_first:
            rows.reverse()
        first, last = _number(call, "from") or 0, _number(call, "to") or 10**12
        # What lies before the nearer end was on the pages before.
        rows = [r for r in rows if (r["id"] >= first if newest_first else r["id"] <= last)]
        start = next((at for at, r in enumerate(rows) if first <= r["id"] <= last), len(rows))
        page = call.page(rows, start, count) if start < len(rows) else []
        return {"accountUid": account.uid, "logs": [_entry(row) for row in page]}

    def executions(self, call: Call, key: Key) -> Row:
        """Executions between two moments, by page; a token leads to the next."""
        account, count = self._of(key), _count(call, EVENTS, EVENTS)
        since, before = _number(call, "since"), _number(call, "before")
        rows = [
            execution
            for execution in _punctual(call, account)
            if (since is None or execution.ms >= since)
            and (before is None or execution.ms <= before)
        ]
        if _order(call) == "desc":
            rows.reverse()
        start = _place(call)
        page = call.page(rows, start, count)
        answer: Row = {
            "accountUid": account.uid,
            "len": len(page),
            "serverTime": iso(call.now_ms),
            "elements": [_event(execution, account.uid) for execution in page],
        }
        following = start + count
        if following < len(rows) + min(call.overlap, start):
            answer["continuationToken"] = base64.b64encode(str(following).encode()).decode()
        return answer

    def key_info(self, call: Call, key: Key) -> Row:
        """What the key may do."""
        account = self._of(key)
        networks = [str(network) for network in key.networks]
        return {
            "apiKey": key.api_key,
            "accountUid": account.uid,
            "iiban": account.iiban,
            "createdAt": CREATED,
            "permissions": {
                "general": "FULL_ACCESS" if "trade" in key.rights else "READ_ONLY",
                "transfer": "FULL_ACCESS" if "withdraw" in key.rights else "NO_ACCESS",
            },
            "allowedCidrBlock": networks[0] if networks else None,
            "allowedCidrBlocks": networks,
        }

    def _of(self, key: Key) -> FuturesAccount:
        return self._lives[key.account].account


def _punctual(call: Call, account: FuturesAccount) -> list[Execution]:
    return call.punctual((found.uid, found.ms, found) for found in account.executions)


def _entries(call: Call, account: FuturesAccount) -> list[Row]:
    """Rows of one execution are late together."""
    return call.punctual(
        (row["execution"] or row["booking_uid"], row["date"], row) for row in account.log
    )


def _wanted(call: Call, rows: list[Row]) -> list[Row]:
    """The entries of a stretch of time, and of one kind if that is asked for."""
    since, before = _number(call, "since"), _number(call, "before")
    info = call.params.get("info", "")
    return [
        row
        for row in rows
        if (since is None or row["date"] >= since)
        and (before is None or row["date"] <= before)
        and info in ("", row["info"])
    ]


def _entry(row: Row) -> Row:
    return row | {"date": iso(row["date"])}


def _fill(execution: Execution) -> Row:
    return {
        "fill_id": execution.uid,
        "symbol": execution.contract.symbol,
        "side": "buy" if execution.buy else "sell",
        "order_id": execution.order,
        "fillTime": iso(execution.ms),
        "size": execution.size,
        "price": execution.price,
        "fillType": execution.kind,
    }


def _event(execution: Execution, account: str) -> Row:
    """One execution; below /history amounts are strings."""
    size, price = plain(execution.size), plain(execution.price)
    liquidated = execution.kind == "liquidation"
    order = {
        "uid": execution.order,
        "accountUid": account,
        "tradeable": execution.contract.symbol,
        "direction": "Buy" if execution.buy else "Sell",
        "quantity": size,
        "filled": size,
        "timestamp": execution.ms,
        "limitPrice": price,
        "orderType": "Liquidation" if liquidated else "Limit",
        "clientId": "",
        "reduceOnly": liquidated,
        "lastUpdateTimestamp": execution.ms,
    }
    data = {
        "fee": plain(execution.fee),
        "positionSize": plain(execution.after),
        "realizedPnl": plain(execution.won),
    }
    told = {
        "uid": execution.uid,
        "order": order,
        "timestamp": execution.ms,
        "quantity": size,
        "price": price,
        "markPrice": price,
        "executionType": "maker" if execution.kind == "maker" else "taker",
        "limitFilled": False,
        "usdValue": plain(execution.contract.worth(execution.size, execution.price)),
        "orderData": data,
    }
    event = {"execution": {"execution": told, "takerReducedQuantity": ""}}
    return {"uid": execution.uid, "timestamp": execution.ms, "event": event}


def _number(call: Call, name: str) -> int | None:
    text = call.params.get(name, "")
    if text and not text.isdigit():
        raise invalid(name)
    return int(text) if text else None


def _count(call: Call, default: int, most: int) -> int:
    count = _number(call, "count") or default
    if count > most:
        raise invalid("count")
    return count


def _order(call: Call) -> str:
    word = call.params.get("sort", "desc")
    if word not in ("asc", "desc"):
        raise invalid("sort")
    return word


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name, "")
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise invalid(name) from None


def _place(call: Call) -> int:
    text = call.params.get("continuation_token", "")
    if not text:
        return 0
    try:
        return int(base64.b64decode(text))
    except ValueError:
        raise FuturesError("invalidArgument: continuation_token", 400) from None
