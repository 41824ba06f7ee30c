"""Public prices: last ones, daily closes, pairs; and which streams Binance's pairs call for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portfolio.exchanges import registry
from portfolio.exchanges.errors import StreamUnavailable, TryAgain
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.profile import MarketRow
from portfolio.exchanges.profiles.binance_pairs import plan
from portfolio.exchanges.types import MarketDataClient
from tests.exchanges.stub import Asked, Reply, Stub

API, PUBLIC = "/binance/api/v3", "/kraken/0/public"
INFO = """{"symbols":[
{"symbol":"BTCEUR","status":"TRADING","baseAsset":"BTC","quoteAsset":"EUR"},
{"symbol":"ETHBTC","status":"BREAK","baseAsset":"ETH","quoteAsset":"BTC"}]}"""
PRICES = '[{"symbol":"BTCEUR","price":"91000.10000000"},{"symbol":"ETHBTC","price":"0.03"}]'
PAIRS = """{"error":[],"result":{
"XXBTZEUR":{"altname":"XBTEUR","wsname":"XBT/EUR","base":"XXBT","quote":"ZEUR","status":"online"},
"XETHXXBT":{"altname":"ETHXBT","base":"XETH","quote":"XXBT","status":"cancel_only"}}}"""
TICKER = """{"error":[],"result":{
"XXBTZEUR":{"a":["1","1","1"],"b":["1","1","1"],"c":["90999.90000","0.1"]},
"XETHXXBT":{"a":["1","1","1"],"b":["1","1","1"],"c":["0.03000","0.1"]}}}"""
DAY = 86_400_000


@pytest.fixture
def binance_prices(stub: Stub) -> MarketDataClient:
    stub.answers(f"{API}/exchangeInfo", INFO)
    stub.answers(f"{API}/ticker/price", PRICES)
    return registry.open_market_data("binance", base_url=f"{stub.url}/binance")


@pytest.fixture
def kraken_prices(stub: Stub) -> MarketDataClient:
    stub.answers(f"{PUBLIC}/AssetPairs", PAIRS)
    stub.answers(f"{PUBLIC}/Ticker", TICKER)
    return registry.open_market_data("kraken", base_url=f"{stub.url}/kraken")


def test_last_prices_of_what_trades(
    binance_prices: MarketDataClient, kraken_prices: MarketDataClient
) -> None:
    before = datetime.now(UTC)
    (ticker,) = binance_prices.tickers()
    assert (ticker.asset, ticker.currency, ticker.price) == ("BTC", "EUR", Decimal("91000.1"))
    assert before <= ticker.at <= datetime.now(UTC)
    (ticker,) = kraken_prices.tickers()
    assert (ticker.asset, ticker.currency, ticker.price) == ("BTC", "EUR", Decimal("90999.9"))
    assert binance_prices.markets() == kraken_prices.markets() == [("BTC", "EUR")]


def test_no_key_is_sent(stub: Stub, binance_prices: MarketDataClient) -> None:
    binance_prices.tickers()
    assert all("X-MBX-APIKEY" not in asked.headers for asked in stub.asked)


def test_closes_of_finished_days_page_by_page(stub: Stub, binance_prices: MarketDataClient) -> None:
    today = datetime.now(UTC).date()
    since = today - timedelta(days=2500)
    first = to_ms(datetime(since.year, since.month, since.day, tzinfo=UTC))

    def klines(asked: Asked) -> Reply:
        assert asked.parameters["interval"] == "1d"
        start, limit = int(asked.parameters["startTime"]), int(asked.parameters["limit"])
        days = range(max(start, first), to_ms(datetime.now(UTC)), DAY)[:limit]
        closes = {day: f"{(day - first) // DAY}.50" for day in days}
        rows = [f'[{day},"1","1","1","{close}",1,1]' for day, close in closes.items()]
        return Reply(f"[{','.join(rows)}]")

    stub.answers(f"{API}/klines", klines)
    closes = binance_prices.daily_closes("BTC", "EUR", since=since)
    assert [c.on for c in closes] == [since + timedelta(days=n) for n in range(2500)]
    assert [c.close for c in closes] == [Decimal(f"{n}.5") for n in range(2500)]
    assert sum(asked.path.endswith("klines") for asked in stub.asked) == 3


def test_kraken_s_closes_reach_as_far_as_one_answer(
    stub: Stub, kraken_prices: MarketDataClient
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    start = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [f'[{start + n * 86400},"1","1","1","{n}.25","1","1",1]' for n in (-1, 0, 1)]
    body = f'{{"error":[],"result":{{"XXBTZEUR":[{",".join(rows)}],"last":1}}}}'
    stub.answers(f"{PUBLIC}/OHLC", body)
    closes = kraken_prices.daily_closes("BTC", "EUR", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("0.25"))]
    assert stub.asked[-1].parameters["pair"] == "XXBTZEUR"


def test_a_pair_that_does_not_exist_is_said_so(binance_prices: MarketDataClient) -> None:
    with pytest.raises(StreamUnavailable, match="BTC/DOGE"):
        binance_prices.daily_closes("BTC", "DOGE", since=date(2026, 1, 1))


def test_an_odd_answer_is_tried_again(stub: Stub, binance_prices: MarketDataClient) -> None:
    stub.answers(f"{API}/ticker/price", '{"symbol": 1}')
    with pytest.raises(TryAgain):
        binance_prices.tickers()


MARKETS = [
    MarketRow("SOLUSDT", "SOL", "USDT", True),
    MarketRow("BTCEUR", "BTC", "EUR", True),
    MarketRow("DOGEBRL", "DOGE", "BRL", True),
    MarketRow("BTCUSDT", "BTC", "USDT", True),
    MarketRow("WAVESUSDT", "WAVES", "USDT", False),
]


def test_likely_pairs_come_first_and_the_rest_is_swept() -> None:
    streams = plan(frozenset({"BTC", "USDT", "OLD"}), MARKETS)
    keys = [stream.key for stream in streams]
    assert keys[:3] == ["deposits", "withdrawals", "rewards"]
    first = next(place for place, key in enumerate(keys) if key.startswith("trades:"))
    lists = {"transfers:MAIN_FUNDING", "transfers:CMFUTURE_MAIN", "usdm-income", "coinm-income"}
    assert lists < set(keys[:first])
    hot = [s.key for s in streams[first:] if "sweep" not in s.scope]
    assert hot == ["trades:BTCUSDT", "trades:BTCEUR"]
    assert keys[first : first + 2] == hot
    swept = keys[first + 2 :]
    assert swept[0] == "trades:BTCUSDT".replace("BTC", "OLD")  # may have been delisted
    assert {"trades:SOLUSDT", "trades:DOGEBRL", "trades:WAVESUSDT"} <= set(swept)
    assert "trades:OMGUSDT" in swept  # left Binance: no list has it any more
    assert len(keys) == len(set(keys))


def test_a_pair_becomes_hot_once_its_asset_is_known() -> None:
    before = {s.key: s for s in plan(frozenset({"USDT"}), MARKETS)}["trades:SOLUSDT"]
    after = {s.key: s for s in plan(frozenset({"USDT", "SOL"}), MARKETS)}["trades:SOLUSDT"]
    assert before.scope == {"symbol": "SOLUSDT", "base": "SOL", "quote": "USDT", "sweep": "yes"}
    assert after.scope == {"symbol": "SOLUSDT", "base": "SOL", "quote": "USDT"}
