"""What of each account and kind of record was there in a tax year and before it.

Lots come from before: a year stands on all the time before it too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portfolio.engine import coverage as stretches_of
from portfolio.engine import coverage_cells as engine
from portfolio.engine.coverage import Stretch
from portfolio.engine.coverage_cells import Known, Word
from portfolio.models import Connection, Stream
from portfolio.selectors import coverage
from portfolio.selectors.connection_streams import FIRST_DAY

SHOWN = 5  # of the stretches that are missing; the rest is counted
# Asked for as a whole, with answers that prove nothing of any one time.
ASKED = "asked"
_MOMENT = timedelta(microseconds=1)  # the last day is told, not the one after
_MISSING = (Word.FAILED, Word.HOLE, Word.UNSERVED)


def told(accounts: Iterable[Connection], year: Stretch, now: datetime) -> list[dict[str, Any]]:
    """A row per account and kind of record, as JSON; three queries an account.

    ``words`` count its streams by the worst that is said of each; ``missing`` are stretches that
    could not be fetched, were never asked for, or are not served.
    """
    return [row for account in accounts for row in _of_account(account, year, now)]


def _of_account(account: Connection, year: Stretch, now: datetime) -> list[dict[str, Any]]:
    known = coverage.stretches(account.pk)
    by_kind: dict[str, list[Stream]] = defaultdict(list)
    for stream in account.streams.order_by("priority", "key"):
        by_kind[stream.kind].append(stream)
    spans = {"before": (FIRST_DAY, year[0]), "year": (year[0], min(year[1], now))}
    cells = [span for span in spans.values() if span[0] < span[1]]
    numbers = [stream.pk for streams in by_kind.values() for stream in streams]
    records = coverage.record_counts(numbers, cells) if len(cells) == len(spans) else {}
    return [
        {"account": str(account.pk), "kind": kind, "streams": len(streams)}
        | {
            name: _span(streams, known, span, place, records)
            for place, (name, span) in enumerate(spans.items())
        }
        for kind, streams in by_kind.items()
    ]


def _span(
    streams: Sequence[Stream],
    known: Mapping[int, Mapping[str, Sequence[Stretch]]],
    span: Stretch,
    place: int,
    records: Mapping[tuple[int, int], int],
) -> dict[str, Any]:
    """What is said of the streams of one kind within one time."""
    words: Counter[str] = Counter()
    missing: dict[Word, list[Stretch]] = {word: [] for word in _MISSING}
    number = 0
    for stream in streams:
        held = records.get((stream.pk, place), 0)
        number += held
        of_stream = _known(stream, known.get(stream.pk, {}), span)
        words[_word(stream, of_stream, span, held)] += 1
        for word, parts in _missing(of_stream, span).items():
            for part in parts:
                missing[word] = stretches_of.join(missing[word], part)
    found = [(word, *part) for word, parts in missing.items() for part in parts]
    return {
        "words": {word: words[word] for word in (*Word, ASKED) if words[word]},
        "records": number,
        "missing": [[word.value, _day(a), _day(b - _MOMENT)] for word, a, b in found[:SHOWN]],
        "more": max(len(found) - SHOWN, 0),
    }


def _known(stream: Stream, told: Mapping[str, Sequence[Stretch]], span: Stretch) -> Known:
    """As the coverage page has it, but that the time after the last asking was never asked for."""
    known = coverage.known_of(stream, told, span)
    if known.ends is None or known.ends >= span[1] or not told:
        return known
    return Known(known.fetched, known.failed, known.unserved, known.begins, span[1])


def _word(stream: Stream, known: Known, span: Stretch, records: int) -> str:
    if span[0] >= span[1]:
        return Word.OUTSIDE
    if not known.fetched and known.begins is not None and stream.caught_up_at is not None:
        return ASKED
    return engine.shares([span], known)[0].word(records)


def _missing(known: Known, span: Stretch) -> dict[Word, list[Stretch]]:
    parts = {Word.FAILED: known.failed, Word.UNSERVED: known.unserved}
    clipped = {
        word: [(max(a, span[0]), min(b, span[1])) for a, b in of if a < span[1] and b > span[0]]
        for word, of in parts.items()
    }
    return clipped | {Word.HOLE: known.holes(span) if span[0] < span[1] else []}


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
