"""What a user entered by hand: opening balances and adjustments; never a change of a record."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField
from portfolio.models.ledger import Transaction
from portfolio.models.owned import OwnedQuerySet


class ManualEntry(models.Model):
    """One version of an entry; a change makes a new one, so that it can be undone."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("Opening balance")
        ADJUSTMENT = "adjustment", _("Adjustment")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="manual_entries"
    )
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="manual_entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    wallet = models.CharField(max_length=40)
    asset = models.CharField(max_length=40)
    amount = ExactDecimalField()  # in is positive
    occurred_at = models.DateTimeField()
    # What was paid for it in all; null where it is not known.
    cost = ExactDecimalField(null=True)  # type: ignore[misc]
    cost_currency = models.CharField(max_length=10, blank=True)
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    # What it books; null while it is withdrawn.
    transaction = models.OneToOneField(
        Transaction, models.SET_NULL, null=True, related_name="manual_entry"
    )
    withdrawn_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField("self", models.SET_NULL, null=True, related_name="replaced_by")

    objects: ClassVar[OwnedQuerySet[ManualEntry]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(fields=["connection", "wallet", "asset"], name="manual_entry_place")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | ~Q(cost_currency=""),
                name="manual_entry_cost_has_currency",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.amount:f} {self.asset} in {self.wallet}"

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None
