"""What an exchange reported at a moment, kept to be held against the ledger."""

from __future__ import annotations

from django.db import models

from portfolio.models.fields import ExactDecimalField
from portfolio.models.ledger import Holding


class Checkpoint(models.Model):
    """A reported balance, and what the ledger made of it at that time.

    Only ``reported`` is evidence: later the ledger may know more of the time before.
    """

    holding = models.ForeignKey(Holding, models.CASCADE, related_name="checkpoints")
    at = models.DateTimeField()
    reported = ExactDecimalField()
    # The sum of the postings up to that moment, as far as they were in.
    ledger = ExactDecimalField()
    # Some stream was not up to date.
    is_provisional = models.BooleanField(default=False)

    class Meta:
        ordering = ["holding_id", "at"]
        constraints = [
            models.UniqueConstraint(fields=["holding", "at"], name="checkpoint_moment"),
        ]

    def __str__(self) -> str:
        return f"checkpoint of {self.holding_id} at {self.at:%Y-%m-%d %H:%M}"
