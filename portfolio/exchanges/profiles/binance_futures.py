"""Binance's futures wallets, for each of the profiles whose keys read them.

Weights are per address and minute: 2,400 for /fapi (USDT-M), 2,400 for /dapi (COIN-M).
https://developers.binance.com/docs/derivatives
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import binance_futures as normalisers
from portfolio.exchanges.normalisers.binance_futures import COIN_M, USD_M
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    Listing,
    PositionRule,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.types import StreamSpec

_DAY = timedelta(days=1)
# The same code for a key that is wrong, one that may not see futures, and an account without them.
# Futures have hosts of their own, which may serve fewer countries than the others.
_CLOSED = frozenset({"-2015", "-1002", "-4109", "404", "410", "451"})
_CLOSED_TEXT = (
    "Binance shows no {name} futures to this key: the account has none, or they were opened after "
    "the key was made (make a new key then), or it is a portfolio margin account."
)
CODES = {
    "-4165": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    "-4166": CodeRule(Treatment.STREAM, "Binance serves nothing as old as what was asked for."),
    "-4109": CodeRule(Treatment.STREAM, "Binance says that this futures account is not active."),
}
ALLOWANCES = tuple(
    Allowance(name, 2400, period=60, used_header="X-MBX-USED-WEIGHT-1M")
    for name in ("fapi", "dapi")
)


@dataclass(frozen=True, slots=True)
class Futures:
    """One of the two futures wallets, and the rules that a profile takes over."""

    name: str  # as people say it
    tag: str  # as keys of streams say it
    calls: tuple[Call, ...]
    balance: BalanceRule
    positions: PositionRule
    streams: tuple[StreamRule, ...]

    @property
    def plan(self) -> tuple[StreamSpec, ...]:
        """The stream to begin with; its records call for those of single contracts."""
        return (StreamSpec(f"{self.tag}-income", RecordKind.LEDGER),)


# --- what is there now -------------------------------------------------------------------------


def _read_balances(wallet: str) -> Callable[[str], list[ReportedBalance]]:
    """Read ``balance``: what is settled, isolated margin too, without open positions' profit."""

    def read(text: str) -> list[ReportedBalance]:
        rows = exact.loads(text)
        found = [ReportedBalance(wallet, r["asset"], number(r["balance"])) for r in rows]
        return [balance for balance in found if balance.quantity]

    return read


def read_usd_m_positions(text: str) -> list[ReportedPosition]:
    """Read USDT-M's ``positionRisk``: quantities in the base (1000SHIB is a thousand SHIB)."""
    found = []
    for row in exact.loads(text):
        settle = row["marginAsset"]
        base = str(row["symbol"]).partition("_")[0].removesuffix(settle)
        found += _position(USD_M, row, unit=base, price_asset=settle, settle=settle)
    return found


def read_coin_m_positions(text: str) -> list[ReportedPosition]:
    """Read COIN-M's ``positionRisk``: contracts of 10 or 100 USD each, settled in the coin."""
    found = []
    for row in exact.loads(text):
        base = str(row["symbol"]).partition("_")[0].removesuffix("USD")
        found += _position(COIN_M, row, unit="contracts", price_asset="USD", settle=base)
    return found


def _position(
    wallet: str, row: dict[str, Any], *, unit: str, price_asset: str, settle: str
) -> list[ReportedPosition]:
    """Return the position of a row, if it is open: shorts are negative, however the mode."""
    quantity = number(row["positionAmt"])
    if not quantity:
        return []
    return [
        ReportedPosition(
            wallet=wallet,
            symbol=row["symbol"],
            side="long" if quantity > 0 else "short",
            quantity=quantity.copy_abs(),
            unit=unit,
            entry_price=_told(row, "entryPrice"),
            mark_price=_told(row, "markPrice"),
            price_asset=price_asset,
            unrealised_pnl=number(row["unRealizedProfit"]) if row.get("unRealizedProfit") else None,
            settle_asset=settle,
        )
    ]


def _told(row: dict[str, Any], name: str) -> Decimal | None:
    """Return a price; Binance writes zero where it has none."""
    return number(row[name]) or None if row.get(name) else None


# --- streams -----------------------------------------------------------------------------------


def _listed(text: str) -> RawPage:
    return RawPage(exact.elements(text))


def _income_id(row: Slice) -> str:
    return normalisers.income_id(row.value)


def _leads_to(tag: str) -> Callable[[Slice], str]:
    def lead(row: Slice) -> str:
        symbol = row.value.get("symbol")
        return f"{tag}-fills:{symbol}" if symbol else ""

    return lead


def _windows(limit: int, window: timedelta, floor: datetime, **more: Any) -> TimeWindows:
    return TimeWindows("startTime", "endTime", "limit", limit, window, floor, _DAY, **more)


def _streams(
    wallet: str,
    tag: str,
    name: str,
    income: tuple[Call, TimeWindows],
    trades: Call,
    opened: datetime,
) -> tuple[StreamRule, ...]:
    refused = _CLOSED_TEXT.format(name=name)
    return (
        StreamRule(
            family=f"{tag}-income",
            kind=RecordKind.LEDGER,
            call=income[0],
            strategy=income[1],
            read=_listed,
            external_id=_income_id,
            occurred_at=lambda row: at_ms(row.value["time"]),
            normalise=normalisers.income(wallet),
            overlap=_DAY,
            refused_codes=_CLOSED,
            refused=refused,
            leads_to=_leads_to(tag),
        ),
        StreamRule(
            family=f"{tag}-fills",
            kind=RecordKind.TRADES,
            call=trades,
            # Seven days at a time, six months back: how many days these are is for Binance to
            # say, so a few more are asked for than are relied on.
            strategy=_windows(
                1000,
                7 * _DAY,
                opened,
                retention=timedelta(days=179),
                asks_beyond=True,
                beyond=timedelta(days=186),
            ),
            read=_listed,
            external_id=lambda row: str(row.value["id"]),
            occurred_at=lambda row: at_ms(row.value["time"]),
            normalise=normalisers.fill,
            overlap=_DAY,
            parameters=lambda stream: {"symbol": stream.scope["symbol"]},
            absent_codes=frozenset({"-1121"}),
            refused_codes=_CLOSED,
            refused=refused,
        ),
    )


def _futures(
    wallet: str,
    tag: str,
    name: str,
    calls: tuple[Call, Call, Call, Call],
    read_positions: Callable[[str], list[ReportedPosition]],
    income_windows: TimeWindows,
) -> Futures:
    balance, positions, income, trades = calls
    opened = income_windows.floor
    return Futures(
        name=name,
        tag=tag,
        calls=calls,
        balance=BalanceRule(balance, {}, _read_balances(wallet), _CLOSED),
        positions=PositionRule(Listing(positions), read_positions, _CLOSED),
        streams=_streams(wallet, tag, name, (income, income_windows), trades, opened),
    )


_USD_M_OPENED = datetime(2019, 9, 1, tzinfo=UTC)
_COIN_M_OPENED = datetime(2020, 8, 1, tzinfo=UTC)

USDM = _futures(
    USD_M,
    "usdm",
    "USDT-M",
    (
        Call("fapiPrivateV3", "GET", "balance", {"fapi": 5}, "/fapi/v3"),
        Call("fapiPrivateV3", "GET", "positionRisk", {"fapi": 5}, "/fapi/v3"),
        Call("fapiPrivate", "GET", "income", {"fapi": 30}, "/fapi/v1"),
        Call("fapiPrivate", "GET", "userTrades", {"fapi": 5}, "/fapi/v1"),
    ),
    read_usd_m_positions,
    # "The last three months", which may be three short ones.
    _windows(1000, 90 * _DAY, _USD_M_OPENED, retention=timedelta(days=89), asks_beyond=True),
)
COINM = _futures(
    COIN_M,
    "coinm",
    "COIN-M",
    (
        Call("dapiPrivate", "GET", "balance", {"dapi": 1}, "/dapi/v1"),
        Call("dapiPrivate", "GET", "positionRisk", {"dapi": 1}, "/dapi/v1"),
        Call("dapiPrivate", "GET", "income", {"dapi": 20}, "/dapi/v1"),
        Call("dapiPrivate", "GET", "userTrades", {"dapi": 20}, "/dapi/v1"),
    ),
    read_coin_m_positions,
    # No promise is made; one request may span a year, so that much is relied on.
    _windows(1000, 90 * _DAY, _COIN_M_OPENED, retention=timedelta(days=365), asks_beyond=True),
)
BOTH = (USDM, COINM)
