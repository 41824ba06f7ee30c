"""Bitget (classic account, API v2): https://www.bitget.com/api-doc

Each endpoint has a pace of its own per account, mostly ten requests a second; the tax records and
the account's own data one a second. All together may ask 6,000 times a minute per address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine import money
from portfolio.engine.moments import Width
from portfolio.engine.types import Event, RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import bitget as normalisers
from portfolio.exchanges.normalisers.bitget import asset
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    FineRule,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles import bitget_positions
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2018, 7, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TWO_YEARS = timedelta(days=730)


def _call(section: str, path: str, pace: str) -> Call:
    return Call(section, "GET", f"v2/{path}", {"address": 1, pace: 1}, "/api")


def _private(section: str, path: str, pace: str = "account") -> Call:
    return _call(f"private.{section}", path, pace)


def _public(section: str, path: str) -> Call:
    return _call(f"public.{section}", path, "public")


INFO = _private("spot", "spot/account/info", "info")
SPOT_ASSETS = _private("spot", "spot/account/assets")
FUTURES_ACCOUNTS = _private("mix", "mix/account/accounts")
CROSSED_ASSETS = _private("margin", "margin/crossed/account/assets")
ISOLATED_ASSETS = _private("margin", "margin/isolated/account/assets")
EARN_ASSETS = _private("earn", "earn/account/assets")
SPOT_RECORDS = _private("tax", "tax/spot-record", "tax-spot")
FUTURES_RECORDS = _private("tax", "tax/future-record", "tax-futures")
MARGIN_RECORDS = _private("tax", "tax/margin-record", "tax-margin")
DEPOSITS = _private("spot", "spot/wallet/deposit-records")
WITHDRAWALS = _private("spot", "spot/wallet/withdrawal-records")
TIME = _public("common", "public/time")
SYMBOLS = _public("spot", "spot/public/symbols")
TICKERS = _public("spot", "spot/market/tickers")
CANDLES = _public("spot", "spot/market/history-candles")

# --- what a key may do -------------------------------------------------------------------------

_READ_CODE = re.compile(r"[a-z0-9]{3}r")  # stor, coor, taxr: three letters and an r for reading
_TRADES = {"trade", "stow", "smow", "coow", "cpow", "ttow"}
_NEEDED = ("stor", "wtor", "coor", "smor", "taxr")


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``authorities``: codes that end in r read; all that is not known is dangerous.

    The documentation's example shows words instead (``readonly``, ``trade``); both are understood.
    """
    data = exact.loads(text)["data"]
    granted = tuple(str(word) for word in data["authorities"])
    dangerous = tuple(w for w in granted if w != "readonly" and not _READ_CODE.fullmatch(w))
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(word in _TRADES for word in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    addresses = tuple(part.strip() for part in str(data.get("ips") or "").split(",") if part)
    may = {word[:3] for word in granted}
    in_codes = not {"readonly", "trade"} & set(granted)
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=None,  # regisTime is the account's, not the key's
        expires_at=None,
        account_uid=str(data["userId"]),
        missing=tuple(w for w in _NEEDED if w[:3] not in may) if in_codes else (),
        raw=text,
    )


# --- balances ----------------------------------------------------------------------------------


def _wallet(wallet: str, quantity: Callable[[dict[str, Any]], Decimal]) -> Callable[..., Any]:
    """Make a reader that sums ``quantity`` by coin: isolated margin has a row for each pair."""

    def read(text: str) -> list[ReportedBalance]:
        totals: dict[str, Decimal] = {}
        for row in exact.loads(text)["data"] or []:
            code = asset(row.get("coin") or row["marginCoin"])
            totals[code] = money.add(totals.get(code, money.ZERO), quantity(row))
        return [ReportedBalance(wallet, code, total) for code, total in totals.items() if total]

    return read


def _sum(row: dict[str, Any], *names: str) -> Decimal:
    return money.total(number(row.get(name) or "0") for name in names)


def _less(row: dict[str, Any], whole: str, part: str) -> Decimal:
    return money.add(number(row[whole]), money.negate(_sum(row, part)))


read_spot = _wallet("spot", lambda row: _sum(row, "available", "frozen", "locked"))
read_earn = _wallet("earn", lambda row: number(row["amount"]))


def read_margin(mode: str) -> Callable[[str], list[ReportedBalance]]:
    """Read a margin account: what is there less what is borrowed."""
    return _wallet(normalisers.MARGIN[mode], lambda row: _less(row, "totalAmount", "borrow"))


def read_futures(product: str) -> Callable[[str], list[ReportedBalance]]:
    """Read the futures accounts of one kind: equity without what is not realised yet."""
    wallet = normalisers.FUTURES[product]
    return _wallet(wallet, lambda row: _less(row, "accountEquity", "unrealizedPL"))


# A wallet that was never opened, is closed to sub-accounts, or that the key may not see: the others
# are worth having all the same, and the audit names the missing right.
_NOT_SEEN = frozenset({"40014", "40016", "40301"})
_BALANCES = (
    BalanceRule(SPOT_ASSETS, {}, read_spot),
    *(
        BalanceRule(FUTURES_ACCOUNTS, {"productType": p}, read_futures(p), _NOT_SEEN)
        for p in normalisers.FUTURES
    ),
    BalanceRule(CROSSED_ASSETS, {}, read_margin("crossed"), _NOT_SEEN),
    BalanceRule(ISOLATED_ASSETS, {}, read_margin("isolated"), _NOT_SEEN),
    BalanceRule(EARN_ASSETS, {}, read_earn, _NOT_SEEN),
)

# --- streams -----------------------------------------------------------------------------------


def _listed(text: str) -> RawPage:
    exact.loads(text)["data"]  # an answer without it is not an empty one
    return RawPage(exact.elements(text, "data"))


def _moment(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_ms(row.value[name])


def _windows(days: int, limit: int, overlap: timedelta) -> TimeWindows:
    """Stretches that are halved while they are full.

    Not by ``idLessThan``: the rows of a page do not come in the order of their ids, and pages
    made with it were seen to lack rows.
    """
    return TimeWindows(
        start_parameter="startTime",
        end_parameter="endTime",
        limit_parameter="limit",
        limit=limit,
        window=timedelta(days=days),
        floor=_OPENED,
        overlap=overlap,
        retention=_TWO_YEARS,
        asks_beyond=True,
        beyond=_TWO_YEARS,
    )


def _records(
    family: str,
    call: Call,
    normalise: Callable[[StreamSpec, dict[str, Any]], Event],
    **scope: str,
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=RecordKind.LEDGER,
        call=call,
        strategy=_windows(30, 500, 7 * _DAY),
        read=_listed,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_moment("ts"),
        normalise=normalise,
        overlap=7 * _DAY,
        parameters=lambda stream: {ours: stream.scope[name] for name, ours in scope.items()},
    )


def _travels(
    family: str,
    kind: RecordKind,
    call: Call,
    normalise: Callable[[StreamSpec, dict[str, Any]], Event],
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=_windows(90, 100, 14 * _DAY),
        read=_listed,
        external_id=lambda row: str(row.value["orderId"]),
        occurred_at=_moment("cTime"),
        normalise=normalise,
        overlap=14 * _DAY,
    )


_STREAMS = (
    _records("spot-ledger", SPOT_RECORDS, normalisers.spot),
    _records("futures-ledger", FUTURES_RECORDS, normalisers.futures, product="productType"),
    _records("margin-ledger", MARGIN_RECORDS, normalisers.margin, mode="marginType"),
    _travels("deposits", RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _travels("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the ledgers of all wallets, then what explains them."""
    return [
        StreamSpec("spot-ledger", RecordKind.LEDGER),
        *(
            StreamSpec(f"futures-ledger:{product}", RecordKind.LEDGER, {"product": product})
            for product in normalisers.FUTURES
        ),
        *(
            StreamSpec(f"margin-ledger:{mode}", RecordKind.LEDGER, {"mode": mode})
            for mode in normalisers.MARGIN
        ),
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``symbols``."""
    return [
        MarketRow(
            row["symbol"],
            asset(row["baseCoin"]),
            asset(row["quoteCoin"]),
            row["status"] == "online",
        )
        for row in exact.loads(text)["data"]
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``tickers``: last price by symbol."""
    rows = exact.loads(text)["data"]
    return {row["symbol"]: number(row["lastPr"]) for row in rows if row.get("lastPr")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``history-candles``: (opening time, closing price)."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)["data"] or []]


def _candles(
    granularity: str, width: timedelta, symbol: str, since: datetime, limit: int
) -> dict[str, Any]:
    # Just before the next one begins, so that it does not matter whether the end is inclusive.
    end = since + limit * width - timedelta(milliseconds=1)
    return {"symbol": symbol, "granularity": granularity, "endTime": to_ms(end), "limit": limit}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"code": "40037", "msg": ...}``, or "" where all went well."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("code") if isinstance(answer, dict) else None
    return "" if code in (None, "00000") else str(code)


_REJECTED = (
    "Bitget does not accept this key: it is wrong, expired or deleted, or bound to another IP "
    "address."
)
_KEY = CodeRule(Treatment.KEY, _REJECTED)
_SIGNATURE = CodeRule(Treatment.KEY, "Bitget finds the signature wrong: check the secret key.")
_CLOSED = CodeRule(Treatment.KEY, "Bitget has closed or suspended this account.")
_CLOCK = CodeRule(Treatment.CLOCK, "The clocks of this server and of Bitget differ.")
_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to read these records.")
_ARGUMENT = CodeRule(Treatment.STREAM, "Bitget does not accept what was asked for.")
_BUSY = CodeRule(Treatment.AGAIN, "Bitget is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "Bitget asks this key to slow down.", timedelta(seconds=5))
_CODES = {
    **dict.fromkeys(("40001", "40006", "40018", "40037", "40038"), _KEY),
    **dict.fromkeys(("40002", "40003", "40009", "40010", "40506", "40507"), _SIGNATURE),
    **dict.fromkeys(
        ("40011", "40012"),
        CodeRule(
            Treatment.KEY,
            "Bitget finds the key or its passphrase wrong: it is the one chosen when the key was "
            "made, not the password of the account.",
        ),
    ),
    **dict.fromkeys(("40004", "40005", "40008"), _CLOCK),
    **dict.fromkeys(("40013", "40031"), _CLOSED),
    **dict.fromkeys(("40014", "40016", "40301"), _RIGHT),
    **dict.fromkeys(("00001", "400172", "40017", "40019", "40020", "43111", "25200"), _ARGUMENT),
    "40034": CodeRule(Treatment.STREAM, "Bitget does not know this pair."),
    **dict.fromkeys(("40015", "40200", "40308", "40725", "45001"), _BUSY),
    **dict.fromkeys(("429", "30007"), _SLOW),
    "40085": CodeRule(
        Treatment.KEY,
        "This Bitget account is a unified trading account: Coffer reads classic accounts only.",
    ),
}

# --- for people --------------------------------------------------------------------------------

_GUIDE = Guide(
    give=(
        "Read-only permissions",
        "Spot trading",
        "Margin trading",
        "Futures: orders and positions",
        "Wallet: transfer (reading)",
        "Tax",
    ),
    keep=(
        "Read and write permissions",
        "Withdraw",
        "P2P",
        "Copy trading",
        "Sub-account management",
    ),
    steps=(
        "On bitget.com open your profile, then API keys, and choose Create API key.",
        "Choose System-generated. Give it a name such as Coffer and a passphrase of its own; write "
        "the passphrase down.",
        "Choose Read-only, and tick Spot, Margin, Futures, Wallet and Tax below it.",
        "Enter this server's address as the IP to bind. A key that is bound to it is of no use "
        "elsewhere.",
        "Copy the API key and the secret key; you also need the passphrase.",
    ),
    notes=(
        "Tax is needed: the tax records are the only complete ledger that Bitget serves.",
        "For classic accounts. A unified trading account is not read yet.",
        "Bitget keeps these records for about two years. Of an older account the beginning is "
        "missing: bring it in from a file that Bitget lets you download.",
    ),
    covers=(
        ("balances", True, "", "spot, margin, futures with what is open there, savings"),
        ("ledger", True, "about two years", "everything that moved in these wallets, with fees"),
        ("trades", True, "about two years", "as part of the ledger; prices of fills are not yet"),
        ("deposits", True, "about two years", "booked by the ledger; addresses and ids beside it"),
        ("withdrawals", True, "about two years", "booked by the ledger; addresses and ids beside"),
        ("transfers", True, "about two years", "as part of the ledger"),
        ("conversions", True, "about two years", "as part of the ledger"),
        ("rewards", True, "about two years", "as part of the ledger"),
        ("funding", True, "about two years", "as part of the ledger"),
        ("interest", True, "about two years", "as part of the ledger"),
        ("liquidations", True, "about two years", "as part of the ledger"),
        ("dust", False, "", "small balances turned into BGB come as part of the ledger, if at all"),
    ),
)

PROFILE = Profile(
    exchange="bitget",
    has_sandbox=True,
    guide=_GUIDE,
    read_list=(
        *(INFO, SPOT_ASSETS, FUTURES_ACCOUNTS, CROSSED_ASSETS, ISOLATED_ASSETS, EARN_ASSETS),
        *(SPOT_RECORDS, FUTURES_RECORDS, MARGIN_RECORDS, DEPOSITS, WITHDRAWALS),
        *(TIME, SYMBOLS, TICKERS, CANDLES, bitget_positions.CALL),
    ),
    allowances=(
        Allowance("address", 6000, period=60),
        Allowance("public", 20, period=1),
        Allowance("account", 10, period=1, per_account=True),
        Allowance("positions", 5, period=1, per_account=True),
        *(
            Allowance(name, 1, period=1, per_account=True)
            for name in ("info", "tax-spot", "tax-futures", "tax-margin")
        ),
    ),
    audit_call=INFO,
    read_audit=read_audit,
    audit_refused=(
        "This key may not tell what it may do: tick Spot among the permissions to read. If it is "
        "ticked, the key is bound to another IP address."
    ),
    balances_refused="This key may not read balances: tick Spot among the permissions to read.",
    balances=_BALANCES,
    positions=bitget_positions.RULES,
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=SYMBOLS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=partial(_candles, "1Dutc", _DAY),
        read_candles=read_candles,
        candle_limit=200,
        candles_reach_back=True,
        candles_windowed=True,
        fine=(
            FineRule(Width.MINUTE, partial(_candles, "1min", Width.MINUTE.length), 200),
            FineRule(Width.HOUR, partial(_candles, "1h", Width.HOUR.length), 200),
        ),
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["data"]["serverTime"]),
)
