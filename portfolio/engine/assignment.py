"""The best way to pair left with right when each may be used once: the greatest sum of weights.

Exact for groups up to a size; in a greater one (thousands of equal amounts on one day) the heaviest
pair is taken first, which is at least half of the best sum.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

EXACT_UP_TO = 120  # left nodes of one group


class Edge(NamedTuple):
    """A pair that is possible, and how much it counts: above zero."""

    left: Hashable
    right: Hashable
    weight: int


def best(edges: Sequence[Edge]) -> list[Edge]:
    """The chosen edges, in the order they came in; the same for the same edges in the same order.

    Of several best choices it takes one by the order of the edges.
    """
    chosen: set[int] = set()
    for group in _groups(edges):
        lefts = {edges[number].left for number in group}
        solve = _exact if len(lefts) <= EXACT_UP_TO else _heaviest_first
        chosen.update(solve(edges, group))
    return [edge for number, edge in enumerate(edges) if number in chosen]


def _groups(edges: Sequence[Edge]) -> list[list[int]]:
    """Numbers of edges that hang together over shared nodes."""
    at: dict[tuple[bool, Hashable], list[int]] = defaultdict(list)
    for number, edge in enumerate(edges):
        at[False, edge.left].append(number)
        at[True, edge.right].append(number)
    seen = [False] * len(edges)
    groups = []
    for start in range(len(edges)):
        if not seen[start]:
            groups.append(sorted(_reached(start, edges, at, seen)))
    return groups


def _reached(
    start: int,
    edges: Sequence[Edge],
    at: dict[tuple[bool, Hashable], list[int]],
    seen: list[bool],
) -> list[int]:
    seen[start] = True
    found, waiting = [start], deque([start])
    while waiting:
        edge = edges[waiting.popleft()]
        for node in ((False, edge.left), (True, edge.right)):
            for number in at.pop(node, ()):
                if not seen[number]:
                    seen[number] = True
                    found.append(number)
                    waiting.append(number)
    return found


def _heaviest_first(edges: Sequence[Edge], group: Iterable[int]) -> list[int]:
    used: set[tuple[bool, Hashable]] = set()
    chosen = []
    for number in sorted(group, key=lambda number: (-edges[number].weight, number)):
        ends = {(False, edges[number].left), (True, edges[number].right)}
        if not ends & used:
            used |= ends
            chosen.append(number)
    return chosen


def _exact(edges: Sequence[Edge], group: Sequence[int]) -> list[int]:
    """Adds one left node after the other, each time by the best chain of changes.

    What was best for the nodes before stays best with the new one after the most winning chain
    (successive shortest paths). A chain ends at a free right node, or leaves a left node out.
    """
    out: dict[Hashable, list[int]] = defaultdict(list)
    for number in group:
        out[edges[number].left].append(number)
    taken: dict[Hashable, int] = {}  # by right node: the edge that has it
    for left in out:
        _admit(left, edges, out, taken)
    return list(taken.values())


def _admit(
    left: Hashable,
    edges: Sequence[Edge],
    out: dict[Hashable, list[int]],
    taken: dict[Hashable, int],
) -> None:
    gain: dict[Hashable, int] = {left: 0}  # by left node: what the chain to it wins, it unpaired
    came: dict[Hashable, int] = {}  # by right node: the edge of the chain to it
    best_end: tuple[int, Hashable | None] = (0, None)
    waiting = deque([left])
    while waiting:
        node = waiting.popleft()
        for number in out[node]:
            right = edges[number].right
            won = gain[node] + edges[number].weight
            held = taken.get(right)
            if held == number:
                continue
            if held is None:
                if won > best_end[0]:
                    best_end = (won, right)
                    came[right] = number
                continue
            loser, left_with = edges[held].left, won - edges[held].weight
            if loser not in gain or left_with > gain[loser]:
                gain[loser], came[right] = left_with, number
                waiting.append(loser)
                if left_with > best_end[0]:
                    best_end = (left_with, right)
    _change(left, best_end[1], edges, came, taken)


def _change(
    left: Hashable,
    end: Hashable | None,
    edges: Sequence[Edge],
    came: dict[Hashable, int],
    taken: dict[Hashable, int],
) -> None:
    """Walks the chain back from its end, giving each right node its new edge."""
    while end is not None:
        number = came[end]
        mover = edges[number].left
        former = next((right for right, held in taken.items() if edges[held].left == mover), None)
        taken[end] = number
        if mover == left:
            return
        end = former
