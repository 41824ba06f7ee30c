"""What a finder is: a module of ``portfolio/selectors/finders`` that looks for one cause.

Such a module has ``CAUSE`` (a word that never changes), ``TITLE``, ``WORDS`` (why it matters) and
``FIX`` (what the link to the mending page says), all lazily translated, ``WEIGHT`` (what it counts
in the grade, 0 to 1), ``line(data)`` (one finding in a sentence, in the reader's language) and
``find(user)``. It reads in a fixed number of queries and never acts.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.utils import formats, timezone
from django.utils.functional import Promise

from accounts.models import User
from portfolio.models import DataGrade
from portfolio.selectors import finders as package

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong now.

    ``subject`` names it for as long as it lasts. ``value`` is the money at risk in the user's
    reporting currency, None where nobody knows; ``quantity`` is of ``asset``, signed if that tells
    anything. ``url`` is the path of the page where it is mended.
    """

    subject: str
    url: str
    asset: str = ""
    quantity: Decimal | None = None
    value: Decimal | None = None
    connection_id: UUID | None = None
    data: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < len(self.subject) <= LONGEST_SUBJECT:
            raise ValueError(f"a subject of {len(self.subject)} characters")


@dataclass(frozen=True, slots=True)
class Finder:
    """One cause: its words, its weight in the grade, and how it is looked for."""

    cause: str
    title: Promise
    words: Promise
    fix: Promise
    weight: Decimal
    line: Callable[[Mapping[str, str]], str]
    find: Callable[[User], Iterable[Found]]


@cache
def finders() -> tuple[Finder, ...]:
    """All finders, by cause."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    made = [Finder(m.CAUSE, m.TITLE, m.WORDS, m.FIX, m.WEIGHT, m.line, m.find) for m in modules]
    return tuple(sorted(made, key=lambda finder: finder.cause))


def by_cause() -> dict[str, Finder]:
    """The finders by their cause."""
    return {finder.cause: finder for finder in finders()}


def is_first_of_day(user: User) -> bool:
    """Whether this is the first look of a UTC day, which is thorough; the others spare work."""
    as_of = DataGrade.objects.filter(owner=user).values_list("as_of", flat=True).first()
    return as_of is None or as_of.astimezone(UTC).date() < timezone.now().astimezone(UTC).date()


def in_time(text: str) -> str:
    """A moment as it is kept in ``Found.data`` (ISO), in the reader's zone; "" for none."""
    if not text:
        return ""
    local = timezone.localtime(datetime.fromisoformat(text))
    return formats.date_format(local, "j M Y, H:i")


def on_day(text: str) -> str:
    """A day as it is kept in ``Found.data`` (ISO), for people."""
    return formats.date_format(date.fromisoformat(text), "j M Y")
