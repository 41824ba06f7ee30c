"""Codes that an exchange gave to another coin: records and prices of before are the former's."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from portfolio.engine.exchange_codes import REUSED
from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind
from portfolio.exchanges import registry
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.types import StreamSpec
from tests.exchanges.stub import Asked, Reply, Stub

API = "/binance/api/v3"
DAY = 86_400_000
LUNA = StreamSpec(
    "trades:LUNAUSDT", RecordKind.TRADES, {"symbol": "LUNAUSDT", "base": "LUNA", "quote": "USDT"}
)


def trade(at: datetime) -> str:
    return json.dumps(
        {
            **{"symbol": "LUNAUSDT", "id": 1, "orderId": 2, "price": "80", "qty": "2"},
            **{"quoteQty": "160", "commission": "0.001", "commissionAsset": "LUNA"},
            **{"time": to_ms(at), "isBuyer": True, "isMaker": False},
        }
    )


@pytest.mark.parametrize(("on", "coin"), [(date(2022, 5, 1), "LUNC"), (date(2022, 5, 31), "LUNA")])
def test_a_record_names_the_coin_of_its_time(on: date, coin: str) -> None:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    event = registry.normalise("binance", LUNA, trade(at))
    assert event is not None
    assert [movement.asset for movement in event.movements] == [coin, "USDT", coin]


def test_prices_of_before_are_the_former_coin_s(stub: Stub) -> None:
    rows = [
        {"symbol": f"{code}USDT", "status": "TRADING", "baseAsset": code, "quoteAsset": "USDT"}
        for code in ("LUNA", "LUNC")
    ]
    stub.answers(f"{API}/exchangeInfo", json.dumps({"symbols": rows}))

    def klines(asked: Asked) -> Reply:
        """LUNAUSDT has days of both coins, LUNCUSDT begins after the change."""
        start = int(asked.parameters["startTime"])
        is_new = asked.parameters["symbol"] == "LUNCUSDT"
        first = to_ms(datetime(2022, 5, 30, tzinfo=UTC)) if is_new else start
        days = range(max(start, first), to_ms(datetime(2022, 6, 3, tzinfo=UTC)), DAY)
        close = "0.0001" if is_new else "80"
        return Reply(json.dumps([[day, "1", "1", "1", close, 1, 1] for day in days]))

    stub.answers(f"{API}/klines", klines)
    client = registry.open_market_data("binance", base_url=f"{stub.url}/binance")
    closes = client.daily_closes("LUNC", "USDT", since=date(2022, 5, 26))
    assert [(c.on.isoformat(), str(c.close)) for c in closes] == [
        ("2022-05-26", "80"),
        ("2022-05-27", "80"),
        *((f"2022-{day}", "0.0001") for day in ("05-30", "05-31", "06-01", "06-02")),
    ]
    closes = client.daily_closes("LUNA", "USDT", since=date(2022, 5, 26))
    assert closes[0].on == date(2022, 5, 28)
    # Hours of the former coin end where the code changes; the new one's begin there.
    hours = client.closes("LUNC", "USDT", Width.HOUR, datetime(2022, 5, 27, tzinfo=UTC))
    assert [(c.opened_at.day, str(c.close)) for c in hours] == [(27, "80")]
    assert client.closes("LUNA", "USDT", Width.HOUR, datetime(2022, 5, 27, tzinfo=UTC)) == []
    assert client.closes("LUNC", "USDT", Width.HOUR, datetime(2022, 5, 30, tzinfo=UTC))


def test_no_coin_takes_the_code_of_one_that_has_none_of_its_own() -> None:
    for (exchange, code), former in REUSED.items():
        assert (exchange, former.asset) not in REUSED, code
