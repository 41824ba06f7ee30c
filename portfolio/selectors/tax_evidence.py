"""How far the ledger could be relied on when a tax report was made of it."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from portfolio.engine.money import plain
from portfolio.models import Connection, DataGrade
from portfolio.selectors import connections


def evidence(user: User, environment: str) -> dict[str, Any]:
    """The grade, and of each account how much of its history was there; as JSON.

    ``differing`` counts wallets and assets in which the ledger and the exchange disagreed.
    """
    grade = DataGrade.objects.filter(owner=user).first()
    told = [
        {
            "id": str(card.connection.pk),
            "label": str(card.connection),
            "by_hand": card.connection.kind == Connection.Kind.MANUAL,
            "complete": card.connection.backfilled_at is not None,
            "synced_at": _moment(card.connection.last_synced_at),
            "differing": card.discrepancies,
            "places": card.holdings,
            "unreadable": card.unreadable,
        }
        for card in connections.cards(user)
        if card.connection.environment == environment
    ]
    return {"connections": told, "grade": _grade(grade)}


def _grade(grade: DataGrade | None) -> dict[str, Any]:
    if grade is None or not grade.letter:
        return {}
    return {
        "letter": grade.letter,
        "open": grade.open_count,
        "at_risk": plain(grade.at_risk),
        "currency": grade.currency,
        "unknown": grade.unknown_count,
        "as_of": _moment(grade.as_of),
    }


def _moment(at: Any) -> str | None:
    return None if at is None else at.isoformat()
