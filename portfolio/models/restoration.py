"""A complete archive that somebody brought, from the upload to the ledger."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.models.owned import OwnedQuerySet


class Restoration(models.Model):
    """checking -> ready -> restoring -> done, or failed; what is stored is stored with "done"."""

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        READY = "ready", _("Ready to be restored")
        RESTORING = "restoring", _("Being restored")
        DONE = "done", _("Restored")
        FAILED = "failed", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="restorations")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    created_at = models.DateTimeField()
    # Of the latest piece of work; one that nobody works on is taken up again.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # How often a worker began what is to be done now.
    attempt = models.PositiveIntegerField(default=0)
    # Why it was refused; empty where it was not.
    failure = models.TextField(blank=True)
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()  # bytes
    # As it was brought; null once it is restored or refused.
    content = models.BinaryField(null=True)
    # What it says of itself: see services.restorations.
    summary = models.JSONField(default=dict)

    objects: ClassVar[OwnedQuerySet[Restoration]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="restoration_page"),
            models.Index(fields=["state", "worked_at"], name="restoration_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"

    @property
    def is_working(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.RESTORING)
