"""Open positions as OKX and Bybit document them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import ReportedPosition
from portfolio.exchanges.errors import StreamUnavailable, TryAgain
from portfolio.exchanges.types import ExchangeClient
from tests.exchanges.conftest import CREDENTIALS, sample
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

OKX, BYBIT = "/okx/api/v5/account/positions", "/bybit/v5/position/list"


@pytest.fixture
def okx(stub: Stub) -> Iterator[ExchangeClient]:
    keys = {**CREDENTIALS, "password": "passphrase"}
    yield from opened(stub, "okx", keys)


@pytest.fixture
def bybit(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bybit", CREDENTIALS)


def test_the_documented_position_of_okx(stub: Stub, okx: ExchangeClient) -> None:
    stub.answers(OKX, sample("okx", "positions"))
    assert okx.positions() == [
        ReportedPosition(
            wallet="trading",
            symbol="ETH-USD-210430",
            side="long",
            quantity=Decimal(1),
            unit="contracts",
            entry_price=Decimal("2566.31"),
            mark_price=None,
            price_asset="USD",
            unrealised_pnl=Decimal("-0.0000009932766034"),
            settle_asset="ETH",
        )
    ]
    (asked,) = stub.asked
    assert asked.parameters == {}
    assert asked.headers["OK-ACCESS-SIGN"]


@pytest.mark.parametrize(
    ("fields", "side", "quantity", "currency", "settle"),
    [
        ({"instId": "BTC-USDT-SWAP", "pos": "3"}, "long", "3", "USDT", "USDT"),
        ({"instId": "BTC-USDT-SWAP", "pos": "-2.5"}, "short", "2.5", "USDT", "USDT"),
        ({"instId": "BTC-USDC-SWAP", "posSide": "short"}, "short", "1", "USDC", "USDC"),
        ({"instId": "BTC-USD-SWAP"}, "long", "1", "USD", "BTC"),
        ({"instId": "BTC-USDT_UM-SWAP"}, "long", "1", "USDT", "USDT"),
        (
            {"instId": "BTC-USD-270326-120000-C", "instType": "OPTION", "pos": "-4"},
            *("short", "4", "BTC", "BTC"),
        ),
    ],
)
def test_contracts_of_okx(
    stub: Stub,
    okx: ExchangeClient,
    fields: dict[str, str],
    side: str,
    quantity: str,
    currency: str,
    settle: str,
) -> None:
    row = {"instType": "SWAP", "pos": "1", "posSide": "net", "avgPx": "9", "markPx": "8.5"}
    stub.answers(OKX, json.dumps({"code": "0", "msg": "", "data": [{**row, "upl": "", **fields}]}))
    (position,) = okx.positions() or []
    assert (position.side, position.quantity) == (side, Decimal(quantity))
    assert (position.price_asset, position.settle_asset) == (currency, settle)
    assert (position.entry_price, position.mark_price) == (Decimal(9), Decimal("8.5"))
    assert position.unrealised_pnl is None  # unknown is not nothing


def test_what_is_no_open_contract_of_okx(stub: Stub, okx: ExchangeClient) -> None:
    margin = {"instType": "MARGIN", "instId": "BTC-USDT", "pos": "1", "posSide": "net"}
    closed = {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "pos": "0", "posSide": "long"}
    stub.answers(OKX, json.dumps({"code": "0", "msg": "", "data": [margin, closed]}))
    assert okx.positions() == []
    for text in ('{"code":"0","msg":""}', '{"code":"0","msg":"","data":[{"instType":"SWAP"}]}'):
        stub.answers(OKX, text)
        with pytest.raises(TryAgain):  # no list is not an empty list
            okx.positions()


def page(rows: list[dict[str, Any]], cursor: str) -> Reply:
    result = {"category": "linear", "list": rows, "nextPageCursor": cursor}
    return Reply(json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "time": 1}))


def test_the_documented_position_of_bybit(stub: Stub, bybit: ExchangeClient) -> None:
    def reply(asked: Asked) -> Reply:
        first = asked.parameters.get("settleCoin") == "USDT" and "cursor" not in asked.parameters
        return Reply(sample("bybit", "positions")) if first else page([], "")

    stub.answers(BYBIT, reply)
    assert bybit.positions() == [
        ReportedPosition(
            wallet="unified",
            symbol="ETHUSDT",
            side="long",
            quantity=Decimal("0.5"),
            unit="ETH",
            entry_price=Decimal("1073.85"),
            mark_price=Decimal("1080.65"),
            price_asset="USDT",
            unrealised_pnl=None,
            settle_asset="USDT",
        )
    ]
    asked = [asked.parameters for asked in stub.asked]
    cursor = "0:1657711949945,0:1657711949945"
    linear = {"category": "linear", "settleCoin": "USDT", "limit": "200"}
    assert asked == [
        linear,
        {**linear, "cursor": cursor},
        {**linear, "settleCoin": "USDC"},
        {"category": "inverse", "limit": "200"},
    ]


def row(symbol: str, **more: Any) -> dict[str, Any]:
    return {"symbol": symbol, "side": "Sell", "size": "2", "avgPrice": "10", **more}


def test_all_pages_of_bybit(stub: Stub, bybit: ExchangeClient) -> None:
    rows = [row(f"C{number}USDT") for number in range(450)]

    def reply(asked: Asked) -> Reply:
        if asked.parameters.get("settleCoin") != "USDT":
            return page([], "")
        start = int(asked.parameters.get("cursor", "0"))
        found = rows[start : start + int(asked.parameters["limit"])]
        return page(found, str(start + len(found)))  # the last page has one too

    stub.answers(BYBIT, reply)
    found = bybit.positions() or []
    assert [position.symbol for position in found] == [one["symbol"] for one in rows]
    assert len(stub.asked) == 4 + 2


@pytest.mark.parametrize(
    ("coin", "symbol", "unit", "currency", "settle"),
    [
        ("USDT", "1INCHUSDT", "1INCH", "USDT", "USDT"),
        ("USDT", "1000PEPEUSDT", "contracts", "USDT", "USDT"),
        ("USDT", "SHIB1000USDT", "contracts", "USDT", "USDT"),
        ("USDT", "BTCUSDT-27MAR26", "BTC", "USDT", "USDT"),
        ("USDC", "BTCPERP", "BTC", "USDC", "USDC"),
        ("USDC", "BTC-27MAR26", "BTC", "USDC", "USDC"),
        (None, "BTCUSD", "contracts", "USD", "BTC"),
        (None, "ETHUSDH27", "contracts", "USD", "ETH"),
    ],
)
def test_contracts_of_bybit(
    stub: Stub,
    bybit: ExchangeClient,
    coin: str | None,
    symbol: str,
    unit: str,
    currency: str,
    settle: str,
) -> None:
    def reply(asked: Asked) -> Reply:
        wanted = asked.parameters.get("settleCoin") == coin
        more = {"unrealisedPnl": "-1.83", "markPrice": "0"}
        return page([row(symbol, **more), row("X", size="0", side="")] if wanted else [], "")

    stub.answers(BYBIT, reply)
    (position,) = bybit.positions() or []
    assert (position.side, position.quantity, position.unit) == ("short", Decimal(2), unit)
    assert (position.price_asset, position.settle_asset) == (currency, settle)
    assert (position.mark_price, position.unrealised_pnl) == (None, Decimal("-1.83"))


def test_a_key_of_bybit_that_may_not_see_them(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(BYBIT, Reply('{"retCode":10005,"retMsg":"words","result":{},"time":1}'))
    with pytest.raises(StreamUnavailable):
        bybit.positions()
    stub.answers(BYBIT, Reply('{"retCode":0,"retMsg":"OK","result":{},"time":1}'))
    with pytest.raises(TryAgain):
        bybit.positions()
