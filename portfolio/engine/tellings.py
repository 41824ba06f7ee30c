"""What sources tell of events: which source, when, and by which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from portfolio.engine import transfer_ids
from portfolio.engine.told_amounts import Amounts
from portfolio.engine.types import Event, TransactionKind

Kind = TransactionKind
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
# Two lists may give a deposit or withdrawal the time it was asked for, or was done.
SAME_ID_WITHIN = timedelta(days=3)
# The same amount deposited or withdrawn at another hour: a zone that was misread, or two events.
SHIFTED_WITHIN = timedelta(hours=14)

EXCHANGED = frozenset({Kind.TRADE, Kind.CONVERSION, Kind.LIQUIDATION})
_EARNED = frozenset({Kind.REWARD, Kind.INTEREST, Kind.AIRDROP, Kind.MINING, Kind.FORK, Kind.GIFT})
_OF_CONTRACTS = frozenset({Kind.FUNDING, Kind.REALISED_PNL, Kind.FEE, Kind.LIQUIDATION})
# What a source says that has no better word.
ANYTHING = frozenset({Kind.OTHER, Kind.ADJUSTMENT, Kind.UNCLASSIFIED})
MOVED = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL})
_PLAIN = MOVED | {Kind.TRANSFER} | ANYTHING

# Details that name one event, and those that several may share.
_OWN_IDS = ("trade", "txid", "entry")
_SHARED_IDS = ("order", "reference")
Ident = tuple[str, str]
# What orders sources: a rank, then a number, then a name.
Strength = tuple[int, int, str]
STRONGEST: Strength = (0, 0, "")  # an exchange's own answers


@dataclass(frozen=True)
class Telling:
    """What one source tells of one event.

    ``key`` is what it is booked under where no other source tells of it. ``strength`` orders the
    sources, the lowest first; those of one strength are one source. ``sources`` are all that it
    stands in: one record may be in several files. ``span`` is the step of its clock. ``same_as``
    and ``apart`` are keys that a person decided on. Of equal ``content`` are rows that are alike to
    the letter: true twins, since one row is kept once.
    """

    ref: str
    key: str
    strength: Strength
    event: Event
    sources: frozenset[str]
    span: timedelta = SECOND
    same_as: str = ""
    apart: frozenset[str] = frozenset()
    content: str = ""

    @property
    def at(self) -> datetime:
        return self.event.occurred_at

    @cached_property
    def amounts(self) -> Amounts:
        return Amounts(self.event.movements)

    @cached_property
    def ids(self) -> frozenset[Ident]:
        """Names of this event alone."""
        return frozenset((*_key_of(self.event), *_idents(self.event, _OWN_IDS)))

    @property
    def keys(self) -> set[str]:
        """What it may be called by; what has no key of its own is never called alike."""
        return {self.key, self.event.key} - {""}

    @cached_property
    def shared_ids(self) -> frozenset[Ident]:
        return self.ids | frozenset(_idents(self.event, _SHARED_IDS))


def _key_of(event: Event) -> Iterator[Ident]:
    if event.key:
        yield "key", event.key


def _idents(event: Event, names: Iterable[str]) -> Iterator[Ident]:
    for name in names:
        text = event.detail.get(name, "").strip()
        if name == "txid":
            text = transfer_ids.txid(text)
        if text:
            yield name, text


@dataclass
class Known:
    """An event as the strongest source tells it, and who else does."""

    first: Telling
    keys: set[str]
    sources: set[str]
    tellings: list[Telling] = field(default_factory=list)

    @property
    def order(self) -> tuple[datetime, str]:
        return self.first.at, self.first.key


def may_be_same(one: Kind, other: Kind) -> bool:
    if one == other or one in ANYTHING or other in ANYTHING:
        return True
    together = (EXCHANGED, _EARNED, _OF_CONTRACTS)
    if any(one in kinds and other in kinds for kinds in together):
        return True
    return (one in _PLAIN or other in _PLAIN) and not {one, other} & EXCHANGED


def time_apart(one: Telling, other: Telling) -> timedelta:
    return abs(one.at - other.at)


def in_time(one: Telling, other: Telling) -> bool:
    """Whether both times may be one, as the coarser clock has it."""
    coarse, fine = (one, other) if one.span >= other.span else (other, one)
    if coarse.span >= DAY:
        return -SECOND <= fine.at - coarse.at <= coarse.span + SECOND
    return time_apart(one, other) <= max(coarse.span, SECOND)
