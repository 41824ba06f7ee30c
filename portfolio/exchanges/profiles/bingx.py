"""BingX (spot, fund and USDT-M perpetual accounts): https://bingx-api.github.io/docs-v3

Each endpoint has a limit of its own per account (2 to 10 requests a second), and groups of them
one per address and ten seconds. Who asks too often is shut out of that endpoint for five minutes.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine import money
from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import bingx as normalisers
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import IdAscending, TimeWindows, to_ms
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    FineRule,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
)
from portfolio.exchanges.profiles import bingx_positions
from portfolio.exchanges.profiles.bingx_errors import CODES, REJECTED, error_code
from portfolio.exchanges.profiles.bingx_guide import GUIDE
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2018, 5, 1, tzinfo=UTC)  # nothing on BingX is older
_PERPETUAL_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_PROMISED = timedelta(days=89)  # "the last 3 months", which may be three short ones


def _private(api: str, path: str, bucket: str, prefix: str) -> Call:
    return Call(f"{api}.private", "GET", path, {bucket: 1, "ip": 1}, f"/openApi{prefix}")


def _public(api: str, path: str, prefix: str) -> Call:
    return Call(f"{api}.public", "GET", path, {"market": 1}, f"/openApi{prefix}")


PERMISSIONS = _private("account.v1", "account/apiPermissions", "audit", "/v1")
UID = _private("account.v1", "uid", "wallet", "/account/v1")
SPOT = _private("spot.v1", "account/balance", "balance", "/spot/v1")
FUND = _private("fund.v1", "account/balance", "fund", "/fund/v1")
PERPETUAL = _private("swap.v3", "user/balance", "balance", "/swap/v3")
COIN_M = _private("cswap.v1", "user/balance", "balance", "/cswap/v1")
STANDARD = _private("contract.v1", "balance", "balance", "/contract/v1")
MY_TRADES = _private("spot.v1", "trade/myTrades", "trades", "/spot/v1")
DEPOSITS = _private("api.v3", "capital/deposit/hisrec", "wallet", "/api/v3")
WITHDRAWALS = _private("api.v3", "capital/withdraw/history", "wallet", "/api/v3")
TRANSFERS = _private("api.v3", "asset/transferRecord", "transfers", "/api/v3")
INCOME = _private("swap.v2", "user/income", "income", "/swap/v2")
FILLS = _private("swap.v2", "trade/allFillOrders", "fills", "/swap/v2")
SYMBOLS = _public("spot.v1", "common/symbols", "/spot/v1")
TICKERS = _public("spot.v1", "ticker/24hr", "/spot/v1")
KLINES = _public("spot.v1", "market/kline", "/spot/v1")
TIME = _public("swap.v2", "server/time", "/swap/v2")  # spot's own answers in whole seconds

# --- what a key may do -------------------------------------------------------------------------

_WORDS = {
    "1": "Spot Trading",
    "2": "Read",
    "3": "Perpetual Futures Trading",
    "4": "Universal Transfer",
    "5": "Withdraw",
    "7": "Sub-account Transfer",
}
_READS, _TRADES = {"2"}, {"1", "3"}


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by its list of numbers; a number that is not known counts as dangerous."""
    data = exact.loads(text)["data"]
    codes = tuple(str(code) for code in data["permissions"])
    dangerous = tuple(code for code in codes if code not in _READS)
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(code in _TRADES for code in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    addresses = tuple(str(address) for address in data.get("ipAddresses") or () if address)
    return PermissionAudit(
        verdict=verdict,
        permissions=tuple(_word(code) for code in codes),
        dangerous=tuple(_word(code) for code in dangerous),
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=None,
        expires_at=None,
        account_uid="",
        missing=() if "2" in codes else (_WORDS["2"],),
        raw=_without_key(text, str(data.get("apiKey") or "")),
    )


def _word(code: str) -> str:
    return _WORDS.get(code, f"permission {code}")


def _without_key(text: str, key: str) -> str:
    return text.replace(key, "...") if key else text


def read_uid(text: str) -> str:
    """Return the account's number."""
    return str(exact.loads(text)["data"]["uid"])


# --- balances ----------------------------------------------------------------------------------


def read_spot(text: str) -> list[ReportedBalance]:
    """Read the balance of the spot account."""
    return _balances("spot", exact.loads(text)["data"]["balances"])


def read_fund(text: str) -> list[ReportedBalance]:
    """Read the balance of the fund account; its list has two names."""
    data = exact.loads(text)["data"]
    return _balances("funding", data["assets"] if "assets" in data else data["balances"])


def _balances(wallet: str, rows: list[dict[str, Any]] | None) -> list[ReportedBalance]:
    found = [
        ReportedBalance(
            wallet,
            row["asset"],
            money.add(
                normalisers.from_double(row.get("free") or "0"),
                normalisers.from_double(row.get("locked") or "0"),
            ),
        )
        for row in rows or ()
    ]
    return [balance for balance in found if balance.quantity]


def read_perpetual(text: str) -> list[ReportedBalance]:
    """Read the perpetual account: what is settled, without the profit of open positions."""
    return _contracts(normalisers.PERPETUAL, text)


def read_coin_m(text: str) -> list[ReportedBalance]:
    """Read the account of perpetual contracts in coins."""
    return _contracts(normalisers.WALLETS["coinMPerp"], text)


def read_standard(text: str) -> list[ReportedBalance]:
    """Read the account of standard futures."""
    return _contracts(normalisers.WALLETS["stdFutures"], text)


def _contracts(wallet: str, text: str) -> list[ReportedBalance]:
    """A currency that was never used comes with empty texts, sometimes without a name."""
    found = [
        ReportedBalance(wallet, row["asset"], number(row["balance"]))
        for row in exact.loads(text)["data"] or ()
        if row.get("asset") and row.get("balance")
    ]
    return [balance for balance in found if balance.quantity]


# --- streams -----------------------------------------------------------------------------------

_PAIRS = PairPlan(
    main_quotes=("USDT", "USDC", "BTC", "ETH", "USD1"),
    former_quotes=("USDT",),
    name=lambda base, quote: f"{base}-{quote}",
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams, most telling first."""
    return [
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        StreamSpec("ledger", RecordKind.LEDGER),
        *(_direction(*pair) for pair in itertools.permutations(normalisers.WALLETS, 2)),
        StreamSpec("fills", RecordKind.TRADES),
        *_PAIRS.streams(known_assets, markets),
    ]


def _direction(source: str, target: str) -> StreamSpec:
    scope = {"from": source, "to": target}
    return StreamSpec(f"transfers:{source}:{target}", RecordKind.TRANSFERS, scope)


def _bare(text: str) -> RawPage:
    """Read a list; where there is nothing, some endpoints say so within the usual envelope."""
    return RawPage(exact.elements(text) if text.startswith("[") else exact.elements(text, "data"))


def _fills(text: str) -> RawPage:
    return RawPage(exact.elements(text, "data", "fill_orders"))


def _trades(text: str) -> RawPage:
    return RawPage(exact.elements(text, "data", "fills"))


def _income(text: str) -> RawPage:
    return RawPage(exact.elements(text, "data"))


def _transfers(text: str) -> RawPage:
    return RawPage(exact.elements(text, "rows"))


def _moment(name: str) -> Any:
    return lambda row: at_ms(row.value[name])


def _deposit_id(row: Slice) -> str:
    return normalisers.deposit_id(row.value)


def _history(overlap: timedelta, days: int = 90) -> TimeWindows:
    return TimeWindows(
        start_parameter="startTime",
        end_parameter="endTime",
        limit_parameter="limit",
        limit=1000,
        window=timedelta(days=days),
        floor=_OPENED,
        overlap=overlap,
        offset_parameter="offset",
    )


def _perpetual(start: str, end: str, limit_parameter: str, limit: int) -> TimeWindows:
    return TimeWindows(
        start_parameter=start,
        end_parameter=end,
        limit_parameter=limit_parameter,
        limit=limit,
        window=timedelta(days=7),
        floor=_PERPETUAL_SINCE,
        overlap=_DAY,
        retention=_PROMISED,
        asks_beyond=True,
    )


_STREAMS = (
    StreamRule(
        family="deposits",
        kind=RecordKind.DEPOSITS,
        call=DEPOSITS,
        strategy=_history(14 * _DAY),
        read=_bare,
        external_id=_deposit_id,
        occurred_at=_moment("insertTime"),
        normalise=normalisers.deposit,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="withdrawals",
        kind=RecordKind.WITHDRAWALS,
        call=WITHDRAWALS,
        strategy=_history(14 * _DAY),
        read=_bare,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=lambda row: at_utc_text(row.value["applyTime"]),
        normalise=normalisers.withdrawal,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=INCOME,
        strategy=_perpetual("startTime", "endTime", "limit", 1000),
        read=_income,
        external_id=lambda row: normalisers.income_id(row.value),
        occurred_at=_moment("time"),
        normalise=normalisers.income,
        overlap=_DAY,
    ),
    StreamRule(
        family="transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=TimeWindows(
            start_parameter="startTime",
            end_parameter="endTime",
            limit_parameter="pageSize",
            limit=100,
            window=timedelta(days=180),
            floor=_OPENED,
            overlap=_DAY,
            page_parameter="pageIndex",
        ),
        read=_transfers,
        external_id=lambda row: str(row.value["transferId"]),
        occurred_at=_moment("timestamp"),
        normalise=normalisers.transfer,
        overlap=_DAY,
        parameters=lambda stream: {
            "fromAccount": stream.scope["from"],
            "toAccount": stream.scope["to"],
        },
    ),
    StreamRule(
        family="fills",
        kind=RecordKind.TRADES,
        call=FILLS,
        strategy=_perpetual("startTs", "endTs", "", 500),
        read=_fills,
        external_id=lambda row: normalisers.fill_id(row.value),
        occurred_at=lambda row: normalisers.filled_at(row.value),
        normalise=normalisers.fill,
        overlap=_DAY,
        parameters=lambda stream: {"tradingUnit": "COIN"},
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=MY_TRADES,
        # The documentation says both 500 and 1000 at most: asked for 500, 500 are a full page.
        strategy=IdAscending("fromId", "limit", 500, _OPENED, _HOUR, promised=_PROMISED),
        read=_trades,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_moment("time"),
        normalise=normalisers.trade,
        overlap=_HOUR,
        parameters=lambda stream: {"symbol": stream.scope["symbol"]},
        absent_codes=frozenset({"100490", "100400-symbol", "100421-pair"}),
    ),
)

# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``common/symbols``; a base may hold hyphens (STRK-OLD-USDT), a quote does not."""
    found = []
    for row in exact.loads(text)["data"]["symbols"]:
        base, _, quote = row["symbol"].rpartition("-")
        found.append(MarketRow(row["symbol"], base, quote, str(row["status"]) == "1"))
    return found


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker/24hr``: last price by symbol."""
    return {row["symbol"]: number(row["lastPrice"]) for row in exact.loads(text)["data"]}


def read_klines(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``market/kline``: (opening time, closing price)."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)["data"]]


def _klines(
    interval: str, width: timedelta, symbol: str, since: datetime, limit: int
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "interval": interval,
        "startTime": to_ms(since),
        "endTime": to_ms(since + limit * width),
        "limit": limit,
        "timeZone": 0,  # else days begin at midnight of UTC+8
    }


_CLOSED = frozenset({"100004", "80020", "404"})  # accounts that a reading key may not see


def _each_second(name: str, count: int) -> Allowance:
    return Allowance(name, count, refill=Decimal(count), per_account=True)


PROFILE = Profile(
    exchange="bingx",
    has_sandbox=True,
    guide=GUIDE,
    read_list=(
        *(PERMISSIONS, UID, SPOT, FUND, PERPETUAL, COIN_M, STANDARD),
        *(MY_TRADES, DEPOSITS, WITHDRAWALS, TRANSFERS, INCOME, FILLS),
        *(SYMBOLS, TICKERS, KLINES, TIME, *bingx_positions.CALLS),
    ),
    allowances=(
        Allowance("market", 100, period=10),
        Allowance("ip", 1000, period=10),
        _each_second("audit", 2),
        _each_second("balance", 5),
        _each_second("positions", 5),
        _each_second("fund", 2),
        _each_second("trades", 5),
        _each_second("wallet", 10),
        _each_second("transfers", 2),
        _each_second("income", 5),
        _each_second("fills", 5),
    ),
    audit_call=PERMISSIONS,
    read_audit=read_audit,
    uid_call=UID,
    read_uid=read_uid,
    audit_refused=REJECTED,
    balances_refused="This key may not read balances: it needs the permission Read.",
    balances=(
        BalanceRule(SPOT, {}, read_spot),
        BalanceRule(FUND, {}, read_fund, absent_codes=_CLOSED),
        BalanceRule(PERPETUAL, {}, read_perpetual),
        BalanceRule(COIN_M, {}, read_coin_m, absent_codes=_CLOSED),
        BalanceRule(STANDARD, {}, read_standard, absent_codes=_CLOSED),
    ),
    positions=bingx_positions.rules(_CLOSED),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=SYMBOLS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=KLINES,
        candle_parameters=partial(_klines, "1d", _DAY),
        read_candles=read_klines,
        candle_limit=1440,
        candles_reach_back=True,
        fine=(
            FineRule(Width.MINUTE, partial(_klines, "1m", Width.MINUTE.length), 1440),
            FineRule(Width.HOUR, partial(_klines, "1h", Width.HOUR.length), 1440),
        ),
    ),
    error_code=error_code,
    codes=CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["data"]["serverTime"]),
    ccxt_options={"nonceMinusTimeDifference": True},
)
