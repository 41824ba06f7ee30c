"""What Kraken's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from portfolio.engine.types import (
    Event,
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import exact, registry
from portfolio.exchanges.normalisers import kraken as rules
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.sampled import normalised
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2023, 7, 10, 12, tzinfo=UTC)
PRIVATE = "/kraken/0/private"
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)


def fetch(client: ExchangeClient, stream: StreamSpec) -> list[FetchedRecord]:
    page = client.fetch_page(stream, {}, now=NOW)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "kraken")


def entry(**fields: str) -> Event:
    row = {
        "refid": "R1",
        "time": 1688464484.1787,
        "type": "trade",
        "subtype": "",
        "asset": "ZEUR",
        "amount": "1.5",
        "fee": "0",
        **fields,
    }
    event = registry.normalise("kraken", LEDGER, json.dumps({"L1": row}))
    assert event is not None
    return event


def test_ledger_entries(stub: Stub, kraken: ExchangeClient) -> None:
    text = sample("kraken", "ledgers")
    stub.answers(f"{PRIVATE}/Ledgers", text)
    records = fetch(kraken, LEDGER)
    assert [r.external_id for r in records] == ["L4UESK-KG3EQ-UFO4T5", "LMKZCZ-Z3GVL-CXKK4H"]
    (first, *_) = exact.elements(text, "result", "ledger")
    assert records[0].body == '{"L4UESK-KG3EQ-UFO4T5": ' + first.text + "}"
    event = normalise(LEDGER, records[0])
    assert event.key == "ledger:TJKLXF-PGMUI-4NTLXU"
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2023, 7, 4, 9, 54, 44, 178700, tzinfo=UTC)
    assert event.movements == (
        Movement("spot", "GBP", Decimal("-24.5")),
        Movement("spot", "GBP", Decimal("-0.049"), PostingRole.FEE),
    )
    assert normalise(LEDGER, records[1]).movements == (
        Movement("spot", "USD", Decimal("0.9852")),
        Movement("spot", "USD", Decimal("-0.001"), PostingRole.FEE),
    )


def test_a_request_is_signed_and_fixes_its_end(stub: Stub, kraken: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/Ledgers", sample("kraken", "ledgers"))
    fetch(kraken, LEDGER)
    (asked,) = stub.asked
    assert asked.method == "POST"
    assert asked.headers["API-Sign"]
    assert asked.parameters["end"] == str(int(NOW.timestamp()) + 1)  # the present second whole
    assert asked.parameters["ofs"] == "0"
    assert "start" not in asked.parameters


def test_a_withdrawal_in_the_ledger(stub: Stub, kraken: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/Ledgers", sample("kraken", "ledgers_withdrawal"))
    (record,) = fetch(kraken, LEDGER)
    event = normalise(LEDGER, record)
    assert event.kind is TransactionKind.WITHDRAWAL
    assert event.movements == (
        Movement("spot", "ETH", Decimal("-0.28058")),
        Movement("spot", "ETH", Decimal("-0.005"), PostingRole.FEE),
    )


def test_a_trade_explains_its_ledger_entries(stub: Stub, kraken: ExchangeClient) -> None:
    stream = StreamSpec("trades", RecordKind.TRADES)
    stub.answers(f"{PRIVATE}/TradesHistory", sample("kraken", "trades_history"))
    records = fetch(kraken, stream)
    event = normalise(stream, records[0])
    assert event.key == "ledger:THVRQM-33VKH-UCI7BS"
    assert event.movements == ()
    assert event.detail["symbol"] == "BTC/USD"
    assert event.detail["side"] == "buy"
    assert event.detail["price"] == "30010.00000"


def test_deposit_states(stub: Stub, kraken: ExchangeClient) -> None:
    stream = StreamSpec("deposits", RecordKind.DEPOSITS)
    text = sample("kraken", "deposit_status")
    stub.answers(f"{PRIVATE}/DepositStatus", text)
    records = fetch(kraken, stream)
    assert [r.body for r in records] == [row.text for row in exact.elements(text, "result")]
    event = normalise(stream, records[0])
    assert event.key == "ledger:FTQcuak-V6Za8qrWnhzTx67yYHz8Tg"
    assert event.kind is TransactionKind.DEPOSIT
    assert event.movements == ()
    assert event.detail["txid"].startswith("6544b41b")
    assert event.detail["address"] == "2Myd4eaAW96ojk38A2uDK4FbioCayvkEgVq"


def test_withdrawal_states_page_by_token(stub: Stub, kraken: ExchangeClient) -> None:
    stream = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
    first = sample("kraken", "withdraw_status")
    token = exact.loads(first)["result"]["next_cursor"]
    empty = '{"error":[],"result":{"withdrawals":[],"next_cursor":null}}'

    def reply(asked: Asked) -> Reply:
        return Reply(empty if asked.parameters["cursor"] == token else first)

    stub.answers(f"{PRIVATE}/WithdrawStatus", reply)
    page = kraken.fetch_page(stream, {}, now=NOW)
    assert not page.is_last
    assert [record.external_id for record in page.records] == ["BSNFZU2-MEFN4G-J3NEZV"]
    assert normalise(stream, page.records[0]).detail["network"] == "Tron"
    last = kraken.fetch_page(stream, page.cursor, now=NOW)
    assert last.is_last
    assert last.covered == (datetime(2011, 7, 1, tzinfo=UTC), NOW)
    assert [asked.parameters["cursor"] for asked in stub.asked] == ["true", token]


def test_a_dead_token_starts_the_stretch_anew(stub: Stub, kraken: ExchangeClient) -> None:
    stream = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
    stub.answers(f"{PRIVATE}/WithdrawStatus", '{"error":["EGeneral:Invalid arguments:cursor"]}')
    page = kraken.fetch_page(stream, {"v": 1, "end": 1688990000, "token": "old"}, now=NOW)
    assert page.records == ()
    assert not page.is_last
    assert page.cursor == {"v": 1, "end": 1688990000}


def test_balances_that_come_without_quotes(stub: Stub, kraken: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/BalanceEx", sample("kraken", "balance_ex"))
    assert kraken.balances() == [
        ReportedBalance("spot", "USD", Decimal("25435.21")),
        ReportedBalance("spot", "BTC", Decimal("1.2435")),
    ]


def test_balances_of_one_asset_in_one_wallet_are_summed(stub: Stub, kraken: ExchangeClient) -> None:
    names = {"DOT": "1", "DOT.S": "2", "DOT28.S": "3.5", "XBT.M": "4", "XBT.F": "5", "XXBT": "0.0"}
    rows = ",".join(f'"{n}":{{"balance":"{q}","hold_trade":"0"}}' for n, q in names.items())
    stub.answers(f"{PRIVATE}/BalanceEx", f'{{"error":[],"result":{{{rows}}}}}')
    assert kraken.balances() == [
        ReportedBalance("spot", "DOT", Decimal(1)),
        ReportedBalance("staking", "DOT", Decimal("5.5")),
        ReportedBalance("earn", "BTC", Decimal(9)),
    ]


@pytest.mark.parametrize(
    ("name", "code", "wallet"),
    [
        ("XXBT", "BTC", "spot"),
        ("XBT", "BTC", "spot"),
        ("ZEUR", "EUR", "spot"),
        ("XXDG", "DOGE", "spot"),
        ("XDG", "DOGE", "spot"),
        ("XETH", "ETH", "spot"),
        ("XTZ", "XTZ", "spot"),
        ("ZRX", "ZRX", "spot"),
        ("XBT.M", "BTC", "earn"),
        ("XBT.F", "BTC", "earn"),
        ("USDT.B", "USDT", "earn"),
        ("ETH2", "ETH", "spot"),
        ("ETH2.S", "ETH", "staking"),
        ("DOT28.S", "DOT", "staking"),
        ("SOL03.S", "SOL", "staking"),
        ("EUR.HOLD", "EUR", "hold"),
        ("1INCH", "1INCH", "spot"),
        ("C98.S", "C98", "staking"),
        ("LUNA", "LUNC", "spot"),
    ],
)
def test_names_of_assets(name: str, code: str, wallet: str) -> None:
    assert rules.asset(name) == (code, wallet)


@pytest.mark.parametrize(
    ("row_type", "subtype", "kind"),
    [
        ("trade", "", TransactionKind.TRADE),
        ("spend", "", TransactionKind.CONVERSION),
        ("receive", "", TransactionKind.CONVERSION),
        ("deposit", "", TransactionKind.DEPOSIT),
        ("withdrawal", "", TransactionKind.WITHDRAWAL),
        ("transfer", "spottostaking", TransactionKind.TRANSFER),
        ("transfer", "stakingfromspot", TransactionKind.TRANSFER),
        ("transfer", "spotfromfutures", TransactionKind.TRANSFER),
        ("transfer", "airdrop", TransactionKind.AIRDROP),
        ("transfer", "", TransactionKind.UNCLASSIFIED),
        ("staking", "", TransactionKind.REWARD),
        ("earn", "reward", TransactionKind.REWARD),
        ("earn", "autoallocation", TransactionKind.TRANSFER),
        ("adjustment", "", TransactionKind.ADJUSTMENT),
        ("something new", "", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_entries_and_none_is_dropped(
    row_type: str, subtype: str, kind: TransactionKind
) -> None:
    event = entry(type=row_type, subtype=subtype)
    assert event.kind is kind
    assert event.movements == (Movement("spot", "EUR", Decimal("1.5")),)


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("XXBTZEUR", ("BTC", "EUR")),
        ("DOTEUR", ("DOT", "EUR")),
        ("XBTUSDT", ("BTC", "USDT")),
        ("XETHXXBT", ("ETH", "BTC")),
        ("XDGUSD", ("DOGE", "USD")),
        ("USDTZUSD", ("USDT", "USD")),
        ("BTC/EUR", ("BTC", "EUR")),
        ("???", ("", "")),
    ],
)
def test_names_of_pairs(name: str, pair: tuple[str, str]) -> None:
    assert rules.pair(name) == pair


def test_the_documented_key_may_withdraw(stub: Stub, kraken: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/GetApiKeyInfo", sample("kraken", "api_key_info"))
    audit = kraken.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.dangerous == ("withdraw-funds", "modify-trades")
    assert audit.missing == ("query-closed-trades", "query-ledger")
    assert audit.account_uid == "AA88N84GWOAKNMOI"
    assert audit.created_at == datetime(2026, 3, 3, 13, 1, 40, tzinfo=UTC)
    assert audit.expires_at is None
    assert "4/SDrDBcOOPnm3nPlNfEMMJDeRcIVqPz" not in audit.raw


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("query-funds", "query-ledger", "export-data"), Verdict.READ_ONLY),
        (("query-funds", "modify-trades"), Verdict.CAN_TRADE),
        (("query-funds", "close-trades", "create-ws-token"), Verdict.CAN_TRADE),
        (("query-funds", "add-funds"), Verdict.CAN_WITHDRAW),
        (("query-funds", "earn-funds"), Verdict.CAN_WITHDRAW),
        (("query-funds", "update-withdraw-address"), Verdict.CAN_WITHDRAW),
        (("query-funds", "word-of-tomorrow"), Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, kraken: ExchangeClient, words: tuple[str, ...], verdict: Verdict
) -> None:
    listed = ",".join(f'"{word}"' for word in words)
    answer = f'{{"error":[],"result":{{"permissions":[{listed}],"ipAllowlist":["10.0.0.1"]}}}}'
    stub.answers(f"{PRIVATE}/GetApiKeyInfo", answer)
    audit = kraken.audit()
    assert audit.verdict is verdict
    assert audit.ip_restricted is True
    assert audit.ip_allowlist == ("10.0.0.1",)


def test_a_key_that_sees_part_of_the_history_is_warned_of(
    stub: Stub, kraken: ExchangeClient
) -> None:
    text = sample("kraken", "api_key_info")
    cut = text.replace('"queryFrom": "0"', '"queryFrom": "1640995200"')
    dated = cut.replace('"validUntil": "0"', '"validUntil": "1798761600"')
    stub.answers(f"{PRIVATE}/GetApiKeyInfo", dated)
    audit = kraken.audit()
    assert any("2022-01-01" in warning for warning in audit.warnings)
    assert audit.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
