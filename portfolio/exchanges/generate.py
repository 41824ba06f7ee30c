"""Writes ``data/catalogue.json`` and ``data/read_lists.json`` from the installed ccxt.

``python -m portfolio.exchanges.generate``. Run it after every change of ccxt's version and read
the difference: it is what the product offers and what it may ask.

A read list is found by reading ccxt's source, not by trusting it: starting from the methods that
read (balances, trades, deposits ...), every method of the class they call is followed, and every
endpoint these call is collected. What then looks like a write by its words is dropped.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
from ccxt.base.types import Entry

from portfolio.exchanges import probing

DATA = Path(__file__).parent / "data"

READS = (
    "fetch_balance",
    "fetch_my_trades",
    "fetch_deposits",
    "fetch_withdrawals",
    "fetch_deposits_withdrawals",
    "fetch_ledger",
    "fetch_transfers",
    "fetch_markets",
    "fetch_currencies",
    "fetch_time",
    "fetch_ticker",
    "fetch_tickers",
    "fetch_ohlcv",
    "fetch_accounts",
    "load_accounts",
    "load_markets",
    "load_time_difference",
)

# An endpoint with one of these words acts, whatever else its path says.
ACTING_WORDS = frozenset(
    """
    accept add adjust allocate amend apply approve authorize buy cancel change claim close
    commit confirm create deallocate decrease delegate delete disable edit enable execute
    exercise import increase liquidate login logout mint modify move new place purchase
    reallocate redeem reduce register remove repay replace reset revoke sell send set sign stake
    submit subscribe switch toggle transact unstake unsubscribe update upload
    """.split()  # noqa: SIM905  (a table of words reads better so)
)
# One with these acts too, unless a word beside them says that it tells of what was done.
DOUBTFUL_WORDS = frozenset(
    """
    batch borrow convert deposit invest loan order orders quote session settle swap transfer vault
    withdraw withdrawal
    """.split()  # noqa: SIM905
)
TELLING_WORDS = frozenset(
    """
    book candles fetch fills get hisrec hist histories history info instruments kline klines list
    log logs markets query record records search settlements status statuses symbols ticker tickers
    """.split()  # noqa: SIM905
)
# Names of collections: a GET lists them, a POST may well add to them.
TELLING_WORDS_OF_GET = frozenset(
    ["contracts", "deposits", "trades", "transactions", "transfers", "withdrawals"]
)
# Reads whose words do not tell; each was looked up in the exchange's documentation.
KNOWN_READS = frozenset(
    {
        ("binance", "GET", "convert/tradeFlow"),
        ("binance", "GET", "fiat/orders"),
        ("binance", "GET", "margin/borrow-repay"),  # by GET what was borrowed and paid back
        ("binance", "GET", "margin/forceLiquidationRec"),
        ("binance", "GET", "margin/transfer"),
        ("bingx", "GET", "trade/allFillOrders"),
        ("bitfinex", "GET", "conf/pub:list:pair:exchange"),
        ("bitstamp", "POST", "user_transactions/"),
        ("bitstamp", "POST", "user_transactions/{pair}/"),
        ("bitstamp", "POST", "withdrawal-requests/"),
        ("bittrade", "GET", "order/matchresults"),
        ("bullish", "GET", "v1/users/hmac/login"),  # gives the token that every read carries
        ("bybit", "GET", "v5/earn/order"),  # by GET the orders made; they are made elsewhere
        ("coincheck", "GET", "deposit_money"),
        ("coinone", "GET", "ticker_new/{quote_currency}"),
        ("coinone", "GET", "ticker_new/{quote_currency}/{target_currency}"),
        ("coinone", "POST", "order/complete_orders"),
        ("coinspot", "POST", "ro/my/transactions"),
        ("gemini", "POST", "v1/transfers"),
        ("gemini", "POST", "v2/transfers"),
        ("hashkey", "GET", "api/v1/account/depositOrders"),
        ("hashkey", "GET", "api/v1/account/withdrawOrders"),
        ("htx", "GET", "v1/order/matchresults"),
        ("htx", "GET", "market/detail/merged"),
        ("htx", "GET", "linear-swap-ex/market/detail/merged"),
        ("htx", "GET", "swap-ex/market/detail/merged"),
        ("kucoin", "GET", "{accountMode}/order/execution"),
        ("kucoinfutures", "GET", "{accountMode}/order/execution"),
        ("latoken", "GET", "auth/transfer"),
        ("lbank", "GET", "withdrawConfigs"),
        ("mexc", "GET", "capital/convert"),  # by GET the small balances exchanged
        ("mexc", "GET", "capital/transfer"),
        ("phemex", "GET", "assets/transfer"),
        ("phemex", "GET", "exchange/order/trade"),
        ("poloniex", "GET", "accounts/transfer"),
        ("toobit", "GET", "api/v1/account/depositOrders"),
        ("toobit", "GET", "api/v1/account/withdrawOrders"),
        ("upbit", "GET", "orders/closed"),
    }
)
# How the later bound of a stretch of time is called, where ccxt calls it otherwise.
DOCUMENTED_ENDS = {"bequant": "till", "fmfwio": "till", "hitbtc": "till"}  # api.hitbtc.com
# Where bounds are numbers of records, not times: what asks for those before a record.
BEFORE_IDS = {
    "bitflyer": "before",  # lightning.bitflyer.com/docs, Pagination
    "btcmarkets": "before",  # docs.btcmarkets.net/v3, Pagination
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(path: str) -> list[str]:
    """Return the words of a path: ``withdraw/applyNow`` is withdraw, apply, now."""
    return [word.lower() for word in _WORD.findall(re.sub(r"\{[^}]*\}", "", path))]


def looks_like_write(exchange: str, method: str, path: str) -> bool:
    """Tell whether an endpoint may change something, by its words alone; doubt counts as yes."""
    said = set(words(path))
    if (exchange, method, path) in KNOWN_READS:
        return False
    if method not in ("GET", "POST") or said & ACTING_WORDS:
        return True
    if words(path)[-1:] == ["exchange"]:  # where Hyperliquid takes orders, transfers, all of it
        return True
    telling = TELLING_WORDS | (TELLING_WORDS_OF_GET if method == "GET" else frozenset())
    doubtful = DOUBTFUL_WORDS | TELLING_WORDS_OF_GET if method == "POST" else DOUBTFUL_WORDS
    return bool(said & doubtful) and not said & telling


# --- which endpoints the reading methods reach ---------------------------------------------------


def reached_entries(cls: type[Any]) -> dict[tuple[str, str, str], int]:
    """Return the cost of every endpoint (section, method, path) that the reading methods reach."""
    found: dict[tuple[str, str, str], int] = {}
    todo, seen = [name for name in READS if hasattr(cls, name)], set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for used in _names_used(cls, name):
            entry = _entry(cls, used)
            if entry is not None:
                found[(".".join(_sections(entry.api)), entry.method, entry.path)] = _cost(entry)
            elif inspect.isfunction(getattr(cls, used, None)) and not _writes(used):
                todo.append(used)
    return found


def entries(cls: type[Any]) -> dict[str, Any]:
    """Return every endpoint of a ccxt class by attribute name.

    Making an instance hides some of them behind plain functions on the class itself, so all
    classes it descends from are looked at.
    """
    return {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, Entry)
    }


def _entry(cls: type[Any], name: str) -> Any:
    found = (vars(base).get(name) for base in cls.__mro__)
    return next((value for value in found if isinstance(value, Entry)), None)


def _cost(entry: Any) -> int:
    """Return what a call costs in units of the class's rate limit, rounded up."""
    return max(1, math.ceil(float((entry.config or {}).get("cost") or 1)))


def _sections(api: Any) -> list[str]:
    return [str(part) for part in api] if isinstance(api, list | tuple) else [str(api)]


def _names_used(cls: type[Any], name: str) -> Iterator[str]:
    """Yield every attribute of ``self`` that a method uses, in all classes that define it."""
    for base in cls.__mro__:
        method = vars(base).get(name)
        if not inspect.isfunction(method) or base.__module__ == "ccxt.base.exchange":
            continue
        tree = ast.parse("if True:\n" + inspect.getsource(method))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_own(node.value):
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value  # endpoints are also called by name: getattr(self, method)


def _is_own(node: ast.expr) -> bool:
    own = isinstance(node, ast.Name) and node.id == "self"
    return own or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super")


def _writes(name: str) -> bool:
    """Tell whether a method is one of those that act; they are never followed."""
    first = name.split("_")[0]
    return first in {
        *("add", "borrow", "cancel", "close", "create", "deposit", "edit", "redeem", "reduce"),
        *("repay", "set", "transfer", "withdraw", "watch", "un"),
    }


def read_list(exchange: str, cls: type[Any]) -> list[str]:
    """Return the read list of one ccxt class: ``section method path cost``, one a line."""
    return sorted(
        f"{section} {method} {path or '-'} {cost}"
        for (section, method, path), cost in reached_entries(cls).items()
        if not looks_like_write(exchange, method, path)
    )


# --- what pages show -----------------------------------------------------------------------------


def describe(instance: Any) -> dict[str, Any]:
    """Return what the catalogue says of one exchange."""
    has = instance.has
    kinds = {
        "trades": "fetchMyTrades",
        "deposits": "fetchDeposits",
        "withdrawals": "fetchWithdrawals",
        "ledger": "fetchLedger",
    }
    by_symbol = _needs_symbol(instance)
    row = {
        "name": instance.name,
        "credentials": sorted(n for n, needed in instance.requiredCredentials.items() if needed),
        "kinds": [kind for kind, flag in kinds.items() if has.get(flag) is True],
        "trades_need_symbol": by_symbol,
        "days_back": _days(instance, "daysBack"),
        "window_days": _days(instance, "untilDays"),
        "page": _page(instance),
        "ms_per_call": int(instance.rateLimit),
        "prices": bool(has.get("fetchTickers") is True),
        "candles": bool(has.get("fetchOHLCV") is True),
        "funding_wallet": probing.has_funding_wallet(type(instance)),
        "net_of_fee": _is_net(instance),
    }
    # A flag says that there is a method, not that it can be asked without naming a coin.
    row["kinds"] = [
        kind
        for kind in row["kinds"]
        if probing.can_ask(type(instance), kind, by_symbol=kind == "trades" and by_symbol)
    ]
    return {**row, "walks": _walks(instance.id, instance, row)}


def _needs_symbol(instance: Any) -> bool:
    """Tell whether trades are served per pair only (by ccxt's table, else by its source)."""
    feature = _feature(instance, "fetchMyTrades")
    if feature.get("symbolRequired") is not None:
        return bool(feature["symbolRequired"])
    source = inspect.getsource(type(instance).fetch_my_trades)
    cls, has = type(instance), instance.has.get("fetchMyTrades") is True
    return "requires a symbol" in source or (
        has and not probing.can_ask(cls, "trades", by_symbol=False)
    )


def _days(instance: Any, name: str) -> int | None:
    days = _feature(instance, "fetchMyTrades").get(name)
    return int(days) if days and int(days) < 10_000 else None  # more means "not known"


def _walks(exchange: str, instance: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Return per kind which bounds go out, and what asks for records before another."""
    named = DOCUMENTED_ENDS.get(exchange, "")
    by_symbol = {k: k == "trades" and row["trades_need_symbol"] for k in row["kinds"]}
    found = probing.walks(type(instance), by_symbol, documented=named)
    if exchange in BEFORE_IDS:
        return {kind: {**walk, "before": BEFORE_IDS[exchange]} for kind, walk in found.items()}
    return found


def _is_net(instance: Any) -> bool:
    """Tell whether ccxt takes the fee off the amount of a deposit or withdrawal."""
    method = getattr(type(instance), "parse_transaction", None)
    source = inspect.getsource(method) if method else ""
    return bool(re.search(r"string_sub\(amount\w*, fee", source))


def _page(instance: Any) -> int | None:
    limit = _feature(instance, "fetchMyTrades").get("limit")
    return int(limit) if limit else None


def _feature(instance: Any, method: str) -> dict[str, Any]:
    spot = (instance.features or {}).get("spot") or {}
    return spot.get(method) or {}


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the catalogue and the read lists of the installed ccxt."""
    exchanges, reads = {}, {}
    for exchange in sorted(ccxt.exchanges):
        cls = getattr(ccxt, exchange)
        exchanges[exchange] = describe(cls())
        reads[exchange] = read_list(exchange, cls)
    version = ccxt.__version__
    return {"ccxt": version, "exchanges": exchanges}, {"ccxt": version, "exchanges": reads}


def render(data: dict[str, Any]) -> str:
    """Return ``data`` as text that shows a change line by line."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    catalogue, reads = build()
    (DATA / "catalogue.json").write_text(render(catalogue), encoding="utf-8")
    (DATA / "read_lists.json").write_text(render(reads), encoding="utf-8")


if __name__ == "__main__":
    main()
