"""Files made for other programs, what went into them, and what targets call assets."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from portfolio.models.owned import OwnedQuerySet, Work, WorkQuerySet


class Export(Work):
    """One file as it was asked for: how far a worker is with it, then what it holds.

    waiting -> running -> done, or failed. A worker that is killed leaves it running; another begins
    it anew, under the next attempt. When the file is dropped the row stays, with its fingerprints.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports")
    format = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)  # of the format
    asked = models.JSONField()  # see services.exports.Asked
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    # Of the latest sign of life; one that nobody works on is begun anew.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    # Why it was not made; empty where it was.
    failure = models.TextField(blank=True)
    # Transactions that there were when it began, and that were read.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # Transactions that the target cannot express as they are, by the code of what it lacks.
    shortfalls = models.JSONField(default=dict)
    unvalued = models.PositiveIntegerField(default=0)  # amounts of unknown value
    # SHA-256 of the transactions that went in, and of the file.
    fingerprint = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    file_name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=120, blank=True)
    has_file = models.BooleanField(default=False)
    # When the ledger was last held against the fingerprint, and whether it was another; null while
    # a worker looks.
    compared_at = models.DateTimeField(null=True)
    is_changed = models.BooleanField(null=True, default=False)

    objects: ClassVar[WorkQuerySet[Export]] = WorkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["owner", "-asked_at", "-id"], name="export_page")]

    def __str__(self) -> str:
        return f"{self.format} of {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_worked_on(self) -> bool:
        """Whether it is made, or compared, and the page is to look again."""
        return not self.is_finished or self.is_changed is None


class ExportChunk(models.Model):
    """A piece of a made file; in the database, so that web and workers need no common disk."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="chunks", db_index=False)
    attempt = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["export", "attempt", "position"], name="export_chunk_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.export_id}, piece {self.position}"


class ExportSymbol(models.Model):
    """What a user says that a target calls an asset."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="export_symbols"
    )
    format = models.CharField(max_length=40)
    asset = models.CharField(max_length=40)
    symbol = models.CharField(max_length=80)

    objects: ClassVar[OwnedQuerySet[ExportSymbol]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["format", "asset"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "format", "asset"], name="export_symbol_once"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} is {self.symbol} in {self.format}"
