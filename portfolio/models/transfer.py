"""Links between two transactions of one person that are the same coins on their way."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portfolio.models.fields import ExactDecimalField
from portfolio.models.ledger import Transaction
from portfolio.models.owned import OwnedQuerySet


class TransferLinkQuerySet(OwnedQuerySet["TransferLink"]):
    def waiting(self) -> TransferLinkQuerySet:
        """Proposals that a person should look at; the unlikely ones wait until asked for."""
        return self.filter(status=TransferLink.Status.PROPOSED).exclude(
            level=TransferLink.Level.WEAK
        )


class TransferLink(models.Model):
    """One withdrawal (or its part) and the deposit it became: proposed, and what was decided.

    A pair has one row for good, so that what was refused or undone is known; who decided what and
    when is in the audit log. Postings stay as the exchanges told them.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("To review")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        UNDONE = "undone", _("Undone")

    class How(models.TextChoices):
        AUTOMATIC = "automatic", _("automatically")
        BY_HAND = "by_hand", _("by hand")

    class Level(models.TextChoices):
        CERTAIN = "certain", _("certain")
        LIKELY = "likely", _("likely")
        WEAK = "weak", _("unlikely")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="transfers")
    outgoing = models.ForeignKey(Transaction, models.CASCADE, related_name="links_out")
    incoming = models.ForeignKey(Transaction, models.CASCADE, related_name="links_in")
    # What each side's exchange calls the coin; the same but where two codes are one asset.
    asset = models.CharField(max_length=40)
    received_asset = models.CharField(max_length=40)
    # What of the outgoing amount went this way, and what arrived; the rest of it is a fee.
    sent = ExactDecimalField()
    received = ExactDecimalField()
    # Whether the outgoing amount arrived as several deposits, this being one of them.
    is_part = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    how = models.CharField(max_length=10, choices=How.choices, default=How.AUTOMATIC)
    level = models.CharField(max_length=10, choices=Level.choices)
    # Rules held against the pair, as {"rule", "is_met", "what", "values"}; empty if made by hand.
    reasons = models.JSONField(default=list)
    # Of the outgoing transaction, to page by.
    occurred_at = models.DateTimeField()
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[TransferLinkQuerySet] = TransferLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["outgoing", "incoming", "asset"], name="transfer_link_pair"
            ),
            # Each movement is one transfer at most. Of an outgoing one that arrived as several, the
            # service holds the sum of the parts against the amount, under the owner's lock.
            models.UniqueConstraint(
                fields=["incoming", "received_asset"],
                condition=Q(status="accepted"),
                name="transfer_link_incoming_once",
            ),
            models.UniqueConstraint(
                fields=["outgoing", "asset"],
                condition=Q(status="accepted", is_part=False),
                name="transfer_link_outgoing_once",
            ),
            models.CheckConstraint(
                condition=~Q(received_asset=""), name="transfer_link_received_asset"
            ),
            models.CheckConstraint(
                condition=Q(sent__gt=0, received__gt=0), name="transfer_link_amounts"
            ),
            models.CheckConstraint(
                condition=~Q(outgoing=F("incoming")), name="transfer_link_two_sides"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at__isnull=True)
                | (~Q(status="proposed") & Q(decided_at__isnull=False)),
                name="transfer_link_decided",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "status", "-occurred_at", "-id"], name="transfer_link_page"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sent:f} {self.asset}, {self.outgoing_id} to {self.incoming_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Stores it; where nothing else is said, what arrived goes by the same code."""
        self.received_asset = self.received_asset or self.asset
        super().save(*args, **kwargs)
