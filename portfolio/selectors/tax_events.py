"""What the tax needs of the ledger beside its transactions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from accounts.models import User
from portfolio.engine import money
from portfolio.models import Connection, ManualEntry
from portfolio.selectors.assets import source_name
from portfolio.selectors.moments import Moments


def environment(user: User) -> str:
    """Whose accounts are taxed: the live ones; those of the sandbox where there are no others."""
    found = Connection.objects.of(user).values_list("environment", flat=True)
    live = Connection.Environment.LIVE
    return live if live in found or not found else Connection.Environment.SANDBOX


def accounts(user: User, environment: str) -> tuple[UUID, ...]:
    """The connections of an environment, removed ones with a kept history among them."""
    rows = Connection.objects.of(user).filter(environment=environment).order_by("created_at")
    return tuple(rows.values_list("pk", flat=True))


def costs(user: User, currency: str) -> dict[int, Decimal]:
    """What their owner said was paid in all for opening balances and the like, by transaction."""
    rows = (
        ManualEntry.objects.of(user)
        .filter(transaction__isnull=False, cost__isnull=False)
        .select_related("connection")
        .order_by("occurred_at")
    )
    found: dict[int, Decimal] = {}
    moments: Moments | None = None
    for row in rows:
        if row.cost is None or row.transaction_id is None:
            continue
        if moments is None:
            moments = Moments(user.pk, currency, row.occurred_at.astimezone(UTC).date())
        source = source_name(row.connection.exchange, row.connection.environment)
        price = moments.price(source, row.cost_currency, row.occurred_at)
        if price is not None:
            found[row.transaction_id] = money.multiply(row.cost, price.price)
    return found


def prices(
    user: User, currency: str, environment: str
) -> Callable[[str, datetime], Decimal | None]:
    """What a unit of an asset was worth at moments that come by day, oldest first; streamed."""
    opened: list[Moments] = []

    def price(asset: str, at: datetime) -> Decimal | None:
        if not opened:
            opened.append(Moments(user.pk, currency, at.astimezone(UTC).date()))
        found = opened[0].price(source_name("", environment), asset, at)
        return None if found is None else found.price

    return price


class Worths:
    """What amounts were worth in a currency at moments; each moment is read once."""

    def __init__(self, user: User, currency: str, environment: str) -> None:
        self._user, self._currency, self._environment = user, currency, environment

    def at(self, moment: datetime) -> Callable[[str, Decimal], Decimal | None]:
        """What an amount of an asset was worth then; None where nobody knows."""
        prices: dict[str, Decimal | None] = {}
        moments = Moments(self._user.pk, self._currency, moment.astimezone(UTC).date())

        def worth(asset: str, amount: Decimal) -> Decimal | None:
            if asset not in prices:
                found = moments.price(source_name("", self._environment), asset, moment)
                prices[asset] = None if found is None else found.price
            price = prices[asset]
            return None if price is None else money.multiply(amount, price)

        return worth
