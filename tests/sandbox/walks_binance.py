"""Reads what a Binance account did beside spot trading, through ccxt, and sums what it says."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from typing import Any

from tests.sandbox.walks import START, Sums, windows

Row = dict[str, Any]
SIZE = 100


def paged(ask: Callable[[Row], Any], params: Row, size: int = SIZE) -> Iterator[Row]:
    """All rows of one window whose pages have numbers."""
    seen = 0
    for current in range(1, 1_000):
        answer = ask(params | {"current": current, "size": size})
        yield from answer["rows"]
        seen += len(answer["rows"])
        if seen >= answer["total"]:
            return


def _listed(ask: Callable[[Row], Any], days: int, **more: Any) -> list[Row]:
    def window(params: Row) -> list[Row]:
        return list(paged(ask, params | more))

    return [row for rows in windows(window, days) for row in rows]


def places(client: Any) -> list[Row]:
    """What names each margin account in a request; none if there is no margin."""
    pairs = [row["symbol"] for row in client.sapiGetMarginIsolatedAccount()["assets"]]
    return [{}, *({"isolatedSymbol": pair} for pair in pairs)] if pairs else []


def margin(client: Any, symbols: list[str]) -> dict[str, list[Row]]:
    """Every margin record, each with its wallet."""
    found: dict[str, list[Row]] = defaultdict(list)
    for place in places(client):
        pair = place.get("isolatedSymbol")
        wallet = {"wallet": "isolated margin" if pair else "cross margin"}
        lists: tuple[tuple[str, Callable[[Row], Any], int, Row], ...] = (
            ("interest", client.sapiGetMarginInterestHistory, 30, {}),
            ("transfers", client.sapiGetMarginTransfer, 30, {}),
            ("liquidations", client.sapiGetMarginForceLiquidationRec, 90, {}),
            ("ledger", client.sapiGetMarginBorrowRepay, 7, {"type": "BORROW"}),
            ("ledger", client.sapiGetMarginBorrowRepay, 7, {"type": "REPAY"}),
        )
        for kind, ask, days, more in lists:
            found[kind] += [row | wallet for row in _listed(ask, days, **more, **place)]
        for symbol in [pair] if pair else symbols:
            params = {"symbol": symbol, "isIsolated": "TRUE" if pair else "FALSE"}
            rows = client.sapiGetMarginMyTrades(params | {"fromId": 0, "limit": 1000})
            found["trades"] += [row | wallet for row in rows]
    return found


def earn(client: Any) -> dict[str, list[Row]]:
    """Every record of earn, conversions, dust, banks and payments that no other list tells."""
    quarter = 90
    found: dict[str, list[Row]] = {}
    for way, name in (("in", "Subscription"), ("out", "Redemption")):
        found[f"earn {way}"] = [
            row
            for product in ("Flexible", "Locked")
            for row in _listed(
                getattr(client, f"sapiGetSimpleEarn{product}History{name}Record"), quarter
            )
        ]
    rewards = client.sapiGetSimpleEarnFlexibleHistoryRewardsRecord
    found["rewards"] = _listed(rewards, quarter, type="REALTIME")
    flow = windows(lambda p: client.sapiGetConvertTradeFlow(p | {"limit": 1000}), 30)
    found["conversions"] = [row for page in flow for row in page["list"]]
    found["dust"] = [
        row
        for account in ("SPOT", "MARGIN")
        for row in client.sapiGetAssetDribblet({"accountType": account})["userAssetDribblets"]
    ]
    for kind, ask in (
        ("orders", client.sapiGetFiatOrders),
        ("payments", client.sapiGetFiatPayments),
    ):
        for code in ("0", "1"):
            params = {"transactionType": code, "beginTime": START, "rows": 500}
            found[f"{kind} {code}"] = ask(params)["data"]
    pay = windows(client.sapiGetPayTransactions, 90)
    found["pay"] = [row for page in pay for row in page["data"]]
    return found


def counts(of_margin: dict[str, list[Row]], of_earn: dict[str, list[Row]]) -> dict[str, int]:
    """How many records of each kind these are."""
    kinds = {
        "trades": [*of_margin["trades"]],
        "ledger": of_margin["ledger"],
        "interest": of_margin["interest"],
        "liquidations": of_margin["liquidations"],
        "transfers": [
            *(of_margin["transfers"] + of_earn["earn in"] + of_earn["earn out"] + of_earn["pay"])
        ],
        "rewards": of_earn["rewards"],
        "conversions": [*(of_earn["conversions"] + of_earn["payments 0"] + of_earn["payments 1"])],
        "dust": of_earn["dust"],
        "deposits": of_earn["orders 0"],
        "withdrawals": of_earn["orders 1"],
    }
    return {kind: len(rows) for kind, rows in kinds.items()}


def add_margin(sums: Sums, records: dict[str, list[Row]], markets: dict[str, Any]) -> None:
    """Add what margin records say: trades, interest, transfers; loans change nothing."""
    with localcontext() as context:
        context.prec = 60
        for row in records["trades"]:
            base, quote = markets[row["symbol"]]
            sign = 1 if row["isBuyer"] else -1
            sums[row["wallet"], base] += sign * Decimal(row["qty"])
            sums[row["wallet"], quote] -= sign * Decimal(row["qty"]) * Decimal(row["price"])
            sums[row["wallet"], row["commissionAsset"]] -= Decimal(row["commission"])
        for row in records["interest"]:
            sums[row["wallet"], row["asset"]] -= Decimal(row["interest"])
        for row in records["transfers"]:
            if row["status"] != "CONFIRMED":
                continue
            sign = 1 if row["type"] == "ROLL_IN" else -1
            sums[row["wallet"], row["asset"]] += sign * Decimal(row["amount"])
            if "SPOT" in (row["transFrom"], row["transTo"]):
                sums["spot", row["asset"]] -= sign * Decimal(row["amount"])


def add_earn(sums: Sums, records: dict[str, list[Row]]) -> None:
    """Add what the other records say."""
    with localcontext() as context:
        context.prec = 60
        for row in records["earn in"]:
            funding = Decimal(row.get("amtFromFunding", 0))
            sums["earn", row["asset"]] += Decimal(row["amount"])
            sums["funding", row["asset"]] -= funding
            sums["spot", row["asset"]] -= Decimal(row["amount"]) - funding
        for row in records["earn out"]:
            wallet = row.get("destAccount", "SPOT").lower()
            sums[wallet, row["asset"]] += Decimal(row["amount"])
            sums["earn", row["asset"]] -= Decimal(row.get("originalAmount") or row["amount"])
        for row in records["rewards"]:
            sums["earn", row["asset"]] += Decimal(row["rewards"])
        for row in records["conversions"]:
            if row["orderStatus"] == "SUCCESS":
                sums["spot", row["fromAsset"]] -= Decimal(row["fromAmount"])
                sums["spot", row["toAsset"]] += Decimal(row["toAmount"])
        for row in records["pay"]:
            wallet = "funding" if str(row["walletType"]) == "1" else "spot"
            sums[wallet, row["currency"]] += Decimal(row["amount"])
        _add_dust(sums, records["dust"])
        _add_bank(sums, records)


def _add_dust(sums: Sums, rows: list[Row]) -> None:
    for row in rows:
        # Only the margin account's dust has LINK and ETH at once.
        coins = {part["fromAsset"] for part in row["userAssetDribbletDetails"]}
        wallet = "cross margin" if coins == {"LINK", "ETH"} else "spot"
        for part in row["userAssetDribbletDetails"]:
            sums[wallet, part["fromAsset"]] -= Decimal(part["amount"])
            sums[wallet, "BNB"] += Decimal(part["transferedAmount"])


def _add_bank(sums: Sums, records: dict[str, list[Row]]) -> None:
    for row in records["orders 0"]:
        if row["status"] == "Successful":
            sums["spot", "EUR"] += Decimal(row["amount"])
    for row in records["orders 1"]:
        sums["spot", "EUR"] -= Decimal(row["indicatedAmount"])
    for row in records["payments 0"]:
        sums["spot", row["cryptoCurrency"]] += Decimal(row["obtainAmount"])
        if row["paymentMethod"] == "Cash Balance":
            sums["spot", "EUR"] -= Decimal(row["sourceAmount"])
    for row in records["payments 1"]:
        sums["spot", row["cryptoCurrency"]] -= Decimal(row["sourceAmount"])
        sums["spot", "EUR"] += Decimal(row["obtainAmount"])
