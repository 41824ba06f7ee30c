"""Bybit's logs of the unified and the funding account, in UTC, whole seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.generate.bybit_records import WORD, BybitAccount

_UNIFIED = ("Time", "Currency", "Contract", "Type", "Direction", "Quantity", "Position",
            "Filled Price", "Funding", "Fee Paid", "Cash Flow", "Change", "Wallet Balance",
            "Fee Rate", "Trade ID", "Order ID")  # fmt: skip
_FUNDING = ("Date & Time(UTC)", "Coin", "QTY", "Type", "Account Balance", "Description")


def unified(account: BybitAccount) -> Iterator[tuple[str, ...]]:
    """One row for each change; fees are below zero."""
    yield _UNIFIED
    for entry in account.log:
        row = entry.row
        fee = "0" if row["fee"] == "0" else f"-{row['fee']}".replace("--", "")
        yield (
            _time(int(row["transactionTime"]) // 1000), row["currency"], row["symbol"],
            row["type"], row["side"], row["qty"], row["size"], row["tradePrice"],
            row["funding"] or "0", fee, row["cashFlow"], row["change"], row["cashBalance"],
            row["feeRate"], row["tradeId"], row["orderId"],
        )  # fmt: skip


def funding(account: BybitAccount) -> Iterator[tuple[str, ...]]:
    """Changes of the funding account, with four decimals as the site shows them."""
    yield _FUNDING
    for entry in account.funding_log:
        row = entry.row
        sign = "-" if row["ioDirection"] == "O" else ""
        told = _time(int(row["createTime"])), row["currency"], f"{sign}{row['txnAmt']}"
        about = row["description"].removeprefix(WORD)
        yield (*told, row["showBusiTypeEn"], row["afterAmt"], about)


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
