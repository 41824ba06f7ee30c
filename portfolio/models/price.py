"""Prices by day and now, and the daily worth of each user's holdings."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portfolio.models.fields import ExactDecimalField


class DailyPrice(models.Model):
    """The closing price of one asset in one currency on one UTC day, and who said so."""

    asset = models.CharField(max_length=40)
    currency = models.CharField(max_length=40)
    on = models.DateField()
    price = ExactDecimalField()
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "currency", "on", "source"], name="daily_price_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset}/{self.currency} {self.on} {self.source}"


class LatestPrice(models.Model):
    """The newest known price of one asset in one currency, by source."""

    asset = models.CharField(max_length=40)
    currency = models.CharField(max_length=40)
    price = ExactDecimalField()
    at = models.DateTimeField()
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "currency", "source"], name="latest_price_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset}/{self.currency} {self.source}"


class PriceSeries(models.Model):
    """How far the daily prices of one pair at one source have been fetched.

    An empty asset and currency stand for the source as a whole, whose ``message`` says why it
    could not be asked.
    """

    asset = models.CharField(max_length=40)
    currency = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    # The first day asked for; ``fetched_from`` is the first that the source then gave.
    asked_from = models.DateField(null=True)
    fetched_from = models.DateField(null=True)
    fetched_until = models.DateField(null=True)
    message = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "currency", "source"], name="price_series_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset}/{self.currency} {self.source}"


class MomentPrice(models.Model):
    """The close of the minute or hour that began at ``at``; only of those that somebody needs.

    A row without ``asked_at`` waits to be asked for. One that was asked and has no price: the
    source has none for that time.
    """

    asset = models.CharField(max_length=40)
    currency = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    width = models.CharField(max_length=6)  # engine.moments.Width: minute or hour
    at = models.DateTimeField()
    price = ExactDecimalField(null=True)  # type: ignore[misc]
    asked_at = models.DateTimeField(null=True)
    # Whether the worths that it may change were marked to be computed anew.
    is_told = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "asset", "currency", "width", "at"], name="moment_price_unique"
            ),
        ]
        indexes = [
            models.Index(
                fields=["at"],
                condition=models.Q(is_told=False, price__isnull=False),
                name="moment_price_untold",
            ),
            models.Index(
                fields=["source", "at"],
                condition=models.Q(asked_at__isnull=True),
                name="moment_price_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset}/{self.currency} {self.at:%Y-%m-%d %H:%M} {self.source}"


class DailyHolding(models.Model):
    """Quantity of one asset a user held at the end of a UTC day on which it changed.

    Apart by the exchange that held it, which is the source of prices to believe first.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    source = models.CharField(max_length=60)
    asset = models.CharField(max_length=40)
    on = models.DateField()
    quantity = ExactDecimalField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "source", "asset", "on"], name="daily_holding_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.on}"


class DailyValue(models.Model):
    """Worth of all a user held at the end of a UTC day, in one reporting currency."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    currency = models.CharField(max_length=10)
    on = models.DateField()
    value = ExactDecimalField()
    # Assets held that day whose price is unknown, left out of ``value``.
    unpriced = models.JSONField(default=list)
    # The sums of the day over all that is held, see DailySum, so that a range is one read.
    put_in = ExactDecimalField(default=0)
    taken_out = ExactDecimalField(default=0)
    income = ExactDecimalField(default=0)
    fees = ExactDecimalField(default=0)
    gaps = models.PositiveIntegerField(default=0)
    flow_gaps = models.PositiveIntegerField(default=0)
    # What one bitcoin was worth, to compare with; null where it is not known.
    bitcoin = ExactDecimalField(null=True)  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "currency", "on"], name="daily_value_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.on}"


class ValuationState(models.Model):
    """From which day on a user's daily holdings and values must be computed again."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    # Null when everything is up to date.
    stale_from = models.DateField(null=True)
    # The same, of what changed since the computation that runs began.
    marked_from = models.DateField(null=True)
    currency = models.CharField(max_length=10, blank=True)
    computed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.owner_id} stale from {self.stale_from}"
