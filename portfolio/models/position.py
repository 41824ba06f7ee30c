"""Open positions in contracts, as the exchanges show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import OwnedQuerySet

if TYPE_CHECKING:
    from decimal import Decimal

    _Unsure = models.DecimalField[Decimal | str | None, Decimal | None]


class Position(models.Model):
    """One open position at ``connection.positions_at``; prices are None where not told."""

    class Side(models.TextChoices):
        LONG = "long", _("Long")
        SHORT = "short", _("Short")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="positions")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="positions")
    wallet = models.CharField(max_length=40)
    symbol = models.CharField(max_length=80)
    side = models.CharField(max_length=5, choices=Side.choices)
    quantity = ExactDecimalField()
    unit = models.CharField(max_length=40)  # an asset, or "contracts"
    entry_price: _Unsure = ExactDecimalField(null=True)  # type: ignore[assignment,misc]
    mark_price: _Unsure = ExactDecimalField(null=True)  # type: ignore[assignment,misc]
    price_asset = models.CharField(max_length=40)
    unrealised_pnl: _Unsure = ExactDecimalField(null=True)  # type: ignore[assignment,misc]
    settle_asset = models.CharField(max_length=40)

    objects: ClassVar[OwnedQuerySet[Position]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["connection_id", "wallet", "symbol", "side"]
        indexes = [models.Index(fields=["owner"], name="position_of_owner")]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity:f} {self.unit} {self.symbol}"
