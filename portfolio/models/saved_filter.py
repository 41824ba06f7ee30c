"""Filters of the list of transactions that a user wants to come back to."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.owned import OwnedQuerySet


class SavedFilter(models.Model):
    """What a list is asked for, under a name."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters"
    )
    name = models.CharField(max_length=60)
    # The part of the address behind the "?", without a place in the list.
    query = models.CharField(max_length=1000)
    # What the list shows when nothing is asked for.
    is_default = models.BooleanField(default=False)

    objects: ClassVar[OwnedQuerySet[SavedFilter]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="saved_filter_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name
