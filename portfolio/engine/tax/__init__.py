"""What tax law makes of a history: lots, disposals, gains and income. Pure and exact.

``compute(settings, events)`` is all there is to call; a method is one module in ``methods``.
"""

from portfolio.engine.tax.compute import compute
from portfolio.engine.tax.history import History
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import InsufficientHoldings, Leg, Outcome, TaxEvent

# Goes up with every change that may give other figures from the same ledger and settings.
VERSION = "7"

__all__ = [
    "VERSION",
    "History",
    "InsufficientHoldings",
    "Leg",
    "Outcome",
    "Settings",
    "TaxEvent",
    "compute",
]
