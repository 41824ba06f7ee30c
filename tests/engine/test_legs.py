"""What each leg of a transaction was worth."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money
from portfolio.engine.legs import Leg, Worth, worths
from portfolio.engine.moments import Found, Width

AT = datetime(2024, 5, 4, 12, 30, tzinfo=UTC)
EUR = Found(Decimal(1), "", AT, Width.MINUTE)


def found(price: str, source: str = "binance", width: Width = Width.DAY) -> Found:
    return Found(Decimal(price), source, AT, width)


def leg(text: str) -> Leg:
    """Reads "-0.5 BTC" or "-0.1 BNB fee"."""
    amount, asset, *fee = text.split()
    return Leg(asset, Decimal(amount), is_fee=bool(fee))


def of(*legs: str, **prices: Found) -> list[Worth]:
    return list(worths([leg(text) for text in legs], "EUR", {"EUR": EUR, **prices}.get))


def read(found: list[Worth]) -> list[str]:
    """Each worth as "value width source"."""
    return [
        "unknown"
        if worth.value is None or worth.found is None
        else f"{money.plain(worth.value)} {worth.found.width} {worth.found.source}".strip()
        for worth in found
    ]


def test_a_trade_for_the_currency_says_what_the_other_side_was_worth() -> None:
    got = of("2 BTC", "-90000 EUR", BTC=found("50000"))
    assert read(got) == ["90000 trade", "-90000 minute"]
    assert got[0].found is not None
    assert got[0].found.price == 45000


def test_a_price_is_not_needed_where_the_other_side_has_one() -> None:
    assert read(of("1000 NEWCOIN", "-50 EUR")) == ["50 trade", "-50 minute"]


@pytest.mark.parametrize(
    ("surer", "other"),
    [
        ({"USD": found("0.9", "ecb")}, {"USDT": found("0.95")}),
        ({"USDT": found("0.95")}, {"BTC": found("50000", width=Width.MINUTE)}),
        ({"BTC": found("50000")}, {"XYZ": found("2", width=Width.MINUTE)}),
        ({"XYZ": found("2", width=Width.HOUR)}, {"ABC": found("3")}),
        ({"XYZ": found("2")}, {"ABC": found("3", "own", Width.OWN)}),
    ],
)
def test_the_surer_side_says_what_a_trade_was_worth(
    surer: dict[str, Found], other: dict[str, Found]
) -> None:
    (sure, price), (less,) = next(iter(surer.items())), other
    first = of(f"-10 {sure}", f"7 {less}", **surer, **other)
    second = of(f"7 {less}", f"-10 {sure}", **surer, **other)
    assert first == second[::-1]
    assert [worth.value for worth in first] == [price.price * -10, price.price * 10]
    implied = first[1].found
    assert implied is not None
    assert (implied.width, implied.source) == (Width.TRADE, price.source)


def test_a_fee_is_worth_its_own_asset() -> None:
    got = of("1 BTC", "-100 EUR", "-0.5 BNB fee", BTC=found("90"), BNB=found("4"))
    assert read(got)[2] == "-2 day binance"


def test_a_fee_in_a_traded_asset_has_the_price_of_the_trade() -> None:
    assert read(of("1 BTC", "-100 EUR", "-0.01 BTC fee", BTC=found("90")))[2] == "-1 trade"


def test_a_rebate_is_worth_what_it_gives() -> None:
    assert read(of("1 BTC", "-100 EUR", "0.01 BTC fee"))[2] == "1 trade"


def test_what_is_no_trade_is_worth_its_price() -> None:
    assert read(of("3 DOT", DOT=found("4"))) == ["12 day binance"]
    moved = of("-1 BTC", "0.999 BTC", "-2 BTC fee", BTC=found("100"))
    assert read(moved) == ["-100 day binance", "99.9 day binance", "-200 day binance"]


def test_what_cannot_be_known_is_unknown() -> None:
    assert read(of("1 XYZ", "-2 ABC", "-1 EUR fee")) == ["unknown", "unknown", "-1 minute"]
    assert read(of("5 XYZ")) == ["unknown"]
    assert of("0 XYZ")[0].value == 0


def test_several_legs_of_an_asset_share_its_worth_exactly() -> None:
    got = of("1 BTC", "1 BTC", "1 BTC", "-100 EUR")
    assert money.total(worth.value for worth in got if worth.value is not None) == 0
    assert [money.plain(worth.value or money.ZERO)[:8] for worth in got[:3]] == ["33.33333"] * 3


def test_a_side_of_several_assets_is_shared_by_their_own_prices() -> None:
    got = of("-10 ABC", "-10 DOT", "100 EUR", ABC=found("1"), DOT=found("4"))
    assert read(got) == ["-20 trade", "-80 trade", "100 minute"]


def test_the_only_asset_without_a_price_takes_what_is_left() -> None:
    got = of("-10 ABC", "-10 DOT", "100 EUR", ABC=found("1"))
    assert read(got) == ["-10 day binance", "-90 trade", "100 minute"]
    too_dear = of("-10 ABC", "-10 DOT", "100 EUR", ABC=found("11"))
    assert read(too_dear) == ["-110 day binance", "unknown", "100 minute"]


AMOUNTS = st.decimals("0.000000000000000001", "1e15", allow_nan=False, places=18)


@given(
    gave=st.lists(AMOUNTS, min_size=1, max_size=4),
    took=st.lists(AMOUNTS, min_size=1, max_size=4),
    prices=st.lists(AMOUNTS, min_size=8, max_size=8),
    seed=st.integers(0, 10**6),
)
def test_the_sides_of_a_priced_trade_cancel_in_any_order(
    gave: list[Decimal], took: list[Decimal], prices: list[Decimal], seed: int
) -> None:
    legs = [Leg(f"G{n}", money.negate(amount)) for n, amount in enumerate(gave)]
    legs += [Leg(f"T{n}", amount) for n, amount in enumerate(took)]
    book = {leg.asset: found(str(price)) for leg, price in zip(legs, prices, strict=False)}
    got = dict(zip(legs, worths(legs, "EUR", book.get), strict=True))
    assert money.total(worth.value for worth in got.values() if worth.value is not None) == 0
    mixed = random.Random(seed).sample(legs, len(legs))
    assert dict(zip(mixed, worths(mixed, "EUR", book.get), strict=True)) == got
