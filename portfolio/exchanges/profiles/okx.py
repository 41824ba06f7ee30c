"""OKX (trading, funding and simple earn): https://www.okx.com/docs-v5/en

Limits are per endpoint and user (public ones per address), in windows of one or two seconds. A
counter of one or two that falls a little slower than they allow keeps within them wherever their
windows begin. Trading bills and fills reach back three months, savings interest one month, easy
converts seven days; funding bills, deposits and withdrawals go back to the beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import okx as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.paging_backward import Descending
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    FineRule,
    Listing,
    MarketRow,
    MarketRule,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles.okx_positions import read_positions
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2017, 1, 1, tzinfo=UTC)
_BILLS_BEGIN = datetime(2021, 2, 1, tzinfo=UTC)  # funding bills are served from this day on
_DAY = timedelta(days=1)
_QUARTER, _MONTH, _WEEK = timedelta(days=90), timedelta(days=30), timedelta(days=7)
_API = "/api/v5"
_LIMIT = 100


def _private(path: str, allowance: str) -> Call:
    return Call("private", "GET", path, {allowance: 1}, _API)


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1}, _API)


CONFIG = _private("account/config", "config")
TRADING = _private("account/balance", "balance")
POSITIONS = _private("account/positions", "positions")
BILLS = _private("account/bills-archive", "bills")
FILLS = _private("trade/fills-history", "fills")
FUNDING = _private("asset/balances", "funding")
FUNDING_BILLS = _private("asset/bills-history", "funding-bills")
DEPOSITS = _private("asset/deposit-history", "deposits")
WITHDRAWALS = _private("asset/withdrawal-history", "withdrawals")
CONVERSIONS = _private("asset/convert/history", "conversions")
EASY_CONVERTS = _private("trade/easy-convert-history", "easy-converts")
SAVINGS = _private("finance/savings/balance", "savings")
INTEREST = _private("finance/savings/lending-history", "interest")
TIME, INSTRUMENTS, TICKERS, CANDLES = (
    _public(path)
    for path in ("public/time", "public/instruments", "market/tickers", "market/history-candles")
)


def _pace(name: str, a_second: str, at_once: int = 1) -> Allowance:
    return Allowance(name, at_once, refill=Decimal(a_second), per_account=True)


_ALLOWANCES = (
    _pace("config", "2"),  # 5 in 2 seconds
    _pace("bills", "2"),  # 5 in 2 seconds
    _pace("balance", "4"),  # 10 in 2 seconds
    _pace("positions", "4"),  # 10 in 2 seconds
    _pace("fills", "4"),  # 10 in 2 seconds
    _pace("funding-bills", "0.9"),  # 1 a second
    _pace("easy-converts", "0.45"),  # 1 in 2 seconds
    *(
        _pace(name, "4", 2)  # 6 a second
        for name in ("funding", "deposits", "withdrawals", "conversions", "savings", "interest")
    ),
    Allowance("public", 4, refill=Decimal(5)),  # 10 in 2 seconds for the clock, the others 20
)

# --- what a key may do -------------------------------------------------------------------------

_READS = {"read_only"}
_TRADES = {"trade"}  # orders, and moves between own accounts


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``account/config``; a word that is not known counts as dangerous."""
    (told,) = exact.loads(text)["data"]
    granted = _words(told["perm"])
    dangerous = tuple(word for word in granted if word not in _READS)
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(word in _TRADES for word in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    addresses = _words(told.get("ip"))
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=None,
        expires_at=None,
        account_uid=str(told.get("uid") or ""),
        missing=() if "read_only" in granted else ("read_only",),
        warnings=_warnings(told),
        raw=text,
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())


def _warnings(told: dict[str, Any]) -> tuple[str, ...]:
    uid, main = str(told.get("uid") or ""), str(told.get("mainUid") or "")
    if uid and main and uid != main:
        return ("This key belongs to a sub-account: the main account needs a key of its own.",)
    return ()


# --- balances ----------------------------------------------------------------------------------


def read_trading(text: str) -> list[ReportedBalance]:
    """Read ``account/balance``: cash, without what open positions have won or lost so far."""
    (told,) = exact.loads(text)["data"]
    return _balances("trading", told["details"], "cashBal")


def read_funding(text: str) -> list[ReportedBalance]:
    """Read ``asset/balances``."""
    return _balances("funding", exact.loads(text)["data"], "bal")


def read_savings(text: str) -> list[ReportedBalance]:
    """Read ``finance/savings/balance``: what was lent and what it has earned."""
    return _balances("earn", exact.loads(text)["data"], "amt")


def _balances(wallet: str, rows: list[dict[str, Any]], name: str) -> list[ReportedBalance]:
    found = [
        ReportedBalance(wallet, normalisers.asset(row["ccy"]), number(row[name] or "0"))
        for row in rows
    ]
    return [balance for balance in found if balance.quantity]


# --- streams -----------------------------------------------------------------------------------


def _rows(text: str) -> RawPage:
    rows = exact.elements(text, "data")
    if not rows and exact.loads(text)["data"] != []:
        raise ValueError("expected a list")
    return RawPage(rows)


def _down(
    *,
    by_id: bool,
    overlap: timedelta = _DAY,
    floor: datetime = _OPENED,
    retention: timedelta | None = None,
) -> Descending:
    return Descending(_LIMIT, floor, overlap, by_id=by_id, retention=retention)


def _rule(
    family: str,
    kind: RecordKind,
    call: Call,
    strategy: Descending,
    normalise: Callable[..., Any],
    external_id: Callable[[Slice], str],
    **more: Any,
) -> StreamRule:
    moment = more.pop("moment", "ts")
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=strategy,
        read=_rows,
        external_id=external_id,
        occurred_at=lambda row: at_ms(row.value[moment]),
        normalise=normalise,
        overlap=strategy.overlap,
        **more,
    )


def _field(name: str) -> Callable[[Slice], str]:
    return lambda row: str(row.value[name])


_STREAMS = (
    _rule(
        "bills",
        RecordKind.LEDGER,
        BILLS,
        _down(by_id=True, retention=_QUARTER),
        normalisers.bill,
        _field("billId"),
    ),
    _rule(
        "asset-bills",
        RecordKind.LEDGER,
        FUNDING_BILLS,
        _down(by_id=True, floor=_BILLS_BEGIN),
        normalisers.asset_bill,
        _field("billId"),
        parameters=lambda stream: {"pagingType": "2"},  # by bill, not by moment
    ),
    _rule(
        "deposits",
        RecordKind.DEPOSITS,
        DEPOSITS,
        _down(by_id=False, overlap=14 * _DAY),
        normalisers.deposit,
        _field("depId"),
    ),
    _rule(
        "withdrawals",
        RecordKind.WITHDRAWALS,
        WITHDRAWALS,
        _down(by_id=False, overlap=14 * _DAY),
        normalisers.withdrawal,
        _field("wdId"),
    ),
    _rule(
        "interest",
        RecordKind.INTEREST,
        INTEREST,
        _down(by_id=False, retention=_MONTH),
        normalisers.interest,
        lambda row: normalisers.interest_id(row.value),
    ),
    _rule(
        "dust",
        RecordKind.DUST,
        EASY_CONVERTS,
        _down(by_id=False, retention=_WEEK),
        normalisers.dust,
        lambda row: normalisers.dust_id(row.value),
        moment="uTime",
    ),
    _rule(
        "conversions",
        RecordKind.CONVERSIONS,
        CONVERSIONS,
        _down(by_id=False),
        normalisers.conversion,
        _field("tradeId"),
    ),
    _rule(
        "fills",
        RecordKind.TRADES,
        FILLS,
        _down(by_id=True, retention=_QUARTER),
        normalisers.fill,
        _field("billId"),
        parameters=lambda stream: {"instType": stream.scope["type"]},
    ),
)
_TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams that book, soonest lost first, then those that explain them."""
    once = [StreamSpec(rule.family, rule.kind) for rule in _STREAMS if rule.family != "fills"]
    fills = [StreamSpec(f"fills:{name}", RecordKind.TRADES, {"type": name}) for name in _TYPES]
    return [*once, *fills]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``public/instruments`` of the spot market; some still to be opened have no name."""
    return [
        MarketRow(
            row["instId"],
            normalisers.asset(row["baseCcy"]),
            normalisers.asset(row["quoteCcy"]),
            row["state"] == "live",
        )
        for row in exact.loads(text)["data"]
        if row["instId"] and row.get("baseCcy") and row.get("quoteCcy")
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``market/tickers``: last price by pair; "" where nothing was traded yet."""
    rows = exact.loads(text)["data"]
    return {row["instId"]: number(row["last"]) for row in rows if row["last"]}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``market/history-candles``: (opening time, closing price)."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)["data"]]


def _candles(
    bar: str, width: timedelta, symbol: str, since: datetime, limit: int
) -> dict[str, Any]:
    return {
        "instId": symbol,
        "bar": bar,
        "before": to_ms(since) - 1,  # both ends are exclusive
        "after": to_ms(since + limit * width),
        "limit": limit,
    }


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"code": "50111", "msg": ...}``, or "" where all is well."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = str(answer.get("code") or "") if isinstance(answer, dict) else ""
    return "" if code == "0" else code


_REJECTED = (
    "OKX does not know this key: it is wrong, deleted or expired (unused keys without an IP "
    "address do), or it belongs to another region (MyOKX, OKX US)."
)
_ADDRESS = "OKX refuses this key here: it is bound to another IP address."
_NO_RIGHT = "OKX does not let this key read these records."
_ASKED = "OKX does not accept what was asked for."
_BUSY = CodeRule(Treatment.AGAIN, "OKX is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "OKX asks this key to slow down.", timedelta(seconds=10))
_BLOCKED = CodeRule(Treatment.KEY, "OKX has blocked or suspended this account.")
_CODES = {
    **dict.fromkeys(("50001", "50004", "50005", "50013", "50026"), _BUSY),
    **dict.fromkeys(("50011", "50061"), _SLOW),
    **dict.fromkeys(("50007", "50009", "50012"), _BLOCKED),
    **dict.fromkeys(
        ("50014", "50015", "50016", "50024", "51000", "51001"),
        CodeRule(Treatment.STREAM, _ASKED),
    ),
    **dict.fromkeys(("50027", "50030", "50120"), CodeRule(Treatment.STREAM, _NO_RIGHT)),
    "50062": CodeRule(Treatment.STREAM, "OKX does not serve this at the moment."),
    "51010": CodeRule(Treatment.STREAM, "OKX does not serve this in the account's mode."),
    "50100": CodeRule(Treatment.KEY, "OKX has frozen this key."),
    "50101": CodeRule(Treatment.KEY, "This is a key for OKX's demo trading."),
    "50102": CodeRule(Treatment.CLOCK, "The clocks of this server and of OKX differ."),
    "50112": CodeRule(Treatment.CLOCK, "The clocks of this server and of OKX differ."),
    **dict.fromkeys(("50103", "50106", "50107"), CodeRule(Treatment.KEY, _REJECTED)),
    **dict.fromkeys(
        ("50104", "50105"), CodeRule(Treatment.KEY, "OKX finds the passphrase wrong: check it.")
    ),
    "50110": CodeRule(Treatment.KEY, _ADDRESS),
    **dict.fromkeys(("50008", "50111", "50114", "50119"), CodeRule(Treatment.KEY, _REJECTED)),
    "50113": CodeRule(Treatment.KEY, "OKX finds the signature wrong: check the secret key."),
}

_GUIDE = Guide(
    give=("Read",),
    keep=("Trade", "Withdraw"),
    steps=(
        "On okx.com open your profile, then API, and choose Create API key.",
        "Purpose: API trading. Choose a passphrase of its own and write it down.",
        "Tick Read only and link this server's IP address: a key that is bound to it is of no use "
        "elsewhere.",
        "Copy the API key and the secret key; you also need the passphrase.",
    ),
    notes=(
        "In the EEA choose MyOKX, in the United States OKX US: keys of one are unknown to the "
        "others.",
        "Connect early and keep syncing: OKX shows trades of the last three months only. What is "
        "older is not served to a read-only key; it shows as a difference to the balance.",
        "Each sub-account needs a key of its own.",
    ),
    covers=(
        ("balances", True, "", "trading, funding and simple earn (flexible)"),
        (
            "ledger",
            True,
            "trading: 3 months; funding: from February 2021",
            "everything that moved, fees included; older trading bills are not served",
        ),
        ("trades", True, "3 months", "prices and orders, contracts and options too"),
        ("deposits", True, "as far as OKX lists them", ""),
        ("withdrawals", True, "as far as OKX lists them", ""),
        ("transfers", True, "as the ledgers", "as part of the ledgers"),
        ("rewards", True, "from February 2021", "as part of the funding ledger"),
        ("interest", True, "1 month", "simple earn (flexible), hour by hour"),
        ("conversions", True, "as far as OKX lists them", "prices; the ledgers book them"),
        ("dust", True, "7 days", "the ledger books it"),
        ("funding", True, "3 months", "as part of the trading ledger"),
        ("liquidations", True, "3 months", "as part of the trading ledger"),
    ),
)

PROFILE = Profile(
    exchange="okx",
    has_sandbox=True,
    guide=_GUIDE,
    read_list=(
        *(CONFIG, TRADING, POSITIONS, BILLS, FILLS, FUNDING, FUNDING_BILLS, DEPOSITS, WITHDRAWALS),
        *(CONVERSIONS, EASY_CONVERTS, SAVINGS, INTEREST, TIME, INSTRUMENTS, TICKERS, CANDLES),
    ),
    allowances=_ALLOWANCES,
    audit_call=CONFIG,
    read_audit=read_audit,
    audit_refused="This key may not even read what it may do: tick Read.",
    balances_refused="This key may not read balances: tick Read.",
    balances=(
        BalanceRule(TRADING, {}, read_trading),
        BalanceRule(FUNDING, {}, read_funding),
        BalanceRule(SAVINGS, {}, read_savings),
    ),
    positions=(PositionRule(Listing(POSITIONS), read_positions),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=INSTRUMENTS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=partial(_candles, "1Dutc", _DAY),
        read_candles=read_candles,
        candle_limit=_LIMIT,
        candles_reach_back=True,
        candles_windowed=True,
        fine=(
            FineRule(Width.MINUTE, partial(_candles, "1m", Width.MINUTE.length), _LIMIT),
            FineRule(Width.HOUR, partial(_candles, "1H", Width.HOUR.length), _LIMIT),
        ),
        list_parameters={"instType": "SPOT"},
        ticker_parameters={"instType": "SPOT"},
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["data"][0]["ts"]),
)
