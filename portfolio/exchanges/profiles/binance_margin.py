"""Binance's cross and isolated margin: https://developers.binance.com/docs/margin_trading

Trades are served per pair. Everything else is a list for the cross account, and one for each
isolated pair.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import binance_margin as normalisers
from portfolio.exchanges.normalisers.binance_margin import CROSS, ISOLATED
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import IdAscending
from portfolio.exchanges.profile import Listing, MarketRow, RawPage, StreamRule
from portfolio.exchanges.profiles.binance_lists import (
    ABSENT,
    DAY,
    REFUSAL,
    REFUSED,
    listed,
    moment,
    numbered,
    sapi,
)
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2019, 7, 1, tzinfo=UTC)  # margin trading began on 11 July 2019

ACCOUNT = sapi("margin/account", ip=10)
ISOLATED_ACCOUNT = sapi("margin/isolated/account", ip=10)
TRADES = sapi("margin/myTrades", ip=10)
LOANS = sapi("margin/borrow-repay", ip=10)
INTEREST = sapi("margin/interestHistory", ip=1)
TRANSFERS = sapi("margin/transfer", ip=1)
LIQUIDATIONS = sapi("margin/forceLiquidationRec", ip=1)
CALLS = (ACCOUNT, ISOLATED_ACCOUNT, TRADES, LOANS, INTEREST, TRANSFERS, LIQUIDATIONS)

LISTINGS = (  # an account that was never opened: -3003, -11001
    Listing(ACCOUNT, absent_codes=ABSENT | {"-3003"}),
    Listing(ISOLATED_ACCOUNT, absent_codes=ABSENT | {"-11001"}),
)

# --- balances ----------------------------------------------------------------------------------


def read_cross(text: str) -> list[ReportedBalance]:
    """Read ``margin/account``: by coin, what is there less what is owed."""
    rows = exact.loads(text)["userAssets"]
    found = [ReportedBalance(CROSS, row["asset"], _net(row)) for row in rows]
    return [balance for balance in found if balance.quantity]


def read_isolated(text: str) -> list[ReportedBalance]:
    """Read ``margin/isolated/account``: the pairs' accounts together, by coin."""
    totals: dict[str, Decimal] = {}
    for pair in exact.loads(text)["assets"]:
        for row in (pair["baseAsset"], pair["quoteAsset"]):
            totals[row["asset"]] = money.add(totals.get(row["asset"], money.ZERO), _net(row))
    return [ReportedBalance(ISOLATED, code, total) for code, total in totals.items() if total]


def _net(row: dict[str, Any]) -> Decimal:
    owned = [number(row[name]) for name in ("free", "locked")]
    owed = [money.negate(number(row[name])) for name in ("borrowed", "interest")]
    return money.total([*owned, *owed])


# --- streams -----------------------------------------------------------------------------------


def plan(cross: list[str], isolated: list[str]) -> list[StreamSpec]:
    """Return the streams of the accounts that are there, but for trades of the cross account."""
    streams = _account({"mode": "cross"}) if cross else []
    for text in isolated:
        for pair in exact.loads(text)["assets"]:
            scope = {"mode": "isolated", "symbol": pair["symbol"]}
            base, quote = (pair[side]["asset"] for side in ("baseAsset", "quoteAsset"))
            named = {**scope, "base": base, "quote": quote}
            key = f"margin-trades:isolated:{pair['symbol']}"
            streams += [StreamSpec(key, RecordKind.TRADES, named), *_account(scope)]
    return streams


def _account(scope: dict[str, str]) -> list[StreamSpec]:
    place = scope.get("symbol", "cross")
    return [
        *(
            StreamSpec(f"loans:{kind}:{place}", RecordKind.LEDGER, {**scope, "type": kind})
            for kind in ("BORROW", "REPAY")
        ),
        StreamSpec(f"margin-interest:{place}", RecordKind.INTEREST, scope),
        StreamSpec(f"margin-transfers:{place}", RecordKind.TRANSFERS, scope),
        StreamSpec(f"liquidations:{place}", RecordKind.LIQUIDATIONS, scope),
    ]


def plan_cross_pairs(
    pairs: PairPlan, known: frozenset[str], markets: list[MarketRow]
) -> list[StreamSpec]:
    """Return the streams of the cross account's trades, pair by pair as those of spot."""
    return [
        StreamSpec(f"margin-{spec.key}", spec.kind, {**spec.scope, "mode": "cross"})
        for spec in pairs.streams(known, markets)
    ]


def _within(stream: StreamSpec) -> dict[str, Any]:
    """Name the isolated pair; what names none is about the cross account."""
    symbol = stream.scope.get("symbol")
    return {"isolatedSymbol": symbol} if symbol else {}


def _trades_of(stream: StreamSpec) -> dict[str, Any]:
    mode = stream.scope["mode"]
    return {
        "symbol": stream.scope["symbol"],
        "isIsolated": "TRUE" if mode == "isolated" else "FALSE",
    }


def _loan_id(row: Slice) -> str:
    return f"{row.value['txId']}:{row.value['asset']}"


def _interest_id(row: Slice) -> str:
    return normalisers.interest_id(row.value)


def _trades(text: str) -> RawPage:
    return RawPage(exact.elements(text))


_rows = listed("rows")
STREAMS = (
    StreamRule(
        family="margin-trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=IdAscending("fromId", "limit", 1000, _OPENED, timedelta(hours=1)),
        read=_trades,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=moment("time"),
        normalise=normalisers.trade,
        overlap=timedelta(hours=1),
        parameters=_trades_of,
        absent_codes=frozenset({"-1121", "-3027", "-11003"}),
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="loans",
        kind=RecordKind.LEDGER,
        call=LOANS,
        strategy=numbered(7, _OPENED),  # 30 days where a coin is named
        read=_rows,
        external_id=_loan_id,
        occurred_at=lambda row: normalisers.moment(row.value["timestamp"]),
        normalise=normalisers.loan,
        overlap=DAY,
        parameters=lambda stream: {"type": stream.scope["type"], **_within(stream)},
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="margin-interest",
        kind=RecordKind.INTEREST,
        call=INTEREST,
        strategy=numbered(30, _OPENED, retention=timedelta(days=90), asks_beyond=True),
        read=_rows,
        external_id=_interest_id,
        occurred_at=moment("interestAccuredTime"),
        normalise=normalisers.interest,
        overlap=DAY,
        parameters=_within,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="margin-transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=numbered(30, _OPENED, retention=timedelta(days=180), asks_beyond=True),
        read=_rows,
        external_id=lambda row: str(row.value["txId"]),
        occurred_at=lambda row: normalisers.moment(row.value["timestamp"]),
        normalise=normalisers.transfer,
        overlap=DAY,
        parameters=_within,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="liquidations",
        kind=RecordKind.LIQUIDATIONS,
        call=LIQUIDATIONS,
        strategy=numbered(90, _OPENED, retention=timedelta(days=180), asks_beyond=True),
        read=_rows,
        external_id=lambda row: str(row.value["orderId"]),
        occurred_at=moment("updatedTime"),
        normalise=normalisers.liquidation,
        overlap=DAY,
        parameters=_within,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
)
