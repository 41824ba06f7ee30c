"""Crypto.com Exchange: https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html

Three requests in a tenth of a second per endpoint and key, trades one a second. The ledger and
trades reach back six months. What a key may do is not told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import cryptocom as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    Listing,
    MarketRow,
    MarketRule,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2019, 11, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_HALF_A_YEAR = timedelta(days=180)


def _private(path: str, allowance: str = "private") -> Call:
    return Call("v1.private", "POST", f"private/{path}", {allowance: 1}, "/exchange/v1")


def _public(path: str) -> Call:
    return Call("v1.public", "GET", f"public/{path}", {"public": 1}, "/exchange/v1")


BALANCE, POSITIONS = _private("user-balance"), _private("get-positions")
TRANSACTIONS = _private("get-transactions")
TRADES = _private("get-trades", "trades")
DEPOSITS, WITHDRAWALS = _private("get-deposit-history"), _private("get-withdrawal-history")
INSTRUMENTS, TICKERS, CANDLES = map(_public, ("get-instruments", "get-tickers", "get-candlestick"))

# --- balances and positions --------------------------------------------------------------------


def read_balance(text: str) -> list[ReportedBalance]:
    """Read ``user-balance``: cash by coin, without what positions have won."""
    found = (
        ReportedBalance(
            normalisers.WALLET,
            normalisers.asset(str(row["instrument_name"])),
            number(row["quantity"]),
        )
        for account in exact.loads(text)["result"]["data"]
        for row in account["position_balances"]
    )
    return [balance for balance in found if balance.quantity]


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``get-positions``: a quantity below zero is short."""
    rows = exact.loads(text)["result"]["data"]
    return [_position(row) for row in rows if number(row["quantity"])]


def _position(row: dict[str, Any]) -> ReportedPosition:
    name, quantity = str(row["instrument_name"]), number(row["quantity"])
    pair = name.partition("-")[0]
    cost, profit = row.get("open_pos_cost"), row.get("open_position_pnl")
    return ReportedPosition(
        wallet=normalisers.WALLET,
        symbol=name,
        side="short" if quantity < 0 else "long",
        quantity=quantity.copy_abs(),
        unit=pair.removesuffix("USD") if pair.endswith("USD") else "contracts",
        entry_price=None if cost is None else _price(number(cost), quantity),
        mark_price=None,
        price_asset="USD",
        unrealised_pnl=None if profit is None else number(profit),
        settle_asset="USD",
    )


def _price(cost: Decimal, quantity: Decimal) -> Decimal:
    """Return what one of them cost, to eight places: the exchange tells the whole cost only."""
    each = money.divide(cost, quantity).copy_abs()
    return each.quantize(Decimal("1e-8"), context=money.EXACT)


# --- streams -----------------------------------------------------------------------------------


def _journal(window: timedelta) -> TimeWindows:
    return TimeWindows(
        start_parameter="start_time",
        end_parameter="end_time",
        limit_parameter="limit",
        limit=100,
        window=window,
        floor=_OPENED,
        overlap=_DAY,
        retention=_HALF_A_YEAR,
        end_excluded=True,
    )


def _rows(container: str) -> Callable[[str], RawPage]:
    return lambda text: RawPage(exact.elements(text, "result", container))


def _list(
    family: str, kind: RecordKind, call: Call, container: str, normalise: Callable[..., Any]
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=TimeWindows(
            start_parameter="start_ts",
            end_parameter="end_ts",
            limit_parameter="page_size",
            limit=200,
            window=90 * _DAY,
            floor=_OPENED,
            overlap=14 * _DAY,
            page_parameter="page",
            first_page=0,
        ),
        read=_rows(container),
        external_id=lambda row: str(row.value["id"]),
        occurred_at=lambda row: at_ms(row.value["create_time"]),
        normalise=normalise,
        overlap=14 * _DAY,
    )


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=TRANSACTIONS,
        strategy=_journal(_DAY),
        read=_rows("data"),
        external_id=lambda row: normalisers.row_id(row.value),
        occurred_at=lambda row: at_ms(row.value["event_timestamp_ms"]),
        normalise=normalisers.ledger,
        overlap=_DAY,
    ),
    _list("deposits", RecordKind.DEPOSITS, DEPOSITS, "deposit_list", normalisers.deposit),
    _list(
        *("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS, "withdrawal_list"),
        normalisers.withdrawal,
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=_journal(_DAY),
        read=_rows("data"),
        external_id=lambda row: str(row.value["trade_id"]),
        occurred_at=lambda row: at_ms(row.value["create_time"]),
        normalise=normalisers.trade,
        overlap=_DAY,
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the four streams: the ledger, which books everything, then what explains it."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the pairs of ``get-instruments``."""
    return [
        MarketRow(
            row["symbol"],
            normalisers.asset(row["base_ccy"]),
            normalisers.asset(row["quote_ccy"]),
            bool(row.get("tradable", True)),
        )
        for row in exact.loads(text)["result"]["data"]
        if row["inst_type"] == "CCY_PAIR"
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``get-tickers``: the last price (``a``) by instrument (``i``)."""
    rows = exact.loads(text)["result"]["data"]
    return {row["i"]: number(row["a"]) for row in rows if row.get("a") is not None}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``get-candlestick``: (opening time, closing price)."""
    rows = exact.loads(text)["result"]["data"]
    return [(at_ms(row["t"]), number(row["c"])) for row in rows]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    span = {"start_ts": to_ms(since - _DAY), "end_ts": to_ms(since + (limit - 1) * _DAY)}
    return {"instrument_name": symbol, "timeframe": "1D", "count": limit, **span}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"code": 40101, "message": ...}``, or "" where all is well."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("code") if isinstance(answer, dict) else None
    return "" if code in (None, 0, "0") else str(code)


_REJECTED = "Crypto.com does not accept this key: it is wrong, deleted or expired."
_ASKED = CodeRule(Treatment.STREAM, "Crypto.com does not accept what was asked for.")
_BUSY = CodeRule(Treatment.AGAIN, "Crypto.com is busy or under maintenance.")
_CODES = {
    "40101": CodeRule(Treatment.KEY, _REJECTED),
    "40102": CodeRule(Treatment.AGAIN, "The clocks of this server and of Crypto.com differ."),
    "40103": CodeRule(
        Treatment.KEY, "Crypto.com refuses this key here: it is bound to another IP address."
    ),
    "40104": CodeRule(Treatment.STREAM, "Crypto.com does not show this to this account."),
    **dict.fromkeys(("40001", "40002", "40003", "40004", "40005", "40401"), _ASKED),
    **dict.fromkeys(("40006", "40801", "50001"), _BUSY),
    **dict.fromkeys(("411", "412"), CodeRule(Treatment.STREAM, "This account has no derivatives.")),
    **dict.fromkeys(
        ("202", "401", "406", "408", "409", "410"),
        CodeRule(Treatment.KEY, "Crypto.com has suspended or closed this account."),
    ),
    "42901": CodeRule(
        Treatment.WAIT, "Crypto.com asks this key to slow down.", timedelta(seconds=10)
    ),
}

_GUIDE = Guide(
    give=("Can Read",),
    keep=("Enable Trading", "Enable Withdrawal"),
    steps=(
        "Sign in to the Crypto.com Exchange (not the App), open Settings, then API Keys.",
        "Choose Create a new API key, name it, for example Coffer, and confirm.",
        "Leave Can Read on; switch on nothing else.",
        "Enter this server's IP address: a key that is bound to it is of no use elsewhere.",
        "Copy the API key and the secret key; the secret is shown only now.",
    ),
    notes=(
        "Crypto.com does not tell what a key may do: make sure that it only reads.",
        "The App is another account; its history is had as a file only.",
        "Connect early and keep syncing: the Exchange shows the last six months only. What is "
        "older is missed and shows as a difference to the balance.",
        "Sub-accounts need a key of their own; deposits and withdrawals are shown to the main "
        "account only.",
    ),
    covers=(
        ("balances", True, "", "the Exchange wallet, without staking"),
        ("positions", True, "", "perpetuals and futures"),
        ("ledger", True, "6 months", "everything that moved, fees included"),
        ("trades", True, "6 months", "prices and orders"),
        ("deposits", True, "as far as they are listed", "addresses; the ledger books them"),
        ("withdrawals", True, "as far as they are listed", "addresses; the ledger books them"),
        ("transfers", True, "6 months", "as part of the ledger"),
        ("conversions", True, "6 months", "as part of the ledger"),
        ("funding", True, "6 months", "as part of the ledger"),
        ("interest", True, "6 months", "as part of the ledger"),
        ("liquidations", True, "6 months", "as part of the ledger"),
        ("rewards", False, "", "staking is not read"),
    ),
)


PROFILE = Profile(
    exchange="cryptocom",
    guide=_GUIDE,
    read_list=(
        *(BALANCE, POSITIONS, TRANSACTIONS, TRADES, DEPOSITS, WITHDRAWALS),
        *(INSTRUMENTS, TICKERS, CANDLES),
    ),
    allowances=(
        Allowance.whole("private", 2, "10"),
        Allowance.whole("trades", 1, "0.9"),
        Allowance.whole("public", 20, "20", per_account=False),
    ),
    audit_call=None,
    read_audit=None,
    audit_refused=_REJECTED,
    balances=(BalanceRule(BALANCE, {}, read_balance),),
    balances_refused="This key may not read balances: leave Can Read on.",
    positions=(PositionRule(Listing(POSITIONS), read_positions, frozenset({"411", "412"})),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=INSTRUMENTS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=299,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    codes_decide=True,
)
