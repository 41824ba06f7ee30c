"""Reads the prices that a user gave."""

from __future__ import annotations

from accounts.models import User
from portfolio.engine import own_prices
from portfolio.engine.own_prices import OwnPrices
from portfolio.models import OwnPrice


def listed(user: User) -> list[OwnPrice]:
    """All of a user's prices by asset, the latest first, withdrawn ones too."""
    return list(OwnPrice.objects.of(user))


def of_owner(owner_id: int) -> OwnPrices:
    """The prices of one user that hold."""
    rows = OwnPrice.objects.filter(owner_id=owner_id, withdrawn_at__isnull=True)
    return OwnPrices(as_told(row) for row in rows)


def as_told(row: OwnPrice) -> own_prices.OwnPrice:
    """A stored price for the calculation."""
    return own_prices.OwnPrice(
        row.asset, row.currency, row.price, row.since, row.until, row.made_at, row.is_first
    )
