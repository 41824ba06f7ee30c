"""What happened each day to what a user holds of one asset at one exchange, and what it cost."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portfolio.models.fields import ExactDecimalField


class DailySum(models.Model):
    """Sums of one UTC day with postings, in the reporting currency; see engine/average_cost.py.

    ``source`` is the exchange as a source of prices, or what is on its way between own accounts.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    currency = models.CharField(max_length=10)
    source = models.CharField(max_length=60)
    asset = models.CharField(max_length=40)
    on = models.DateField()
    # At the end of the day; the cost is null where it is not known.
    quantity = ExactDecimalField()
    cost = ExactDecimalField(null=True)  # type: ignore[misc]
    put_in = ExactDecimalField()
    taken_out = ExactDecimalField()
    traded = ExactDecimalField()
    moved = ExactDecimalField()
    income = ExactDecimalField()
    fees = ExactDecimalField()
    derivatives = ExactDecimalField()
    realised = ExactDecimalField()
    gaps = models.PositiveIntegerField(default=0)
    flow_gaps = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "source", "asset", "on"], name="daily_sum_unique"
            ),
        ]
        indexes = [models.Index(fields=["owner", "on"], name="daily_sum_day")]

    def __str__(self) -> str:
        return f"{self.asset} {self.on}"
