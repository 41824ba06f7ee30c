"""What a holding was when all its records were last known to be in."""

from __future__ import annotations

from django.db import models

from portfolio.models.fields import ExactDecimalField
from portfolio.models.ledger import Holding


class BalanceMark(models.Model):
    """The balance to measure a fall from: reported and booked at the same moment."""

    holding = models.OneToOneField(
        Holding, models.CASCADE, primary_key=True, related_name="balance_mark"
    )
    reported = ExactDecimalField()
    quantity = ExactDecimalField()
    # When the exchange reported it.
    at = models.DateTimeField()
    # When a fall that no record explains was first seen; late records may still explain it.
    suspected_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mark of {self.holding_id}"
