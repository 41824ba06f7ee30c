"""How far the ledger could be relied on when a tax report was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.coverage import Stretch
from portfolio.engine.money import plain
from portfolio.engine.reconcile import discrepancy
from portfolio.models import Connection, DataGrade, Holding
from portfolio.selectors import connections, tax_coverage

_NEVER_READ = (Connection.Status.PENDING, Connection.Status.REFUSED)


def evidence(user: User, environment: str, year: Stretch, now: datetime) -> dict[str, Any]:
    """What was known of each account, as JSON: its history, coverage and balances; the grade.

    ``differing`` counts wallets and assets in which the ledger and the exchange disagreed.
    """
    grade = DataGrade.objects.filter(owner=user).first()
    cards = [
        card
        for card in connections.cards(user)
        if card.connection.environment == environment and card.connection.status not in _NEVER_READ
    ]
    told = [
        {
            "id": str(card.connection.pk),
            "label": str(card.connection),
            "by_hand": card.connection.kind == Connection.Kind.MANUAL,
            "complete": card.connection.backfilled_at is not None,
            "synced_at": _moment(card.connection.last_synced_at),
            "balances_at": _moment(card.connection.balances_at),
            "differing": card.discrepancies,
            "places": card.holdings,
            "unreadable": card.unreadable,
        }
        for card in cards
    ]
    accounts = [card.connection for card in cards]
    return {
        "connections": told,
        "grade": _grade(grade),
        "coverage": tax_coverage.told(accounts, year, now),
        "balances": list(_balances(user, accounts)),
    }


def _balances(user: User, accounts: list[Connection]) -> Iterator[dict[str, Any]]:
    """Every wallet and asset that holds anything by either: those that differ first."""
    order = {account.pk: place for place, account in enumerate(accounts)}
    rows = Holding.objects.filter(owner=user, connection__in=accounts)
    held = rows.filter(~Q(quantity=0) | ~Q(reported=0)).exclude(quantity=0, reported=None)
    told = [
        (discrepancy(row.quantity, row.reported), order[row.connection_id], row) for row in held
    ]
    for difference, _, row in sorted(
        told, key=lambda t: (not t[0], t[1], t[2].wallet, t[2].asset)
    ):  # fmt: skip
        yield {
            "account": str(row.connection_id),
            "wallet": row.wallet,
            "asset": row.asset,
            "ledger": plain(row.quantity),
            "reported": None if row.reported is None else plain(row.reported),
            "difference": None if difference is None else plain(difference or money.ZERO),
        }


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


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
