"""What an owner sees of the tax years they share: to whom, until when, and what was opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from portfolio.models import Connection, TaxReport, TaxShare, TaxShareOpening

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Shared:
    """One share with what it opens, by its names."""

    row: TaxShare
    now: datetime

    @property
    def years(self) -> list[tuple[str, str]]:
        """Place and year by name, the newest first within a place."""
        return [(year.place, year.year_name) for year in self.row.years.all()]

    @property
    def connections(self) -> list[Connection]:
        return list(self.row.connections.all())

    @property
    def is_over(self) -> bool:
        return self.row.ends_at <= self.now


@dataclass(frozen=True, slots=True)
class Log:
    """Some openings, latest first; ``older`` asks for those before, None at the end."""

    rows: Sequence[TaxShareOpening]
    older: int | None


def shares(user: User, now: datetime) -> list[Shared]:
    """All that a user shares, the newest first, in three queries."""
    rows = TaxShare.objects.of(user).prefetch_related("years", "connections")
    return [Shared(row, now) for row in rows]


def share(user: User, share_id: UUID, now: datetime) -> Shared:
    """One of them. May raise TaxShare.DoesNotExist."""
    rows = TaxShare.objects.of(user).prefetch_related("years", "connections")
    return Shared(rows.get(pk=share_id), now)


def log(of: TaxShare, *, before: int | None = None) -> Log:
    """What was opened of it; one query."""
    rows = TaxShareOpening.objects.filter(share=of)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Log(shown, shown[-1].pk if len(found) > PAGE_SIZE else None)


def years_to_share(user: User) -> list[tuple[str, int, str]]:
    """Place, year and its name of every year with a report, the newest first; one query."""
    made = TaxReport.objects.of(user).filter(state=TaxReport.State.DONE)
    found = {
        (place, year): name
        for place, year, name in made.order_by("pk").values_list("place", "year", "year_name")
    }
    return [(p, y, name) for (p, y), name in sorted(found.items(), key=lambda row: -row[0][1])]
