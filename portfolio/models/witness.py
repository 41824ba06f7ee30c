"""Where two sources contradict each other about what may be one event."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.ledger import RawRecord
from portfolio.models.owned import OwnedQuerySet


class WitnessConflictQuerySet(OwnedQuerySet["WitnessConflict"]):
    def open(self) -> WitnessConflictQuerySet:
        """Those that wait for a decision."""
        return self.filter(decision="")


class WitnessConflict(models.Model):
    """A file's record that tells otherwise than a stronger source; undecided it books nothing."""

    class Why(models.TextChoices):
        AMOUNTS = "amounts", _("The same id, other amounts")
        FEE = "fee", _("A fee that only the file tells of")
        NEAR = "near", _("The same time, nearly the same amounts")
        TIME = "time", _("The same amount, at another hour")

    class Decision(models.TextChoices):
        OPEN = "", _("Waits for you")
        SAME = "same", _("One event")
        APART = "apart", _("Two events")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="witness_conflicts")
    raw_record = models.OneToOneField(RawRecord, models.CASCADE, related_name="conflict")
    # Of the transaction that the stronger source tells of.
    key = models.CharField(max_length=200)
    why = models.CharField(max_length=10, choices=Why.choices)
    # What the record tells, as an edit writes a transaction down: selectors.edit_layers.written.
    told = models.JSONField(default=dict)
    # More (or less) of each asset than the stronger source tells, as text.
    difference = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    decision = models.CharField(max_length=6, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects: ClassVar[WitnessConflictQuerySet] = WitnessConflictQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-found_at", "-id"]
        indexes = [
            models.Index(fields=["owner"], condition=Q(decision=""), name="witness_conflict_open"),
        ]

    def __str__(self) -> str:
        return f"{self.raw_record_id} against {self.key}"
