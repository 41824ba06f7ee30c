"""Streams with their cursors, what they cover, and the attempts to bring them up to date."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portfolio.engine.types import RecordKind
from portfolio.models.connection import Connection

RECORD_LABELS: dict[str, Promise] = {
    RecordKind.TRADES: _("Trades"),
    RecordKind.DEPOSITS: _("Deposits"),
    RecordKind.WITHDRAWALS: _("Withdrawals"),
    RecordKind.TRANSFERS: _("Transfers between own wallets"),
    RecordKind.REWARDS: _("Rewards"),
    RecordKind.CONVERSIONS: _("Conversions"),
    RecordKind.DUST: _("Small balances converted"),
    RecordKind.FUNDING: _("Funding payments"),
    RecordKind.INTEREST: _("Interest"),
    RecordKind.LIQUIDATIONS: _("Liquidations"),
    RecordKind.LEDGER: _("Ledger"),
    RecordKind.IMPORT: _("Imported files"),
    "balances": _("Balances"),
}


class Stream(models.Model):
    """One kind of record of one connection, polled with its own cursor."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Fetching")
        CAUGHT_UP = "caught_up", _("Up to date")
        FAILED = "failed", _("Failed")
        UNAVAILABLE = "unavailable", _("Not available")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="streams")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    scope = models.JSONField(default=dict)
    priority = models.PositiveIntegerField(default=0)
    # False where it is asked for completeness' sake only: a pair of which nothing is known.
    is_hot = models.BooleanField(default=True)
    # Moves only in the database transaction that stores the records before it.
    cursor = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    message = models.TextField(blank=True)
    record_count = models.PositiveIntegerField(default=0)
    # Times in a row that a page could not be had; a stream that keeps failing is passed over.
    failures = models.PositiveIntegerField(default=0)
    progress_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    caught_up_at = models.DateTimeField(null=True)
    # When the last weeks were read again in whole, for what the exchange delivered late.
    rescanned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["priority", "key"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "key"], name="stream_unique_key"),
        ]

    def __str__(self) -> str:
        return self.key


class Coverage(models.Model):
    """A stretch of time of one stream and what is known about it; times between are not asked."""

    class State(models.TextChoices):
        FETCHED = "fetched", _("Fetched")
        FAILED = "failed", _("Failed")
        UNAVAILABLE = "unavailable", _("Not served")

    stream = models.ForeignKey(Stream, models.CASCADE, related_name="coverage")
    state = models.CharField(max_length=12, choices=State.choices)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_at__gte=F("start_at")), name="coverage_runs_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.start_at:%Y-%m-%d} to {self.end_at:%Y-%m-%d}"


class SyncRun(models.Model):
    """One attempt to bring a connection's streams up to date."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        PARTLY = "partly", _("Done, with gaps")
        WAITING = "waiting", _("Waiting for the exchange")
        FAILED = "failed", _("Failed")
        ABANDONED = "abandoned", _("Interrupted")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="sync_runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    message = models.TextField(blank=True)
    pages = models.PositiveIntegerField(default=0)
    new_records = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["connection", "-started_at"], name="sync_run_latest")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"
