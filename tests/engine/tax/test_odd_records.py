"""Records of exchanges that are no plain trade: what the tax is told of each, and no more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from portfolio.engine.export import ExportLeg
from portfolio.engine.tax import compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.from_ledger import OUTSIDE, Assumed
from portfolio.engine.tax.settings import Scope
from tests.engine.tax.build import left, rows, settings
from tests.engine.tax.test_from_ledger import BOUGHT, other, told, translated

SWAP = {"symbol": "BTC-USDT-SWAP"}


def fee_in(wallet: str, amount: str = "-2", asset: str = "USDT") -> tuple[ExportLeg, ...]:
    (leg,) = told(1, "fee", f"{amount} {asset} =2 fee").legs
    return (replace(leg, wallet=wallet),)


@pytest.mark.parametrize(
    ("wallet", "detail", "is_contract"),
    [
        ("usd-m futures", {}, True),
        ("coin-m futures", SWAP, True),
        ("perpetual", {}, True),
        ("multi-collateral", {}, True),
        ("single-collateral BTC/USD", {}, True),
        ("unified", SWAP, True),
        ("trading", SWAP, True),
        ("unified", {}, False),
        ("spot", {"symbol": "BTC/USDT"}, False),
        ("cross margin", {"symbol": "BTCUSDT"}, False),
        ("isolated margin", {}, False),
    ],
)
def test_the_fee_of_opening_a_contract_is_on_its_schedule(
    wallet: str, detail: dict[str, str], is_contract: bool
) -> None:
    found, made = translated(told(1, "fee", detail=detail, legs=fee_in(wallet)))
    assert [(c.kind, c.value) for c in made.contracts] == (
        [("fee", Decimal(-2))] if is_contract else []
    )
    assert [row.kind for row in found] == (["sell"] if is_contract else ["fee"])


def test_fees_and_rebates_of_contracts_in_money_are_counted_too() -> None:
    _, made = translated(
        told(1, "fee", legs=fee_in("multi-collateral", "-2", "USD")),
        told(2, "fee", legs=fee_in("multi-collateral", "2", "USD")),
    )
    assert [c.value for c in made.contracts] == [-2, 2]


def test_coins_sold_by_force_are_sold() -> None:
    found, made = translated(
        BOUGHT, told(2, "liquidation", "-1 BTC =150", "160 USDT =150", "-2 USDT =1.9 fee")
    )
    assert [row.kind for row in found] == ["buy", "trade"]
    assert made.contracts == []
    assert rows(compute(settings(), found))[0] == ("1", "148.1", "100.5", "47.6", "lot")


def test_what_is_kept_of_income_in_the_same_coin_was_never_received() -> None:
    found, _ = translated(told(1, "reward", "0.5 ETH =50", "-0.1 ETH =10 fee"))
    outcome = compute(settings(), found)
    assert [(line.amount, line.value) for line in outcome.income] == [(Decimal("0.4"), Decimal(40))]
    assert left(outcome) == [("ETH", "0.4", "40")]
    assert rows(outcome) == []


def test_a_fee_of_income_in_another_coin_or_beyond_it_is_a_fee() -> None:
    for fee in ("-0.1 BNB =10 fee", "-0.6 ETH =60 fee"):
        found, _ = translated(told(1, "reward", "0.5 ETH =50", fee))
        assert [row.kind for row in found] == ["income", "fee"]


def test_a_fee_in_coins_for_changing_money_is_a_disposal() -> None:
    bnb = told(1, "trade", "1 BNB =300", "-300 EUR =300")
    found, _ = translated(
        bnb, told(2, "trade", "110 USD =100", "-100 EUR =100", "-0.1 BNB =40 fee")
    )
    assert rows(compute(settings(), found)) == [("0.1", "40", "30", "10", "lot")]


@pytest.mark.parametrize(
    ("legs", "cost"),
    [
        (("-1 EUR =1 fee",), "101"),
        (("-1 EUR =1 fee", "-2.2 USD =2 fee"), "103"),
        (("-0.1 BNB =40 fee", "-1 EUR =1 fee"), "141"),
        (("1 EUR =1 fee",), "100"),  # what the exchange pays for an order is income
    ],
)
def test_every_fee_of_a_purchase_is_in_its_cost(legs: tuple[str, ...], cost: str) -> None:
    bnb = told(1, "trade", "1 BNB =300", "-300 EUR =300")
    found, made = translated(bnb, told(2, "trade", "1 BTC =100", "-100 EUR =100", *legs))
    outcome = compute(settings(), found)
    assert dict((asset, paid) for asset, _, paid in left(outcome))["BTC"] == cost
    assert sums.income(outcome.income) == (1 if legs[0][0] != "-" else 0)
    assert made.assumptions == []


def test_every_fee_of_a_sale_is_taken_off() -> None:
    sold = told(2, "trade", "-1 BTC =150", "150 EUR =150", "-1 EUR =1 fee", "-2.2 USD =2 fee")
    found, _ = translated(BOUGHT, sold)
    assert rows(compute(settings(), found)) == [("1", "147", "100.5", "46.5", "lot")]


def test_a_rebate_in_money_alone_is_income() -> None:
    found, _ = translated(told(1, "fee", "3 EUR =3 fee"), told(2, "fee", "2 EUR =2"))
    assert [line.value for line in compute(settings(), found).income] == [3, 2]


def test_a_gift_costs_what_its_owner_says() -> None:
    gift = told(1, "gift", "1 ETH =30")
    no_cost = frozenset({"gift"})
    found, _ = translated(gift, at_no_cost=no_cost)
    assert left(compute(settings(), found)) == [("ETH", "1", "0")]
    found, _ = translated(gift, at_no_cost=no_cost, costs={1: Decimal(12)})
    assert left(compute(settings(), found)) == [("ETH", "1", "12")]


def test_what_was_locked_comes_back_with_its_lots() -> None:
    found, made = translated(
        BOUGHT,
        told(2, "other", "-1 BTC =150"),
        told(3, "other", "1.1 BTC =165"),
        told(4, "trade", "-1 BTC =200", "200 EUR =200"),
    )
    outcome = compute(settings(scope=Scope.PER_WALLET), found)
    assert rows(outcome) == [("1", "200", "100.5", "99.5", "lot")]
    assert {row.wallet for row in outcome.remaining} == {"A"}
    assert [(a.transaction, a.what, a.amount, a.value) for a in made.assumptions] == [
        (2, Assumed.UNCLEAR, Decimal(1), Decimal(150)),
        (3, Assumed.UNCLEAR, Decimal("0.1"), Decimal(15)),
    ]


def test_what_another_account_locked_does_not_come_back_here() -> None:
    found, _ = translated(
        BOUGHT, told(2, "other", "-1 BTC =150"), told(3, "other", "1 BTC =150", account="B")
    )
    outcome = compute(settings(scope=Scope.PER_WALLET), found)
    assert [(r.wallet, r.cost_basis) for r in outcome.remaining] == [
        ("A", Decimal("100.5")),
        ("B", Decimal(0)),
        (OUTSIDE, Decimal("100.5")),
    ]


SOLD = told(2, "trade", "-1 BTC =150")


def test_a_sale_whose_price_went_elsewhere_is_a_sale() -> None:
    found, made = translated(BOUGHT, SOLD)
    assert rows(compute(settings(), found)) == [("1", "150", "100.5", "49.5", "lot")]
    assert [(a.what, a.value) for a in made.assumptions] == [(Assumed.ONE_SIDED, Decimal(150))]
    found, made = translated(BOUGHT, SOLD, costs={2: Decimal(140)})
    assert rows(compute(settings(), found)) == [("1", "140", "100.5", "39.5", "lot")]
    assert made.assumptions == []


def test_what_was_paid_for_several_coins_is_paid_once() -> None:
    found, made = translated(told(1, "trade", "1 BTC =150", "1 ETH =50"), costs={1: Decimal(190)})
    assert left(compute(settings(), found)) == [("BTC", "1", "190"), ("ETH", "1", "0")]
    assert [a.asset for a in made.assumptions] == ["ETH"]


def test_money_received_is_no_coin_that_cost_nothing() -> None:
    kinds = frozenset({"airdrop", "reward"})
    found, _ = translated(told(1, "airdrop", "11 USD =10"), at_no_cost=kinds)
    outcome = compute(settings(), found)
    assert left(outcome) == []
    assert [line.value for line in outcome.income] == [10]


def test_the_first_coin_of_several_bears_the_fee() -> None:
    bnb = told(1, "trade", "1 BNB =300", "-300 EUR =300")
    several = ("2 BTC =200", "1 ETH =20", "-100 EUR =100", "-132 USD =120", "-0.1 BNB =40 fee")
    found, _ = translated(bnb, told(2, "trade", *several))
    outcome = compute(settings(), found)
    assert left(outcome) == [("BNB", "0.9", "270"), ("BTC", "2", "240"), ("ETH", "1", "20")]
    money = ("110 USD =100", "-60 EUR =60", "-32 GBP =40", "-0.1 BNB =40 fee")
    found, _ = translated(bnb, told(2, "trade", *money))
    assert rows(compute(settings(), found)) == [("0.1", "40", "30", "10", "lot")]


def test_what_arrives_before_it_left_is_there_to_be_sold() -> None:
    came = told(
        2, "deposit", "0.9 BTC =135", account="B", transfer=7, counterpart=other("A", "0.9")
    )
    sold = told(3, "trade", "-0.9 BTC =180", "180 EUR =180", account="B")
    fees = ("-0.9 BTC =135", "-0.1 BTC =15 fee")
    sent = told(4, "withdrawal", *fees, transfer=7, counterpart=other("B", "0.9"))
    found, made = translated(BOUGHT, came, sold, sent)
    outcome = compute(settings(scope=Scope.PER_WALLET), found)
    assert rows(outcome) == [
        ("0.9", "180", "90.45", "89.55", "lot"),
        ("0.1", "15", "10.05", "4.95", "lot"),
    ]
    assert [(r.wallet, r.amount) for r in outcome.remaining] == [("A", Decimal(1))]
    assert made.assumptions == []


def test_a_transfer_in_time_moves_nothing_twice() -> None:
    fees = ("-0.9 BTC =135", "-0.1 BTC =15 fee")
    sent = told(2, "withdrawal", *fees, transfer=7, counterpart=other("B", "0.9"))
    came = told(
        3, "deposit", "0.9 BTC =135", account="B", transfer=7, counterpart=other("A", "0.9")
    )
    found, _ = translated(BOUGHT, sent, came)
    assert [row.kind for row in found] == ["buy", "transfer"]
