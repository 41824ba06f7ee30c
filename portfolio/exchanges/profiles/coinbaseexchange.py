"""Coinbase Exchange: https://docs.cdp.coinbase.com/exchange

15 requests a second and profile, 10 of them for fills, 10 a second and address for public ones.
Lists come newest first; where the next page begins stands in the header ``CB-AFTER``. A ledger
that is asked for without a date shows the last day only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import coinbaseexchange as normalisers
from portfolio.exchanges.normalisers.values import at_seconds, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging_backward import BackToKnown
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

_OPENED = datetime(2015, 1, 1, tzinfo=UTC)
_OVERLAP = timedelta(days=1)
_DAY = timedelta(days=1)
_AFTER = "CB-AFTER"


def _private(path: str, **more: int) -> Call:
    return Call("private", "GET", path, {"private": 1, **more})


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1})


ACCOUNTS = _private("accounts")
LEDGER = _private("accounts/{id}/ledger")
TRANSFERS = _private("transfers")
FILLS = _private("fills", fills=1)
TIME = _public("time")
PRODUCTS = _public("products")
SPARK_LINES = _public("products/spark-lines")
CANDLES = _public("products/{id}/candles")

# --- accounts ----------------------------------------------------------------------------------


def read_uid(text: str) -> str:
    """Read ``accounts``: a key's profile is its account."""
    return min((str(row["profile_id"]) for row in exact.loads(text)), default="")


def _accounts(listed: list[list[str]]) -> list[dict[str, Any]]:
    return [row for text in listed[0] for row in exact.loads(text)]


def read_balances(listed: list[list[str]]) -> list[ReportedBalance]:
    """Read ``accounts``: what is there, held by orders or not."""
    totals: dict[str, Decimal] = {}
    for row in _accounts(listed):
        code = normalisers.asset(row["currency"])
        totals[code] = money.add(totals.get(code, money.ZERO), number(row["balance"]))
    return [
        ReportedBalance(normalisers.WALLET, code, sum_) for code, sum_ in totals.items() if sum_
    ]


def plan_accounts(listed: list[list[str]]) -> list[StreamSpec]:
    """Return each account's ledger, then the profile's deposits and withdrawals.

    There is an account for every currency of the exchange: an empty one may have a history all the
    same, and is swept.
    """
    rows = _accounts(listed)
    ledgers = sorted((_ledger(row) for row in rows), key=lambda stream: "sweep" in stream.scope)
    profiles = sorted({str(row["profile_id"]) for row in rows})[:1]
    return [
        *ledgers,
        *(
            StreamSpec(kind.value, kind, {"type": word, "profile": profile})
            for profile in profiles
            for kind, word in _TRANSFER_TYPES.items()
        ),
    ]


_TRANSFER_TYPES = {RecordKind.DEPOSITS: "deposit", RecordKind.WITHDRAWALS: "withdraw"}


def _ledger(row: dict[str, Any]) -> StreamSpec:
    scope = {"account": str(row["id"]), "asset": normalisers.asset(row["currency"])}
    if not number(row["balance"]):
        scope["sweep"] = "yes"
    return StreamSpec(f"ledger:{row['id']}", RecordKind.LEDGER, scope)


# --- streams -----------------------------------------------------------------------------------


def _rows(text: str) -> RawPage:
    return RawPage(exact.elements(text))


def _created(row: exact.Slice) -> datetime:
    return at_utc_text(row.value["created_at"])


def _newest_first(overlap: timedelta) -> BackToKnown:
    return BackToKnown("after", "limit", 100, _OPENED, overlap)


def _of_profile(kind: RecordKind) -> StreamRule:
    return StreamRule(
        family=kind.value,
        kind=kind,
        call=TRANSFERS,
        strategy=_newest_first(14 * _DAY),  # their state changes for days
        read=_rows,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_created,
        normalise=normalisers.transfer,
        overlap=14 * _DAY,
        parameters=lambda stream: {
            "type": stream.scope["type"],
            "profile_id": stream.scope["profile"],
        },
        token_header=_AFTER,
    )


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LEDGER,
        strategy=_newest_first(_OVERLAP),
        read=_rows,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_created,
        normalise=normalisers.ledger,
        overlap=_OVERLAP,
        parameters=lambda stream: {
            "id": stream.scope["account"],
            "start_date": _OPENED.strftime("%Y-%m-%d"),
        },
        token_header=_AFTER,
    ),
    _of_profile(RecordKind.DEPOSITS),
    _of_profile(RecordKind.WITHDRAWALS),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=FILLS,
        strategy=_newest_first(_OVERLAP),
        read=_rows,
        external_id=lambda row: f"{row.value['trade_id']}:{row.value['order_id']}",
        occurred_at=_created,
        normalise=normalisers.fill,
        overlap=_OVERLAP,
        parameters=lambda stream: {"product_id": stream.scope["symbol"]},
        absent_codes=frozenset({"product not found"}),
        token_header=_AFTER,
    ),
)

_PAIRS = PairPlan(("USD", "USDC", "EUR", "GBP"), name=lambda base, quote: f"{base}-{quote}")


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the fills of likely products: they only explain what the ledgers book."""
    streams = _PAIRS.streams(known_assets, markets)
    return [stream for stream in streams if "sweep" not in stream.scope]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``products``."""
    return [
        MarketRow(
            row["id"],
            normalisers.asset(row["base_currency"]),
            normalisers.asset(row["quote_currency"]),
            row.get("status") == "online" and not row.get("trading_disabled"),
        )
        for row in exact.loads(text)
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``products/spark-lines``: the newest close of each product's lines (newest first)."""
    lines: dict[str, list[list[Any]]] = exact.loads(text)
    return {product: number(rows[0][4]) for product, rows in lines.items() if rows}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read candles: (opening time, closing price)."""
    return [(at_seconds(row[0]), number(row[4])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    end = since + (limit - 1) * _DAY
    edges = {"start": since.isoformat(), "end": end.isoformat()}
    return {"id": symbol, "granularity": 86_400, **edges}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the words of ``{"message": ...}`` where they are known, "" otherwise."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    said = str(answer.get("message") or "") if isinstance(answer, dict) else ""
    words = said.strip().rstrip(".").lower()
    return words if words in _CODES else ""


_REJECTED = CodeRule(
    Treatment.KEY,
    "Coinbase Exchange does not accept this key: it is wrong or deleted, or it is bound to another "
    "IP address.",
)
_CLOCK = CodeRule(Treatment.CLOCK, "The clocks of this server and of Coinbase Exchange differ.")
_NO_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to view these records.")
_UNKNOWN = CodeRule(Treatment.STREAM, "Coinbase Exchange does not know what was asked for.")
_SLOW = CodeRule(Treatment.WAIT, "Coinbase Exchange asks this key to slow down.")
_CODES = {
    **dict.fromkeys(("invalid api key", "unauthorized", "ip does not match ip whitelist"),
                    _REJECTED),
    "invalid signature": CodeRule(
        Treatment.KEY, "Coinbase Exchange finds the signature wrong: check the secret."
    ),
    "invalid passphrase": CodeRule(
        Treatment.KEY, "Coinbase Exchange finds the passphrase wrong: it is the key's own."
    ),
    **dict.fromkeys(("request timestamp expired", "invalid timestamp", "timestamp is invalid"),
                    _CLOCK),
    "forbidden": _NO_RIGHT,
    **dict.fromkeys(("notfound", "not found", "product not found"), _UNKNOWN),
    **dict.fromkeys(("private rate limit exceeded", "public rate limit exceeded"), _SLOW),
}  # fmt: skip

GUIDE = Guide(
    give=("View",),
    keep=("Trade", "Transfer", "Manage"),
    steps=(
        "On exchange.coinbase.com open your profile, then API, and choose New API key.",
        "Choose the profile whose accounts are to be read: a key sees one profile only.",
        "Tick View only; leave Trade, Transfer and Manage off.",
        "Choose a passphrase for the key and write it down: it cannot be shown again.",
        "Add this server's address to the IP whitelist: a key that is bound to it is of no use "
        "elsewhere.",
        "Copy the key and the secret; the secret is shown only now.",
    ),
    notes=(
        "Coinbase Exchange does not tell what a key may do: make sure that only View is ticked.",
        "Each profile needs a key and a connection of its own. Coinbase (the app and Advanced "
        "Trade) is another exchange in the list.",
    ),
    covers=(
        ("balances", True, "", "all accounts of the key's profile"),
        ("ledger", True, "from the first day", "everything that moved, account by account"),
        ("trades", True, "from the first trade", "price, side and role of each fill"),
        ("deposits", True, "from the first deposit", "addresses and transaction ids"),
        ("withdrawals", True, "from the first withdrawal", "addresses and transaction ids"),
        ("transfers", True, "from the first day", "between profiles, as part of the ledger"),
        ("conversions", True, "from the first day", "as part of the ledger"),
        ("rewards", True, "from the first day", "fee rebates, as part of the ledger"),
        ("interest", True, "from the first day", "as part of the ledger"),
        ("funding", False, "", "loans and futures are not fetched"),
    ),
)

PROFILE = Profile(
    exchange="coinbaseexchange",
    guide=GUIDE,
    read_list=(ACCOUNTS, LEDGER, TRANSFERS, FILLS, TIME, PRODUCTS, SPARK_LINES, CANDLES),
    allowances=(
        Allowance("private", 15, period=1, per_account=True),
        Allowance("fills", 10, period=1, per_account=True),
        Allowance("public", 10, period=1),
    ),
    audit_call=None,
    read_audit=None,
    uid_call=ACCOUNTS,
    read_uid=read_uid,
    audit_refused="This key may not read accounts: tick View.",
    balances_refused="This key may not read accounts: tick View.",
    balances=(),
    accounts=AccountsRule(
        listings=(Listing(ACCOUNTS),), balances=read_balances, plan=plan_accounts
    ),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=PRODUCTS,
        read_list=read_markets,
        ticker_call=SPARK_LINES,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=300,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_seconds(exact.loads(text)["epoch"]),
)
