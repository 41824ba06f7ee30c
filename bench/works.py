"""The works that are measured, each with its budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import world
from bench.measure import Line, medians, megabytes, milliseconds, peak_memory
from bench.world import Subject
from portfolio.models import ValuationState
from portfolio.selectors import ledger
from portfolio.services import exports, valuation

MAX_QUERIES = 15
GROWS_NOT = 1.3  # the same work, within what a machine's noise makes of it
SORTED_ON_DISK = 1.5  # a long history no longer fits into PostgreSQL's memory for sorting


def measure(one: Subject, two: Subject) -> list[Line]:
    """All lines of the table, for a short history and a long one."""
    return [
        *_page("dashboard", reverse("portfolio:dashboard"), one, two),
        *_page("transactions, first page", reverse("portfolio:transaction-list"), one, two),
        _deep_page(two),
        *_exports("csv", one, two),
        *_exports("koinly", one, two),
        *_new_trade(one, two),
    ]


def _page(name: str, url: str, one: Subject, two: Subject) -> list[Line]:
    """A page's server time, and how many queries it takes at most."""
    small, large = medians([_visit(one, url), _visit(two, url)])
    queries = [_queries(_visit(who, url)) for who in (one, two)]
    return [
        Line(name, milliseconds(small), milliseconds(large), large / small, GROWS_NOT),
        Line(
            f"{name}: queries of {MAX_QUERIES}",
            str(queries[0]),
            str(queries[1]),
            max(queries) / MAX_QUERIES,
            1,
        ),
    ]


def _visit(who: Subject, url: str) -> Callable[[], object]:
    client = Client()
    client.force_login(who.user)

    def visit() -> None:
        response = client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")

    return visit


def _queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(database) as queries:
        work()
    return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in queries)


def _deep_page(two: Subject) -> Line:
    """A page far back in a long history, against its first page."""
    newest = two.user.transactions.order_by("-occurred_at", "-id")
    row = newest[two.transactions * 9 // 10]
    mark = ledger.Mark(row.occurred_at, row.pk)
    first, deep = medians(
        [
            lambda: ledger.page(two.user, ledger.Filters()),
            lambda: ledger.page(two.user, ledger.Filters(), older_than=mark),
        ]
    )
    return Line(
        "transactions, page at 90 % (large), against the first",
        milliseconds(first),
        milliseconds(deep),
        deep / first,
        GROWS_NOT,
    )


def _exports(format_id: str, one: Subject, two: Subject) -> list[Line]:
    """The memory a process holds at most while it exports, and its time per row."""
    for _ in exports.open_file(one.user, format_id).chunks:
        pass  # the first one only warms up
    small, large = _export(one, format_id), _export(two, format_id)
    name = f"export {format_id}"
    return [
        Line(
            f"{name}: memory of the process",
            megabytes(small.peak),
            megabytes(large.peak),
            large.peak / small.peak,
            1.1,
        ),
        Line(
            f"{name}: time per 1,000 transactions",
            milliseconds(small.seconds * 1000),
            milliseconds(large.seconds * 1000),
            large.seconds / small.seconds,
            SORTED_ON_DISK,
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Export:
    peak: int  # bytes
    seconds: float  # per transaction


def _export(who: Subject, format_id: str) -> _Export:
    """The better of two runs: another program's work on the machine must not count."""
    peaks, seconds = [], []
    for _ in range(2):
        start = time.perf_counter()
        peaks.append(peak_memory(exports.open_file(who.user, format_id).chunks))
        seconds.append((time.perf_counter() - start) / who.transactions)
    return _Export(max(peaks), min(seconds))


def _new_trade(one: Subject, two: Subject) -> list[Line]:
    """Booking one trade and valuing anew, by length of history, and against valuing all anew."""
    small, large = medians([_step(one), _step(two)])
    (full,) = medians([_anew(two)], runs=3)
    return [
        Line(
            "one new trade: booked and valued",
            milliseconds(small),
            milliseconds(large),
            large / small,
            GROWS_NOT,
        ),
        Line(
            "one new trade (large), against valuing all anew",
            milliseconds(full),
            milliseconds(large),
            large / full,
            0.2,
        ),
    ]


def _step(who: Subject) -> Callable[[], object]:
    def step() -> None:
        world.add_trade(who)
        valuation.recompute(who.user.pk)

    return step


def _anew(who: Subject) -> Callable[[], object]:
    def anew() -> None:
        ValuationState.objects.filter(owner=who.user).delete()
        valuation.recompute(who.user.pk)

    return anew
