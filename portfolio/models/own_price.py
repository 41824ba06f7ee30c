"""Prices that a user gave where no market has one, or has a wrong one; for that user only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import OwnedQuerySet

MINUTE = timedelta(minutes=1)


class OwnPrice(models.Model):
    """One unit of ``asset`` is worth ``price`` of ``currency`` from ``since`` until ``until``."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_prices")
    asset = models.CharField(max_length=40)
    currency = models.CharField(max_length=40)
    price = ExactDecimalField()
    since = models.DateTimeField()
    # The first moment it no longer holds; null where it has no end.
    until = models.DateTimeField(null=True)
    # Taken before any market's price; else only where no market has one.
    is_first = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar[OwnedQuerySet[OwnPrice]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["asset", "-since", "-id"]
        indexes = [models.Index(fields=["owner", "asset"], name="own_price_asset")]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="own_price_not_below_zero"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
                name="own_price_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.price:f} {self.currency}"

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def is_moment(self) -> bool:
        """Whether it is for one minute rather than for days."""
        return self.until is not None and self.until - self.since == MINUTE

    @property
    def last_moment(self) -> datetime | None:
        """The last moment it holds, None where it has no end."""
        return None if self.until is None else self.until - timedelta(microseconds=1)
