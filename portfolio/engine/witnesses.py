"""Which events that several sources tell of one account are the same event.

The sources are an exchange's own answers and files, each stronger than the next. What a weaker one
tells is held against what is known from the stronger ones, one to one, so that true twins keep
their number; events of one source are never taken for each other. The same tellings give the same
verdicts in whatever order they come.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from portfolio.engine.tellings import (
    ANYTHING,
    EXCHANGED,
    MOVED,
    SECOND,
    SHIFTED_WITHIN,
    Ident,
    Known,
    Telling,
    in_time,
    may_be_same,
    time_apart,
)
from portfolio.engine.told_amounts import Agreement, Amounts, agreement
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.engine.witness_scores import (
    BY_TIME,
    Score,
    conflict_score,
    fee_missing,
    score,
    why_apart,
)

Kind = TransactionKind


class Verdict(NamedTuple):
    """A telling is a witness of the event ``key``; or contradicts it, and then ``why``."""

    key: str
    why: str = ""  # "amounts", "fee", "near" or "time"


def judge(tellings: Iterable[Telling]) -> dict[str, Verdict]:
    """The verdicts by ``ref``; of those that stand for themselves there is none.

    All of the strongest source there is stand for themselves.
    """
    verdicts: dict[str, Verdict] = {}
    known: list[Known] = []
    ordered = sorted(tellings, key=lambda told: (told.strength, told.at, told.key, told.ref))
    for _, source in groupby(ordered, key=lambda told: told.strength):
        batch = list(source)
        if known:
            found = _Round(known, batch)
            found.run()
            verdicts |= found.verdicts
            batch = found.left
        known += [Known(t, t.keys, set(t.sources), [t]) for t in batch]
    return verdicts


class _Pair(NamedTuple):
    """A telling and a known event that may be one."""

    score: Score
    told: Telling
    each: Known

    @property
    def order(self) -> tuple[Score, datetime, str]:
        return self.score, self.told.at, self.told.ref


def _make_room(pairs: Sequence[_Pair], taken: dict[int, _Pair], done: set[str]) -> None:
    """Moves those that were paired by time alone, so that as many as can be are paired.

    Of a row of twins the best pairs may leave the first and the last alone, too far apart.
    """
    by_told: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.score[0] >= BY_TIME:
            by_told[pair.told.ref].append(pair)
    for start in [ref for ref in by_told if ref not in done]:
        came: dict[int, _Pair] = {}  # by known event: the pair of the chain to it
        waiting, end = deque([start]), None
        while waiting and end is None:
            for pair in by_told[waiting.popleft()]:
                place = id(pair.each)
                if place in came:
                    continue
                held = taken.get(place)
                if held is None:
                    came[place], end = pair, place
                    break
                if held.score[0] >= BY_TIME:
                    came[place] = pair
                    waiting.append(held.told.ref)
        if end is not None:
            _shift(start, end, came, taken)
            done.add(start)


def _shift(start: str, end: int, came: dict[int, _Pair], taken: dict[int, _Pair]) -> None:
    """Walks a chain back from its free end, giving each known event its new pair."""
    held = {pair.told.ref: place for place, pair in taken.items()}
    while True:
        pair = came[end]
        taken[end] = pair
        if pair.told.ref == start:
            return
        end = held[pair.told.ref]


_Scorer = Callable[[Telling, Known], Score | None]
_Grouping = Callable[[Telling], Iterator[object]]


class _Round:
    """Holds what one source tells against what is known from the stronger ones."""

    def __init__(self, known: Sequence[Known], batch: Sequence[Telling]) -> None:
        self.known = sorted(known, key=lambda each: each.order)
        self.left = list(batch)
        self.verdicts: dict[str, Verdict] = {}
        self._fees_due: list[Known] = []
        self._index()

    def _index(self) -> None:
        self._by_id: dict[Ident, list[Known]] = defaultdict(list)
        self._by_key: dict[str, list[Known]] = defaultdict(list)
        for each in self.known:
            for ident in {i for told in each.tellings for i in told.shared_ids}:
                self._by_id[ident].append(each)
            for key in each.keys:
                self._by_key[key].append(each)
        self._times = [each.first.at for each in self.known]

    def run(self) -> None:
        self._pair(score)
        self._sum_up()
        self._fees()
        self._pair(conflict_score, conflicts=True)

    # --- One to one ---------------------------------------------------------------------------

    def _pair(self, score: _Scorer, *, conflicts: bool = False) -> None:
        """Takes the best pairs first; each side is in one pair at most."""
        pairs = self._pairs(score, wide=conflicts)
        taken: dict[int, _Pair] = {}  # by known event
        done: set[str] = set()
        for pair in pairs:
            if pair.told.ref not in done and id(pair.each) not in taken:
                taken[id(pair.each)] = pair
                done.add(pair.told.ref)
        if not conflicts:
            _make_room(pairs, taken, done)
        for pair in sorted(taken.values(), key=lambda pair: pair.order):
            self._take_pair(pair, is_conflict=conflicts)
        self.left = [told for told in self.left if told.ref not in done]

    def _pairs(self, score: _Scorer, *, wide: bool) -> list[_Pair]:
        pairs = [
            _Pair(found, told, each)
            for told in self.left
            for each in self._candidates(told, wide=wide)
            if not each.sources & told.sources and (found := score(told, each)) is not None
        ]
        return sorted(pairs, key=lambda pair: pair.order)

    def _take_pair(self, pair: _Pair, *, is_conflict: bool) -> None:
        told, each = pair.told, pair.each
        self._take(told, each, why_apart(told, each) if is_conflict else fee_missing(told, each))
        if pair.score[1] in (Agreement.FEES_UNTOLD, Agreement.FEES_UNTOLD_ROUNDED):
            self._fees_due.append(each)

    def _take(self, told: Telling, each: Known, why: str = "") -> None:
        self.verdicts[told.ref] = Verdict(each.first.key, why)
        each.sources |= told.sources
        if not why:
            each.keys |= told.keys
            each.tellings.append(told)

    def _candidates(self, told: Telling, *, wide: bool = False) -> Iterator[Known]:
        found: dict[int, Known] = {}
        for key in (told.same_as, told.event.key):
            found |= {id(each): each for each in self._by_key.get(key, ())}
        for ident in told.shared_ids:
            found |= {id(each): each for each in self._by_id.get(ident, ())}
        within = SHIFTED_WITHIN if wide and told.event.kind in MOVED else told.span
        found |= {id(each): each for each in self._near(told.at, within + SECOND)}
        yield from found.values()

    def _near(self, at: datetime, within: timedelta) -> Iterator[Known]:
        # A coarse clock of the stronger source shows the beginning of its step.
        back = max(within, self._coarsest)
        place = bisect_left(self._times, at - back)
        while place < len(self.known) and self._times[place] <= at + within:
            yield self.known[place]
            place += 1

    @cached_property
    def _coarsest(self) -> timedelta:
        return max((each.first.span for each in self.known), default=SECOND) + SECOND

    # --- Sums ---------------------------------------------------------------------------------

    def _sum_up(self) -> None:
        """Several that share an id or a second, and come to the same."""
        for by in (_by_shared_id, _by_second_and_shape, _by_second):
            self._sum_by(by)

    def _sum_by(self, by: _Grouping) -> None:
        groups: dict[object, list[Telling]] = defaultdict(list)
        for told in self.left:
            for name in by(told):
                groups[name].append(told)
        free: dict[object, list[Known]] = defaultdict(list)
        for each in self.known:
            for name in by(each.first):
                if name in groups:
                    free[name].append(each)
        for name in sorted(groups, key=str):
            self._match_sum(
                [told for told in groups[name] if told.ref not in self.verdicts], free[name]
            )
        self.left = [told for told in self.left if told.ref not in self.verdicts]

    def _match_sum(self, tellings: list[Telling], free: list[Known]) -> None:
        sources = {source for told in tellings for source in told.sources}
        keys = {key for told in tellings for key in told.apart}
        open_ones = [e for e in free if not e.sources & sources and not e.keys & keys]
        if not tellings or not open_ones:
            return
        if self._sums_agree(tellings, open_ones):
            self._take_all(tellings, open_ones)
            return
        for told in tellings:
            if len(open_ones) > 1 and self._sums_agree([told], open_ones):
                self._take_all([told], open_ones)
                return
        for each in open_ones:
            if len(tellings) > 1 and self._sums_agree(tellings, [each]):
                self._take_all(tellings, [each])
                return

    def _sums_agree(self, tellings: Sequence[Telling], known: Sequence[Known]) -> bool:
        if len(tellings) == len(known) == 1:
            return False  # they did not agree as a pair
        told = Amounts(tuple(m for each in tellings for m in each.event.movements))
        stronger = Amounts(tuple(m for each in known for m in each.first.event.movements))
        kinds = {each.event.kind for each in tellings}, {each.first.event.kind for each in known}
        fits = any(may_be_same(one, other) for one in kinds[0] for other in kinds[1])
        lacks_fee = bool(told.fees) and not stronger.fees
        found = agreement(told, stronger) if fits and told.movements else None
        exact = (Agreement.EXACT, Agreement.FEES_INSIDE, Agreement.FEES_UNTOLD)
        near = (Agreement.ROUNDED, Agreement.FEES_INSIDE_ROUNDED)
        return found in (*exact, *near) and not (lacks_fee and found is Agreement.FEES_UNTOLD)

    def _take_all(self, tellings: Sequence[Telling], known: Sequence[Known]) -> None:
        """Each is shown with the nearest; none of them is free for another of this source."""
        for told in tellings:
            nearest = min(known, key=lambda each: (time_apart(told, each.first), each.order))
            self.verdicts[told.ref] = Verdict(nearest.first.key)
        for each in known:
            each.sources |= {source for told in tellings for source in told.sources}
        told_fees = any(told.amounts.fees for told in tellings)
        if not told_fees:
            self._fees_due += [each for each in known if each.first.amounts.fees]

    # --- Fees told apart ----------------------------------------------------------------------

    def _fees(self) -> None:
        """Fees in rows of their own, of events that this source tells without them."""
        rows = [told for told in self.left if _is_fee(told)]
        due = sorted(self._fees_due, key=lambda each: each.order)
        for told in rows:
            near = [each for each in due if in_time(told, each.first)]
            match = next((e for e in near if _fees_of([e]) == told.amounts.principal), None)
            if match is not None:
                self.verdicts[told.ref] = Verdict(match.first.key)
                due.remove(match)
            elif len(near) > 1 and _fees_of(near) == told.amounts.principal:
                self.verdicts[told.ref] = Verdict(near[0].first.key)
                due = [each for each in due if each not in near]
        self.left = [told for told in self.left if told.ref not in self.verdicts]


def _is_fee(told: Telling) -> bool:
    fees_alone = all(m.role is PostingRole.FEE for m in told.event.movements)
    return bool(told.event.movements) and (told.event.kind is Kind.FEE or fees_alone)


def _fees_of(known: Iterable[Known]) -> object:
    movements = [m for each in known for m in each.first.event.movements]
    return Amounts(tuple(m for m in movements if m.role is PostingRole.FEE)).principal


# --- Groups -------------------------------------------------------------------------------------


def _by_shared_id(told: Telling) -> Iterator[object]:
    yield from told.shared_ids


def _by_second_and_shape(told: Telling) -> Iterator[object]:
    yield told.at.replace(microsecond=0), told.amounts.shape


def _by_second(told: Telling) -> Iterator[object]:
    second, kind = told.at.replace(microsecond=0), told.event.kind
    if kind in EXCHANGED | ANYTHING:
        yield second, True
    if kind not in EXCHANGED:
        yield second, False
