"""Makes the reports of tax years in a worker, and keeps them as they were made.

A report is computed in one pass over the ledger; its lines are stored some at a time, so that
nobody waits for a lock, and are shown when all are there. A worker that dies leaves the row behind,
without a sign of life: then it is begun anew. The same ledger and settings give the same lines.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine.money import plain
from portfolio.engine.tax import VERSION, choosing, left_out
from portfolio.engine.tax.operations import BadEvent
from portfolio.engine.tax.place import Figure
from portfolio.engine.tax.what_if import methods_of
from portfolio.engine.tax.yearly import year_of
from portfolio.models import TaxDocument, TaxLine, TaxReport
from portfolio.selectors import export_rows, tax_events, tax_evidence, tax_findings, tax_unpriced
from portfolio.services import (
    locks,
    tax_changes,
    tax_comparison,
    tax_documents,
    tax_ledger,
    tax_lines,
)
from portfolio.services.exports import know_rates
from portfolio.services.memory import uncollected
from portfolio.services.tax_ledger import TaxLedger
from portfolio.services.tax_lines import Columns
from portfolio.services.tax_progress import Overtaken, Pulse, update
from portfolio.services.tax_settings import (
    TaxProblem,
    as_told,
    chosen_of,
    profile_of,
    settings_of,
    told_of,
)
from portfolio.services.tax_store import Store, analyse, sums

Stage = TaxReport.Stage
log = structlog.get_logger(__name__)

# A report of which nothing was heard for so long is sent to the workers again. One that is being
# made all the same is left alone then: one is made at a time.
LEFT_AFTER = timedelta(seconds=60)
LINES_AT_ONCE = 5000
MOST_ATTEMPTS = 3
MOST_AT_ONCE = 5


# --- Asking -----------------------------------------------------------------------------------


@transaction.atomic
def ask(*, user: User, year: int) -> TaxReport:
    """A report to be made by the settings of now, or the one that is being made of them.

    May raise TaxProblem.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    profile = profile_of(user)
    place, settings = settings_of(user, profile)
    told = {"profile": told_of(profile), "engine": tax_ledger.settings_told(settings)}
    waiting = TaxReport.objects.of(user).unfinished()
    same = waiting.filter(place=place.id, year=year, settings=told).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_AT_ONCE:
        raise TaxProblem(_("So many reports are being made; wait for one of them."))
    now = timezone.now()
    return TaxReport.objects.create(
        owner=user,
        place=place.id,
        year=year,
        year_name=settings.year_name(year),
        currency=settings.base_currency,
        environment=tax_events.environment(user),
        settings=told,
        asked_at=now,
        worked_at=now,
    )


def left_alone(now: datetime) -> list[int]:
    """The reports that nobody works on any more, or never began, the earliest asked first."""
    lost = TaxReport.objects.unfinished().filter(worked_at__lt=now - LEFT_AFTER)
    return list(lost.order_by("asked_at").values_list("pk", flat=True))


def next_waiting() -> int | None:
    """The report to make when one is made."""
    waiting = TaxReport.objects.filter(state=TaxReport.State.WAITING).order_by("asked_at", "pk")
    return waiting.values_list("pk", flat=True).first()


@transaction.atomic
def delete(*, user: User, report_id: int) -> None:
    """Drops a report that is not locked. May raise TaxReport.DoesNotExist, TaxProblem."""
    report = TaxReport.objects.of(user).select_for_update().get(pk=report_id)
    if report.locked_at is not None:
        raise TaxProblem(_("This report is locked; unlock it before it is deleted."))
    report.delete()
    audit.note(user=user, action=gettext_noop("tax report deleted"), report=str(report))


@transaction.atomic
def lock(*, user: User, report_id: int, is_locked: bool) -> TaxReport:
    """Keeps a report from being deleted, or no longer. May raise DoesNotExist, TaxProblem."""
    report = TaxReport.objects.of(user).select_for_update().get(pk=report_id)
    if report.state != TaxReport.State.DONE:
        raise TaxProblem(_("Only a report that is made can be locked."))
    if is_locked != (report.locked_at is not None):
        report.locked_at = timezone.now() if is_locked else None
        report.save(update_fields=["locked_at"])
        action = (
            gettext_noop("tax report locked") if is_locked else gettext_noop("tax report unlocked")
        )
        audit.note(user=user, action=action, report=str(report))
    return report


# --- Making -----------------------------------------------------------------------------------


def make(report_id: int) -> bool:
    """Makes a report; False where there is nothing to do, or another report is being made."""
    with locks.reporting() as is_free:
        report = _begun(report_id) if is_free else None
        if report is None:
            return False
        try:
            with uncollected():
                _compute(report)
        except Overtaken:
            return False
        except TaxProblem as problem:
            _fail(report, problem.message)
        except Exception as error:
            _stumble(report, error)
            raise
    return True


@transaction.atomic
def _begun(report_id: int) -> TaxReport | None:
    """Takes a report over, unless it is made: whoever began it is gone."""
    rows = TaxReport.objects.select_for_update(of=("self",)).select_related("owner")
    report = rows.filter(pk=report_id).first()
    if report is None or report.is_finished:
        return None
    if report.attempt >= MOST_ATTEMPTS:
        _fail(report, _("It was begun several times and never came to its end."))
        return None
    report.attempt += 1
    report.state, report.worked_at = TaxReport.State.RUNNING, timezone.now()
    report.stage, report.total, report.done = TaxReport.Stage.READ, 0, 0
    report.save()
    return report


def _compute(report: TaxReport) -> None:
    user, pulse = report.owner, Pulse(report)
    profile = as_told(user, report.settings["profile"])
    place, settings = settings_of(user, profile)
    _begin, end = place.span(report.year, settings.tax_timezone)
    before = end + timedelta(days=place.days_after)
    chosen = tax_ledger.selection(user, report.environment, before)
    pulse.stage(Stage.READ, export_rows.count(user, chosen))
    know_rates(user, chosen, settings.base_currency)
    ledger = tax_ledger.read(
        user,
        place,
        settings,
        chosen,
        tell=pulse.tell,
        environment=report.environment,
        picks=profile.picks,
    )
    chosen_lots = chosen_of(profile, ledger)
    settings = replace(settings, picks=choosing.picks(chosen_lots))
    pulse.stage(Stage.COMPUTE, len(methods_of(place, settings)))
    try:
        year = year_of(place, settings, ledger.history, ledger.made.contracts, report.year)
        report.comparison = tax_comparison.told(
            place, settings, ledger, report.year, year, tell=pulse.tell
        )
    except BadEvent as error:
        raise TaxProblem(_refused(ledger.made.sources[error.event], str(error))) from error
    worths = tax_events.Worths(user, settings.base_currency, report.environment)
    year = replace(year, opening_values=worths.at(year.begin), closing_values=worths.at(year.end))
    report.figures = [_figure_told(figure) for figure in left_out.figures(place, year)]
    report.evidence = tax_evidence.evidence(
        user, report.environment, (year.begin, year.end), timezone.now()
    )
    more = tax_lines.of_choices(place, settings, chosen_lots, year)
    _store(
        report, ledger, pulse, tax_lines.of_year(year, ledger.made, more), tax_lines.number_of(year)
    )
    _finish(report, ledger, pulse)


def _refused(source: int, why: str) -> str:
    told = {"number": source, "why": why}
    return _("Transaction %(number)s cannot be taxed: %(why)s.") % told


def _store(
    report: TaxReport, ledger: TaxLedger, pulse: Pulse, lines: Iterator[Columns], about: int
) -> None:
    """Stores the lines, some in each database transaction. May raise Overtaken."""
    _drop_lines(report)  # of a worker that came to no end
    pulse.stage(Stage.STORE, about)
    store = Store(report)
    while batch := list(islice(lines, LINES_AT_ONCE)):
        with transaction.atomic():
            # Whoever took over meanwhile must not find lines of this worker.
            update(report, done=store.number)
            store.add(batch)
    if store.number > LINES_AT_ONCE:
        analyse()
    told = json.dumps(report.figures, ensure_ascii=False).encode()
    report.sha256 = hashlib.sha256(told + store.sha256.encode()).hexdigest()
    report.counts = store.counts
    report.sums = sums(report)
    report.evidence |= {
        "as_of": ledger.inputs.as_of and ledger.inputs.as_of.isoformat(),
        "findings": tax_findings.open_findings(report.owner, report),
        "assumed": tax_findings.assumed(report),
    }


def _finish(report: TaxReport, ledger: TaxLedger, pulse: Pulse) -> None:
    """Draws the report and tells that it is made. May raise Overtaken."""
    pulse.stage(Stage.DRAW, 0)
    report.fingerprint, report.engine = ledger.fingerprint, VERSION
    drawn = tax_documents.pdf(report)
    names = ("fingerprint", "engine", "sha256", "figures", "counts", "sums")
    kept = {name: getattr(report, name) for name in (*names, "comparison", "evidence")}
    number = len(ledger.made.sources)
    with transaction.atomic():
        done = {"state": TaxReport.State.DONE, "finished_at": timezone.now()}
        update(report, done=number, total=number, **done, **kept)
        sha256 = hashlib.sha256(drawn).hexdigest()
        TaxDocument.objects.create(report=report, data=drawn, sha256=sha256)
        tax_changes.store(report, ledger.inputs)


def _drop_lines(report: TaxReport) -> None:
    with transaction.atomic():
        update(report)
        TaxLine.objects.filter(report=report).delete()


def _figure_told(figure: Figure) -> list[Any]:
    amount = None if figure.amount is None else plain(figure.amount)
    told = [figure.code, figure.title, amount, figure.rule, figure.is_main, figure.is_count]
    without = tax_unpriced.told(figure.without)
    return told if without is None else [*told, without]


def _stumble(report: TaxReport, error: Exception) -> None:
    # The place only: the text of such an error may quote a transaction.
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    log.error("tax report failed", report=report.pk, kind=kind, at=str(place))
    fresh = TaxReport.objects.filter(pk=report.pk, attempt=report.attempt).first()
    if fresh is not None:
        _fail(fresh, _("Coffer itself failed ({kind}); its log says why.").format(kind=kind))


def _fail(report: TaxReport, why: str) -> None:
    TaxLine.objects.filter(report=report).delete()
    report.state, report.failure = TaxReport.State.FAILED, why
    report.finished_at = report.worked_at = timezone.now()
    report.save()


# --- Made again -------------------------------------------------------------------------------


class Changed(NamedTuple):
    """What a person chose otherwise since a report of the same place was asked for."""

    lots: bool
    settings: bool


def changed_since(report: TaxReport) -> Changed:
    """Whether made again it would be by other choices; nothing where the place is another."""
    now = told_of(profile_of(report.owner))
    then = report.settings["profile"]
    if now["place"] != then["place"]:
        return Changed(lots=False, settings=False)
    others = [name for name in now if name != "picks"]
    return Changed(
        lots=now["picks"] != then["picks"],
        settings=any(now[name] != then.get(name, now[name]) for name in others),
    )


def same_as(report: TaxReport, other: TaxReport) -> bool:
    """Whether two reports of one year say the same, to the last digit."""
    return bool(report.sha256) and report.sha256 == other.sha256
