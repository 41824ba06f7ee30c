"""Open lots are those that a queue leaves, whatever came and went."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.lots import Lot, arrived, open_lots, share

START = datetime(2026, 1, 1, tzinfo=UTC)
MOVES = st.lists(st.integers(-40, 40).filter(bool), max_size=30)


def _queue(moves: list[int]) -> list[tuple[int, Decimal]]:
    """What a plain queue leaves, oldest first: (number of the move, what is left of it)."""
    queue: deque[list[int]] = deque()
    owed = 0
    for number, amount in enumerate(moves):
        if amount > 0:
            covered = min(owed, amount)
            owed -= covered
            if amount > covered:
                queue.append([number, amount - covered])
            continue
        out = -amount
        while out and queue:
            taken = min(out, queue[0][1])
            queue[0][1] -= taken
            out -= taken
            if not queue[0][1]:
                queue.popleft()
        owed += out
    return [(number, Decimal(left)) for number, left in queue]


def _arrivals(moves: list[int]) -> list[Lot]:
    found = [
        arrived(number, START + timedelta(hours=number), Decimal(amount))
        for number, amount in enumerate(moves)
        if amount > 0
    ]
    return found[::-1]


@given(MOVES)
def test_the_newest_arrivals_are_what_a_queue_leaves(moves: list[int]) -> None:
    made = [(lot.ref, lot.left) for lot in open_lots(Decimal(sum(moves)), _arrivals(moves))]
    assert made[::-1] == _queue(moves)


def test_no_more_is_read_than_is_needed() -> None:
    lots = iter(_arrivals([1, 2, 3]))
    assert [lot.ref for lot in open_lots(Decimal(4), lots)] == [2, 1]
    assert [lot.ref for lot in lots] == [0]
    assert list(open_lots(Decimal(0), iter(_arrivals([1])))) == []
    assert list(open_lots(Decimal(-1), iter(_arrivals([1])))) == []


def test_what_was_paid_falls_on_what_is_left_in_proportion() -> None:
    whole = arrived(1, START, Decimal("0.3"))
    (part,) = open_lots(Decimal("0.1"), [whole])
    assert share(Decimal("900"), whole) == Decimal("900")
    assert share(Decimal("900"), part) == Decimal("300")
