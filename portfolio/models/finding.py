"""What a person should look at, and how far the figures can be relied on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import OwnedQuerySet


class FindingQuerySet(OwnedQuerySet["Finding"]):
    def open(self) -> FindingQuerySet:
        """Those that wait for a person."""
        return self.filter(closed_at__isnull=True, dismissed_at__isnull=True)

    def dismissed(self) -> FindingQuerySet:
        """Those that are still so, and that a person put aside."""
        return self.filter(closed_at__isnull=True, dismissed_at__isnull=False)

    def closed(self) -> FindingQuerySet:
        return self.filter(closed_at__isnull=False)


class Finding(models.Model):
    """One thing that is wrong or unknown, one row for good: open, dismissed, or closed as mended.

    What finds it (``portfolio/selectors/finders``) names the cause and the subject.
    """

    class ClosedBy(models.TextChoices):
        MENDED = "mended", _("Mended: it is not so any more")
        RETIRED = "retired", _("No longer looked for")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="findings")
    cause = models.CharField(max_length=30)
    # What of the cause, the same for as long as it lasts.
    subject = models.CharField(max_length=200)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="findings")
    asset = models.CharField(max_length=40, blank=True)
    quantity = ExactDecimalField(null=True)  # type: ignore[misc]
    # The money at risk in the reporting currency of that time; null where it is not known.
    value = ExactDecimalField(null=True)  # type: ignore[misc]
    currency = models.CharField(max_length=10)
    # What the cause's own words are made of.
    data = models.JSONField(default=dict)
    # The path of the page where it is mended.
    url = models.CharField(max_length=600)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=10, choices=ClosedBy.choices, blank=True)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    dismissed_reason = models.CharField(max_length=200, blank=True)
    # What was dismissed: more than that is another matter.
    dismissed_quantity = ExactDecimalField(null=True)  # type: ignore[misc]
    dismissed_value = ExactDecimalField(null=True)  # type: ignore[misc]
    # How often it came back: found again, or grown after it was dismissed.
    reopened = models.PositiveIntegerField(default=0)

    objects: ClassVar[FindingQuerySet] = FindingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "cause", "subject"], name="finding_unique_subject"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by="")
                | (Q(closed_at__isnull=False) & ~Q(closed_by="")),
                name="finding_closed_by_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "cause"], condition=Q(closed_at__isnull=True), name="finding_open"
            ),
            models.Index(
                fields=["owner", "-closed_at", "-id"],
                condition=Q(closed_at__isnull=False),
                name="finding_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.subject}"


class DataGrade(models.Model):
    """How far one person's figures can be relied on, as worked out when findings were looked for.

    Everything that the grade is made of is kept beside it, so that a person can work it out again.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="data_grade"
    )
    # Null until it was looked for the first time.
    as_of = models.DateTimeField(null=True)
    # A to E; empty where there is nothing to grade.
    letter = models.CharField(max_length=1, blank=True)
    # Parts of a hundred of the worth that open findings put in doubt; null where not graded.
    doubt = ExactDecimalField(null=True)  # type: ignore[misc]
    worth = ExactDecimalField(default=0)
    currency = models.CharField(max_length=10, blank=True)
    open_count = models.PositiveIntegerField(default=0)
    dismissed_count = models.PositiveIntegerField(default=0)
    at_risk = ExactDecimalField(default=0)
    # Open findings whose money nobody knows.
    unknown_count = models.PositiveIntegerField(default=0)
    # By cause: {"cause", "number", "unknown", "value", "weight", "share"}, all text.
    parts = models.JSONField(default=list)
    # Causes that could not be looked for: {"cause", "since"}; what they found before stands.
    failing = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.letter or 'no grade'}"
