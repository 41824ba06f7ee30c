"""Ghostfolio's CSV by its own rules: what it refuses, what it would misread, what a holding is."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

import pytest

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry, writing
from tests.exports.judges.lives import everything, tell

GHOSTFOLIO = registry.by_id("ghostfolio")
DOLLARS = ExportContext("USD", GHOSTFOLIO.symbols)


def rows(life: list[ExportTransaction], context: ExportContext = DOLLARS) -> list[dict[str, str]]:
    text = b"".join(writing.single(GHOSTFOLIO, life, context)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def codes(one: ExportTransaction, context: ExportContext = DOLLARS) -> set[str]:
    return set(GHOSTFOLIO.shortfalls(one, context))


def test_each_row_is_one_that_it_reads() -> None:
    for row in rows(everything()):
        assert row["Action"] in ("buy", "sell", "dividend", "fee", "interest")
        assert row["DataSource"] in ("COINGECKO", "YAHOO", "MANUAL")
        # All three must be numbers: an empty one is refused, and a sign is taken off.
        assert all(Decimal(row[name]) >= 0 for name in ("Price", "Quantity", "Fee"))
        assert datetime.fromisoformat(row["Date"]).tzinfo is not None
        assert len(row["Currency"]) == 3


def test_a_trade_between_coins_is_a_sale_and_a_purchase_of_the_same_worth() -> None:
    life = [tell("2024-05-02 11:30", "trade", "1 ETH", "-0.0625 BTC", "-0.01 BNB fee")]
    sold, bought, fee = rows(life)
    assert (sold["Code"], sold["Action"], sold["Quantity"]) == ("bitcoin", "sell", "0.0625")
    assert (bought["Code"], bought["Action"], bought["Quantity"]) == ("ethereum", "buy", "1")
    worth = [Decimal(row["Price"]) * Decimal(row["Quantity"]) for row in (sold, bought)]
    assert worth[0] == worth[1] == Decimal("2555")
    assert (sold["Fee"], fee["Code"], fee["Action"]) == ("3.066", "binancecoin", "sell")
    assert Decimal(fee["Price"]) * Decimal(fee["Quantity"]) == Decimal("3.066")


def test_income_is_a_dividend_that_was_bought_back() -> None:
    told = rows([tell("2024-06-01", "reward", "0.002 ETH")])
    assert [(row["Action"], row["Quantity"]) for row in told] == [
        ("dividend", "0.002"),
        ("buy", "0.002"),
    ]


def test_a_fee_of_its_own_is_no_holding() -> None:
    fee, sold = rows([tell("2024-06-01", "fee", "-2 USDT fee")])
    assert (fee["Action"], fee["DataSource"], fee["Quantity"]) == ("fee", "MANUAL", "0")
    assert (sold["Action"], sold["Code"], sold["Quantity"]) == ("sell", "tether", "2")
    assert Decimal(fee["Fee"]) == Decimal(sold["Price"]) * 2


def test_a_coin_without_a_name_at_coingecko_is_asked_of_yahoo() -> None:
    (row,) = rows([tell("2024-06-01", "trade", "5 $WEN", "-1 USD")])
    assert (row["DataSource"], row["Code"]) == ("YAHOO", "$WENUSD")


def test_holdings_are_the_ledgers_where_nothing_is_said_to_be_left_out() -> None:
    life = [one for one in everything() if not codes(one) - {"equal"}]
    assert len(life) > 15
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(life, ExportContext("USD")):  # without its own names of coins
        sign = {"buy": 1, "sell": -1}.get(row["Action"], 0)
        sums[row["Code"].removesuffix("USD")] += sign * Decimal(row["Quantity"])
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for leg in (leg for one in life for leg in one.legs if leg.asset not in ("USD", "EUR")):
        expected[leg.asset] += leg.amount
    assert {asset: amount for asset, amount in sums.items() if amount} == dict(expected)


@pytest.mark.parametrize(
    ("kind", "leg", "code"),
    [
        ("deposit", "1 BTC", "moved"),
        ("transfer", "-1 BTC", "moved"),
        ("realised_pnl", "-1 USDT", "contracts"),
        ("gift", "-1 BTC", "given"),
        ("reward", "1 NEVER", "unpriced"),
        ("adjustment", "1 BTC", "unclear"),
        ("trade", "1 BTC", "unclear"),
    ],
)
def test_what_it_cannot_express_is_left_out_and_named(kind: str, leg: str, code: str) -> None:
    one = tell("2024-06-01", kind, leg)
    assert not rows([one])
    assert codes(one) == {code}
    assert code in GHOSTFOLIO.lacks


def test_another_currency_is_warned_of() -> None:
    one = tell("2024-06-01", "trade", "1 BTC", "-40000 EUR", currency="EUR")
    assert codes(one, ExportContext("EUR")) == {"currency"}
