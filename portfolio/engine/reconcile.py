"""What the ledger says, held against what the exchange reports."""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine.money import EXACT


def discrepancy(quantity: Decimal, reported: Decimal | None) -> Decimal | None:
    """How much more the exchange reports than the ledger holds; None while it was never asked."""
    return None if reported is None else EXACT.subtract(reported, quantity)
