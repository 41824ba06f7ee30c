"""The works that are measured, each with its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bench import world
from bench.measure import Line, compare, megabytes, milliseconds, peak_memory
from bench.world import Subject
from portfolio.models import Renormalisation, TaxReport, ValuationState
from portfolio.selectors import exports as selector
from portfolio.selectors import ledger
from portfolio.selectors.export_rows import Selection
from portfolio.services import (
    export_jobs,
    exports,
    renormalising,
    tax_reports,
    tax_settings,
    valuation,
)
from portfolio.services.tax_settings import Told

MAX_QUERIES = 15
GROWS_NOT = 1.3  # the same work, within what a machine's noise makes of it
SORTED_ON_DISK = 1.5  # a long history no longer fits into PostgreSQL's memory for sorting
READING_SECONDS = 4.0
WRITTEN = 2.0  # a file is fingerprinted, written and stored in the time of reading twice

Subjects = Sequence[Subject]
Url = Callable[[Subject], str]


def _page(name: str, url: Url) -> Callable[[Subjects], Iterator[Line]]:
    def measured(subjects: Subjects) -> Iterator[Line]:
        """A page's server time, and how many queries it takes at most."""
        visits = [_visit(who, url(who)) for who in subjects]
        yield compare(name, visits, budget=GROWS_NOT)
        queries = [_queries(visit) for visit in visits]
        cells = tuple(str(number) for number in queries)
        yield Line(f"{name}: queries of {MAX_QUERIES}", cells, max(queries) / MAX_QUERIES, budget=1)

    return measured


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


def _at(name: str, *parts: str, query: str = "") -> Url:
    return lambda who: reverse(f"portfolio:{name}", args=parts) + query


def _deep(who: Subject) -> str:
    """A page of transactions far back in the history."""
    return f"{reverse('portfolio:transaction-list')}?older={_mark(who)}"


def _mark(who: Subject) -> ledger.Mark:
    newest = who.user.transactions.order_by("-occurred_at", "-id")
    row = newest[who.transactions * 9 // 10]
    return ledger.Mark(row.occurred_at, row.pk)


def _running(who: Subject) -> str:
    """The balance of the busiest wallet and asset, far back."""
    of = reverse("portfolio:running-balance", args=[who.connection.pk])
    return f"{of}?wallet=spot&asset=USDT&older={_mark(who)}"


# --- Taxes ------------------------------------------------------------------------------------


@cache
def _report(owner_id: int) -> TaxReport:
    """The report of the last whole year, first in first out."""
    user = User.objects.get(pk=owner_id)
    tax_settings.choose(user=user, told=Told("neutral", "fifo", currency="EUR"))
    report = tax_reports.ask(user=user, year=timezone.now().year - 1)
    tax_reports.make(report.pk)
    report.refresh_from_db()
    if report.failure:
        raise RuntimeError(report.failure)
    world.settle()
    return report


def _of_report(name: str, *parts: str, at: float | None = None, query: str = "") -> Url:
    """A page of it; ``at`` is how far into the disposals, from 0 to 1."""

    def url(who: Subject) -> str:
        report = _report(who.user.pk)
        if at is None:
            return reverse(f"portfolio:{name}", args=[report.pk, *parts]) + query
        position = int(report.counts["disposal"] * at)
        if name == "tax-disposal":
            return reverse(f"portfolio:{name}", args=[report.pk, position])
        return reverse(f"portfolio:{name}", args=[report.pk, *parts]) + f"?from={position}"

    return url


def _proof(who: Subject) -> str:
    return reverse("portfolio:proof-sheet", args=[who.connection.pk])


# --- Exports ----------------------------------------------------------------------------------


def _exports(format_id: str, subjects: Subjects) -> Iterator[Line]:
    """The memory a process holds at most while it exports, and its time per row."""
    for _ in exports.open_file(subjects[0].user, exports.Asked(format_id)).chunks:
        pass  # the first one only warms up
    found = [_export(who, format_id) for who in subjects]
    name = f"export {format_id}"
    yield Line(
        f"{name}: memory of the process",
        tuple(megabytes(one.peak) for one in found),
        found[-1].peak / found[0].peak,
        1.1,
    )
    yield Line(
        f"{name}: time per 1,000 transactions",
        tuple(milliseconds(one.seconds * 1000) for one in found),
        found[-1].seconds / found[0].seconds,
        SORTED_ON_DISK,
    )


@dataclass(frozen=True, slots=True)
class _Export:
    peak: int  # bytes
    seconds: float  # per transaction


def _export(who: Subject, format_id: str) -> _Export:
    """The better of two runs: another program's work on the machine must not count."""
    peaks, seconds = [], []
    for _ in range(2):
        start = time.perf_counter()
        peaks.append(peak_memory(exports.open_file(who.user, exports.Asked(format_id)).chunks))
        seconds.append((time.perf_counter() - start) / who.transactions)
    return _Export(max(peaks), min(seconds))


def _made(subjects: Subjects) -> Iterator[Line]:
    """A file made and kept as by a worker: its memory, its speed, what reading alone takes."""
    for _ in _kept(subjects[0]):
        pass  # the first one only warms up
    peaks, reads, writes = ([0.0] * len(subjects) for _ in range(3))
    for turn in range(2):  # the better of two: what else the machine does must not count
        for place, who in enumerate(subjects):
            read = _seconds(_read(who))
            start = time.perf_counter()
            peaks[place] = max(peaks[place], peak_memory(_kept(who)))
            written = time.perf_counter() - start
            reads[place] = min(reads[place], read) if turn else read
            writes[place] = min(writes[place], written) if turn else written
    name = "export csv, made and kept"
    yield Line(
        f"{name}: memory of the process",
        tuple(megabytes(round(peak)) for peak in peaks),
        peaks[-1] / peaks[0],
        1.1,
    )
    speeds = [world.postings(who) / s for who, s in zip(subjects, writes, strict=True)]
    rows = tuple(f"{speed:,.0f}/s" for speed in speeds)
    yield Line(f"{name}: rows", rows, speeds[0] / speeds[-1], SORTED_ON_DISK)
    shares = [write / read for write, read in zip(writes, reads, strict=True)]
    cells = tuple(f"{share:.2f}" for share in shares)
    yield Line(f"{name}: against reading alone", cells, max(shares), WRITTEN)


def _kept(who: Subject) -> Iterator[bytes]:
    job = export_jobs.ask(user=who.user, asked=exports.Asked("csv"))
    export_jobs.make(job.pk)
    yield b""
    export_jobs.delete(user=who.user, export_id=job.pk)


def _read(who: Subject) -> Iterable[object]:
    return selector.transactions(who.user, Selection(), who.user.reporting_currency)


def _seconds(work: Iterable[object]) -> float:
    start = time.perf_counter()
    for _ in work:
        pass
    return time.perf_counter() - start


# --- What changes the ledger ------------------------------------------------------------------


def _new_trade(subjects: Subjects) -> Iterator[Line]:
    """Booking one trade and valuing anew, by length of history, and against valuing all anew."""
    yield compare(
        "one new trade: booked and valued", [_step(who) for who in subjects], budget=GROWS_NOT
    )


def _rebuild(subjects: Subjects) -> Iterator[Line]:
    """All daily holdings, totals and values from nothing; the work of each posting stays."""
    each = [_anew(who) for who in subjects]
    of_1000 = [
        seconds / world.postings(who) * 1000 for seconds, who in zip(each, subjects, strict=True)
    ]
    yield Line(
        "full rebuild of daily values",
        tuple(milliseconds(seconds) for seconds in each),
        each[-1] / each[0],
        round(subjects[-1].transactions / subjects[0].transactions * SORTED_ON_DISK),
    )
    yield Line(
        "full rebuild: per 1,000 postings",
        tuple(milliseconds(seconds) for seconds in of_1000),
        of_1000[-1] / of_1000[0],
        SORTED_ON_DISK,
    )


def _renormalise(subjects: Subjects) -> Iterator[Line]:
    """Stored records read again, for some seconds of each history."""
    each = [_reading(who) for who in subjects]
    yield Line(
        "renormalise: per 1,000 records",
        tuple(milliseconds(seconds * 1000) for seconds in each),
        each[-1] / each[0],
        SORTED_ON_DISK,
    )


def _reading(who: Subject) -> float:
    """Seconds for each record."""
    job = renormalising.start(connection=who.connection)
    start = time.perf_counter()
    renormalising.run_slice(job.pk, seconds=READING_SECONDS)
    seconds = time.perf_counter() - start
    number: int = Renormalisation.objects.values_list("read", flat=True).get(pk=job.pk)
    return seconds / max(number, 1)


def _step(who: Subject) -> Callable[[], object]:
    def step() -> None:
        world.add_trade(who)
        valuation.recompute(who.user.pk)

    return step


def _anew(who: Subject) -> float:
    """Seconds, once: of a long history they are many."""
    ValuationState.objects.filter(owner=who.user).delete()
    start = time.perf_counter()
    valuation.recompute(who.user.pk)
    return time.perf_counter() - start


_PAGES: dict[str, Url] = {
    "dashboard": _at("dashboard"),
    "asset page": _at("asset-detail", "BTC"),
    "asset page: chart of all time": _at("asset-chart", "BTC"),
    "asset page: all open lots": _at("asset-lots", "BTC"),
    "running balance at 90 %": _running,
    "transactions, first page": _at("transaction-list"),
    "transactions, page at 90 %": _deep,
    "transactions, by kind": _at("transaction-list", query="?kind=reward"),
    "transactions, by asset": _at("transaction-list", query="?asset=DOT"),
    "transactions, by asset and kind": _at("transaction-list", query="?asset=BNB&kind=trade"),
    "proof sheet": _proof,
    "tax report": _of_report("tax-report"),
    "tax report: disposals": _of_report("tax-lines", "disposal"),
    "tax report: disposals at 90 %": _of_report("tax-lines", "disposal", at=0.9),
    "tax report: one disposal explained": _of_report("tax-disposal", at=0.5),
    "tax report: lots held": _of_report("tax-lines", "closing"),
    "tax report: lots at a loss": _of_report("tax-lines", "closing", query="?loss=on"),
}
WORKS: dict[str, Callable[[Subjects], Iterator[Line]]] = {
    **{name: _page(name, url) for name, url in _PAGES.items()},
    "one new trade": _new_trade,
    "full rebuild": _rebuild,
    "export csv": partial(_exports, "csv"),
    "export koinly": partial(_exports, "koinly"),
    "export csv, made and kept": _made,
    "renormalise": _renormalise,
}
