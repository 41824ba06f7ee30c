"""Pairs that are listed no more, named after those that are."""

from __future__ import annotations

from typing import Any

from portfolio.exchanges import former


def listed(name: str, base: str, quote: str, **info: str) -> dict[str, Any]:
    ids = {"baseId": base, "quoteId": quote, "base": base.upper(), "quote": quote.upper()}
    symbol = f"{base.upper()}/{quote.upper()}"
    return {"id": name, "symbol": symbol, "spot": True, "active": True, "info": info, **ids}


def markets(*rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["symbol"]: row for row in rows}


PLAIN = markets(
    listed("ETHBTC", "ETH", "BTC", fee_currency="BTC", coin="ETH"),
    listed("BTCUSDT", "BTC", "USDT", fee_currency="USDT", coin="BTC"),
)
COINS = {code: {"id": code} for code in ("BTC", "ETH", "LUNA", "USDT")}


def test_a_name_comes_apart_as_the_listed_ones_do() -> None:
    made = former.by_id(PLAIN, COINS, "LUNABTC")
    assert made is not None
    assert (made["symbol"], made["base"], made["quote"]) == ("LUNA/BTC", "LUNA", "BTC")
    assert made["info"] == {"fee_currency": "BTC", "coin": "LUNA"}
    assert made["active"] is False


def test_a_coin_that_left_too_is_read_where_there_is_one_way_to() -> None:
    made = former.by_id(PLAIN, COINS, "GONEUSDT")
    assert made is not None
    assert made["symbol"] == "GONE/USDT"


def test_a_name_that_can_be_read_in_two_ways_is_left_alone() -> None:
    two = {**PLAIN, **markets(listed("XRPT", "XRP", "T"))}
    assert former.by_id(two, {}, "GONEUSDT") is None
    assert former.by_id(PLAIN, COINS, "nothing") is None


def test_a_pair_is_asked_for_by_the_name_it_would_have() -> None:
    dashed = markets(listed("btc-aud", "btc", "aud"))
    made = former.by_symbol(dashed, "OMG/AUD")
    assert made is not None
    assert (made["id"], made["symbol"]) == ("omg-aud", "OMG/AUD")
    assert former.by_symbol(dashed, "OMG/EUR") is None
