"""How a report that was made again differs from a former one: what went in, and what came out.

It is worked out once, by the worker that made the report, and kept with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection as database
from django.db.models import F

from portfolio.models import TaxChanges, TaxInputs, TaxLine, TaxReport
from portfolio.services.tax_inputs import Input, Inputs, unpacked

SHOWN = 100  # transactions that are named of each kind of change; all are counted


def store(report: TaxReport, inputs: Inputs) -> None:
    """Keeps what a report was made of, and how it differs from the former one, if there is one.

    The report must be stored and drawn. Runs inside the caller's database transaction.
    """
    packed = inputs.packed()
    TaxInputs.objects.create(report=report, data=packed)
    former = former_of(report)
    if former is None or former.finished_at is None:
        return
    kept = TaxInputs.objects.filter(report=former).first()
    told = {
        "settings": _settings(former, report),
        "engine": _pair(former.engine, report.engine),
        "ledger": None if kept is None else _ledger(unpacked(bytes(kept.data)), unpacked(packed)),
        "fingerprint": former.fingerprint == report.fingerprint,
        "figures": _figures(former, report),
        "evidence": _evidence(former.evidence, report.evidence),
        "document": _is_same_document(former, report),
    }
    changes = TaxChanges.objects.create(
        report=report,
        former=former,
        former_at=former.finished_at,
        was_locked=former.locked_at is not None,
        is_same=former.sha256 == report.sha256,
        told=told,
    )
    if not changes.is_same:
        _compare_lines(changes, former, report)
        changes.told["lines"] = _counted(changes)
        changes.save(update_fields=["told"])


def former_of(report: TaxReport) -> TaxReport | None:
    """What a report is held against: the one that is locked as filed, else the newest before it."""
    rows = TaxReport.objects.filter(
        owner=report.owner_id,
        place=report.place,
        year=report.year,
        environment=report.environment,
        state=TaxReport.State.DONE,
    ).exclude(pk=report.pk)
    newest = F("locked_at").desc(nulls_last=True)
    return rows.order_by(newest, "-finished_at", "-pk").first()


# --- What went in -----------------------------------------------------------------------------


def _pair(was: str, now: str) -> list[str] | None:
    return None if was == now else [was, now]


def _settings(former: TaxReport, report: TaxReport) -> list[list[Any]]:
    """Each setting that differs, with what it was and is."""
    was, now = _flat(former.settings), _flat(report.settings)
    return [
        [name, was.get(name), now.get(name)]
        for name in sorted(was.keys() | now.keys())
        if was.get(name) != now.get(name)
    ]


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's settings, and the lots that were chosen by their transactions."""
    engine = {name: value for name, value in settings["engine"].items() if name != "picks"}
    return engine | {"picks": settings["profile"].get("picks", {})}


def _ledger(was: Iterable[Input], now: Iterable[Input]) -> dict[str, Any]:
    """Transactions added, removed, told otherwise, and of another worth: how many, and which."""
    before = {row.name: row for row in was}
    found: dict[str, list[int]] = {"added": [], "changed": [], "priced": [], "removed": []}
    for row in now:
        old = before.pop(row.name, None)
        if old is None:
            found["added"].append(row.transaction)
        elif old.told != row.told:
            found["changed"].append(row.transaction)
        elif old.worth != row.worth:
            found["priced"].append(row.transaction)
    found["removed"] = [row.transaction for row in before.values()]
    return {
        kind: {"number": len(numbers), "shown": numbers[:SHOWN]} for kind, numbers in found.items()
    }


# --- What came out ----------------------------------------------------------------------------


def _figures(former: TaxReport, report: TaxReport) -> list[list[Any]]:
    """Each figure that differs: its code and title, what it was and is, whether it counts."""
    was = {(row[0], row[1]): row for row in former.figures}
    now = {(row[0], row[1]): row for row in report.figures}
    return [
        [*name, _amount(was.get(name)), _amount(now.get(name)), (now.get(name) or was[name])[5]]
        for name in {**now, **was}
        if _amount(was.get(name)) != _amount(now.get(name))
    ]


def _amount(row: list[Any] | None) -> str | None:
    return None if row is None else row[2]


def _evidence(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, int]:
    """How many rows of each table of what it stood on differ, or are in one alone."""
    return {
        name: _differing(was.get(name) or [], now.get(name) or [])
        for name in ("coverage", "balances", "findings")
        if was.get(name) != now.get(name)
    }


def _differing(was: list[Any], now: list[Any]) -> int:
    one, other = ({json.dumps(row, sort_keys=True) for row in rows} for rows in (was, now))
    return max(len(one - other), len(other - one))


def _is_same_document(former: TaxReport, report: TaxReport) -> bool:
    one, other = getattr(former, "document", None), getattr(report, "document", None)
    return one is not None and other is not None and one.sha256 == other.sha256


# A line is known by when it was and what it was about, not by the numbers of rows: those of the
# same words count by their order.
_COMPARE = """
    WITH named AS (
        SELECT report_id, position, part, amount, proceeds, cost, value, denied, term,
               (part, at, "on", asset, account, match, subkind, acquired_at, acquired_on,
                ROW_NUMBER() OVER (
                    PARTITION BY report_id, part, at, "on", asset, account, match, subkind,
                                 acquired_at, acquired_on
                    ORDER BY position))::text AS name
        FROM portfolio_taxline WHERE report_id IN (%(was)s, %(now)s)
    ), o AS (SELECT * FROM named WHERE report_id = %(was)s),
       n AS (SELECT * FROM named WHERE report_id = %(now)s)
    INSERT INTO portfolio_taxlinechange (changes_id, position, part, was, now)
    SELECT %(changes)s, ROW_NUMBER() OVER (
               ORDER BY COALESCE(n.part, o.part), COALESCE(n.position, o.position), n.position
           ) - 1, COALESCE(n.part, o.part), o.position, n.position
    FROM o FULL JOIN n ON o.name = n.name
    WHERE o.name IS NULL OR n.name IS NULL
       OR (o.amount, o.proceeds, o.cost, o.value, o.denied, o.term)
          IS DISTINCT FROM (n.amount, n.proceeds, n.cost, n.value, n.denied, n.term)
"""


def _compare_lines(changes: TaxChanges, former: TaxReport, report: TaxReport) -> None:
    asked = {"changes": changes.pk, "was": former.pk, "now": report.pk}
    with database.cursor() as cursor:
        cursor.execute(_COMPARE, asked)


_COUNTS = """
    SELECT part, MIN(position), COUNT(*) FILTER (WHERE was IS NULL),
           COUNT(*) FILTER (WHERE now IS NULL),
           COUNT(*) FILTER (WHERE was IS NOT NULL AND now IS NOT NULL)
    FROM portfolio_taxlinechange WHERE changes_id = %s GROUP BY part
"""


def _counted(changes: TaxChanges) -> list[list[Any]]:
    """Of each part that differs: its first change, and how many lines came, went and changed."""
    with database.cursor() as cursor:
        cursor.execute(_COUNTS, [changes.pk])
        counts = {part: [part, *numbers] for part, *numbers in cursor.fetchall()}
    return [counts[part] for part in TaxLine.Part.values if part in counts]
