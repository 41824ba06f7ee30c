"""Bitvavo: https://docs.bitvavo.com/docs/rest-api/introduction

1,000 weight a minute and address (or key); what is left stands in each answer's headers. The
account's history is symbol-free and complete, 100 rows a page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import bitvavo as normalisers
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.paging_backward import BackToKnown
from portfolio.exchanges.paging_windows import TokenWindows
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
    Call,
    CodeRule,
    Listing,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2018, 3, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_YEAR = 365 * _DAY


def _private(path: str, weight: int) -> Call:
    return Call("private", "GET", path, {"weight": weight}, "/v2")


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"weight": 1}, "/v2")


BALANCE = _private("balance", 5)
STAKED = _private("stakingBalance", 5)
HISTORY = _private("account/history", 1)
TRADES = _private("trades", 5)
DEPOSITS = _private("depositHistory", 5)
WITHDRAWALS = _private("withdrawalHistory", 5)
TIME = _public("time")
MARKETS = _public("markets")
PRICES = _public("ticker/price")
CANDLES = _public("{market}/candles")

# --- balances ----------------------------------------------------------------------------------


def read_balances(listed: list[list[str]]) -> list[ReportedBalance]:
    """Read [balance], [stakingBalance]: what is free, in orders, and fixed in staking.

    The history does not tell of moves into staking and back, so both are one wallet.
    """
    totals: dict[str, Decimal] = {}
    for row in (row for pages in listed for text in pages for row in exact.loads(text)):
        code = normalisers.asset(row["symbol"])
        parts = (row.get(name) or "0" for name in ("available", "inOrder", "amount"))
        totals[code] = money.add(totals.get(code, money.ZERO), money.total(map(number, parts)))
    return [
        ReportedBalance(normalisers.WALLET, code, sum_) for code, sum_ in totals.items() if sum_
    ]


# --- streams -----------------------------------------------------------------------------------


def _history(text: str) -> RawPage:
    answer = exact.loads(text)
    page, pages = int(answer["currentPage"]), int(answer["totalPages"])
    return RawPage(exact.elements(text, "items"), token=str(page + 1) if page < pages else None)


def _trades(text: str) -> RawPage:
    """Read a page of trades, newest first; the oldest one's id opens the next."""
    rows = exact.elements(text)
    oldest = min(reversed(rows), key=lambda row: int(row.value["timestamp"]), default=None)
    return RawPage(rows, token=str(oldest.value["id"]) if oldest else None)


def _listed_at(row: exact.Slice) -> datetime:
    return at_ms(row.value["timestamp"])


def _listed_id(row: exact.Slice) -> str:
    names = ("symbol", "timestamp", "amount", "address")  # there is no id, and states change
    return ":".join(str(row.value.get(name) or "") for name in names)


def _of_chain(kind: RecordKind, call: Call, normalise: Any) -> StreamRule:
    return StreamRule(
        family=kind.value,
        kind=kind,
        call=call,
        strategy=TimeWindows("start", "end", "limit", 1000, _YEAR, _OPENED, 14 * _DAY),
        read=lambda text: RawPage(exact.elements(text)),
        external_id=_listed_id,
        occurred_at=_listed_at,
        normalise=normalise,
        overlap=14 * _DAY,
    )


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=HISTORY,
        strategy=TokenWindows(
            start_parameter="fromDate",
            end_parameter="toDate",
            limit_parameter="maxItems",
            limit=100,
            window=_YEAR,
            floor=_OPENED,
            overlap=14 * _DAY,
            token_parameter="page",  # noqa: S106
        ),
        read=_history,
        # A withdrawal and its cancellation may have one number.
        external_id=lambda row: f"{row.value['transactionId']}:{row.value['type']}",
        occurred_at=lambda row: at_utc_text(row.value["executedAt"]),
        normalise=normalisers.history,
        overlap=14 * _DAY,
    ),
    _of_chain(RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _of_chain(RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=BackToKnown("tradeIdTo", "limit", 1000, _OPENED, _DAY),
        read=_trades,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_listed_at,
        normalise=normalisers.trade,
        overlap=_DAY,
        parameters=lambda stream: {"market": stream.scope["symbol"]},
        absent_codes=frozenset({"205"}),
    ),
)

_PAIRS = PairPlan(("EUR",), name=lambda base, quote: f"{base}-{quote}")


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the history and lists, then the fills of likely markets, which only explain."""
    pairs = _PAIRS.streams(known_assets, markets)
    return [
        *(StreamSpec(rule.family, rule.kind) for rule in _STREAMS if rule.family != "trades"),
        *(stream for stream in pairs if "sweep" not in stream.scope),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``markets``."""
    return [
        MarketRow(
            row["market"],
            normalisers.asset(row["base"]),
            normalisers.asset(row["quote"]),
            row["status"] == "trading",
        )
        for row in exact.loads(text)
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker/price``: last price by market."""
    rows = exact.loads(text)
    return {row["market"]: number(row["price"]) for row in rows if row.get("price")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read candles: (opening time, closing price)."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    end = to_ms(since + (limit - 1) * _DAY)
    edges = {"start": to_ms(since), "end": end}
    return {"market": symbol, "interval": "1d", "limit": limit, **edges}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"errorCode": 305, "error": ...}``, or "" where there is none."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    return str(answer.get("errorCode") or "") if isinstance(answer, dict) else ""


_REJECTED = CodeRule(
    Treatment.KEY,
    "Bitvavo does not accept this key: it is wrong or deleted, or was not confirmed by e-mail.",
)
_SIGNATURE = CodeRule(Treatment.KEY, "Bitvavo finds the signature wrong: check the secret.")
_BUSY = CodeRule(Treatment.AGAIN, "Bitvavo is busy or under maintenance.")
_NOT_SO = CodeRule(Treatment.STREAM, "Bitvavo does not accept what was asked for.")
_CLOCK = CodeRule(Treatment.CLOCK, "The clocks of this server and of Bitvavo differ.")
_CODES = {
    **dict.fromkeys(("101", "107", "108", "109", "400", "404"), _BUSY),
    **dict.fromkeys(("110", "200", "203", "204", "205", "206"), _NOT_SO),
    "103": CodeRule(Treatment.WAIT_ALL, "Bitvavo asks this server to slow down."),
    "105": CodeRule(
        Treatment.WAIT_ALL, "Bitvavo has banned this server for a while.", timedelta(minutes=15)
    ),
    **dict.fromkeys(("300", "301", "305", "306"), _REJECTED),
    **dict.fromkeys(("302", "304"), _CLOCK),
    "307": CodeRule(Treatment.KEY, "This Bitvavo key is bound to another IP address."),
    **dict.fromkeys(("308", "309"), _SIGNATURE),
    **dict.fromkeys(
        ("310", "311", "312"),
        CodeRule(Treatment.STREAM, "This key lacks the permission to view these records."),
    ),
    "317": CodeRule(Treatment.KEY, "Bitvavo has locked this account."),
}

GUIDE = Guide(
    give=("View",),
    keep=("Trade", "Withdraw", "Withdraw to all addresses", "Sub-accounts"),
    steps=(
        "On bitvavo.com open Settings, then API, and choose Request new API key.",
        "Tick View only (read-only access); leave trading and withdrawing off.",
        "Enter this server's address as the IP whitelist: a key that is bound to it is of no use "
        "elsewhere.",
        "Confirm with your second factor, and then by the e-mail that Bitvavo sends: before that "
        "the key is refused.",
        "Copy the key and the secret; the secret is shown only now.",
    ),
    notes=("Bitvavo does not tell what a key may do: make sure that only View is ticked.",),
    covers=(
        ("balances", True, "", "what is free, in orders, and fixed in staking, as one wallet"),
        ("ledger", True, "from the first day", "everything that moved, fees included"),
        ("trades", True, "from the first trade", "order and fills of each trade"),
        ("deposits", True, "from the first deposit", "states and transaction ids"),
        ("withdrawals", True, "from the first withdrawal", "states and transaction ids"),
        ("rewards", True, "from the first day", "as part of the ledger"),
        ("transfers", True, "from the first day", "as part of the ledger; not those into staking"),
    ),
)

PROFILE = Profile(
    exchange="bitvavo",
    guide=GUIDE,
    read_list=(
        *(BALANCE, STAKED, HISTORY, TRADES, DEPOSITS, WITHDRAWALS),
        *(TIME, MARKETS, PRICES, CANDLES),
    ),
    allowances=(Allowance("weight", 1000, period=60, left_header="Bitvavo-Ratelimit-Remaining"),),
    audit_call=None,
    read_audit=None,
    audit_refused="This key may not read balances: tick View.",
    balances_refused="This key may not read balances: tick View.",
    balances=(),
    accounts=AccountsRule(
        listings=(Listing(BALANCE), Listing(STAKED)),
        balances=read_balances,
        plan=lambda listed: [],
    ),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=MARKETS,
        read_list=read_markets,
        ticker_call=PRICES,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=1440,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["time"]),
    ccxt_options={"millisecondsMinusTimeDifference": True},
)
