"""The ledger is the same whatever order records arrive in: shuffled, cut, repeated, late, revised.

Through the services that sync and read again, on PostgreSQL, with records of all seven exchanges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import Connection, RawRecord, Transaction
from portfolio.services import ledger, renormalising
from tests import factories
from tests.live.ledgers import dump
from tests.portfolio.small_lives import AT, RECORDS, Record

Page = Sequence[tuple[Record, str]]
NUMBERS = range(len(RECORDS))


@st.composite
def arrivals(draw: st.DrawFn) -> list[Page]:
    """Every text of every record at least once, in the order of its record, and some again."""
    again = draw(st.lists(st.sampled_from(NUMBERS), max_size=25))
    texts = [number for number in NUMBERS for _ in RECORDS[number].texts]
    order = draw(st.permutations([*texts, *again]))
    came: Counter[int] = Counter()
    told = []
    for number in order:
        record = RECORDS[number]
        told.append((record, record.texts[min(came[number], len(record.texts) - 1)]))
        came[number] += 1
    cuts = sorted(draw(st.sets(st.integers(1, len(told) - 1), max_size=len(told) - 1)))
    return [told[a:b] for a, b in zip([0, *cuts], [*cuts, len(told)], strict=True)]


def store(user: User, pages: Iterable[Page]) -> dict[str, Connection]:
    """Stores pages as a sync does: of one stream each, in one database transaction."""
    made: dict[str, Connection] = {}
    streams: dict[tuple[str, str], Any] = {}
    for page in pages:
        parts: dict[tuple[str, str], list[FetchedRecord]] = defaultdict(list)
        for record, text in page:
            place = (record.exchange, record.stream)
            if record.exchange not in made:
                made[record.exchange] = factories.connection(user, exchange=record.exchange)
            if place not in streams:
                streams[place] = factories.stream(
                    made[record.exchange],
                    record.stream,
                    kind=record.kind,
                    scope=record.scope,
                    record_count=0,
                )
            parts[place].append(FetchedRecord(record.ident, AT, text))
        for place, records in parts.items():
            with transaction.atomic():
                ledger.store(streams[place], records, endpoint="GET /", now=AT)
    return made


def dumps(of: dict[str, Connection]) -> dict[str, Any]:
    return {exchange: dump(connection) for exchange, connection in of.items()}


@pytest.fixture
def expected(owner: User) -> dict[str, Any]:
    """What the latest texts make, had they come at once and in order."""
    made = store(owner, [[(record, record.texts[-1])] for record in RECORDS])
    return dumps(made)


def test_the_lives_are_worth_shuffling(expected: dict[str, Any]) -> None:
    """Of each exchange some transaction is told by several records, and all but one are read."""
    for exchange in expected:
        rows = Transaction.objects.filter(connection__exchange=exchange)
        assert any(row.raw_records.count() > 1 for row in rows), exchange
        assert any(len(record.texts) > 1 for record in RECORDS if record.exchange == exchange)
    unread = RawRecord.objects.exclude(problem="")
    assert list(unread.values_list("external_id", flat=True)) == ["L5"]
    assert set(Transaction.objects.values_list("kind", flat=True)) >= {
        *("trade", "conversion", "deposit", "withdrawal", "transfer", "fee", "unclassified"),
    }


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pages=arrivals(), batch=st.integers(1, 12), is_rebuild=st.booleans())
def test_the_ledger_is_the_same_in_any_order(
    owner: User, expected: dict[str, Any], pages: list[Page], batch: int, is_rebuild: bool
) -> None:
    made = store(owner, pages)
    assert dumps(made) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renormalising, "BATCH", batch)
        for connection in made.values():
            job = renormalising.start(connection=connection, is_rebuild=is_rebuild)
            renormalising.run_slice(job.pk, seconds=60)
            job.refresh_from_db()
            assert (job.read, job.changed, job.failure) == (job.total, 0, "")
    assert dumps(made) == expected
