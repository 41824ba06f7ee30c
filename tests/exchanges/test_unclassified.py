"""A word that no table has makes an unclassified transaction: its amount is kept, and the word."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import Event, Movement, RecordKind, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import StreamSpec

WORD = "word_of_tomorrow"
MS = 1_760_000_000_000
TEXT = "2025-10-09T08:53:20Z"
Row = dict[str, Any]

_INCOME: Row = {
    "symbol": "BTCUSDT",
    "incomeType": WORD,
    "income": "-0.5",
    "asset": "USDT",
    "info": "",
}
_INCOME |= {"time": MS, "tranId": 9, "tradeId": ""}
_BITGET: Row = {"id": "1", "amount": "-0.5", "fee": "0", "ts": str(MS), "symbol": "BTCUSDT"}
_BITGET |= {"coin": "USDT", "marginCoin": "USDT"}
_OKX: Row = {
    "billId": "1",
    "ccy": "USDT",
    "balChg": "-0.5",
    "fee": "0",
    "ts": str(MS),
    "type": "9999",
}
_BYBIT: Row = {"id": "1", "type": WORD, "currency": "USDT", "transactionTime": str(MS)}
_BYBIT |= {"change": "-0.5", "cashFlow": "-0.5", "fee": "0", "funding": "", "category": "linear"}
_FUND: Row = {
    "showBusiType": WORD,
    "description": WORD,
    "createTime": str(MS // 1000),
    "txnAmt": "0.5",
}
_FUND |= {"ioDirection": "O", "currency": "USDT", "currcCursor": "c1"}
_KRAKEN: Row = {"refid": "R", "time": MS // 1000, "type": WORD, "asset": "USDT", "amount": "-0.5"}
_FUTURES: Row = {
    "asset": "usdt",
    "info": WORD,
    "booking_uid": "u",
    "margin_account": "flex",
    "id": 4,
}
_FUTURES |= {"date": TEXT, "old_balance": 2, "new_balance": 1.5, "contract": ""}
_COINBASE: Row = {"id": "1", "type": WORD, "status": "completed", "created_at": TEXT}
_COINBASE |= {"amount": {"amount": "-0.5", "currency": "USDT"}}

CASES: list[tuple[str, StreamSpec, Row, str]] = [
    ("binance", StreamSpec("usdm-income", RecordKind.LEDGER), _INCOME, "usd-m futures"),
    ("binance", StreamSpec("coinm-income", RecordKind.LEDGER), _INCOME, "coin-m futures"),
    ("bybit", StreamSpec("ledger", RecordKind.LEDGER), _BYBIT, "unified"),
    ("bybit", StreamSpec("funding-ledger", RecordKind.LEDGER), _FUND, "funding"),
    (
        "bitget",
        StreamSpec("spot-ledger", RecordKind.LEDGER),
        _BITGET | {"spotTaxType": WORD},
        "spot",
    ),
    (
        "bitget",
        StreamSpec("futures-ledger:USDT", RecordKind.LEDGER, {"product": "USDT-FUTURES"}),
        _BITGET | {"futureTaxType": WORD},
        "usdt-m futures",
    ),
    (
        "bitget",
        StreamSpec("margin-ledger:crossed", RecordKind.LEDGER, {"mode": "crossed"}),
        _BITGET | {"marginTaxType": WORD},
        "cross margin",
    ),
    ("bingx", StreamSpec("ledger", RecordKind.LEDGER), _INCOME, "perpetual"),
    ("kraken", StreamSpec("ledger", RecordKind.LEDGER), {"L1": _KRAKEN}, "spot"),
    (
        "kraken",
        StreamSpec("ledger", RecordKind.LEDGER),
        {"L1": _KRAKEN | {"type": "transfer", "subtype": WORD}},
        "spot",
    ),
    (
        "kraken",
        StreamSpec("ledger", RecordKind.LEDGER),
        {"L1": _KRAKEN | {"type": "earn", "subtype": WORD}},
        "spot",
    ),
    ("krakenfutures", StreamSpec("ledger", RecordKind.LEDGER), _FUTURES, "multi-collateral"),
    (
        "coinbase",
        StreamSpec("ledger:a1", RecordKind.LEDGER, {"wallet": "spot"}),
        _COINBASE,
        "spot",
    ),
    ("okx", StreamSpec("bills", RecordKind.LEDGER), _OKX, "trading"),
    ("okx", StreamSpec("asset-bills", RecordKind.LEDGER), _OKX, "funding"),
]
UNBOOKED: list[tuple[str, StreamSpec, Row]] = [
    (
        "bybit",
        StreamSpec("earn:FlexibleSaving", RecordKind.TRANSFERS, {"category": "FlexibleSaving"}),
        {"coin": "USDT", "orderValue": "0.5", "orderType": WORD, "orderId": "1"}
        | {"status": "Success", "createdAt": str(MS)},
    ),
    (
        "gemini",
        StreamSpec("transfers", RecordKind.DEPOSITS),
        {"type": WORD, "status": "Complete", "timestampms": MS, "eid": 1}
        | {"currency": "USDT", "amount": "0.5"},
    ),
    (
        "gemini",
        StreamSpec("staking", RecordKind.REWARDS),
        {"transactionId": "1", "transactionType": WORD, "amountCurrency": "USDT"}
        | {"amount": "0.5", "dateTime": MS},
    ),
]


def told(exchange: str, stream: StreamSpec, row: Row) -> Event:
    event = registry.normalise(exchange, stream, json.dumps(row))
    assert event is not None
    return event


@pytest.mark.parametrize(("exchange", "stream", "row", "wallet"), CASES)
def test_an_unknown_word_keeps_its_amount_and_says_the_word(
    exchange: str, stream: StreamSpec, row: Row, wallet: str
) -> None:
    event = told(exchange, stream, row)
    assert event.kind is TransactionKind.UNCLASSIFIED
    assert event.movements == (Movement(wallet, "USDT", Decimal("-0.5")),)
    assert {WORD, "9999"} & set(event.detail.values())


@pytest.mark.parametrize(("exchange", "stream", "row"), UNBOOKED)
def test_an_amount_of_which_it_is_not_known_where_it_went_is_shown(
    exchange: str, stream: StreamSpec, row: Row
) -> None:
    event = told(exchange, stream, row)
    assert event.kind is TransactionKind.UNCLASSIFIED
    assert event.movements == ()
    assert (event.detail["amount"], event.detail["asset"]) == ("0.5", "USDT")
    assert event.detail["type"] == WORD


def test_what_is_known_to_be_nothing_else_is_not_unclassified() -> None:
    """Loans and locks have words that are known: a person need not look at them."""
    known = [
        ("bitget", {"spotTaxType": "user lock-up"}, "spot-ledger", {}),
        ("bitget", {"futureTaxType": "append_margin"}, "futures-ledger:x", {"product": "x"}),
        ("bitget", {"marginTaxType": "borrow"}, "margin-ledger:x", {"mode": "crossed"}),
        ("okx", {**_OKX, "type": "16"}, "bills", {}),
        ("bybit", {**_BYBIT, "type": "LOANS_BORROW_FUNDS"}, "ledger", {}),
    ]
    for exchange, more, key, scope in known:
        row = (_BITGET if exchange == "bitget" else {}) | more
        event = told(exchange, StreamSpec(key, RecordKind.LEDGER, scope), row)
        assert event.kind is TransactionKind.OTHER, more
