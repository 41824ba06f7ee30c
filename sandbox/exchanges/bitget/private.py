"""What a key may read of its account: balances, the tax records, deposits and withdrawals."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, exact, plain
from sandbox.exchanges.base import Call
from sandbox.exchanges.bitget.errors import wrong
from sandbox.exchanges.bitget.parameters import limit, one_of, window
from sandbox.exchanges.bitget.positions import gained, shown
from sandbox.generate.bitget import (
    CROSSED,
    FUTURES_WALLETS,
    ISOLATED,
    MARGIN_WALLETS,
    SPOT_WALLET,
    BitgetAccount,
    BitgetLife,
    Row,
)
from sandbox.generate.bitget_markets import COIN_M, CONTRACTS, USDC_M, USDT_M
from sandbox.generate.prices import DAY, Prices

READS = ("coor", "cpor", "stor", "smor", "wtor", "taxr")
TRADES = ("coow", "cpow", "stow", "smow")
REGISTERED = 1_698_645_219_000
TAX_DAYS, TRAVEL_DAYS = 30, 90  # the widest window of each list
KEPT = 731 * DAY  # how far back from the end of the history the tax records are served
MARGIN_COINS = {USDT_M: ("USDT",), USDC_M: ("USDC",), COIN_M: ("BTC", "ETH")}


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, BitgetLife], prices: Prices, anchor_ms: int) -> None:
        self._lives = lives
        self._prices = prices
        # From the end of the history, not from today: the demo accounts shall stay whole.
        self._oldest = anchor_ms - KEPT

    def info(self, call: Call, key: Key) -> dict[str, Any]:
        """What the key may do, in the four-letter codes."""
        words = list(READS)
        if "trade" in key.rights:
            words += TRADES
        if "withdraw" in key.rights:
            words += ["wtow", "wwow"]
        return {
            "userId": self._of(key).user_id,
            "inviterId": None,
            "ips": ",".join(str(network) for network in key.networks),
            "authorities": words,
            "parentId": 0,
            "traderType": "not_trader",
            "channelCode": "",
            "channel": "",
            "regisTime": str(REGISTERED),
        }

    def spot(self, call: Call, key: Key) -> list[Row]:
        """The spot wallet: only what is not zero."""
        account = self._of(key)
        return [
            {
                "coin": code,
                "available": plain(quantity - account.locked.get(code, ZERO)),
                "limitAvailable": "0",
                "frozen": plain(account.locked.get(code, ZERO)),
                "locked": "0",
                "uTime": str(call.now_ms - 1_000),
            }
            for code, quantity in account.book.held().get(SPOT_WALLET, {}).items()
        ]

    def futures(self, call: Call, key: Key) -> list[Row]:
        """One futures account per margin coin; equity counts unrealised profit."""
        account = self._of(key)
        product = one_of(call.params, "productType", tuple(MARGIN_COINS))
        return [
            self._futures(account, product, code, call.now_ms) for code in MARGIN_COINS[product]
        ]

    def positions(self, call: Call, key: Key) -> list[Row]:
        """The open positions of one kind of futures, of one margin coin or all."""
        product = one_of(call.params, "productType", tuple(MARGIN_COINS))
        coin = call.params.get("marginCoin", "")
        return shown(self._of(key), self._prices, product, coin, call.now_ms)

    def crossed(self, call: Call, key: Key) -> list[Row]:
        """The cross margin account by coin; the total counts what is borrowed."""
        account = self._of(key)
        held = account.book.held().get(MARGIN_WALLETS[CROSSED], {})
        loans = _loans(account, CROSSED)
        codes = sorted({*held, *(code for _, code in loans)})
        return [
            _margin(code, held.get(code, ZERO), loans.get(("", code), ZERO), call) for code in codes
        ]

    def isolated(self, call: Call, key: Key) -> list[Row]:
        """The isolated margin accounts, by pair and coin."""
        account = self._of(key)
        loans = _loans(account, ISOLATED)
        slots = sorted({*account.held_by_pair, *loans})
        return [
            {"symbol": symbol}
            | _margin(
                code,
                account.held_by_pair.get((symbol, code), ZERO),
                loans.get((symbol, code), ZERO),
                call,
            )
            for symbol, code in slots
        ]

    def earn(self, call: Call, key: Key) -> list[Row]:
        """All that is in savings, by coin."""
        held = self._of(key).book.held().get("earn", {})
        return [{"coin": code, "amount": plain(quantity)} for code, quantity in held.items()]

    def tax_spot(self, call: Call, key: Key) -> list[Row]:
        """The ledger of the spot wallet."""
        return self._tax(call, self._of(key).spot, "coin")

    def tax_futures(self, call: Call, key: Key) -> list[Row]:
        """The ledger of one kind of futures."""
        product = one_of(call.params, "productType", tuple(FUTURES_WALLETS), USDT_M)
        return self._tax(call, self._of(key).futures[product], "marginCoin")

    def tax_margin(self, call: Call, key: Key) -> list[Row]:
        """The ledger of one kind of margin."""
        mode = one_of(call.params, "marginType", tuple(MARGIN_WALLETS), CROSSED)
        return self._tax(call, self._of(key).margin[mode], "coin")

    def deposits(self, call: Call, key: Key) -> list[Row]:
        """Deposits of a window of at most 90 days, newest first."""
        return _travels(call, self._of(key).deposits)

    def withdrawals(self, call: Call, key: Key) -> list[Row]:
        """Withdrawals of a window of at most 90 days, newest first."""
        return _travels(call, self._of(key).withdrawals)

    def _of(self, key: Key) -> BitgetAccount:
        return self._lives[key.account].account

    def _futures(self, account: BitgetAccount, product: str, code: str, now_ms: int) -> Row:
        held = account.book.balance(FUTURES_WALLETS[product], code)
        profit = self._unrealised(account, product, code, now_ms)
        with exact():
            equity = held + profit
        return {
            "marginCoin": code,
            "locked": "0",
            "available": plain(held),
            "crossedMaxAvailable": plain(held),
            "isolatedMaxAvailable": plain(held),
            "maxTransferOut": plain(held),
            "accountEquity": plain(equity),
            "usdtEquity": plain(equity),
            "btcEquity": "0",
            "crossedRiskRate": "0",
            "crossedMarginLeverage": 20,
            "unrealizedPL": plain(profit) if profit else "",
            "coupon": "0",
            "crossedUnrealizedPL": plain(profit) if profit else None,
            "isolatedUnrealizedPL": None,
            "assetMode": "single",
        }

    def _unrealised(self, account: BitgetAccount, product: str, code: str, now_ms: int) -> Decimal:
        total = ZERO
        for symbol, side in account.positions:
            traded = CONTRACTS[symbol]
            if (traded.product, traded.margin) == (product, code):
                with exact():
                    total += gained(account, self._prices, symbol, side, now_ms)
        return total

    def _tax(self, call: Call, rows: Sequence[Row], coin: str) -> list[Row]:
        params = call.params
        start, end = window(params, TAX_DAYS)
        count = limit(params, 500, 500)
        inside = (
            (str(row["id"]), int(row["ts"]), row)
            for row in rows
            if max(start, self._oldest) <= int(row["ts"]) <= end
            and params.get(coin, row[coin]) == row[coin]
        )
        return _page(call, inside, "id", count)


def _loans(account: BitgetAccount, mode: str) -> dict[tuple[str, str], Decimal]:
    return {
        (symbol, code): owed
        for (kind, symbol, code), owed in account.loans.items()
        if kind == mode and owed
    }


def _margin(code: str, owned: Decimal, owed: Decimal, call: Call) -> Row:
    with exact():
        total = owned + owed
        interest = (owed * Decimal("0.0001")).quantize(Decimal("1e-8"))
    return {
        "coin": code,
        "totalAmount": plain(total),
        "available": plain(total),
        "frozen": "0",
        "borrow": plain(owed),
        "interest": plain(interest),
        "net": plain(owned - interest),
        "coupon": "0",
        "cTime": str(REGISTERED),
        "uTime": str(call.now_ms - 1_000),
    }


def _travels(call: Call, rows: Sequence[Row]) -> list[Row]:
    params = call.params
    start, end = window(params, TRAVEL_DAYS)
    inside = (
        (str(row["orderId"]), int(row["cTime"]), row)
        for row in rows
        if start <= int(row["cTime"]) <= end and params.get("coin", row["coin"]) == row["coin"]
    )
    return _page(call, inside, "orderId", limit(params, 20, 100))


def _page(call: Call, rows: Iterable[tuple[str, int, Row]], name: str, count: int) -> list[Row]:
    """Newest first; ``idLessThan`` is the last row that was seen."""
    found = list(reversed(call.punctual(rows)))
    start, last = 0, call.params.get("idLessThan", "")
    if last:
        places = [place for place, row in enumerate(found) if row[name] == last]
        if not places:
            raise wrong("idLessThan")
        start = places[0] + 1
    return call.page(found, start, count)
