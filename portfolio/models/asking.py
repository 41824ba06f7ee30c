"""What was asked of an exchange: when, where, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portfolio.models.sync import Coverage, Stream


class Asking(models.Model):
    """Askings of one stream that belong together; far fewer rows than pages.

    A walk over a long stretch is a row. All shorter rounds of a calendar month (UTC) that fetched
    touching stretches are one row together, all that failed in it another.
    """

    stream = models.ForeignKey(Stream, models.CASCADE, related_name="askings")
    outcome = models.CharField(max_length=12, choices=Coverage.State.choices)
    # What was added, or read once more; null while a walk cannot say yet (paging from the newest
    # down), and where nothing new was proved.
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    endpoint = models.CharField(max_length=120, blank=True)
    pages = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)  # those that were new
    message = models.TextField(blank=True)  # of the last time
    is_open = models.BooleanField(default=False)  # the round goes on with the next page

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_at__isnull=True, end_at__isnull=True)
                | Q(end_at__gte=F("start_at")),
                name="asking_runs_forward",
            ),
        ]
        indexes = [models.Index(fields=["stream", "-last_at"], name="asking_latest")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.first_at:%Y-%m-%d} to {self.last_at:%Y-%m-%d}"
