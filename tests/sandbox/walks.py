"""Reads a whole account through ccxt, page by page, and sums what its records say."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

DAY = 86_400_000
START = int(datetime(2023, 11, 1, tzinfo=UTC).timestamp()) * 1000
Sums = defaultdict[tuple[str, str], Decimal]
Row = dict[str, Any]


def binance_trades(client: Any, symbol: str) -> list[Row]:
    """All trades of a raw symbol, by ascending id."""
    rows: list[Row] = []
    following = 0
    while True:
        params = {"symbol": symbol, "fromId": following, "limit": 1000}
        page = client.privateGetMyTrades(params)
        rows += page
        if len(page) < 1000:
            return rows
        following = page[-1]["id"] + 1


def windows(fetch: Callable[[Row], Any], days: int) -> Iterator[Any]:
    """Answers for windows that touch, from before the first record until now."""
    now = int(datetime.now(UTC).timestamp()) * 1000
    for start in range(START, now, days * DAY):
        yield fetch({"startTime": start, "endTime": min(start + days * DAY - 1, now)})


def binance_transfers(client: Any, kind: str) -> list[Row]:
    """All transfers of a kind, by page."""
    rows: list[Row] = []
    for page in range(1, 100):
        params = {"type": kind, "startTime": START, "size": 10, "current": page}
        answer = client.sapiGetAssetTransfer(params)
        rows += answer.get("rows", [])
        if len(rows) >= answer["total"]:
            return rows
    raise AssertionError("the transfers have no end")


BINANCE_WAYS = {  # transfers between own wallets, and which two
    "MAIN_FUNDING": ("spot", "funding"),
    "FUNDING_MAIN": ("funding", "spot"),
    "MAIN_UMFUTURE": ("spot", ""),  # "": the other side is a row of income
    "UMFUTURE_MAIN": ("", "spot"),
    "FUNDING_UMFUTURE": ("funding", ""),
    "UMFUTURE_FUNDING": ("", "funding"),
    "MAIN_CMFUTURE": ("spot", ""),
    "CMFUTURE_MAIN": ("", "spot"),
}


def binance_income(client: Any, wallet: str) -> list[Row]:
    """The whole ledger of a futures wallet, page by page."""
    ask = {
        "usd-m futures": client.fapiPrivateGetIncome,
        "coin-m futures": client.dapiPrivateGetIncome,
    }
    rows: list[Row] = []
    for window in windows(lambda params: params, 360):
        for page in range(1, 100):
            found = ask[wallet]({**window, "limit": 1000, "page": page})
            rows += [{**row, "wallet": wallet} for row in found]
            if len(found) < 1000:
                break
    return rows


def binance_fills(client: Any, income: list[Row]) -> list[Row]:
    """The trades of all contracts that income names."""
    ask = {
        "usd-m futures": client.fapiPrivateGetUserTrades,
        "coin-m futures": client.dapiPrivateGetUserTrades,
    }
    named = {(row["wallet"], row["symbol"]) for row in income if row["symbol"]}
    return [
        {**row, "contract": True}
        for wallet, symbol in sorted(named)
        for row in ask[wallet]({"symbol": symbol, "fromId": 0, "limit": 1000})
    ]


def binance_records(client: Any, symbols: list[str]) -> dict[str, list[Row]]:
    """Every record of an account, by kind."""
    wallets = ("usd-m futures", "coin-m futures")
    income = [row for wallet in wallets for row in binance_income(client, wallet)]
    spot = [row for symbol in symbols for row in binance_trades(client, symbol)]
    return {
        "trades": spot + binance_fills(client, income),
        "ledger": income,
        "deposits": [r for p in windows(client.sapiGetCapitalDepositHisrec, 90) for r in p],
        "withdrawals": [r for p in windows(client.sapiGetCapitalWithdrawHistory, 90) for r in p],
        "rewards": [
            row
            for page in windows(
                lambda params: client.sapiGetAssetAssetDividend(params | {"limit": 500}), 180
            )
            for row in page["rows"]
        ],
        "transfers": [row for way in BINANCE_WAYS for row in binance_transfers(client, way)],
    }


def binance_sums(records: dict[str, list[Row]], markets: dict[str, tuple[str, str]]) -> Sums:
    """Balances by wallet and asset as the records tell them."""
    sums: Sums = defaultdict(Decimal)
    with localcontext() as context:
        context.prec = 60
        for row in records["ledger"]:
            sums[row["wallet"], row["asset"]] += Decimal(row["income"])
        for row in (row for row in records["trades"] if "contract" not in row):
            base, quote = markets[row["symbol"]]
            sign = 1 if row["isBuyer"] else -1
            sums["spot", base] += sign * Decimal(row["qty"])
            sums["spot", quote] -= sign * Decimal(row["quoteQty"])
            sums["spot", row["commissionAsset"]] -= Decimal(row["commission"])
        for row in records["deposits"]:
            if row["status"] in (1, 6):
                sums[_wallet(row), row["coin"]] += Decimal(row["amount"])
        for row in records["withdrawals"]:
            if row["status"] == 6:
                paid = Decimal(row["amount"]) + Decimal(row["transactionFee"])
                sums[_wallet(row), row["coin"]] -= paid
        for row in records["rewards"]:
            sums["spot", row["asset"]] += Decimal(row["amount"])
        for row in records["transfers"]:
            if row["status"] == "CONFIRMED":
                source, target = BINANCE_WAYS[row["type"]]
                sums[source, row["asset"]] -= Decimal(row["amount"])
                sums[target, row["asset"]] += Decimal(row["amount"])
    return defaultdict(Decimal, {place: sum_ for place, sum_ in sums.items() if place[0]})


def _wallet(row: Row) -> str:
    return "funding" if row["walletType"] == 1 else "spot"


def kraken_pages(method: Callable[[Row], Any], name: str, **params: Any) -> dict[str, Row]:
    """All rows of a list that is paged by offset, within a fixed end."""
    rows: dict[str, Row] = {}
    end = int(datetime.now(UTC).timestamp()) + 1
    for offset in range(0, 100_000, 50):
        result = method({"ofs": offset, "end": end, **params})["result"]
        rows |= result[name]
        if offset + 50 >= result["count"]:
            return rows
    raise AssertionError("the pages have no end")


def kraken_funding(method: Callable[[Row], Any], name: str) -> list[Row]:
    """All deposits or withdrawals, by cursor."""
    rows: list[Row] = []
    cursor: object = "true"
    while cursor:
        result = method({"cursor": cursor, "limit": 7})["result"]
        rows += result[name]
        cursor = result["next_cursor"]
    return rows


def kraken_sums(ledger: dict[str, Row]) -> defaultdict[str, Decimal]:
    """Balances by Kraken's codes as the ledger tells them."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in ledger.values():
        sums[row["asset"]] += Decimal(row["amount"]) - Decimal(row["fee"])
    return sums


def written(sums: Sums) -> dict[str, dict[str, str]]:
    """Balances as the statement writes them."""
    result: dict[str, dict[str, str]] = {}
    for (wallet, asset), quantity in sums.items():
        if quantity:
            result.setdefault(wallet, {})[asset] = f"{quantity.normalize():f}"
    return result
