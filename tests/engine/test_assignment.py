"""The best assignment, held against trying everything."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.engine import assignment
from portfolio.engine.assignment import Edge

_edges = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 30), max_size=10
).map(lambda found: [Edge(f"l{a}", f"r{b}", weight) for (a, b), weight in found.items()])


def _is_allowed(edges: tuple[Edge, ...]) -> bool:
    return len({e.left for e in edges}) == len({e.right for e in edges}) == len(edges)


def _total(edges: list[Edge]) -> int:
    return sum(edge.weight for edge in edges)


def _by_trying(edges: list[Edge]) -> int:
    sizes = range(len(edges) + 1)
    tried = (c for size in sizes for c in combinations(edges, size) if _is_allowed(c))
    return max(_total(list(c)) for c in tried)


@settings(max_examples=300)
@given(_edges)
def test_no_assignment_is_better(edges: list[Edge]) -> None:
    chosen = assignment.best(edges)
    assert _is_allowed(tuple(chosen))
    assert _total(chosen) == _by_trying(edges)


@given(_edges, st.randoms(use_true_random=False))
def test_the_sum_does_not_depend_on_the_order(edges: list[Edge], rng: object) -> None:
    shuffled = list(edges)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _total(assignment.best(shuffled)) == _total(assignment.best(edges))


def test_a_heavy_pair_gives_way_to_two_that_weigh_more() -> None:
    edges = [Edge("a", "x", 10), Edge("a", "y", 8), Edge("b", "x", 9)]
    assert assignment.best(edges) == edges[1:]


def test_a_crowd_is_settled_heaviest_first() -> None:
    many = assignment.EXACT_UP_TO + 1
    edges = [
        Edge(left, right, 5 + (left == right)) for left in range(many) for right in range(many)
    ]
    assert [(e.left, e.right) for e in assignment.best(edges)] == [(n, n) for n in range(many)]
