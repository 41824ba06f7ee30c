"""Binance's transaction history and deposits: whole seconds of UTC, one row for each leg."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sandbox.amounts import exact, plain
from sandbox.generate.binance import COMPLETED, CREDITED, CREDITED_LOCKED, BinanceAccount
from sandbox.markets import BINANCE

Row = dict[str, Any]
Leg = tuple[int, str, str, str, Decimal]  # milliseconds, account, operation, coin, change
_HEADING = ("User_ID", "UTC_Time", "Account", "Operation", "Coin", "Change", "Remark")
_DEPOSITS = ("Date(UTC+0)", "Coin", "Network", "Amount", "Address", "TXID", "Status")
_ACCOUNTS = {0: "Spot", 1: "Funding"}


def statement(account: BinanceAccount) -> Iterator[tuple[str, ...]]:
    """The spot and funding wallets: margin, earn and futures are in files of their own here."""
    yield _HEADING
    for ms, place, operation, coin, change in sorted(_legs(account), key=itemgetter(0)):
        told = str(account.uid), _time(ms), place, operation, coin, plain(change), ""
        yield tuple(told)


def _legs(account: BinanceAccount) -> Iterator[Leg]:
    for symbol, rows in account.trades.items():
        for row in rows:
            yield from _trade(symbol, row)
    for row in account.deposits:
        if row["status"] in (CREDITED, CREDITED_LOCKED):
            place = _ACCOUNTS[row["walletType"]]
            yield row["insertTime"], place, "Deposit", row["coin"], Decimal(row["amount"])
    for row in account.withdrawals:
        if row["status"] == COMPLETED:
            with exact():
                change = -(Decimal(row["amount"]) + Decimal(row["transactionFee"]))
            place = _ACCOUNTS[int(row.get("walletType", 0))]
            yield _ms(row["applyTime"]), place, "Withdraw", row["coin"], change
    for row in account.dividends:
        word = "Launchpool Earnings Withdrawal"
        yield row["divTime"], "Spot", word, row["asset"], Decimal(row["amount"])
    for row in account.transfers:
        yield from _transfer(row)


def _trade(symbol: str, row: Row) -> Iterator[Leg]:
    market = BINANCE[symbol]
    base, quote = Decimal(row["qty"]), Decimal(row["quoteQty"])
    if row["isBuyer"]:
        legs = ("Transaction Buy", market.base, base), ("Transaction Spend", market.quote, -quote)
    else:
        legs = (
            ("Transaction Sold", market.base, -base),
            ("Transaction Revenue", market.quote, quote),
        )
    for operation, coin, change in legs:
        yield row["time"], "Spot", operation, coin, change
    fee = -Decimal(row["commission"])
    if fee:
        yield row["time"], "Spot", "Transaction Fee", row["commissionAsset"], fee


def _transfer(row: Row) -> Iterator[Leg]:
    if row["status"] != "CONFIRMED":
        return
    word, amount = "Transfer Between Main and Funding Wallet", Decimal(row["amount"])
    source, target = ("Spot", "Funding") if row["type"] == "MAIN_FUNDING" else ("Funding", "Spot")
    yield row["timestamp"], source, word, row["asset"], -amount
    yield row["timestamp"], target, word, row["asset"], amount


def deposits(account: BinanceAccount) -> Iterator[tuple[str, ...]]:
    """The list of deposits, with their transactions."""
    yield _DEPOSITS
    for row in account.deposits:
        status = "Completed" if row["status"] in (CREDITED, CREDITED_LOCKED) else "Pending"
        told = _time(row["insertTime"]), row["coin"], row["network"], plain(Decimal(row["amount"]))
        yield (*told, row["address"], row["txId"], status)


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000
