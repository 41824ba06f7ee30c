"""Keeps each user's findings: new ones opened, mended ones closed, dismissed ones left alone.

Looking again changes only what has changed. A finder that fails closes nothing and stops no other:
it is logged, and told on the page. Nothing here acts on what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.models import DataGrade, Finding
from portfolio.models.finding import FindingQuerySet
from portfolio.selectors.finder import Finder, Found, by_cause, finders
from portfolio.services import grading
from portfolio.services.locks import lock_findings

log = structlog.get_logger(__name__)

ClosedBy = Finding.ClosedBy
Key = tuple[str, str]  # cause, subject
# Money at risk is an estimate: this many digits behind the point are kept.
_LAST_DIGIT = Decimal("0.00000001")
# What was dismissed is another matter once it is larger by more than this part of it. Money moves
# with prices: it decides only where there is no quantity.
GROWN_QUANTITY = Decimal("0.01")
GROWN_VALUE = Decimal("0.1")
BATCH = 500
_TOLD = ("connection_id", "asset", "quantity", "value", "currency", "data", "url")
_STATE = (
    *("found_at", "closed_at", "closed_by", "reopened", "dismissed_at", "dismissed_by"),
    *("dismissed_reason", "dismissed_quantity", "dismissed_value"),
)
_COLUMNS = [*(name.removesuffix("_id") for name in _TOLD), *_STATE]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one look changed, and the causes that could not be looked for."""

    opened: int = 0
    reopened: int = 0
    closed: int = 0
    failing: tuple[str, ...] = ()


@transaction.atomic
def refresh(owner_id: int, *, asked_at: datetime | None = None) -> Refreshed:
    """Looks for all findings of one user; may be called at any time, by several at once.

    Whoever waited for a look that began after ``asked_at`` has nothing left to do.
    """
    lock_findings(owner_id)
    user = User.objects.filter(pk=owner_id).first()
    if user is None or _was_done(owner_id, asked_at):
        return Refreshed()
    now = timezone.now()
    found, failing = _look(user)
    rows = _rows(user, found)
    opened, reopened = _store(user, rows, found, now)
    closed = _close(rows, found, failing, now)
    grading.store(user, failing, now)
    return Refreshed(opened, reopened, closed, failing)


def _was_done(owner_id: int, asked_at: datetime | None) -> bool:
    if asked_at is None:
        return False
    return DataGrade.objects.filter(owner=owner_id, as_of__gt=asked_at).exists()


# --- Looking ----------------------------------------------------------------------------------


def _look(user: User) -> tuple[dict[Key, Found], tuple[str, ...]]:
    """All that is wrong now, and the causes that could not be looked for."""
    result: dict[Key, Found] = {}
    failing = []
    for finder in finders():
        try:
            with transaction.atomic():
                result |= _by_subject(finder, finder.find(user))
        except Exception:
            # One faulty finder must not hide what the others see; the page tells of it.
            log.exception("a finder failed", cause=finder.cause, owner=user.pk)
            failing.append(finder.cause)
    return result, tuple(failing)


def _by_subject(finder: Finder, found: Iterable[Found]) -> dict[Key, Found]:
    result: dict[Key, Found] = {}
    for item in found:
        key = (finder.cause, item.subject)
        if key in result:
            raise ValueError(f"{finder.cause} names {item.subject} twice")
        result[key] = item
    return result


def _rows(user: User, found: Mapping[Key, Found]) -> dict[Key, Finding]:
    """What is stored of what was found, and all that is not closed; locked."""
    subjects = [subject for _cause, subject in found]
    rows = Finding.objects.of(user).filter(Q(closed_at__isnull=True) | Q(subject__in=subjects))
    return {(row.cause, row.subject): row for row in rows.order_by("pk").select_for_update()}


# --- Storing ----------------------------------------------------------------------------------


def _store(
    user: User, rows: Mapping[Key, Finding], found: Mapping[Key, Found], now: datetime
) -> tuple[int, int]:
    """Brings the rows in line with what was found; how many are new, how many open again."""
    fresh = []
    changed = []
    reopened = 0
    for key, item in found.items():
        row = rows.get(key)
        if row is None:
            fresh.append(_new(user, key[0], item, now))
            continue
        told = _retell(row, item, user.reporting_currency)
        opens = _is_other_matter(row)
        if opens:
            _reopen(row, now)
            reopened += 1
        if told or opens:
            changed.append(row)
    Finding.objects.bulk_create(fresh, BATCH)
    Finding.objects.bulk_create(
        changed, BATCH, update_conflicts=True, unique_fields=["id"], update_fields=_COLUMNS
    )
    seen = [row.pk for key, row in rows.items() if key in found]
    Finding.objects.filter(pk__in=seen).update(seen_at=now)
    return len(fresh), reopened


def _new(user: User, cause: str, item: Found, now: datetime) -> Finding:
    row = Finding(owner=user, cause=cause, subject=item.subject, found_at=now, seen_at=now)
    _retell(row, item, user.reporting_currency)
    return row


def _retell(row: Finding, item: Found, currency: str) -> bool:
    """Gives a row the figures of now; whether any differ."""
    value = item.value
    if value is not None:
        value = value.quantize(_LAST_DIGIT, rounding=ROUND_HALF_EVEN, context=money.EXACT)
    told = {
        "connection_id": item.connection_id,
        "asset": item.asset,
        "quantity": item.quantity,
        "value": value,
        "currency": currency,
        "data": item.data,
        "url": item.url,
    }
    if all(getattr(row, name) == told[name] for name in _TOLD):
        return False
    for name in _TOLD:
        setattr(row, name, told[name])
    return True


def _is_other_matter(row: Finding) -> bool:
    """Whether it must be shown again: it was mended, or was dismissed when it was less."""
    if row.closed_at is not None:
        return True
    if row.dismissed_at is None:
        return False
    if row.dismissed_quantity is not None and row.quantity is not None:
        turned = row.quantity * row.dismissed_quantity < 0
        return turned or _grew(row.quantity, row.dismissed_quantity, GROWN_QUANTITY)
    if row.value is None:
        return False
    return row.dismissed_value is None or _grew(row.value, row.dismissed_value, GROWN_VALUE)


def _grew(now: Decimal, before: Decimal, by: Decimal) -> bool:
    most = money.multiply(before.copy_abs(), money.add(Decimal(1), by))
    return now.copy_abs() > most


def _reopen(row: Finding, now: datetime) -> None:
    row.closed_at, row.closed_by = None, ""
    row.dismissed_at = row.dismissed_by = None
    row.dismissed_reason = ""
    row.dismissed_quantity = row.dismissed_value = None  # type: ignore[assignment]  # may be null
    row.reopened += 1
    row.found_at = now


def _close(
    rows: Mapping[Key, Finding], found: Mapping[Key, Found], failing: Collection[str], now: datetime
) -> int:
    """Closes what was not found any more, where it was looked for."""
    known = by_cause()
    gone = [
        row
        for key, row in rows.items()
        if key not in found and row.closed_at is None and row.cause not in failing
    ]
    closed = 0
    for reason, is_known in ((ClosedBy.MENDED, True), (ClosedBy.RETIRED, False)):
        ids = [row.pk for row in gone if (row.cause in known) is is_known]
        closed += Finding.objects.filter(pk__in=ids).update(closed_at=now, closed_by=reason)
    return closed


# --- What a person decides --------------------------------------------------------------------


@transaction.atomic
def dismiss(*, user: User, ids: Collection[int], reason: str) -> int:
    """Puts open findings aside, with why; returns how many of these there were.

    They stay aside until they are mended, or grow.
    """
    count = Finding.objects.filter(pk__in=_locked(Finding.objects.of(user).open(), ids)).update(
        dismissed_at=timezone.now(),
        dismissed_by=user,
        dismissed_reason=reason,
        dismissed_quantity=F("quantity"),
        dismissed_value=F("value"),
    )
    if count:
        grading.recount(user)
        action = gettext_noop("findings dismissed")
        audit.note(user=user, action=action, number=str(count), reason=reason)
    return count


@transaction.atomic
def restore(*, user: User, ids: Collection[int]) -> int:
    """Takes dismissals back; returns how many there were."""
    rows = Finding.objects.of(user).dismissed()
    count = Finding.objects.filter(pk__in=_locked(rows, ids)).update(
        dismissed_at=None,
        dismissed_by=None,
        dismissed_reason="",
        dismissed_quantity=None,
        dismissed_value=None,
    )
    if count:
        grading.recount(user)
        audit.note(user=user, action=gettext_noop("findings opened again"), number=str(count))
    return count


def _locked(rows: FindingQuerySet, ids: Collection[int]) -> list[int]:
    """The ids among these rows, in the order in which everybody locks them."""
    asked = rows.filter(pk__in=ids).order_by("pk").select_for_update()
    return list(asked.values_list("pk", flat=True))
