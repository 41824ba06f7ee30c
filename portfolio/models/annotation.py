"""What a user writes beside transactions: a note each, and tags. No amount depends on them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from portfolio.models.ledger import Transaction
from portfolio.models.owned import OwnedQuerySet


class Note(models.Model):
    """The user's own words on one transaction."""

    transaction = models.OneToOneField(
        Transaction, models.CASCADE, primary_key=True, related_name="note"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:40]


class Tag(models.Model):
    """A word that a user puts on transactions."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)
    transactions = models.ManyToManyField(Transaction, through="Tagging", related_name="tags")

    objects: ClassVar[OwnedQuerySet[Tag]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="tag_once")]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """One tag on one transaction."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings")
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="taggings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "transaction"], name="tagging_once")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.transaction_id}"
