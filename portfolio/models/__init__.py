"""Tables and constraints, a file per subject."""

from portfolio.models.connection import Connection, PermissionAudit
from portfolio.models.ledger import Holding, Posting, RawRecord, RawRevision, Transaction
from portfolio.models.position import Position
from portfolio.models.price import (
    DailyHolding,
    DailyPrice,
    DailyValue,
    LatestPrice,
    PriceSeries,
    ValuationState,
)
from portfolio.models.sync import Coverage, Stream, SyncRun

__all__ = [
    "Connection",
    "Coverage",
    "DailyHolding",
    "DailyPrice",
    "DailyValue",
    "Holding",
    "LatestPrice",
    "PermissionAudit",
    "Position",
    "Posting",
    "PriceSeries",
    "RawRecord",
    "RawRevision",
    "Stream",
    "SyncRun",
    "Transaction",
    "ValuationState",
]
