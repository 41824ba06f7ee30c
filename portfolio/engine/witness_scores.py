"""How well what one source tells agrees with a known event, or contradicts it.

The lowest score is the best.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from portfolio.engine.tellings import (
    DAY,
    MOVED,
    SAME_ID_WITHIN,
    SECOND,
    SHIFTED_WITHIN,
    Known,
    Telling,
    in_time,
    may_be_same,
    time_apart,
)
from portfolio.engine.told_amounts import Agreement, agreement, is_near, is_one_side
from portfolio.engine.types import TransactionKind

Kind = TransactionKind
BY_TIME = 3  # levels from here on know an event by its amounts and time alone
Score = tuple[int, int, timedelta, bool, datetime, str]


def score(told: Telling, each: Known) -> Score | None:
    """How well a telling and a known event are one; None where they are not."""
    first = each.first
    if told.apart & each.keys or (told.content and told.content == first.content):
        return None
    place = (time_apart(told, first), told.event.kind != first.event.kind, *each.order)
    if told.same_as and told.same_as in each.keys:
        return (0, 0, *place)
    found = _agreement(told, first)
    if found is None:
        return None
    level = _level(told, each)
    return None if level is None else (level, found, *place)


def _agreement(told: Telling, first: Telling) -> Agreement | None:
    if told.event.movements and first.event.movements:
        found = agreement(told.amounts, first.amounts)
        if found is None and told.event.kind == first.event.kind == Kind.TRANSFER:
            return Agreement.ONE_SIDE if is_one_side(told.amounts, first.amounts) else None
        return found
    # One is evidence only: then nothing but the key names the event.
    is_same = told.event.key and told.event.key == first.event.key
    return Agreement.EXACT if is_same else None


def _level(told: Telling, each: Known) -> int | None:
    first = each.first
    if told.event.key in each.keys:
        return 1
    if not may_be_same(told.event.kind, first.event.kind):
        return None
    if _names_same(told, each):
        return 2 if time_apart(told, first) <= SAME_ID_WITHIN else None
    if _names_other(told, each) or not in_time(told, first):
        return None
    return BY_TIME if time_apart(told, first) <= SECOND else BY_TIME + 1


def _names_same(told: Telling, each: Known) -> bool:
    return any(told.shared_ids & other.shared_ids for other in each.tellings)


def _names_other(told: Telling, each: Known) -> bool:
    """Whether both were seen on a chain, as different transactions of it."""
    mine = {ident for ident in told.ids if ident[0] == "txid"}
    theirs = {ident for other in each.tellings for ident in other.ids if ident[0] == "txid"}
    return bool(mine and theirs) and not mine & theirs


def fee_missing(told: Telling, each: Known) -> str:
    """A fee that the stronger source does not tell of must not be lost."""
    lacks = told.amounts.fees and not each.first.amounts.fees
    found = _agreement(told, each.first) if lacks else None
    untold = (Agreement.FEES_UNTOLD, Agreement.FEES_UNTOLD_ROUNDED)
    return "fee" if found in untold and not told.same_as else ""


def conflict_score(told: Telling, each: Known) -> Score | None:
    """How likely two that do not agree are meant to be one; None where they are not at all."""
    first = each.first
    if told.content and told.content == first.content:
        return None
    kinds = may_be_same(told.event.kind, first.event.kind)
    if told.apart & each.keys or not kinds or not told.event.movements:
        return None
    if not first.event.movements or _names_other(told, each):
        return None
    why = why_apart(told, each)
    if not why:
        return None
    place = (time_apart(told, first), told.event.kind != first.event.kind, *each.order)
    return (("amounts", "near", "time").index(why), 0, *place)


def why_apart(told: Telling, each: Known) -> str:
    """In what they contradict each other; "" where they are two events."""
    first = each.first
    same_shape = told.amounts.shape == first.amounts.shape
    if told.event.key in each.keys:
        return "amounts"
    if same_shape and time_apart(told, first) <= SAME_ID_WITHIN and _names_same(told, each):
        return "amounts"
    is_timed = max(told.span, first.span) < DAY and in_time(told, first)
    if is_timed and told.event.kind == first.event.kind and is_near(told.amounts, first.amounts):
        return "near"
    is_moved = told.event.kind == first.event.kind and told.event.kind in MOVED
    if is_moved and time_apart(told, first) <= SHIFTED_WITHIN and _is_whole(told, first):
        return "time"
    return ""


def _is_whole(told: Telling, first: Telling) -> bool:
    return agreement(told.amounts, first.amounts) in (Agreement.EXACT, Agreement.FEES_INSIDE)
