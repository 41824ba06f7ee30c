"""Binance's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells, told

STATEMENT = """
2022-05-01 00:00:00 reward | +2 LUNC spot
2024-03-01 10:00:00 trade | +0.5 ETH spot, -1700 USDT spot, fee -0.001 BNB spot
2024-03-01 10:00:00 trade | +3400 USDT cross margin, -1 ETH cross margin
2024-03-02 09:00:00 deposit | +0.5 BTC spot
2024-03-02 11:00:00 unclassified | -0.1 BTC spot
2024-03-02 11:30:00 unclassified | +1 DOT spot, +10 ADA spot, -12 EUR spot
2024-03-03 08:00:00 conversion | +0.003 BNB spot, -1 XRP spot, -3 TRX spot
2024-03-03 09:00:00 conversion | +0.5 SOL spot, -50 USDT spot
2024-03-04 00:00:00 transfer | +20 USDT earn, -20 USDT spot
2024-03-04 01:00:00 transfer | +0.5 SOL earn, -0.5 SOL spot
2024-03-04 02:00:00 transfer | +0.001 BNB earn, -0.001 BNB spot
2024-03-04 03:00:00 interest | +0.01 USDT spot
2024-03-04 03:00:00 interest | +0.01 USDT spot
2024-03-05 00:00:00 transfer | +500 USDT spot, -500 USDT funding
2024-03-05 01:00:00 fee | fee -0.1 USDT usd-m futures
2024-03-05 01:00:00 realised_pnl | -3 USDT usd-m futures
2024-03-05 08:00:00 funding | +0.2 USDT usd-m futures
2024-03-06 00:00:00 other |
2024-03-06 01:00:00 adjustment | -1 FOO spot
2024-03-07 00:00:00 unclassified | +7 BAR spot
2024-03-08 00:00:00 withdrawal | -0.5 BTC spot
line 39 left out: nothing stands in the row
line 37 not understood: UTC_Time is empty
line 38 not understood: Change: “1.0.0” is not an amount
"""


def test_the_statement_is_told_by_second_and_account() -> None:
    found = tells("binance", "statement.csv", STATEMENT)
    strange = next(
        event
        for event in found.events
        if event.kind == "unclassified" and event.movements[0].asset == "BAR"
    )
    assert strange.detail["type"] == "Quantum Harvest"
    loan = next(event for event in found.events if event.kind == "other")
    assert loan.detail["amount"] == "100 USDT"


def test_a_statement_in_a_zone_of_ones_own_is_read_in_the_zone_that_was_told() -> None:
    heading = "User ID,Time,Account,Operation,Coin,Change,Remark"
    text = f"{heading}\n7,24-03-01 10:00:00,Spot,Deposit,BTC,1,\n"
    found = told(text, zone="+03:00")
    assert found.events[0].occurred_at.isoformat() == "2024-03-01T07:00:00+00:00"
