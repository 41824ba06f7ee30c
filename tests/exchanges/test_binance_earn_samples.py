"""What Binance's documentation shows of earn, conversions, dust, banks and Pay, read right."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine import money
from portfolio.engine.types import (
    Event,
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import exact, registry
from portfolio.exchanges.types import ExchangeClient, StreamSpec
from tests.exchanges.binance_lists import DAY, NOW, SAPI, Served, served, walked
from tests.exchanges.conftest import sample
from tests.exchanges.stub import Asked, Reply, Stub

FEE = PostingRole.FEE
Amounts = list[tuple[str, str, str]]


def told(key: str, name: str, *path: str, scope: Any = None, **changed: Any) -> Event:
    """What the first row of a sample says, some of its fields changed."""
    row = json.loads(exact.elements(sample("binance", name), *path)[0].text)
    stream = StreamSpec(key, RecordKind.TRANSFERS, scope or {})
    found = registry.normalise("binance", stream, json.dumps({**row, **changed}))
    assert found is not None
    return found


def moved(event: Event) -> Amounts:
    return [(m.wallet, m.asset, money.plain(m.amount)) for m in event.movements]


def flexible(way: str, name: str, **changed: Any) -> Event:
    return told(f"flexible-{way}", name, "rows", scope={"product": "flexible"}, **changed)


def locked_out(**changed: Any) -> Event:
    name = "earn_locked_out"
    return told("locked-out", name, "rows", scope={"product": "locked"}, **changed)


# --- simple earn -------------------------------------------------------------------------------


def test_a_subscription_leaves_the_wallets_that_gave_it() -> None:
    event = flexible("in", "earn_flexible_in")
    assert event.kind is TransactionKind.TRANSFER
    assert moved(event) == [
        ("earn", "USDT", "100"),
        ("spot", "USDT", "-30"),
        ("funding", "USDT", "-70"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"amtFromSpot": None, "amtFromFunding": None}, [("spot", "USDT", "-100")]),
        (
            {"sourceAccount": "FUNDING", "amtFromSpot": "0", "amtFromFunding": "0"},
            [("funding", "USDT", "-100")],
        ),
        ({"type": "LOAN"}, []),  # a loan's collateral comes back: it was in no wallet here
    ],
)
def test_where_a_subscription_comes_from(changed: dict[str, Any], expected: Amounts) -> None:
    event = flexible("in", "earn_flexible_in", **changed)
    assert moved(event) == [("earn", "USDT", "100"), *expected]


@pytest.mark.parametrize(
    "changed",
    [{"status": "PURCHASING"}, {"status": "FAILED"}, {"type": "CONVERT"}, {"type": "TRIAL"}],
)
def test_what_moves_nothing_between_wallets(changed: dict[str, Any]) -> None:
    assert flexible("in", "earn_flexible_in", **changed).movements == ()


def test_a_redemption() -> None:
    for account, wallet in (("SPOT", "spot"), ("FUNDING", "funding")):
        event = flexible("out", "earn_flexible_out", destAccount=account)
        assert moved(event) == [("earn", "USDT", "-10.54"), (wallet, "USDT", "10.54")]
    assert flexible("out", "earn_flexible_out", status="PENDING").movements == ()


def test_a_locked_product_that_ran_to_its_end() -> None:
    whole = "21312.23223"
    assert moved(locked_out()) == [("earn", "BNB", f"-{whole}"), ("spot", "BNB", whole)]
    assert locked_out(type="NEW_TRANSFERRED").movements == ()  # into a flexible product


def test_what_an_early_end_costs_is_a_fee() -> None:
    event = locked_out(type="AHEAD", amount="21312.23")
    assert moved(event) == [
        ("earn", "BNB", "-21312.23"),
        ("spot", "BNB", "21312.23"),
        ("earn", "BNB", "-0.00223"),
    ]
    assert event.movements[-1].role is FEE


def test_real_time_rewards_stay_in_earn() -> None:
    rows = exact.elements(sample("binance", "earn_flexible_rewards"), "rows")
    stream = StreamSpec("flexible-rewards", RecordKind.REWARDS, {"product": "flexible"})
    event = registry.normalise("binance", stream, rows[1].text)
    assert event is not None
    assert event.kind is TransactionKind.REWARD
    assert moved(event) == [("earn", "USDT", "0.00687654")]


def test_bonus_rewards_are_dividends_and_not_asked_for(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers(f"{SAPI}/simple-earn/flexible/history/rewardsRecord", '{"rows":[],"total":0}')
    stream = StreamSpec("flexible-rewards", RecordKind.REWARDS, {"product": "flexible"})
    walked(binance, stream)
    assert {asked.parameters["type"] for asked in stub.asked} == {"REALTIME"}


# --- positions ---------------------------------------------------------------------------------


def positions(count: int, field: str) -> Any:
    rows = [{"asset": f"A{number}", field: "1.5"} for number in range(count)]

    def answer(asked: Asked) -> Reply:
        size, current = (int(asked.parameters[name]) for name in ("size", "current"))
        page = rows[(current - 1) * size : current * size]
        return Reply(json.dumps({"rows": page, "total": count}))

    return answer


def test_positions_of_many_pages_are_the_earn_wallet(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers("/binance/api/v3/account", '{"balances":[]}')
    stub.answers(f"{SAPI}/asset/get-funding-asset", "[]")
    stub.answers(
        f"{SAPI}/simple-earn/flexible/position", sample("binance", "earn_flexible_position")
    )
    stub.answers(f"{SAPI}/simple-earn/locked/position", positions(203, "amount"))
    found = binance.balances()
    assert found[0] == ReportedBalance("earn", "USDT", Decimal("75.46"))
    assert {b.asset for b in found[1:]} == {f"A{number}" for number in range(203)}
    assert {b.wallet for b in found} == {"earn"}


# --- conversions, dust -------------------------------------------------------------------------


def test_a_conversion() -> None:
    event = told("conversions", "convert", "list")
    assert event.kind is TransactionKind.CONVERSION
    assert moved(event) == [("spot", "USDT", "-20"), ("spot", "BNB", "0.06154036")]
    assert told("conversions", "convert", "list", orderStatus="FAIL").movements == ()


@pytest.mark.parametrize(("account", "wallet"), [("SPOT", "spot"), ("MARGIN", "cross margin")])
def test_dust_with_what_went_into_it(account: str, wallet: str) -> None:
    event = told(f"dust:{account}", "dust", "userAssetDribblets", scope={"account": account})
    assert moved(event) == [
        (wallet, "USDT", "-0.0009"),
        (wallet, "BNB", "0.00045"),
        (wallet, "BNB", "-0.000009"),
        (wallet, "ETH", "-0.0009"),
        (wallet, "BNB", "0.00089955"),
        (wallet, "BNB", "-0.00001799"),
    ]
    fees = [m.amount for m in event.movements if m.role is FEE]
    assert money.total(fees) == Decimal("-0.00002699")  # totalServiceChargeAmount
    arrived = money.total(m.amount for m in event.movements if m.asset == "BNB")
    assert arrived == Decimal("0.00132256")  # totalTransferedAmount
    assert event.detail["coins"] == "USDT, ETH"


def test_dust_may_become_another_coin_than_bnb() -> None:
    part = {
        "transId": 1, "serviceChargeAmount": "0", "amount": "3", "operateTime": 1615985535000,
        "transferedAmount": "0.5", "fromAsset": "ADA", "targetAsset": "USDC",
    }  # fmt: skip
    changed = {"userAssetDribbletDetails": [part]}
    event = told("dust:SPOT", "dust", "userAssetDribblets", scope={"account": "SPOT"}, **changed)
    assert moved(event) == [("spot", "ADA", "-3"), ("spot", "USDC", "0.5")]


# --- banks, cards, Pay -------------------------------------------------------------------------


def test_a_bank_withdrawal_takes_the_fee_beside_its_amount() -> None:
    event = told("bank-out", "fiat_orders", "data", scope={"type": "1"})
    assert event.kind is TransactionKind.WITHDRAWAL
    assert moved(event) == [("spot", "GBP", "-28.49"), ("spot", "GBP", "-1.5")]  # 29.99 indicated


def test_a_bank_deposit_is_what_was_credited() -> None:
    event = told("bank-in", "fiat_orders", "data", scope={"type": "0"})
    assert event.kind is TransactionKind.DEPOSIT
    assert moved(event) == [("spot", "GBP", "28.49")]
    assert event.detail["fee"] == "1.50"


@pytest.mark.parametrize("status", ["Expired", "Processing", "Failed", "Refunded", "Refund Failed"])
def test_bank_money_that_did_not_come_moves_nothing(status: str) -> None:
    assert (
        told("bank-in", "fiat_orders", "data", scope={"type": "0"}, status=status).movements == ()
    )


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [  # of 2021, when LUNA was the coin that is LUNC now
        ("0", {}, []),  # the documentation's example failed
        ("0", {"status": "Completed"}, [("spot", "LUNC", "4.462")]),
        (
            "0",
            {"status": "Completed", "paymentMethod": "Cash Balance"},
            [("spot", "EUR", "-20"), ("spot", "LUNC", "4.462")],
        ),
        (
            "1",
            {"status": "Completed", "sourceAmount": "4", "obtainAmount": "19.5"},
            [("spot", "LUNC", "-4"), ("spot", "EUR", "19.5")],
        ),
    ],
)
def test_crypto_for_bank_money(kind: str, changed: dict[str, Any], expected: Amounts) -> None:
    event = told("payments:x", "fiat_payments", "data", scope={"type": kind}, **changed)
    assert moved(event) == expected
    if kind == "0" and len(expected) < 2:
        assert event.detail["paid"] == "20.0 EUR"


def test_money_received_by_pay_is_what_the_order_says() -> None:
    event = told("pay", "pay", "data")
    assert event.kind is TransactionKind.DEPOSIT
    assert moved(event) == [("funding", "BNB", "23.72469206")]


def test_money_paid_is_what_was_taken_from_each_wallet() -> None:
    event = told("pay", "pay", "data", amount="-23.72469206")
    assert event.kind is TransactionKind.WITHDRAWAL
    assert moved(event) == [
        ("funding", "USDT", "-0.6"),
        ("spot", "USDT", "-0.6"),
        ("funding", "ETH", "-0.00005"),
        ("spot", "ETH", "-0.00005"),
    ]


def test_money_paid_by_card_was_in_no_wallet() -> None:
    funds = [{"currency": "EUR", "amount": "5", "walletAssetCost": [{"4": "5"}]}]
    assert told("pay", "pay", "data", amount="-5", fundsDetail=funds).movements == ()
    bare = told("pay", "pay", "data", amount="-5", currency="EUR", fundsDetail=[], walletType=2)
    assert bare.movements == (Movement("spot", "EUR", Decimal(-5)),)


# --- whole walks -------------------------------------------------------------------------------

START = int(NOW.timestamp()) * 1000 - 300 * DAY
MOMENTS = [START + (number // 3) * DAY // 2 for number in range(420)]
# As many in one stretch as an answer without pages can hold, and two hundred more.
CROWD = [START + 40 * DAY + number * 60_000 for number in range(1_200)]
SIMPLE = "simple-earn/{}/history/{}Record"
EARNED = {"asset": "USDT", "amount": "1", "status": "SUCCESS"}
WALKS = {
    "flexible-in": Served(
        SIMPLE.format("flexible", "subscription"), "time", 90, row={**EARNED, "purchaseId": int}
    ),
    "flexible-out": Served(
        SIMPLE.format("flexible", "redemption"), "time", 90, row={**EARNED, "redeemId": int}
    ),
    "locked-in": Served(
        SIMPLE.format("locked", "subscription"), "time", 90, row={**EARNED, "purchaseId": str}
    ),
    "locked-out": Served(
        SIMPLE.format("locked", "redemption"), "time", 90, row={**EARNED, "redeemId": int}
    ),
    "flexible-rewards": Served(
        SIMPLE.format("flexible", "rewards"), "time", 90,
        row={"asset": str, "rewards": "1", "type": "REALTIME", "projectId": "USDT001"},
        asked={"type": "REALTIME"},
    ),
    "conversions": Served(
        "convert/tradeFlow", "createTime", 30, row={"orderId": int}, page="", size="limit",
        most=1_000, at="list",
    ),
    "dust:SPOT": Served(
        "asset/dribblet", "operateTime", 3_000, row={"transId": int}, page="", size="",
        at="userAssetDribblets", asked={"accountType": "SPOT"},
    ),
    "bank-in": Served(
        "fiat/orders", "createTime", 3_000, row={"orderNo": str}, page="page", size="rows",
        most=500, begin="beginTime", at="data", asked={"transactionType": "0"},
    ),
    "payments:sell": Served(
        "fiat/payments", "createTime", 3_000, row={"orderNo": str}, page="page", size="rows",
        most=500, begin="beginTime", at="data", asked={"transactionType": "1"},
    ),
    "pay": Served(
        "pay/transactions", "transactionTime", 90, row={"transactionId": str}, page="",
        size="limit", at="data",
    ),
}  # fmt: skip
SCOPES = {
    "dust:SPOT": {"account": "SPOT"},
    "bank-in": {"type": "0"},
    "payments:sell": {"type": "1"},
}


@pytest.mark.parametrize("key", WALKS)
def test_a_whole_walk_brings_every_row_once(stub: Stub, binance: ExchangeClient, key: str) -> None:
    stream = StreamSpec(key, RecordKind.TRANSFERS, SCOPES.get(key, {}))
    rows = served(stub, WALKS[key], sorted(MOMENTS + CROWD))
    assert walked(binance, stream) == rows
    assert walked(binance, stream) == rows
    assert all(len(asked.parameters["signature"]) == 64 for asked in stub.asked)
