"""Reads the rows of inspected tables into lines of the draft; nothing of it is in the ledger."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine import money
from portfolio.engine.names import fit
from portfolio.engine.types import Event
from portfolio.imports import reading, registry, tables
from portfolio.imports.format import ImportFormat, LeftOut, NotUnderstood
from portfolio.imports.reading import Source, Tally, Told
from portfolio.imports.tables import Place
from portfolio.models import Import, ImportAccount, ImportFile, ImportLine
from portfolio.services import bulk, import_claims, import_inspection, import_uploads

BATCH = 1000
State = ImportLine.State
# A fault of a format's own code: the file is refused and the log says where.
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


def read(job: Import, table: ImportFile) -> None:
    """Stores a line for each entry of a table, or what is wrong with it. May raise ClaimLost.

    A table with anything wrong is refused whole: its lines go again.
    """
    table.lines.all().delete()  # of a worker that was killed
    tally = Tally()
    refusal = ""
    try:
        _store(job, table, tally)
    except NotUnderstood as error:
        tally.add(error)
    except _FAULTS as error:
        refusal = _fault(error)
    if tally.wrong or refusal:
        table.lines.all().delete()
    table.rows, table.wrong, table.refusal = tally.rows, tally.wrong, refusal
    table.problems = [[problem.line, str(problem)] for problem in tally.problems]
    table.read_at = timezone.now()
    with transaction.atomic():
        import_claims.keep(job)
        table.save()


def _fault(error: Exception) -> str:
    return _("Coffer itself failed at this file ({kind}).").format(kind=type(error).__name__)


def _store(job: Import, table: ImportFile, tally: Tally) -> None:
    known = registry.by_id(table.format)
    limits = import_uploads.limits()
    accounts: dict[str, ImportAccount] = {}
    with (
        import_inspection.opened(table) as file,
        tables.opened(file, Place(table.member, table.sheet), limits) as found,
    ):
        layout = import_inspection.layout(table)
        source = Source(found, layout, known, import_inspection.reading(table), limits)
        told = reading.read(source, tally, now=timezone.now())
        while batch := list(itertools.islice(told, BATCH)):
            with transaction.atomic():
                import_claims.keep(job)
                _lines(job, table, known, batch, accounts)
            if tally.wrong:
                break


def _lines(
    job: Import,
    table: ImportFile,
    known: ImportFormat,
    batch: Iterable[Told | LeftOut],
    accounts: dict[str, ImportAccount],
) -> None:
    lines = []
    for found in batch:
        if isinstance(found, LeftOut):
            lines.append(_left_out(job, table, found))
        else:
            lines.append(_line(job, table, found, _account(job, known, found, accounts)))
    bulk.create(lines)


def _account(
    job: Import, known: ImportFormat, told: Told, accounts: dict[str, ImportAccount]
) -> ImportAccount:
    name = fit(told.entry.account, 200)
    if name not in accounts:
        rows = ImportAccount.objects
        accounts[name] = rows.get_or_create(job=job, exchange=known.exchange, name=name)[0]
    return accounts[name]


def _left_out(job: Import, table: ImportFile, found: LeftOut) -> ImportLine:
    return ImportLine(
        job=job,
        file=table,
        line=found.rows[0].line,
        row_count=len(found.rows),
        state=State.LEFT_OUT,
        text=found.reason,
    )


def _line(job: Import, table: ImportFile, told: Told, account: ImportAccount) -> ImportLine:
    event = told.event
    return ImportLine(
        job=job,
        file=table,
        account=account,
        line=min(row.line for row in told.entry.rows),
        row_count=len(told.entry.rows),
        state=State.NEW if told.is_classified else State.UNCLEAR,
        kind=event.kind.value,
        occurred_at=event.occurred_at,
        movements=shown(event),
        text="" if told.is_classified else event.detail.get("type", ""),
        external_id=fit(told.external_id, 200),
        body=told.body,
    )


def shown(event: Event) -> list[list[str]]:
    """The movements of an event for the preview."""
    return [
        [moved.wallet, moved.asset, money.plain(moved.amount), moved.role.value]
        for moved in event.movements
    ]


def count_accounts(job: Import) -> None:
    """Counts the entries of each account; one of which none is left goes."""
    counts = Counter(job.lines.exclude(account=None).values_list("account", flat=True))
    for account in job.accounts.all():
        number = counts.get(account.pk, 0)
        if not number:
            account.delete()
        elif account.entries != number:
            account.entries = number
            account.save(update_fields=["entries"])
