"""Tax years that their owner lets somebody else read, for a while, and what was opened."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.owned import OwnedQuerySet
from portfolio.models.tax import TaxReport


class TaxShareQuerySet(OwnedQuerySet["TaxShare"]):
    def open(self, now: datetime) -> TaxShareQuerySet:
        """Those that can be opened."""
        return self.filter(revoked_at=None, ends_at__gt=now)


class TaxShare(models.Model):
    """What one reader may open. Its scope never changes: another scope is another share."""

    class Way(models.TextChoices):
        LINK = "link", _("By a link")
        ACCOUNT = "account", _("By their account here")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tax_shares")
    way = models.CharField(max_length=10, choices=Way.choices)
    label = models.CharField(max_length=80)  # who gets it, in the owner's words
    email = models.EmailField(blank=True)  # of the reader; it decides where the way is an account
    sender = models.CharField(max_length=80, blank=True)  # what the reader is told of the owner
    # SHA-256 of what the link carries; null where the way is an account.
    token_sha256 = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    passphrase = models.CharField(max_length=200, blank=True)  # hashed as passwords are
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    # Only where it is set are all connections meant: those that were chosen may be gone since.
    all_connections = models.BooleanField(default=False)
    connections = models.ManyToManyField(Connection, related_name="tax_shares")
    shows_amounts = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, default="UTC")  # times are shown in it
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)  # anything of it, the last time

    objects: ClassVar[TaxShareQuerySet] = TaxShareQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.label


class TaxShareYear(models.Model):
    """A tax year of one place: all reports of it that are made can be opened."""

    share = models.ForeignKey(TaxShare, models.CASCADE, related_name="years")
    place = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()  # as in TaxReport
    year_name = models.CharField(max_length=10)

    class Meta:
        ordering = ["share", "place", "-year"]
        constraints = [
            models.UniqueConstraint(fields=["share", "place", "year"], name="tax_share_year_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.year_name}"


class TaxShareVisit(models.Model):
    """A browser in which a link was opened: a session that opens nothing but its share."""

    share = models.ForeignKey(TaxShare, models.CASCADE, related_name="visits")
    key_sha256 = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"visit {self.pk} of {self.share_id}"


class TaxShareOpening(models.Model):
    """Something that was opened, or tried, for the owner to read."""

    class What(models.TextChoices):
        LINK = "link", _("Link opened")
        WRONG = "wrong", _("Wrong passphrase")
        YEARS = "years", _("List of reports")
        REPORT = "report", _("Report")
        LINES = "lines", _("Lines")
        DISPOSAL = "disposal", _("Disposal")
        TRANSACTION = "transaction", _("Transaction")
        EVIDENCE = "evidence", _("What it stands on")
        DOCUMENT = "document", _("Document")
        CLOSED = "closed", _("Tried after the end")

    share = models.ForeignKey(TaxShare, models.CASCADE, related_name="openings", db_index=False)
    at = models.DateTimeField()
    what = models.CharField(max_length=12, choices=What.choices)
    name = models.CharField(max_length=200, blank=True)
    # Null for what is of no report, and once the report is deleted.
    report = models.ForeignKey(TaxReport, models.SET_NULL, null=True, related_name="openings")
    # More than one where old lines of a day were summed up; the time is that of the first.
    times = models.PositiveIntegerField(default=1)
    # The first part of the address alone: a neighbourhood, not a person.
    network = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["share", "-id"], name="tax_share_log")]

    def __str__(self) -> str:
        return f"{self.what} {self.name}"
