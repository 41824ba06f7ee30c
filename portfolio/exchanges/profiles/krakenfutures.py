"""Kraken Futures: https://docs.kraken.com/exchange/guides/futures/introduction

Per key 500 units in ten seconds below /derivatives, and a pool of 100 tokens below /history that
refills in ten minutes: a page of up to 1,000 rows of the account log takes three.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import krakenfutures as normalisers
from portfolio.exchanges.normalisers.values import at_utc_text
from portfolio.exchanges.paging_backward import Descending
from portfolio.exchanges.paging_windows import TokenWindows
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    Listing,
    MarketRow,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
)
from portfolio.exchanges.profiles.krakenfutures_account import (
    GUIDE,
    read_audit,
    read_balances,
    read_positions,
)
from portfolio.exchanges.profiles.krakenfutures_public import (
    CANDLES,
    CODES,
    INSTRUMENTS,
    MARKETS,
    REJECTED,
    TICKERS,
    error_code,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2015, 1, 1, tzinfo=UTC)  # as Crypto Facilities
_DAY = timedelta(days=1)
_CHECK = "api-keys/v3/check"

# ccxt's table lacks the endpoint that tells what a key may do. It is signed as all others are;
# only its section, version and access have to be told.
KEY = Call("auth", "GET", _CHECK, path_prefix="/api/auth/v1")
_AUTH_URL = "https://futures.kraken.com/api/auth/"
_OPTIONS = {
    "versions": {"auth": {"GET": {_CHECK: "v1"}}},
    "access": {"auth": {"GET": {_CHECK: "private"}}},
}

ACCOUNTS = Call("private", "GET", "accounts", {"derivatives": 2}, "/derivatives/api/v3")
POSITIONS = Call("private", "GET", "openpositions", {"derivatives": 2}, "/derivatives/api/v3")
LOG = Call("history", "GET", "account-log", {"history": 3}, "/api/history/v3")
EXECUTIONS = Call("history", "GET", "executions", {"history": 1}, "/api/history/v2")


def _read_log(text: str) -> RawPage:
    return _page(text, "logs")


def _read_executions(text: str) -> RawPage:
    return _page(text, "elements")


def _page(text: str, container: str) -> RawPage:
    """Cut a page; an answer without its list proves nothing. May raise KeyError."""
    answer = exact.loads(text)
    if not isinstance(answer[container], list):
        raise ValueError("not a list")
    token = answer.get("continuationToken")
    return RawPage(exact.elements(text, container), token=token or None)


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LOG,
        # Down by id, which rises by one with every row: nothing depends on the clock.
        strategy=Descending(
            1000, _OPENED, _DAY, by_id=True, mark_parameter="to", limit_parameter="count"
        ),
        read=_read_log,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=lambda row: at_utc_text(row.value["date"]),
        normalise=normalisers.ledger,
        overlap=_DAY,
        parameters=lambda stream: {"sort": "desc"},
    ),
    StreamRule(
        family="executions",
        kind=RecordKind.TRADES,
        call=EXECUTIONS,
        strategy=TokenWindows(
            start_parameter="since",
            end_parameter="before",
            limit_parameter="count",
            limit=1000,
            window=366 * _DAY,
            floor=_OPENED,
            overlap=_DAY,
            token_parameter="continuation_token",  # noqa: S106
        ),
        read=_read_executions,
        external_id=lambda row: str(normalisers.execution_of(row.value)["uid"]),
        occurred_at=lambda row: normalisers.executed_at(row.value),
        normalise=normalisers.execution,
        overlap=_DAY,
        parameters=lambda stream: {"sort": "asc"},
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the two streams: the log, which books everything, then what explains it."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


_NEVER_USED = frozenset({"accountInactive"})

PROFILE: Profile = Profile(
    exchange="krakenfutures",
    has_sandbox=True,
    guide=GUIDE,
    read_list=(KEY, ACCOUNTS, POSITIONS, LOG, EXECUTIONS, INSTRUMENTS, TICKERS, CANDLES),
    allowances=(
        Allowance("derivatives", 500, period=10, per_account=True),
        Allowance("history", 100, refill=Decimal("0.16"), per_account=True),
        Allowance("public", 10, refill=Decimal(5)),
    ),
    audit_call=KEY,
    read_audit=read_audit,
    audit_refused=REJECTED,
    balances_refused="This key may not read balances: choose Read only for the General API.",
    balances=(BalanceRule(ACCOUNTS, {}, read_balances, _NEVER_USED),),
    positions=(PositionRule(Listing(POSITIONS), read_positions, _NEVER_USED),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MARKETS,
    error_code=error_code,
    codes=CODES,
    ccxt_options=_OPTIONS,
    ccxt_urls={"auth": _AUTH_URL},
)
