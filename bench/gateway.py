"""The processor time of the gateway beside that of a bare ccxt loop over the same pages.

python -m bench.gateway: both ask the simulated Binance for the same full pages of trades. The bare
loop is ``fetch_my_trades`` with numbers as texts. Coffer's side is everything up to the event: the
guard, the page cut into records as received, and each record read; ``reading apart`` leaves the
last out. Ends with 1 if a budget is missed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import StreamSpec
from tests.sandbox_server import credentials, running_sandbox

BUDGET = 1.3
RUNS, PAGES = 9, 20
TRADES = StreamSpec(
    "trades:BTCEUR", RecordKind.TRADES, {"symbol": "BTCEUR", "base": "BTC", "quote": "EUR"}
)


def main() -> int:
    """Prints the table; the exit status says whether the budget was kept."""
    with running_sandbox(speed=1000) as url:
        works, rows = _works(url)
        taken = _medians(works)
    bare = taken["bare ccxt loop"]
    print(f"Pages of {rows} trades, median of {RUNS} runs of {PAGES} pages:\n")
    print("| work | processor time a page | ratio | budget |\n|---|---|---|---|")
    for name, seconds in taken.items():
        budget = "" if name.startswith("bare") else f"<= {BUDGET}"
        print(f"| {name} | {seconds * 1000:.2f} ms | {seconds / bare:.2f} | {budget} |")
    return 0 if max(taken.values()) <= BUDGET * bare else 1


def _works(url: str) -> tuple[dict[str, Callable[[], Any]], int]:
    key = credentials("binance")
    client = registry.open_client("binance", key, base_url=f"{url}/binance")
    bare, now = _bare(url, key), datetime.now(UTC)

    def page() -> Any:
        return client.fetch_page(TRADES, {}, now=now).records

    def read() -> None:
        for record in page():
            registry.normalise("binance", TRADES, record.body)

    rows = len(page())
    works: dict[str, Callable[[], Any]] = {
        "bare ccxt loop": lambda: bare.fetch_my_trades("BTC/EUR", None, 1000, {"fromId": 0}),
        "gateway": read,
        "gateway, reading apart": page,
    }
    return works, rows


def _bare(url: str, key: dict[str, str]) -> Any:
    import ccxt

    from portfolio.exchanges.guard import point_at

    options = {"fetchMarkets": {"types": ["spot"]}}
    bare = ccxt.binance({**key, "number": str, "enableRateLimit": False, "options": options})
    point_at(bare, f"{url}/binance")
    bare.load_markets()
    return bare


def _medians(works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median seconds of a page, the works in turns so that noise falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for run in range(RUNS + 1):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(PAGES):
                work()
            if run:
                taken[name].append((time.process_time() - start) / PAGES)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


if __name__ == "__main__":
    sys.exit(main())
