"""What BingX's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from portfolio.engine.types import (
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    ReportedPosition,
    TransactionKind,
)
from portfolio.exchanges import exact
from portfolio.exchanges.errors import GatewayError
from portfolio.exchanges.normalisers.bingx import from_double
from portfolio.exchanges.profile import MarketRow
from portfolio.exchanges.profiles import bingx as profile
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, sample
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2024, 2, 1, tzinfo=UTC)
API = "/bingx/openApi"
TRADES = StreamSpec(
    "trades:BTC-USDT",
    RecordKind.TRADES,
    {"symbol": "BTC-USDT", "base": "BTC", "quote": "USDT"},
)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
FILLS = StreamSpec("fills", RecordKind.TRADES)
TRANSFERS = StreamSpec(
    "transfers:spot:USDTMPerp", RecordKind.TRANSFERS, {"from": "spot", "to": "USDTMPerp"}
)


@pytest.fixture
def bingx(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bingx", CREDENTIALS)


def fetch(
    client: ExchangeClient, stream: StreamSpec, now: datetime = NOW
) -> dict[str, FetchedRecord]:
    """Walk a stream to its end, each record once."""
    found: dict[str, FetchedRecord] = {}
    cursor: dict[str, object] = {}
    while True:
        page = client.fetch_page(stream, cursor, now=now)
        found.update((record.external_id, record) for record in page.records)
        if page.is_last:
            return found
        cursor = page.cursor


def only(client: ExchangeClient, stream: StreamSpec, now: datetime = NOW) -> FetchedRecord:
    (record,) = fetch(client, stream, now).values()
    return record


normalise = partial(normalised, "bingx")


def test_trades_from_before_the_spot_account_are_the_fund_account_s(
    stub: Stub, bingx: ExchangeClient
) -> None:
    text = sample("bingx", "my_trades")
    stub.answers(f"{API}/spot/v1/trade/myTrades", text)
    records = fetch(bingx, TRADES)
    assert list(records) == ["36767057", "36767058"]
    rows = exact.elements(text, "data", "fills")
    assert [record.body for record in records.values()] == [row.text for row in rows]
    event = normalise(TRADES, rows[1].text)
    assert event.key == "trade:BTC-USDT:36767058"
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2024, 1, 11, 8, 32, 5, tzinfo=UTC)
    assert event.movements == (
        Movement("funding", "BTC", Decimal("0.0003844")),
        Movement("funding", "USDT", Decimal("-17.997667582")),
        Movement("funding", "BTC", Decimal("-1.2493E-7"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "BTC/USDT"
    assert (event.detail["side"], event.detail["role"]) == ("buy", "taker")


def test_later_trades_are_the_spot_account_s_and_floats_lose_their_noise() -> None:
    body = exact.elements(sample("bingx", "my_trades_ltc"), "data", "fills")[0].text
    stream = StreamSpec("trades:LTC-USDT", RecordKind.TRADES, {"symbol": "LTC-USDT"})
    stream.scope.update(base="LTC", quote="USDT")
    event = normalise(stream, body.replace("1687964205000", "1741478400000"))
    assert event.movements == (
        Movement("spot", "LTC", Decimal("0.0582")),
        Movement("spot", "USDT", Decimal("-4.9988562")),
        Movement("spot", "LTC", Decimal("-0.0000582"), PostingRole.FEE),
    )
    sold = normalise(stream, body.replace('"isBuyer": true', '"isBuyer": false'))
    assert [m.amount for m in sold.movements[:2]] == [Decimal("-0.0582"), Decimal("4.9988562")]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("-0.00005820000000000001", "-0.0000582"),
        ("4.9988562000000005", "4.9988562"),
        ("45.733046995800514", "45.7330469958005"),
        ("123456789.123456", "123456789.123456"),
        (5, "5"),
        ("-1.2493e-7", "-1.2493e-7"),
    ],
)
def test_fifteen_digits_are_what_a_float_knows(told: str | int, meant: str) -> None:
    assert from_double(told) == Decimal(meant)


def test_trades_are_asked_for_by_id(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/v1/trade/myTrades", '{"code":0,"data":{"fills":[]}}')
    page = bingx.fetch_page(TRADES, {}, now=NOW)
    (asked,) = stub.asked
    assert asked.method == "GET"
    assert asked.headers["X-BX-APIKEY"] == API_KEY
    assert len(asked.parameters["signature"]) == 64
    assert asked.parameters["symbol"] == "BTC-USDT"
    assert (asked.parameters["fromId"], asked.parameters["limit"]) == ("0", "500")
    assert page.is_last
    assert page.covered is not None
    assert (NOW - page.covered[0]).days == 89  # no more than BingX was seen to keep


def test_a_deposit_s_coin_may_carry_its_network(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/api/v3/capital/deposit/hisrec", sample("bingx", "deposits"))
    record = only(bingx, DEPOSITS)
    assert record.external_id == "USDTTRC20:60*****1d:49999.00000000000000000000:1701557778000"
    event = normalise(DEPOSITS, record.body)
    assert event.occurred_at == datetime(2023, 12, 2, 22, 56, 18, tzinfo=UTC)
    assert event.movements == (Movement("funding", "USDT", Decimal(49999)),)
    assert event.detail["status"] == "completed"
    older = exact.elements(sample("bingx", "deposits_older"))[0].text
    paxg = normalise(DEPOSITS, older)
    assert paxg.movements == (Movement("funding", "PAXG", Decimal("0.009998")),)


@pytest.mark.parametrize(
    ("coin", "network", "asset"),
    [
        ("USDTERC20", "ERC20", "USDT"),
        ("ETH", "ETH", "ETH"),
        ("STETH", "ETH", "STETH"),
        ("ERC20", "ERC20", "ERC20"),
        ("BTC", "", "BTC"),
    ],
)
def test_only_a_network_is_cut_off_a_coin(coin: str, network: str, asset: str) -> None:
    body = exact.elements(sample("bingx", "deposits"))[0].text
    changed = body.replace("USDTTRC20", coin).replace('"TRC20"', f'"{network}"')
    assert normalise(DEPOSITS, changed).movements[0].asset == asset


@pytest.mark.parametrize(("status", "is_booked"), [(0, False), (1, True), (6, False), (9, False)])
def test_a_deposit_moves_only_what_is_completed(*, status: int, is_booked: bool) -> None:
    body = exact.elements(sample("bingx", "deposits"))[0].text
    event = normalise(DEPOSITS, body.replace('"status": 1', f'"status": {status}'))
    assert bool(event.movements) is is_booked


def test_a_withdrawal_takes_its_fee_in_addition(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/api/v3/capital/withdraw/history", sample("bingx", "withdrawals"))
    record = only(bingx, WITHDRAWALS)
    event = normalise(WITHDRAWALS, record.body)
    assert event.key == "withdrawal:125*****98"
    assert event.occurred_at == datetime(2023, 12, 13, 20, 5, 2, tzinfo=UTC)  # told in +08:00
    assert event.movements == (
        Movement("funding", "USDT", Decimal(-3500)),
        Movement("funding", "USDT", Decimal(-1), PostingRole.FEE),
    )
    assert event.detail["status"] == "completed"


@pytest.mark.parametrize(("status", "is_booked"), [(4, False), (5, False), (6, True), (7, False)])
def test_a_withdrawal_that_is_not_completed_moves_nothing(*, status: int, is_booked: bool) -> None:
    body = exact.elements(sample("bingx", "withdrawals_older"))[0].text
    event = normalise(WITHDRAWALS, body.replace('"status": 6', f'"status": {status}'))
    assert bool(event.movements) is is_booked


def test_a_transfer_leaves_the_perpetual_account_s_leg_to_its_income(
    stub: Stub, bingx: ExchangeClient
) -> None:
    stub.answers(f"{API}/api/v3/asset/transferRecord", sample("bingx", "transfers"))
    record = only(bingx, TRANSFERS, datetime(2025, 8, 1, tzinfo=UTC))
    asked = stub.asked[0].parameters
    assert (asked["fromAccount"], asked["toAccount"]) == ("spot", "USDTMPerp")
    assert (asked["pageIndex"], asked["pageSize"]) == ("1", "100")
    event = normalise(TRANSFERS, record.body)
    assert event.key == "transfer:1051461075661819338791"
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (Movement("spot", "LTC", Decimal("-0.05")),)
    other = normalise(
        LEDGER,
        '{"symbol":"","incomeType":"TRANSFER","income":"0.05","asset":"LTC","info":"Transfer",'
        '"time":1752202092000,"tranId":"1051461075661819338791","tradeId":""}',
    )
    assert (other.key, other.kind) == (event.key, event.kind)
    assert other.movements == (Movement("perpetual", "LTC", Decimal("0.05")),)
    moved = record.body.replace("USDTMPerp", "fund")
    assert normalise(TRANSFERS, moved).movements[1].wallet == "funding"
    assert normalise(TRANSFERS, moved.replace("CONFIRMED", "FAILED")).movements == ()


def test_a_funding_payment(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/swap/v2/user/income", sample("bingx", "income"))
    record = only(bingx, LEDGER)
    assert record.external_id.startswith("FUNDING_FEE:170***6*2_3*9_20***97:")
    event = normalise(LEDGER, record.body)
    assert event.kind is TransactionKind.FUNDING
    assert event.occurred_at == datetime(2023, 12, 16, 8, 0, 15, tzinfo=UTC)
    assert event.movements == (Movement("perpetual", "USDT", Decimal("-0.0292")),)
    assert event.detail["symbol"] == "LDO/USDT:USDT"


INCOME = {
    "REALIZED_PNL": (TransactionKind.REALISED_PNL, PostingRole.PRINCIPAL),
    "TRADING_FEE": (TransactionKind.FEE, PostingRole.FEE),
    "COMMISSION": (TransactionKind.FEE, PostingRole.FEE),
    "INSURANCE_CLEAR": (TransactionKind.LIQUIDATION, PostingRole.PRINCIPAL),
    "ADL": (TransactionKind.REALISED_PNL, PostingRole.PRINCIPAL),
    "SYSTEM_DEDUCTION": (TransactionKind.ADJUSTMENT, PostingRole.PRINCIPAL),
    "TRIAL_FUND": (TransactionKind.UNCLASSIFIED, PostingRole.PRINCIPAL),
    "SOMETHING_NEW": (TransactionKind.UNCLASSIFIED, PostingRole.PRINCIPAL),
}


@pytest.mark.parametrize(("name", "expected"), INCOME.items())
def test_every_type_of_income_keeps_its_movement(
    name: str, expected: tuple[TransactionKind, PostingRole]
) -> None:
    body = exact.elements(sample("bingx", "income"), "data")[0].text
    event = normalise(LEDGER, body.replace("FUNDING_FEE", name))
    assert event.movements == (Movement("perpetual", "USDT", Decimal("-0.0292"), expected[1]),)
    assert event.kind is expected[0]


def test_rows_of_one_transaction_are_told_apart() -> None:
    body = exact.elements(sample("bingx", "income"), "data")[0].text
    texts = [body.replace("FUNDING_FEE", name) for name in INCOME]
    rule = next(rule for rule in profile.PROFILE.streams if rule.family == "ledger")
    ids = {rule.external_id(exact.elements(f"[{text}]")[0]) for text in texts}
    assert len(ids) == len(INCOME)


def test_a_fill_is_evidence_only(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/swap/v2/trade/allFillOrders", sample("bingx", "fills"))
    record = only(bingx, FILLS)
    asked = stub.asked[0].parameters
    assert asked["tradingUnit"] == "COIN"
    assert int(asked["endTs"]) - int(asked["startTs"]) <= 7 * 86_400_000
    assert "symbol" not in asked
    event = normalise(FILLS, record.body)
    assert event.kind is TransactionKind.TRADE
    assert event.movements == ()
    assert event.occurred_at == datetime(2023, 12, 16, 20, 58, 36, tzinfo=UTC)
    assert event.detail["price"] == "3.1088"
    named = record.body.replace('"symbol"', '"tradeId": "77", "side": "SELL", "symbol"')
    fee = exact.elements(sample("bingx", "income"), "data")[0].text
    fee = fee.replace("FUNDING_FEE", "TRADING_FEE").replace("LDO-USDT", "WLD-USDT")
    booked = normalise(LEDGER, fee.replace("170***6*2_3*9_20***97", "77"))
    assert normalise(FILLS, named).key == booked.key == "fill:WLD-USDT:77"


def test_balances_of_three_wallets(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/v1/account/balance", sample("bingx", "spot_balance"))
    stub.answers(f"{API}/fund/v1/account/balance", sample("bingx", "fund_balance"))
    stub.answers(f"{API}/swap/v3/user/balance", sample("bingx", "perpetual_balance"))
    assert bingx.balances() == [
        ReportedBalance("spot", "USDT", Decimal("45.7330469958005")),
        ReportedBalance("funding", "USDT", Decimal("44.376922")),
        ReportedBalance("perpetual", "USDT", Decimal("194.8212")),
    ]


COIN_M = (
    '{"code":0,"msg":"","timestamp":1721191833813,"data":[{"asset":"SOL","balance":"0.35707951",'
    '"equity":"0.35791051","unrealizedProfit":"0.00083099"}]}'
)
STANDARD = (
    '{"code":0,"timestamp":1721192833454,"data":[{"asset":"USDT","balance":'
    '"4.72644300000000000000","crossWalletBalance":"4.72644300000000000000"}]}'
)


def test_balances_of_the_other_contracts(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/v1/account/balance", sample("bingx", "spot_balance"))
    stub.answers(f"{API}/swap/v3/user/balance", '{"code":0,"data":[]}')
    stub.answers(f"{API}/cswap/v1/user/balance", COIN_M)
    stub.answers(f"{API}/contract/v1/balance", STANDARD)
    assert bingx.balances()[1:] == [
        ReportedBalance("coin-m perpetual", "SOL", Decimal("0.35707951")),
        ReportedBalance("standard futures", "USDT", Decimal("4.726443")),
    ]


def test_open_positions_in_three_kinds_of_contracts(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/swap/v2/user/positions", sample("bingx", "positions"))
    stub.answers(f"{API}/cswap/v1/user/positions", sample("bingx", "positions_coin_m"))
    stub.answers(f"{API}/contract/v1/allPosition", sample("bingx", "positions_standard"))
    assert bingx.positions() == [
        ReportedPosition(
            wallet="perpetual",
            symbol="LTC-USDT",
            side="long",
            quantity=Decimal("0.1"),
            unit="LTC",
            entry_price=Decimal("83.53"),
            mark_price=Decimal("73.14"),
            price_asset="USDT",
            unrealised_pnl=Decimal("-1.0393"),
            settle_asset="USDT",
        ),
        ReportedPosition(
            wallet="coin-m perpetual",
            symbol="SOL-USD",
            side="long",
            quantity=Decimal(1),
            unit="contracts",
            entry_price=Decimal("158.63"),
            mark_price=Decimal("158.402"),
            price_asset="USD",
            unrealised_pnl=Decimal("-0.00009074"),
            settle_asset="SOL",
        ),
        ReportedPosition(
            wallet="standard futures",
            symbol="LTC/USDT",
            side="long",
            quantity=Decimal("1.20365912"),
            unit="LTC",
            entry_price=Decimal("83.13"),
            mark_price=Decimal("82.91"),
            price_asset="USDT",
            unrealised_pnl=Decimal("-0.264645"),
            settle_asset="USDT",
        ),
    ]


def test_short_positions_and_accounts_that_were_never_opened(
    stub: Stub, bingx: ExchangeClient
) -> None:
    shown = json.loads(sample("bingx", "positions"))
    (row,) = shown["data"]
    rows = [
        row | {"positionSide": "SHORT"},
        row | {"positionSide": "BOTH", "positionAmt": "-0.1"},
        row | {"positionAmt": "0"},
        row | {"symbol": "1000PEPE-USDT", "positionSide": "SHORT"},
    ]
    stub.answers(f"{API}/swap/v2/user/positions", json.dumps(shown | {"data": rows}))
    stub.answers(f"{API}/cswap/v1/user/positions", '{"code":100004,"msg":"Permission denied"}')
    stub.answers(f"{API}/contract/v1/allPosition", '{"code":80020,"msg":"no"}')
    found = bingx.positions() or []
    assert [(p.side, p.quantity) for p in found] == [("short", Decimal("0.1"))] * 3
    assert [p.unit for p in found] == ["LTC", "LTC", "contracts"]
    stub.answers(f"{API}/swap/v2/user/positions", '{"code":100004,"msg":"Permission denied"}')
    with pytest.raises(GatewayError):
        bingx.positions()


def test_a_fund_account_that_is_closed_to_readers_is_left_out(
    stub: Stub, bingx: ExchangeClient
) -> None:
    stub.answers(f"{API}/spot/v1/account/balance", sample("bingx", "spot_balance"))
    stub.answers(f"{API}/fund/v1/account/balance", '{"code":100004,"msg":"Permission denied"}')
    stub.answers(f"{API}/swap/v3/user/balance", sample("bingx", "perpetual_balance"))
    assert [balance.wallet for balance in bingx.balances()] == ["spot", "perpetual"]


def test_the_documented_key_may_move_funds(stub: Stub, bingx: ExchangeClient) -> None:
    stub.answers(f"{API}/v1/account/apiPermissions", sample("bingx", "permissions"))
    stub.answers(f"{API}/account/v1/uid", sample("bingx", "uid"))
    audit = bingx.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.dangerous == (
        "Spot Trading",
        "Perpetual Futures Trading",
        "Universal Transfer",
        "Sub-account Transfer",
    )
    assert audit.account_uid == "16844999"
    assert audit.ip_restricted is False
    assert audit.ip_allowlist == ()
    assert "zF*******zQ" not in audit.raw


CODES = {
    "2": Verdict.READ_ONLY,
    "1": Verdict.CAN_TRADE,
    "3": Verdict.CAN_TRADE,
    "4": Verdict.CAN_WITHDRAW,
    "5": Verdict.CAN_WITHDRAW,
    "6": Verdict.CAN_WITHDRAW,  # not documented
    "7": Verdict.CAN_WITHDRAW,
    "99": Verdict.CAN_WITHDRAW,
    '"2"': Verdict.READ_ONLY,
    '"trade"': Verdict.CAN_WITHDRAW,
}


@pytest.mark.parametrize(("code", "verdict"), CODES.items())
def test_each_right_is_judged(
    stub: Stub, bingx: ExchangeClient, code: str, verdict: Verdict
) -> None:
    data = f'{{"apiKey":"k","permissions":[{code}],"ipAddresses":["203.0.113.7"]}}'
    stub.answers(f"{API}/v1/account/apiPermissions", f'{{"code":0,"data":{data}}}')
    stub.answers(f"{API}/account/v1/uid", sample("bingx", "uid"))
    audit = bingx.audit()
    assert audit.verdict is verdict
    assert audit.ip_allowlist == ("203.0.113.7",)
    assert audit.missing == (() if verdict is Verdict.READ_ONLY else ("Read",))
    assert bool(audit.dangerous) is (verdict is not Verdict.READ_ONLY)


def test_the_clock_is_set_by_the_exchange_s(stub: Stub, bingx: ExchangeClient) -> None:
    ahead = 600_000
    stub.answers(
        f"{API}/swap/v2/server/time",
        lambda _: Reply(f'{{"code":0,"data":{{"serverTime":{_now() + ahead}}}}}'),
    )

    def reply(asked: Asked) -> Reply:
        close = abs(int(asked.parameters["timestamp"]) - _now() - ahead) < 5_000
        return Reply("[]" if close else '{"code":100421,"msg":"timestamp mismatch"}')

    stub.answers(f"{API}/api/v3/capital/deposit/hisrec", reply)
    assert bingx.fetch_page(DEPOSITS, {}, now=NOW).records == ()
    assert len(stub.asked) == 3


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def test_a_pair_that_is_not_there_rests(stub: Stub, bingx: ExchangeClient) -> None:
    path = f"{API}/spot/v1/trade/myTrades"
    for answer in (
        '{"code":100490,"msg":"spot trading pair is offline"}',
        '{"code":100400,"msg":"invalid symbol, send symbol like BTC-USDT"}',
        '{"code":100421,"msg":"This pair is currently restricted from API trading"}',
    ):
        stub.answers(path, answer)
        page = bingx.fetch_page(TRADES, {}, now=NOW)
        assert page.is_last
        assert page.covered is None
        assert "absent" in page.cursor


def test_pairs_and_ways_are_planned() -> None:
    markets = [
        MarketRow("BTC-USDT", "BTC", "USDT", trading=True),
        MarketRow("STRK-OLD-USDT", "STRK-OLD", "USDT", trading=True),
        MarketRow("ETH-BTC", "ETH", "BTC", trading=True),
    ]
    planned = profile.plan(frozenset({"BTC", "WAVES", "USDT"}), markets)
    trades = [s for s in planned if s.key.startswith("trades:")]
    assert [(s.key, "sweep" in s.scope) for s in trades] == [
        ("trades:BTC-USDT", False),
        ("trades:WAVES-USDT", True),
        ("trades:STRK-OLD-USDT", True),
        ("trades:ETH-BTC", True),
    ]
    ways = {s.key for s in planned if s.kind is RecordKind.TRANSFERS}
    assert {"transfers:fund:spot", "transfers:USDTMPerp:fund", "transfers:spot:coinMPerp"} <= ways
    assert len(ways) == 20
    assert len({s.key for s in planned}) == len(planned)


def test_candles_and_tickers_come_as_bare_numbers() -> None:
    klines = '{"code":0,"data":[[1702684800000,42216.29,42216.94,42216.29,42216.72,0.2,1,8548.46]]}'
    assert profile.read_klines(klines) == [
        (datetime(2023, 12, 16, tzinfo=UTC), Decimal("42216.72"))
    ]
    tickers = '{"code":0,"data":[{"symbol":"PEPE-USDT","lastPrice":9.1e-06}]}'
    assert profile.read_tickers(tickers) == {"PEPE-USDT": Decimal("9.1e-06")}
    markets = '{"code":0,"data":{"symbols":[{"symbol":"STRK-OLD-USDT","status":0}]}}'
    assert profile.read_markets(markets) == [
        MarketRow("STRK-OLD-USDT", "STRK-OLD", "USDT", trading=False)
    ]
