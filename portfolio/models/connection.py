"""Connections to exchanges, and what the exchanges say of their keys."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.owned import OwnedQuerySet


class ConnectionQuerySet(OwnedQuerySet["Connection"]):
    def due(self, now: datetime) -> ConnectionQuerySet:
        """Those to sync now that no living worker holds."""
        return self.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now),
            kind=Connection.Kind.KEY,
            status=Connection.Status.ACTIVE,
            next_sync_at__lte=now,
        )


class Connection(models.Model):
    """One user's account at one exchange: by a registered key, or by hand."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Being checked")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REFUSED = "refused", _("Refused")
        BROKEN = "broken", _("Needs attention")
        REMOVED = "removed", _("Removed, history kept")

    class Kind(models.TextChoices):
        KEY = "key", _("By key")
        MANUAL = "manual", _("By hand and by file")

    class Environment(models.TextChoices):
        LIVE = "live", _("Live")
        SANDBOX = "sandbox", _("Sandbox")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="connections")
    # Of one by hand nothing is ever asked: it is what files and its owner say.
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.KEY, db_default="key")
    exchange = models.CharField(max_length=40)
    # Of one by hand: what its owner calls its wallets. Others show theirs.
    wallets = models.JSONField(default=list)
    # Exchanges that show the same accounts under several names share this one; else the exchange.
    account_family = models.CharField(max_length=40)
    environment = models.CharField(
        max_length=10, choices=Environment.choices, default=Environment.LIVE
    )
    label = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    # Plain words for the owner: why it is refused or broken, and what to do.
    status_reason = models.TextField(blank=True)
    account_uid = models.CharField(max_length=200, blank=True)
    # Sealed under a key derived from CREDENTIALS_KEY and this row's id; null once erased.
    sealed_credentials = models.BinaryField(null=True, editable=False)
    # A new key waits here until the exchange has said what it may do; only then it is used.
    sealed_candidate = models.BinaryField(null=True, editable=False)
    credentials_saved_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # When to ask the exchange what a key may do that waits for it; null when none waits.
    check_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    next_sync_at = models.DateTimeField(null=True)
    last_synced_at = models.DateTimeField(null=True)
    # When the whole history was in for the first time; until then holdings are provisional.
    backfilled_at = models.DateTimeField(null=True)
    balances_at = models.DateTimeField(null=True)
    # Null where open positions are not read, or not shown to this key; then it says why.
    positions_at = models.DateTimeField(null=True)
    positions_refused = models.TextField(blank=True)
    # Times in a row that the exchange could not be reached; sets the backoff.
    failures = models.PositiveIntegerField(default=0)
    # The worker that syncs it now; a dead worker loses it when the time has passed.
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    objects: ClassVar[ConnectionQuerySet] = ConnectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["status", "next_sync_at"], name="connection_due")]
        constraints = [
            # A second key of the same account would double its history.
            models.UniqueConstraint(
                fields=["owner", "account_family", "environment", "account_uid"],
                condition=~Q(account_uid="") & ~Q(status__in=["removed", "refused"]),
                name="connection_one_per_account",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.exchange

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Stores it; an exchange of which nothing else is said is a family of its own."""
        self.account_family = self.account_family or self.exchange
        super().save(*args, **kwargs)

    @property
    def is_by_hand(self) -> bool:
        """Whether nothing is ever asked of an exchange for it."""
        return self.kind == self.Kind.MANUAL

    @property
    def is_live(self) -> bool:
        return self.environment == self.Environment.LIVE


class PermissionAudit(models.Model):
    """What the exchange said a key may do, at one moment."""

    class Verdict(models.TextChoices):
        READ_ONLY = "read_only", _("Read-only, proved by the exchange")
        UNPROVED = "unproved", _("Cannot be proved")
        CAN_TRADE = "can_trade", _("May trade")
        CAN_WITHDRAW = "can_withdraw", _("May withdraw or move funds")
        FAILED = "failed", _("Could not be checked")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="audits")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    # Of a new key that was not taken: the former one goes on, and this says nothing of it.
    turned_away = models.BooleanField(default=False)
    permissions = models.JSONField(default=list)
    dangerous = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    ip_restricted = models.BooleanField(null=True)
    ip_allowlist = models.JSONField(default=list)
    key_created_at = models.DateTimeField(null=True)
    key_expires_at = models.DateTimeField(null=True)
    # Not told: worked out from the day it was made and a rule of the exchange.
    expiry_by_rule = models.BooleanField(default=False)
    message = models.TextField(blank=True)
    raw = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["connection", "-at"], name="audit_latest")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.verdict}"
