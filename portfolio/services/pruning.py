"""Logs of what Coffer did, kept for a while line by line, and then as far as pages promise."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from portfolio.models import SyncRun
from portfolio.selectors.connections import RUNS_SHOWN
from portfolio.services import askings


def prune(now: datetime) -> int:
    """Drops or sums up what is older than the operator keeps it; how many rows went."""
    return (
        _runs(now - timedelta(days=settings.SYNC_RUNS_KEPT_DAYS))
        + askings.join_years(now - timedelta(days=settings.ASKINGS_KEPT_DAYS))
        + _openings(now - timedelta(days=settings.SHARE_LOGS_KEPT_DAYS))
    )


def _runs(before: datetime) -> int:
    """Drops ended runs, but for the latest of each connection."""
    place = Window(RowNumber(), partition_by=F("connection"), order_by=F("started_at").desc())
    latest = SyncRun.objects.annotate(place=place).filter(place__lte=RUNS_SHOWN)
    old = SyncRun.objects.filter(finished_at__lt=before).exclude(pk__in=latest.values("pk"))
    return old.delete()[0]


def _openings(before: datetime) -> int:
    """Makes the same openings of one share on one UTC day one line, with how often."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH old AS (
                SELECT id, min(id) OVER same AS kept, sum(times) OVER same AS times
                FROM portfolio_taxshareopening WHERE at < %(before)s
                WINDOW same AS (PARTITION BY share_id, (at AT TIME ZONE 'UTC')::date, what, name,
                                report_id, network)
            ), gone AS (
                DELETE FROM portfolio_taxshareopening o USING old
                WHERE o.id = old.id AND old.id <> old.kept RETURNING o.id
            ), summed AS (
                UPDATE portfolio_taxshareopening o SET times = old.times FROM old
                WHERE o.id = old.id AND old.id = old.kept AND o.times <> old.times
            )
            SELECT count(*) FROM gone
            """,
            {"before": before},
        )
        (number,) = cursor.fetchone()
    return int(number)
