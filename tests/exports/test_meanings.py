"""The finer meanings of rows: what a fee that comes alone is of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portfolio.exports.meanings import Meaning, of_fee
from tests.exports.builders import event


@pytest.mark.parametrize(
    ("wallet", "detail", "meaning"),
    [
        ("perpetual", {}, Meaning.MARGIN_FEE),
        ("usd-m futures", {}, Meaning.MARGIN_FEE),
        ("multi-collateral", {}, Meaning.MARGIN_FEE),
        ("unified", {"symbol": "BTCUSDT"}, Meaning.MARGIN_FEE),
        ("unified", {}, Meaning.FEE),
        ("spot", {"symbol": "BTCUSDT"}, Meaning.FEE),
    ],
)
def test_a_fee_alone_is_of_the_contract_where_there_is_one(
    wallet: str, detail: dict[str, str], meaning: Meaning
) -> None:
    paid = event("2024-06-04 00:02", "fee", "-2 USDT fee", key="F3")
    legs = tuple(replace(leg, wallet=wallet) for leg in paid.legs)
    assert of_fee(replace(paid, legs=legs, detail=detail))[0] is meaning
