"""Records of one event make the same transaction in whatever order they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.merging import merge
from portfolio.engine.types import Event, Movement, TransactionKind

START = datetime(2025, 5, 1, tzinfo=UTC)
MOVED = (Movement("spot", "BTC", Decimal(1)),)


def event(kind: TransactionKind, minute: int, *, moves: bool, **detail: str) -> Event:
    at = START + timedelta(minutes=minute)
    return Event("key", kind, at, MOVED if moves else (), detail)


def told(events: list[Event]) -> Event:
    """The transaction that these records make, one after the other."""
    known, booked = events[0], bool(events[0].movements)
    for more in events[1:]:
        known = merge(known, known_has_movements=booked, more=more)
        booked = booked or bool(more.movements)
    return known


def summary(known: Event) -> tuple[TransactionKind, datetime, dict[str, str]]:
    return known.kind, known.occurred_at, known.detail


EVENTS = st.builds(
    lambda kind, minute, moves, detail: event(kind, minute, moves=moves, **detail),
    st.sampled_from(TransactionKind),
    st.integers(0, 5),
    st.booleans(),
    st.dictionaries(st.sampled_from(["status", "txid", "entry"]), st.sampled_from("abc")),
)


@given(st.data())
def test_the_order_of_arrival_makes_no_difference(data: st.DataObject) -> None:
    events = data.draw(st.lists(EVENTS, min_size=2, max_size=6))
    shuffled = data.draw(st.permutations(events))
    assert summary(told(events)) == summary(told(shuffled))


@given(EVENTS)
def test_the_same_record_again_changes_nothing(one: Event) -> None:
    assert summary(told([one, one])) == summary(one)


def test_what_moves_amounts_decides_kind_and_time() -> None:
    evidence = event(TransactionKind.TRADE, 0, moves=False, price="61000")
    booked = event(TransactionKind.CONVERSION, 3, moves=True, entry="L1")
    kind, at, detail = summary(told([evidence, booked]))
    assert (kind, at) == (TransactionKind.CONVERSION, START + timedelta(minutes=3))
    assert detail == {"price": "61000", "entry": "L1"}


def test_of_two_legs_the_earlier_time_counts() -> None:
    legs = [event(TransactionKind.TRADE, minute, moves=True) for minute in (4, 2)]
    assert told(legs).occurred_at == START + timedelta(minutes=2)
