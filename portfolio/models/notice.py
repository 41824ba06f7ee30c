"""What a person is told about their connections, and which of it goes by mail."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.owned import OwnedQuerySet


class NoticeQuerySet(OwnedQuerySet["Notice"]):
    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """Something that happened to a connection and that its owner should know of; told once."""

    class Kind(models.TextChoices):
        BROKEN = "broken", _("The key does not work")
        RIGHTS = "rights", _("The key may do more than before")
        STALE = "stale", _("Behind for more than a day")
        RECOVERED = "recovered", _("It works again")
        EXPIRES = "expires", _("The key expires soon")
        REPLACED = "replaced", _("The key was replaced")
        BALANCE = "balance", _("A balance fell, and no record says why")
        TWIN = "twin", _("The same account is connected twice")

    # These last: one of a kind and connection at a time, until it is over.
    OUTAGES = (Kind.BROKEN, Kind.RIGHTS, Kind.STALE)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="notices")
    # The second connection of the same account.
    other = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    message = models.TextField()
    # What is told is told once: the same key again is passed over.
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    # Null while what it tells of lasts.
    over_at = models.DateTimeField(null=True)
    # When to mail it; null where it is not to be mailed, or was.
    mail_due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_failures = models.PositiveIntegerField(default=0)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="notice_told_once"),
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=Q(over_at__isnull=True, kind__in=["broken", "rights", "stale"]),
                name="notice_one_outage",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="notice_page"),
            # Each page counts these.
            models.Index(fields=["owner"], condition=Q(read_at__isnull=True), name="notice_unread"),
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="notice_mail_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.connection_id}"


class NoticeSettings(models.Model):
    """Which kinds of notices a person does not want by mail; all of them go without this row."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_settings"
    )
    not_mailed = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"notice settings {self.owner_id}"
