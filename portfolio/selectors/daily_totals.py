"""Reads up to which day the stored totals may be used."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from portfolio.models import ValuationState


def first_unsummed(owner_id: int) -> date:
    """The first day whose totals are not stored, or not to be used; all postings count from it."""
    state = ValuationState.objects.filter(owner=owner_id).first()
    if state is None or state.computed_at is None:
        return date.min
    return state.stale_from or date.max


def start_of(day: date) -> datetime:
    """The moment a UTC day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)
