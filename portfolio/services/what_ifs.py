"""Has a worker answer what would be if something were sold now, and keeps the answers for a while.

An answer is worked out in one pass over the ledger and stored in one database transaction. A worker
that dies leaves the question behind, without a sign of life: then it is begun anew.
"""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings as options
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.engine.tax import VERSION
from portfolio.engine.tax.operations import BadEvent
from portfolio.engine.tax.settings import Settings
from portfolio.models import TaxProfile, WhatIf, WhatIfLine
from portfolio.selectors import export_rows, tax_events, tax_pages
from portfolio.selectors.prices_now import PricesNow
from portfolio.services import tax_ledger, what_if_sales, what_if_today
from portfolio.services.exports import know_rates
from portfolio.services.tax_settings import (
    TaxProblem,
    as_told,
    picks_of,
    profile_of,
    settings_of,
    told_of,
)
from portfolio.services.what_if_case import Answer, Asked, Case

log = structlog.get_logger(__name__)

TELL_EVERY = 2.0  # seconds between signs of life
# One that nobody worked on for so long lost its worker. Computing gives no sign meanwhile.
LEFT_AFTER = timedelta(minutes=10)
MOST_ATTEMPTS = 3
MOST_AT_ONCE = 5
_BATCH = 1000


class _Overtaken(Exception):
    """Another worker began it anew, or it was deleted."""


# --- Asking -----------------------------------------------------------------------------------


def ask_sale(*, user: User, asked: Asked) -> WhatIf:
    """What a sale now would give, to be worked out by the settings of now. May raise TaxProblem."""
    return _ask(user, WhatIf.Kind.SALE, asked.as_json())


def ask_today(*, user: User) -> WhatIf:
    """All lots as they are now, to be worked out by the settings of now. May raise TaxProblem."""
    return _ask(user, WhatIf.Kind.TODAY, {})


@transaction.atomic
def _ask(user: User, kind: WhatIf.Kind, asked: dict[str, str]) -> WhatIf:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    profile = profile_of(user)
    if profile.pk is None:
        raise TaxProblem(_("Say first where you pay taxes: its law decides which lots are sold."))
    place, settings = settings_of(user, profile)
    told = _told(profile, settings)
    waiting = WhatIf.objects.of(user).unfinished()
    same = waiting.filter(kind=kind, asked=asked, settings=told).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_AT_ONCE:
        raise TaxProblem(_("So many answers are being worked out; wait for one of them."))
    now = timezone.now()
    return WhatIf.objects.create(
        owner=user,
        kind=kind,
        asked=asked,
        place=place.id,
        currency=settings.base_currency,
        environment=tax_events.environment(user),
        settings=told,
        asked_at=now,
        worked_at=now,
    )


def has_other_settings(user: User, row: WhatIf) -> bool:
    """Whether it was asked by other settings than those of now. May raise TaxProblem."""
    profile = profile_of(user)
    _place, settings = settings_of(user, profile)
    return bool(row.settings != _told(profile, settings))


def _told(profile: TaxProfile, settings: Settings) -> dict[str, Any]:
    return {"profile": told_of(profile), "engine": tax_ledger.settings_told(settings)}


def left_alone(now: datetime) -> list[int]:
    """Those that nobody works on any more, or never began."""
    waiting = WhatIf.objects.unfinished()
    lost = waiting.filter(state=WhatIf.State.RUNNING, worked_at__lt=now - LEFT_AFTER)
    never = waiting.filter(state=WhatIf.State.WAITING, worked_at__lt=now - timedelta(seconds=60))
    return list((lost | never).order_by("worked_at").values_list("pk", flat=True))


def delete(*, user: User, answer_id: int) -> None:
    """Drops a question with its answer. May raise WhatIf.DoesNotExist."""
    WhatIf.objects.of(user).get(pk=answer_id).delete()


def prune(now: datetime) -> int:
    """Drops what was asked long ago; how many that were."""
    over = now - timedelta(days=options.WHAT_IFS_KEPT_DAYS)
    _all, by_model = WhatIf.objects.filter(asked_at__lt=over).delete()
    return by_model.get(WhatIf._meta.label, 0)


# --- Working out ------------------------------------------------------------------------------


def make(answer_id: int) -> bool:
    """Works an answer out; False where there is nothing to do, or another worker does it."""
    row = _begun(answer_id)
    if row is None:
        return False
    try:
        _answer(row)
    except _Overtaken:
        return False
    except TaxProblem as problem:
        _fail(row, problem.message)
    except Exception as error:
        _stumble(row, error)
        raise
    return True


@transaction.atomic
def _begun(answer_id: int) -> WhatIf | None:
    """Takes a question over, unless it is answered, or somebody shows signs of life."""
    row = WhatIf.objects.select_for_update().filter(pk=answer_id).first()
    now = timezone.now()
    if row is None or row.is_finished:
        return None
    if row.state == WhatIf.State.RUNNING and row.worked_at >= now - LEFT_AFTER:
        return None
    if row.attempt >= MOST_ATTEMPTS:
        _fail(row, _("It was begun several times and never came to its end."))
        return None
    row.attempt += 1
    row.state, row.worked_at, row.done = WhatIf.State.RUNNING, now, 0
    row.at, row.changed_at = now, None
    row.save()
    return row


def _answer(row: WhatIf) -> None:
    case, fingerprint = _case(row)
    try:
        if row.kind == WhatIf.Kind.SALE:
            answer = what_if_sales.of_sale(case, Asked.from_json(row.asked))
        else:
            answer = what_if_today.of_today(case)
    except BadEvent as error:
        sources = case.ledger.made.sources
        # The sale itself is the event behind the last; then the place cannot tax it.
        source = sources[error.event] if error.event < len(sources) else None
        raise TaxProblem(_refused(source, str(error))) from error
    _store(row, case, answer, fingerprint)


def _refused(source: int | None, why: str) -> str:
    if source is None:
        return _("Such a sale cannot be taxed: %(why)s.") % {"why": why}
    told = {"number": source, "why": why}
    return _("Transaction %(number)s cannot be taxed: %(why)s.") % told


def _case(row: WhatIf) -> tuple[Case, str]:
    """All that is read for an answer, and the fingerprint of the ledger. May raise TaxProblem."""
    user, at = row.owner, row.at or timezone.now()
    profile = as_told(user, row.settings["profile"])
    place, settings = settings_of(user, profile)
    currency, environment = settings.base_currency, row.environment
    chosen = tax_ledger.selection(user, environment, at)
    _update(row, total=export_rows.count(user, chosen))
    know_rates(user, chosen, currency)
    tell = _Pulse(row).tell
    ledger = tax_ledger.read(user, place, settings, chosen, tell=tell, environment=environment)
    settings = replace(settings, picks=picks_of(profile, ledger))
    begin, _end = place.span(settings.year_of(settings.local_date(at)), settings.tax_timezone)
    case = Case(
        place=place,
        settings=settings,
        ledger=ledger,
        at=at,
        prices=lambda assets: PricesNow(user, currency, environment, tuple(assets)),
        labels=tax_pages.labels(user),
        opening_values=tax_events.Worths(user, currency, environment).at(begin),
    )
    return case, ledger.fingerprint


@transaction.atomic
def _store(row: WhatIf, case: Case, answer: Answer, ledger: str) -> None:
    _update(row)
    batch: list[WhatIfLine] = []
    for line in answer.lines:
        line.answer = row
        batch.append(line)
        if len(batch) == _BATCH:
            WhatIfLine.objects.bulk_create(batch)
            batch.clear()
    WhatIfLine.objects.bulk_create(batch)
    WhatIf.objects.filter(pk=row.pk).update(
        state=WhatIf.State.DONE,
        finished_at=timezone.now(),
        done=row.total,
        told=answer.told,
        fingerprint=_fingerprint(row, case, answer, ledger),
        engine=VERSION,
    )


def _fingerprint(row: WhatIf, case: Case, answer: Answer, ledger: str) -> str:
    """Of all that went in: the ledger with the settings, the question, the prices, the moment."""
    told = [ledger, row.kind, row.asked, answer.prices, case.at.isoformat()]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


class _Pulse:
    """Tells how far a worker is, now and then."""

    def __init__(self, row: WhatIf) -> None:
        self._row, self._told_at = row, time.monotonic()

    def tell(self, number: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY:
            self._told_at = now
            _update(self._row, done=number)


def _update(row: WhatIf, **values: Any) -> None:
    """Stores how far it is. May raise _Overtaken."""
    mine = WhatIf.objects.filter(pk=row.pk, attempt=row.attempt, state=WhatIf.State.RUNNING)
    if not mine.update(worked_at=timezone.now(), **values):
        raise _Overtaken
    for name, value in values.items():
        setattr(row, name, value)


def _stumble(row: WhatIf, error: Exception) -> None:
    # The place only: the text of such an error may quote a record.
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    log.error("what-if failed", answer=row.pk, kind=kind, at=str(place))
    fresh = WhatIf.objects.filter(pk=row.pk, attempt=row.attempt).first()
    if fresh is not None:
        _fail(fresh, _("Coffer itself failed ({kind}); its log says why.").format(kind=kind))


def _fail(row: WhatIf, why: str) -> None:
    row.state, row.failure = WhatIf.State.FAILED, why
    row.finished_at = row.worked_at = timezone.now()
    row.save()
