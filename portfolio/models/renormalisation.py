"""Readings of stored raw records by the rules of today, each of which can be gone on with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolio.models.connection import Connection


class Renormalisation(models.Model):
    """One reading of a connection's raw records, oldest first: how far it is, and what it found."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="renormalisations")
    # Everything is booked anew, not only what the rules read otherwise now.
    is_rebuild = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    # Of the latest batch; a reading that nobody works on is taken up again.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # Why it ended before its end; empty where it did not.
    failure = models.TextField(blank=True)
    # The last record that was read; null before the first.
    last_at = models.DateTimeField(null=True)
    last_id = models.BigIntegerField(default=0)
    # Records that there were when it began, and what became of those that were read.
    total = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    now_readable = models.PositiveIntegerField(default=0)
    now_unreadable = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(finished_at__isnull=True),
                name="renormalisation_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def same(self) -> int:
        """How many records were booked already as they are read now."""
        return max(0, self.read - self.changed - self.now_readable - self.now_unreadable)

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None
