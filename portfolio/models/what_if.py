"""What would be if something were sold now, as it was worked out at one moment."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import Work, WorkQuerySet


class WhatIfQuerySet(WorkQuerySet["WhatIf"]):
    def outdate(self, owner_id: int) -> None:
        """Says of a user's answers that the ledger is another since."""
        self.filter(owner=owner_id, changed_at=None).update(changed_at=timezone.now())


class WhatIf(Work):
    """One question and its answer: of a sale now, or of all lots as they are today.

    waiting -> running -> done, or failed. Nothing of an answer changes later, but that the ledger
    may: asked again it is another.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("A sale now")
        TODAY = "today", _("Lots today")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being worked out")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="what_ifs")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    asked = models.JSONField(default=dict)  # of a sale: see services.what_if_case.Asked
    place = models.CharField(max_length=20)
    currency = models.CharField(max_length=10)
    environment = models.CharField(max_length=10, choices=Connection.Environment.choices)
    settings = models.JSONField(default=dict)  # as services.tax_settings tells them
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    failure = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    # Of the latest sign of life; one that nobody works on is begun anew.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    # Transactions there were when it began, and that were read; then it is computed.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # "Now": what happened later is not in it.
    at = models.DateTimeField(null=True)
    # SHA-256 of transactions, settings, question, prices and moment; the engine's version.
    fingerprint = models.CharField(max_length=64, blank=True)
    engine = models.CharField(max_length=20, blank=True)
    told = models.JSONField(default=dict)  # as services.what_if_sales and what_if_today tell it
    # When the ledger first changed since the work on it began.
    changed_at = models.DateTimeField(null=True)

    objects: ClassVar[WhatIfQuerySet] = WhatIfQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["owner", "-asked_at", "-id"], name="what_if_page")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.asked_at:%Y-%m-%d %H:%M}"


class WhatIfLine(models.Model):
    """One lot of an answer. What a part has no use for is null or empty.

    ``part`` is the method whose lots a sale would use, or the list that the lot is in.
    """

    WAITING = "waiting"
    LOSS = "loss"

    answer = models.ForeignKey(WhatIf, models.CASCADE, related_name="lines", db_index=False)
    part = models.CharField(max_length=20)
    position = models.PositiveIntegerField()
    asset = models.CharField(max_length=40)
    account = models.CharField(max_length=40, blank=True)  # a connection's id
    amount = ExactDecimalField()
    # In the answer's currency, exact; the value is what it brings, or would.
    cost = ExactDecimalField()
    value = ExactDecimalField(null=True)  # type: ignore[misc]
    denied = ExactDecimalField(null=True)  # type: ignore[misc]
    acquired_at = models.DateTimeField(null=True)
    acquired_on = models.DateField(null=True)
    # The first local day on which it is long held.
    long_from = models.DateField(null=True)
    term = models.CharField(max_length=5, blank=True)
    match = models.CharField(max_length=20, blank=True)
    # What was taken for granted of the lot, see engine.tax.from_ledger.Assumed.
    assumed = models.CharField(max_length=20, blank=True)
    # Where the lot came from; it may be gone since.
    lot_transaction = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["answer", "part", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "part", "position"], name="what_if_line_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.position} of {self.answer_id}"
