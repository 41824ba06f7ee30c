"""What moved of each asset in each wallet, by day and kind."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField


class DailyTotal(models.Model):
    """The postings of one wallet and asset on one UTC day, summed by the kind of transaction.

    Fees are apart from the event that they were taken for. Kept by services.daily_totals, as fresh
    as the daily holdings are: later days than ``ValuationState.stale_from`` count for nothing.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE)
    wallet = models.CharField(max_length=40)
    asset = models.CharField(max_length=40)
    on = models.DateField()
    kind = models.CharField(max_length=12)  # of the transaction
    is_fee = models.BooleanField()
    came = ExactDecimalField()  # the sum of what came in, never negative
    went = ExactDecimalField()  # the sum of what went out, never positive
    number = models.PositiveIntegerField()  # of postings

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "asset", "on", "connection", "wallet", "kind", "is_fee"],
                name="daily_total_unique",
            ),
        ]
        indexes = [models.Index(fields=["owner", "on"], name="daily_total_day")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.asset} in {self.wallet} on {self.on}"
