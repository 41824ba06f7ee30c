"""What a key may read of its account: wallets, logs, executions, deposits, withdrawals, savings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, exact, plain
from sandbox.assets import ASSETS, Asset
from sandbox.exchanges.base import Call
from sandbox.exchanges.bybit import positions
from sandbox.exchanges.bybit.errors import wrong
from sandbox.exchanges.bybit.parameters import (
    entries,
    horizon,
    limit,
    number,
    page,
    required,
    seconds,
    window,
    window_of_seconds,
)
from sandbox.exchanges.bybit.public import CATEGORIES
from sandbox.generate.bybit import BybitLife
from sandbox.generate.bybit_records import EARN, FUNDING, UNIFIED, BybitAccount, Entry
from sandbox.generate.prices import DAY, YEAR, Prices

Row = dict[str, Any]
TWO_YEARS = 730 * DAY
CREATED = datetime(2023, 10, 30, 5, 53, 39, tzinfo=UTC)
_SEES: dict[str, list[str]] = {
    "ContractTrade": ["Order", "Position"],
    "Spot": ["SpotTrade"],
    "Wallet": ["AccountTransfer"],
    "Options": [],
    "Derivatives": ["DerivativesTrade"],
    "CopyTrading": [],
    "BlockTrade": [],
    "Exchange": ["ExchangeHistory"],
    "NFT": [],
    "Earn": ["Earn"],
}


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BybitLife], prices: Prices) -> None:
        self._lives = lives
        self._prices = prices
        # What is older is refused. It stands still with the history, so that a ledger of the
        # whole life of the unified wallet can be held against its balances on any later day.
        self._oldest = prices.origin + 3 * YEAR - TWO_YEARS

    def key_info(self, call: Call, key: Key) -> Row:
        """What the key may do; a read-only one has words too, for what it may see."""
        words = {name: list(granted) for name, granted in _SEES.items()}
        if key.rights:
            words |= {"Wallet": [], "Earn": []}
        if "withdraw" in key.rights:
            words |= {"Wallet": ["AccountTransfer", "SubMemberTransfer", "Withdraw"]}
        unbound = not key.networks
        expiry = datetime.fromtimestamp(call.now_ms // 1000, UTC) + timedelta(days=80)
        return {
            "id": "16651472",
            "note": f"sandbox {key.purpose}",
            "apiKey": key.api_key,
            "readOnly": 0 if key.rights else 1,
            "secret": "",
            "permissions": words,
            "ips": [str(network) for network in key.networks] or ["*"],
            "type": 1,
            "deadlineDay": 80 if unbound else -2,
            "expiredAt": f"{expiry:%Y-%m-%dT%H:%M:%SZ}" if unbound else "1970-01-01T00:00:00Z",
            "createdAt": f"{CREATED:%Y-%m-%dT%H:%M:%SZ}",
            "unified": 0,
            "uta": 1,
            "userID": self._of(key).uid,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": True,
            "parentUid": "0",
            "kycLevel": "LEVEL_1",
            "kycRegion": "",
        }

    def account_info(self, call: Call, key: Key) -> Row:
        """The kind of account: unified 2.0."""
        return {
            "marginMode": "REGULAR_MARGIN",
            "updatedTime": str(self._oldest),
            "unifiedMarginStatus": 5,
            "dcpStatus": "OFF",
            "timeWindow": 10,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }

    def wallet(self, call: Call, key: Key) -> Row:
        """The unified wallet: cash, and equity with the profit of open positions."""
        required(call.params, "accountType", ("UNIFIED",))
        account = self._of(key)
        open_profit = self._open_profit(account, call.now_ms)
        held = account.book.held().get(UNIFIED, {})
        coins = [_coin_row(c, q, open_profit.get(c, ZERO)) for c, q in held.items()]
        listed = {"accountType": "UNIFIED", "accountLTV": "0", "coin": coins}
        return {"list": [listed]}

    def coins_balance(self, call: Call, key: Key) -> Row:
        """The funding wallet; of the unified one only coins that are named."""
        kind = required(call.params, "accountType", ("FUND", "UNIFIED"))
        wanted = set(filter(None, call.params.get("coin", "").split(",")))
        if kind == "UNIFIED" and not wanted:
            raise wrong("coin")
        wallet = FUNDING if kind == "FUND" else UNIFIED
        held = self._of(key).book.held().get(wallet, {})
        rows = [
            {"coin": c, "transferBalance": plain(q), "walletBalance": plain(q), "bonus": ""}
            for c, q in held.items()
            if not wanted or c in wanted
        ]
        return {"memberId": str(self._of(key).uid), "accountType": kind, "balance": rows}

    def positions(self, call: Call, key: Key) -> Row:
        """What is in savings, redeemed ones with nothing; nothing is staked on chains."""
        category = required(call.params, "category", ("FlexibleSaving", "OnChain"))
        if category == "OnChain":
            return {"list": []}
        account = self._of(key)
        coins = sorted({entry.row["coin"] for entry in account.orders})
        return {"list": [_saving(coin, account.book.balance(EARN, coin)) for coin in coins]}

    def log(self, call: Call, key: Key) -> Row:
        """The unified wallet's log; windows of seven days, two years back."""
        stretch = horizon(window(call, 7, 1), self._oldest)
        found = entries(call, self._of(key).log, stretch)
        wanted = {
            name: call.params[name] for name in ("category", "currency", "type")
            if call.params.get(name)
        }  # fmt: skip
        found = [e for e in found if all(e.row[name] == v for name, v in wanted.items())]
        return _listed(call, found, limit(call.params, 20, 50), encoded=True)

    def executions(self, call: Call, key: Key) -> Row:
        """Executions of one category; windows of seven days, two years back."""
        category = required(call.params, "category", CATEGORIES)
        stretch = horizon(window(call, 7, 7), self._oldest)
        found = entries(call, self._of(key).executions.get(category, []), stretch)
        for name, field in (("symbol", "symbol"), ("execType", "execType")):
            wanted = call.params.get(name, "")
            found = [e for e in found if wanted in ("", e.row[field])]
        answer = _listed(call, found, limit(call.params, 50, 100), encoded=True)
        return answer | {"category": category}

    def deposits(self, call: Call, key: Key) -> Row:
        """Deposits from chains; windows of thirty days, in whole seconds."""
        return self._rows(call, self._of(key).deposits)

    def internal_deposits(self, call: Call, key: Key) -> Row:
        """Deposits from other accounts at Bybit; windows of thirty days."""
        return self._rows(call, self._of(key).internal_deposits)

    def withdrawals(self, call: Call, key: Key) -> Row:
        """Withdrawals: to chains unless others, or all, are asked for."""
        kind = number(call.params, "withdrawType") or 0
        rows = self._of(key).withdrawals
        return self._rows(call, [e for e in rows if kind == 2 or e.row["withdrawType"] == kind])

    def transfers(self, call: Call, key: Key) -> Row:
        """Moves between own wallets; windows of seven days, in whole seconds."""
        found = entries(call, self._of(key).transfers, seconds(window(call, 7, 7)))
        for name in ("coin", "status", "transferId"):
            wanted = call.params.get(name, "")
            found = [e for e in found if wanted in ("", e.row[name])]
        return _listed(call, found, limit(call.params, 20, 50), encoded=False)

    def funding_log(self, call: Call, key: Key) -> Row:
        """The funding wallet's log; windows of seven days, given in seconds."""
        found = entries(call, self._of(key).funding_log, window_of_seconds(call, 7))
        return _listed(call, found, limit(call.params, 10, 100), encoded=False)

    def conversions(self, call: Call, key: Key) -> Row:
        """Conversions by page, newest first, whatever their age."""
        size = min(number(call.params, "limit") or 20, 100)
        index = max(number(call.params, "index") or 1, 1)
        kinds = set(filter(None, call.params.get("accountType", "").split(",")))
        found = entries(call, self._of(key).conversions, (0, call.now_ms))
        found = [e for e in found if not kinds or e.row["accountType"] in kinds]
        return {"list": [e.row for e in call.page(found, (index - 1) * size, size)]}

    def orders(self, call: Call, key: Key) -> Row:
        """Orders of savings; windows of seven days."""
        category = required(call.params, "category", ("FlexibleSaving", "OnChain"))
        kept = self._of(key).orders if category == "FlexibleSaving" else []
        found = entries(call, kept, window(call, 7, 7))
        return _listed(call, found, limit(call.params, 50, 100), encoded=False)

    def coins(self, call: Call, key: Key) -> Row:
        """All coins with their chains."""
        rows = [_coin(asset) for asset in ASSETS if asset.listed and not asset.fiat]
        wanted = call.params.get("coin", "")
        return {"rows": [row for row in rows if wanted in ("", row["coin"])]}

    def _rows(self, call: Call, kept: list[Entry]) -> Row:
        found = entries(call, kept, seconds(window(call, 30, 30)))
        coin = call.params.get("coin", "")
        found = [e for e in found if coin in ("", e.row["coin"])]
        return page(call, found, limit(call.params, 50, 50), encoded=False)

    def open_positions(self, call: Call, key: Key) -> Row:
        """Open contracts of one category."""
        return positions.listed(self._of(key), self._prices, call)

    def _open_profit(self, account: BybitAccount, now_ms: int) -> dict[str, Decimal]:
        profits: dict[str, Decimal] = {}
        for place, position in positions.open_positions(account):
            coin = positions.settle_of(*place)
            with exact():
                won = round(positions.profit(self._prices, place, position, now_ms), 8)
                profits[coin] = profits.get(coin, ZERO) + won
        return profits

    def _of(self, key: Key) -> BybitAccount:
        return self._lives[key.account].account


def _listed(call: Call, found: list[Entry], size: int, *, encoded: bool) -> Row:
    answer = page(call, found, size, encoded=encoded)
    return {"nextPageCursor": answer["nextPageCursor"], "list": answer["rows"]}


def _coin_row(coin: str, quantity: Decimal, profit: Decimal) -> Row:
    with exact():
        equity = quantity + profit
    return {
        "coin": coin,
        "equity": plain(equity),
        "usdValue": "",
        "walletBalance": plain(quantity),
        "free": "",
        "locked": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "0",
        "totalPositionMM": "0",
        "unrealisedPnl": plain(profit),
        "cumRealisedPnl": "0",
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "spotHedgingQty": "0",
    }


def _saving(coin: str, quantity: Decimal) -> Row:
    return {
        "coin": coin,
        "productId": str(420 + len(coin)),
        "amount": plain(quantity),
        "totalPnl": "",
        "claimableYield": "0.00001234",
        "id": "",
        "status": "",
        "orderId": "",
        "estimateRedeemTime": "",
        "estimateStakeTime": "",
        "estimateInterestCalculationTime": "",
        "settlementTime": "",
    }


def _coin(asset: Asset) -> Row:
    chain = {
        "chainType": asset.network,
        "confirmation": "12",
        "withdrawFee": asset.withdraw_fee,
        "depositMin": "0",
        "withdrawMin": asset.withdraw_fee,
        "chain": asset.network,
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "minAccuracy": "8",
        "withdrawPercentageFee": "0",
    }
    return {
        "name": asset.name,
        "coin": asset.code,
        "remainAmount": "10000000",
        "chains": [chain],
    }
