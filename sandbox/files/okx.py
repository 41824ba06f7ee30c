"""OKX's histories of the trading and the funding account, in UTC, whole seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.amounts import exact, plain
from sandbox.generate.okx import OkxAccount

_TRADING = ("id", "Order id", "Time", "Trade Type", "Symbol", "Action", "Amount", "Trading Unit",
            "Filled Price", "PnL", "Fee", "Fee Unit", "Position Change", "Position Balance",
            "Balance Change", "Balance", "Balance Unit")  # fmt: skip
_FUNDING = ("id", "Time", "Type", "Amount", "Before Balance", "After Balance", "Symbol")
_ACTIONS = {"1": "Buy", "2": "Sell", "11": "Transfer in", "12": "Transfer out"}
_TYPES = {
    "1": "Deposit",
    "2": "Withdrawal",
    "13": "Canceled withdrawal",
    "48": "Activity rewards",
    "75": "Simple earn subscription",
    "76": "Simple earn redemption",
    "130": "From trading account",
    "131": "To trading account",
    "150": "Referral reward",
    "229": "Airdrop",
    "272": "Convert",
    "273": "Convert",
}


def trading(account: OkxAccount) -> Iterator[tuple[str, ...]]:
    """Bills of the trading account; those of contracts are not in it."""
    yield _TRADING
    for row in account.bills:
        is_trade = row["type"] == "2"
        yield (
            row["billId"], row["ordId"], _time(row["ts"]), "Spot" if is_trade else "Transfer",
            row["instId"], str(_ACTIONS.get(row["subType"], row["subType"])), row["sz"], row["ccy"],
            row["px"], row["pnl"], row["fee"], row["ccy"], row["posBalChg"], row["posBal"],
            row["balChg"], row["bal"], row["ccy"],
        )  # fmt: skip


def funding(account: OkxAccount) -> Iterator[tuple[str, ...]]:
    """Bills of the funding account."""
    yield _FUNDING
    for row in account.asset_bills:
        with exact():
            before = Decimal(row["bal"]) - Decimal(row["balChg"])
        told = row["billId"], _time(row["ts"]), str(_TYPES.get(row["type"], row["type"]))
        yield (*told, row["balChg"], plain(before), row["bal"], row["ccy"])


def _time(ms: str) -> str:
    return f"{datetime.fromtimestamp(int(ms) // 1000, UTC):%Y-%m-%d %H:%M:%S}"
