"""Reads what was typed in of accounts by hand."""

from __future__ import annotations

from portfolio.models import Checkpoint, Connection

MOST = 200  # balances shown, the newest


def reported(connection: Connection) -> tuple[Checkpoint, ...]:
    """The balances that were typed in, the newest first."""
    rows = Checkpoint.objects.filter(holding__connection=connection).select_related("holding")
    return tuple(rows.order_by("-at", "-id")[:MOST])


def wallets(connection: Connection) -> tuple[str, ...]:
    """The wallets that were named, and those that anything is in."""
    known = connection.holdings.order_by().values_list("wallet", flat=True)
    return tuple(sorted({*connection.wallets, *known}))
