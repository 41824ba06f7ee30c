"""What a user changed of the ledger, as layers over what was told; originals stay."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.owned import OwnedQuerySet


class EditQuerySet(OwnedQuerySet["Edit"]):
    def standing(self) -> EditQuerySet:
        """Those that were not reverted."""
        return self.filter(reverted_at__isnull=True)


class Edit(models.Model):
    """One step of a user's: what it replaced and made, who did it, when and why.

    It stays when it is reverted; the transactions it made do not.
    """

    class Kind(models.TextChoices):
        RECLASSIFY = "reclassify", _("Reclassified")
        SPLIT = "split", _("Split")
        MERGE = "merge", _("Merged")
        ADD = "add", _("Added")
        HIDE = "hide", _("Hidden")
        NOTE = "note", _("Note")
        TAG = "tag", _("Tags")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="edits")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="edits")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    # Edits that were made at once and are undone at once.
    batch = models.UUIDField(null=True)
    reason = models.TextField(blank=True)
    # What was and what is instead, to be read without the rows: see services.edit_data.
    data = models.JSONField(default=dict)
    # When a record under it was told anew, otherwise than the user saw it; null once looked at.
    record_changed_at = models.DateTimeField(null=True)
    reverted_at = models.DateTimeField(null=True)
    # Null with ``reverted_at`` set: Coffer had to; ``reverted_why`` has the words.
    reverted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    reverted_why = models.TextField(blank=True)

    objects: ClassVar[EditQuerySet] = EditQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-made_at", "-id"], name="edit_page"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="edit_batch"),
            models.Index(
                fields=["owner"],
                condition=Q(record_changed_at__isnull=False, reverted_at__isnull=True),
                name="edit_record_changed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def is_reverted(self) -> bool:
        return self.reverted_at is not None


class EditPart(models.Model):
    """A transaction that an edit is about."""

    class Role(models.TextChoices):
        REPLACED = "replaced", _("replaced")
        MARKED = "marked", _("noted or tagged")
        # What an exchange told of, somewhere below the layer that the edit is on.
        ORIGIN = "origin", _("original")

    edit = models.ForeignKey(Edit, models.CASCADE, related_name="parts")
    transaction = models.ForeignKey(
        "portfolio.Transaction", models.CASCADE, related_name="edit_parts"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    # False once the edit is reverted.
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["edit", "transaction"], name="edit_part_once"),
            # Layers lie on each other, never side by side.
            models.UniqueConstraint(
                fields=["transaction"],
                condition=Q(role="replaced", is_active=True),
                name="edit_part_replaced_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.role} by {self.edit_id}"
