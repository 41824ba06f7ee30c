"""What an exchange reports of the present: balances and open positions, stored as told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils import timezone

from portfolio.engine import money
from portfolio.engine.names import fit
from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges.errors import KeyBroken, StreamUnavailable
from portfolio.exchanges.types import ExchangeClient
from portfolio.models import Connection, Holding, Position


def store_balances(connection: Connection, balances: Iterable[ReportedBalance]) -> None:
    """Keeps what the exchange reports; what it no longer lists is zero by its own word."""
    told: dict[tuple[str, str], Decimal] = {}
    for balance in balances:
        place = (fit(balance.wallet, 40), fit(balance.asset, 40))
        told[place] = money.add(told.get(place, money.ZERO), balance.quantity)
    connection.holdings.exclude(reported=0).update(reported=0)
    Holding.objects.bulk_create(
        [
            Holding(
                owner_id=connection.owner_id,
                connection=connection,
                wallet=wallet,
                asset=asset,
                reported=quantity,
            )
            for (wallet, asset), quantity in told.items()
        ],
        update_conflicts=True,
        update_fields=["reported"],
        unique_fields=["connection", "wallet", "asset"],
    )
    Connection.objects.filter(pk=connection.pk).update(balances_at=timezone.now())


def ask_positions(client: ExchangeClient) -> Sequence[ReportedPosition] | str | None:
    """The open positions, or why this key may not see them; None where none are read.

    A key that may not see them is of use all the same. May raise any other GatewayError.
    """
    try:
        return client.positions()
    except (StreamUnavailable, KeyBroken) as error:
        return error.message


def store_positions(connection: Connection, told: Sequence[ReportedPosition] | str | None) -> None:
    """Replaces the open positions by what the exchange shows now; refused ones are not known."""
    connection.positions.all().delete()
    known = [] if told is None or isinstance(told, str) else told
    Position.objects.bulk_create([_position(connection, position) for position in known])
    is_known = told is not None and not isinstance(told, str)
    Connection.objects.filter(pk=connection.pk).update(
        positions_at=timezone.now() if is_known else None,
        positions_refused=told if isinstance(told, str) else "",
    )


def _position(connection: Connection, told: ReportedPosition) -> Position:
    return Position(
        owner_id=connection.owner_id,
        connection=connection,
        wallet=fit(told.wallet, 40),
        symbol=fit(told.symbol, 80),
        side=told.side,
        quantity=told.quantity,
        unit=fit(told.unit, 40),
        entry_price=told.entry_price,
        mark_price=told.mark_price,
        price_asset=fit(told.price_asset, 40),
        unrealised_pnl=told.unrealised_pnl,
        settle_asset=fit(told.settle_asset, 40),
    )
