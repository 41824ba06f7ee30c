"""A few records of each simulated exchange, chosen for what several of them tell together.

Each record has its texts in the order in which the exchange gave them: the last one holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MS = 1_760_000_000_000
AT = datetime.fromtimestamp(MS // 1000, UTC)
TEXT = "2025-10-09T08:53:20Z"
Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """One record of a stream, with its texts."""

    exchange: str
    stream: str
    ident: str
    texts: tuple[str, ...]
    scope: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return _KINDS.get(self.stream.partition(":")[0], "ledger")


_KINDS = {
    **dict.fromkeys(("trades", "margin-trades", "usdm-fills", "fills", "executions"), "trades"),
    **dict.fromkeys(("transfers", "margin-transfers", "earn"), "transfers"),
    **{name: name for name in ("deposits", "withdrawals", "rewards", "conversions", "interest")},
}


def _of(exchange: str, stream: str, ident: str, *rows: Any, **scope: str) -> Record:
    return Record(exchange, stream, ident, tuple(json.dumps(row) for row in rows), scope)


def _binance() -> list[Record]:
    pair = {"symbol": "BTCUSDT", "base": "BTC", "quote": "USDT"}
    trade = {"id": 1, "qty": "0.5", "price": "60000", "quoteQty": "30000", "isBuyer": True}
    trade |= {"commission": "0.01", "commissionAsset": "BNB", "time": MS, "orderId": 7}
    income = {"incomeType": "COMMISSION", "income": "-0.2", "asset": "USDT", "time": MS + 5}
    income |= {"symbol": "BTCUSDT", "tranId": 11, "tradeId": "3", "info": "3"}
    fill = {"symbol": "BTCUSDT", "id": 3, "side": "BUY", "price": "60000", "qty": "0.01"}
    moved = {"tranId": 21, "asset": "USDT", "amount": "100", "type": "MAIN_UMFUTURE"}
    there = {**income, "incomeType": "TRANSFER", "income": "100", "tranId": 21, "tradeId": ""}
    margin = {"txId": 31, "asset": "USDT", "amount": "5", "type": "ROLL_IN", "timestamp": MS}
    margin |= {"status": "CONFIRMED", "transFrom": "ISOLATED_MARGIN", "transTo": "CROSS_MARGIN"}
    out = {"id": "w1", "coin": "BTC", "amount": "0.1", "transactionFee": "0.0001", "status": 4}
    out |= {"applyTime": "2025-10-09 08:53:20", "network": "BTC", "address": "bc1q"}
    return [
        _of("binance", "trades:BTCUSDT", "1", trade, **pair),
        _of("binance", "usdm-income", "fee", income),
        _of("binance", "usdm-fills:BTCUSDT", "3", fill | {"time": MS, "maker": False}),
        _of("binance", "usdm-income", "in", there),
        _of("binance", "usdm-income", "odd", {**there, "incomeType": "SOMETHING_NEW"}),
        _of(
            "binance",
            "transfers:MAIN_UMFUTURE",
            "21",
            *(moved | {"timestamp": MS, "status": word} for word in ("PENDING", "CONFIRMED")),
        ),
        _of("binance", "margin-transfers:cross", "31", margin, mode="cross"),
        _of(
            "binance",
            "margin-transfers:isolated:X",
            "31",
            {**margin, "type": "ROLL_OUT"},
            mode="isolated",
        ),
        _of("binance", "withdrawals", "w1", out, {**out, "status": 6, "txId": "0xfeed"}),
    ]


def _bybit() -> list[Record]:
    leg = {"type": "TRADE", "category": "spot", "tradeId": "e1", "orderId": "o1", "fee": "0"}
    leg |= {"transactionTime": str(MS), "symbol": "BTCUSDT", "tradePrice": "60000", "funding": ""}
    legs = [
        {**leg, "id": "1", "currency": "BTC", "cashFlow": "0.1", "fee": "0.0001"}
        | {"change": "0.0999", "cashBalance": "1"},
        {**leg, "id": "2", "currency": "USDT", "cashFlow": "-6000", "change": "-6000"}
        | {"cashBalance": "2"},
    ]
    told = {"execId": "e1", "execType": "Trade", "symbol": "BTCUSDT", "side": "Buy"}
    told |= {"execPrice": "60000", "execQty": "0.1", "orderId": "o1", "execTime": str(MS - 1)}
    there = {"type": "TRANSFER_IN", "id": "9_USDT_abc-1", "currency": "USDT", "change": "50"}
    there |= {"cashFlow": "50", "fee": "0", "funding": "", "transactionTime": str(MS)}
    moved = {"transferId": "abc-1", "coin": "USDT", "amount": "50", "status": "SUCCESS"}
    moved |= {"fromAccountType": "FUND", "toAccountType": "UNIFIED", "timestamp": str(MS - 3)}
    came = {"id": "d1", "coin": "USDT", "amount": "75", "chain": "ETH", "createdTime": str(MS)}
    return [
        *(_of("bybit", "ledger", row["id"], row) for row in legs),
        _of("bybit", "executions:spot", "e1", told, category="spot"),
        _of("bybit", "ledger", "in", there),
        _of("bybit", "transfers", "abc-1", moved),
        _of("bybit", "deposits", "d1", *(came | {"status": s} for s in ("1", "2", "3"))),
        _of("bybit", "ledger", "odd", {**there, "id": "5", "type": "WORD_OF_TOMORROW"}),
    ]


def _bitget() -> list[Record]:
    leg = {"fee": "0", "ts": str(MS), "bizOrderId": "77", "balance": "1"}
    deposit = {"orderId": "88", "cTime": str(MS - 9), "coin": "USDT", "dest": "on_chain"}
    deposit |= {"chain": "ETH", "toAddress": "0x1", "size": "20"}
    margin: Row = {"fee": "0", "ts": str(MS), "symbol": "BTCUSDT"}
    return [
        _of(
            "bitget",
            "spot-ledger",
            "1",
            {**leg, "id": "1", "coin": "BTC", "spotTaxType": "Buy", "amount": "0.1"},
        ),
        _of(
            "bitget",
            "spot-ledger",
            "2",
            {**leg, "id": "2", "coin": "USDT", "spotTaxType": "Buy", "amount": "-6000"},
        ),
        _of(
            "bitget",
            "spot-ledger",
            "3",
            {**leg, "id": "3", "coin": "BGB", "spotTaxType": "Transaction fee deduct"}
            | {"amount": "-1", "ts": str(MS + 2)},
        ),
        _of(
            "bitget",
            "spot-ledger",
            "4",
            {**leg, "id": "4", "coin": "USDT", "spotTaxType": "Deposit", "amount": "20"}
            | {"bizOrderId": "88"},
        ),
        _of(
            "bitget",
            "deposits",
            "88",
            {**deposit, "status": "pending"},
            {**deposit, "status": "success", "tradeId": "0xfeed"},
        ),
        *(
            _of(
                "bitget",
                "margin-ledger:isolated",
                coin,
                {**margin, "id": coin, "coin": coin, "marginTaxType": word, "amount": amount},
                mode="isolated",
            )
            for coin, word, amount in (("BTC", "deal_in", "0.2"), ("USDT", "deal_out", "-9"))
        ),
    ]


def _bingx() -> list[Record]:
    income = {"symbol": "BTC-USDT", "asset": "USDT", "time": MS, "info": "", "tradeId": "5"}
    fee = {**income, "incomeType": "TRADING_FEE", "income": "-0.3", "tranId": "1"}
    there = {**income, "incomeType": "TRANSFER", "income": "10", "tranId": "61", "tradeId": ""}
    fill = {"symbol": "BTC-USDT", "tradeId": "5", "price": "60000", "volume": "0.1"}
    fill |= {"side": "BUY", "orderId": "o", "filledTm": TEXT, "amount": "6000"}
    moved: Row = {"fromAccount": "fund", "toAccount": "USDTMPerp", "asset": "USDT", "amount": "10"}
    moved |= {"transferId": "61", "timestamp": MS + 7}
    return [
        _of("bingx", "ledger", "fee", fee),
        _of("bingx", "fills", "5", fill),
        _of("bingx", "ledger", "in", there),
        _of(
            "bingx",
            "transfers:fund",
            "61",
            *(moved | {"status": word} for word in ("PROCESSING", "CONFIRMED")),
        ),
    ]


def _kraken() -> list[Record]:
    leg = {"refid": "T1", "type": "trade", "fee": "0"}
    trade: Row = {"pair": "XXBTZEUR", "time": MS / 1000 - 1, "type": "buy", "price": "60000"}
    out: Row = {"refid": "W1", "time": MS // 1000 - 60, "status": "Initial", "info": "bc1q"}
    back: Row = {"refid": "W1", "time": MS // 1000 + 60, "type": "withdrawal", "fee": "-0.01"}
    return [
        _of(
            "kraken",
            "ledger",
            "L1",
            {"L1": {**leg, "time": MS // 1000, "asset": "ZEUR", "amount": "-600", "fee": "1.5"}},
        ),
        _of(
            "kraken",
            "ledger",
            "L2",
            {"L2": {**leg, "time": MS // 1000 + 1, "asset": "XXBT", "amount": "0.01"}},
        ),
        _of("kraken", "trades", "T1", {"T1": {**trade, "ordertxid": "O", "ordertype": "limit"}}),
        _of(
            "kraken",
            "ledger",
            "L3",
            {"L3": {**back, "time": MS // 1000, "asset": "XXBT", "amount": "-0.1"}},
        ),
        # Cancelled: the amount comes back under the same reference.
        _of("kraken", "ledger", "L4", {"L4": {**back, "asset": "XXBT", "amount": "0.1"}}),
        _of(
            "kraken",
            "withdrawals",
            "W1",
            out,
            {**out, "status": "Pending", "txid": "0xfeed"},
            {**out, "status": "Canceled"},
        ),
        _of("kraken", "ledger", "L5", {"L5": {"refid": "no time"}}),
    ]


def _coinbase() -> list[Record]:
    leg = {"type": "advanced_trade_fill", "status": "completed", "created_at": TEXT}
    inner = {"order_id": "o1", "product_id": "BTC-EUR", "commission": "2", "order_side": "buy"}
    fill = {"order_id": "o1", "product_id": "BTC-EUR", "side": "BUY", "price": "60000"}
    fill |= {"trade_time": TEXT, "liquidity_indicator": "TAKER"}
    out = {"id": "w", "type": "send", "created_at": TEXT, "to": {"address": "bc1q"}}
    out |= {"amount": {"amount": "-0.2", "currency": "BTC"}}
    paid = {"network_name": "bitcoin", "transaction_fee": {"amount": "0.001", "currency": "BTC"}}
    return [
        *(
            _of(
                "coinbase",
                f"ledger:{coin}",
                f"{coin}{number}",
                {**leg, "id": f"{coin}{number}", "advanced_trade_fill": inner}
                | {"amount": {"amount": amount, "currency": coin}},
                wallet="spot",
            )
            for number in (1, 2)
            for coin, amount in (("BTC", f"0.0{number}"), ("EUR", f"-{number}00"))
        ),
        *(
            _of(
                "coinbase",
                "trades",
                f"f{number}",
                {**fill, "trade_id": f"t{number}", "size": f"0.0{number}", "commission": "2"},
            )
            for number in (1, 2)
        ),
        _of(
            "coinbase",
            "ledger:BTC",
            "w",
            {**out, "status": "pending"},
            {**out, "status": "completed", "network": {**paid, "hash": "0xfeed"}},
            wallet="spot",
        ),
    ]


def _okx() -> list[Record]:
    leg = {"instId": "BTC-USDT", "instType": "SPOT", "tradeId": "5", "type": "2", "subType": "1"}
    leg |= {"px": "60000", "ordId": "o"}
    fill = {"instId": "BTC-USDT", "instType": "SPOT", "tradeId": "5", "side": "buy"}
    fill |= {"fillPx": "60000", "fillSz": "0.1", "ordId": "o", "execType": "T", "billId": "1"}
    turned = {"type": "27", "fee": "0", "instId": "", "ts": str(MS + 400)}
    quote = {"baseCcy": "ETH", "quoteCcy": "USDT", "side": "sell", "fillPx": "2500"}
    came = {"depId": "d", "ccy": "BTC", "amt": "1", "chain": "BTC", "to": "bc1q"}
    return [
        _of(
            "okx",
            "bills",
            "1",
            {**leg, "billId": "1", "ccy": "BTC", "balChg": "0.0999", "fee": "-0.0001"}
            | {"ts": str(MS)},
        ),
        _of(
            "okx",
            "bills",
            "2",
            {**leg, "billId": "2", "ccy": "USDT", "balChg": "-6000", "fee": "0"}
            | {"ts": str(MS + 1)},
        ),
        _of("okx", "fills:SPOT", "5", fill | {"ts": str(MS - 1)}),
        _of("okx", "bills", "3", {**turned, "billId": "3", "ccy": "ETH", "balChg": "-2"}),
        _of("okx", "bills", "4", {**turned, "billId": "4", "ccy": "USDT", "balChg": "5000"}),
        _of("okx", "conversions", "c", quote | {"ts": str(MS + 900), "state": "fullyFilled"}),
        _of(
            "okx",
            "deposits",
            "d",
            {**came, "state": "0", "ts": str(MS)},
            # The time of a deposit is that of its latest state.
            {**came, "state": "2", "ts": str(MS + 60_000), "txId": "0xfeed"},
        ),
    ]


RECORDS = [
    *(*_binance(), *_bybit(), *_bitget(), *_bingx(), *_kraken(), *_coinbase(), *_okx()),
]
