"""The address that exchanges see when this installation asks them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection


class OutboundAddress(models.Model):
    """An address of this installation as one exchange told or proved it."""

    class Source(models.TextChoices):
        NAMED = "named", _("named by the exchange when it refused a key")
        ADMITTED = "admitted", _("the only address that a working key is bound to")

    environment = models.CharField(max_length=10, choices=Connection.Environment.choices)
    address = models.GenericIPAddressField()
    exchange = models.CharField(max_length=40)
    source = models.CharField(max_length=8, choices=Source.choices)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "address"], name="outbound_address_once"
            ),
        ]

    def __str__(self) -> str:
        return self.address
