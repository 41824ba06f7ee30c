"""What the tax needs of the ledger beside its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax.from_ledger import FIAT
from portfolio.engine.types import TransactionKind
from portfolio.models import Connection, ManualEntry, Transaction
from portfolio.selectors.assets import source_name
from portfolio.selectors.moments import Moments

_ONE_SIDED = (TransactionKind.DEPOSIT, TransactionKind.TRADE, TransactionKind.CONVERSION)


def environment(user: User) -> str:
    """Whose accounts are taxed: the live ones; those of the sandbox where there are no others."""
    found = Connection.objects.of(user).values_list("environment", flat=True)
    live = Connection.Environment.LIVE
    return live if live in found or not found else Connection.Environment.SANDBOX


def accounts(user: User, environment: str) -> tuple[UUID, ...]:
    """The connections of an environment, removed ones with a kept history among them."""
    rows = Connection.objects.of(user).filter(environment=environment).order_by("created_at")
    return tuple(rows.values_list("pk", flat=True))


class _Told(NamedTuple):
    """What was paid, or got, for what one transaction moved; who says so last counts."""

    at: datetime
    by_owner: bool
    transaction: int
    source: str
    amount: Decimal
    currency: str


def costs(user: User, currency: str) -> dict[int, Decimal]:
    """What was paid or got in all where the ledger has one side alone, by transaction.

    Their owner says so of opening balances and the like; exchanges of what was bought by a card.
    """
    found: dict[int, Decimal] = {}
    moments: Moments | None = None
    for row in sorted([*_of_owner(user), *_of_records(user)]):
        if moments is None:
            moments = Moments(user.pk, currency, row.at.astimezone(UTC).date())
        price = moments.price(row.source, row.currency, row.at)
        if price is not None:
            found[row.transaction] = money.multiply(row.amount, price.price)
    return found


def _of_owner(user: User) -> Iterator[_Told]:
    rows = ManualEntry.objects.of(user).filter(transaction__isnull=False, cost__isnull=False)
    for row in rows.select_related("connection"):
        if row.cost is not None and row.transaction_id is not None:
            source = source_name(row.connection.exchange, row.connection.environment)
            told = row.transaction_id, source, row.cost, row.cost_currency
            yield _Told(row.occurred_at, True, *told)


def _of_records(user: User) -> Iterator[_Told]:
    """A purchase by card tells the sum: "49.32 EUR"."""
    rows = Transaction.objects.filter(owner=user, kind__in=_ONE_SIDED).filter(
        Q(detail__has_key="paid") | Q(detail__has_key="total")
    )
    names = "occurred_at", "pk", "connection__exchange", "connection__environment", "detail"
    for at, number, exchange, environment, detail in rows.values_list(*names):
        amount, _, code = str(detail.get("paid") or detail["total"]).partition(" ")
        if code in FIAT:
            told = source_name(exchange, environment), Decimal(amount).copy_abs(), code
            yield _Told(at, False, number, *told)


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
