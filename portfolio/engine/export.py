"""What an export is made of: whole transactions, apart from any database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portfolio.engine.types import Movement, TransactionKind


@dataclass(frozen=True, slots=True)
class ExportTransaction:
    """One economic event with all its amounts; fees are movements of their own."""

    id: int
    occurred_at: datetime
    kind: TransactionKind
    connection_label: str
    exchange: str
    key: str
    movements: tuple[Movement, ...]
    detail: Mapping[str, str] = field(default_factory=dict)
