"""What the pages on chosen lots show: what there is to choose from, and all that was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax import choosing
from portfolio.engine.tax.choosing import Choice
from portfolio.models import Connection, LotOffer, TaxProfile, Transaction

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot that was held then; ``told`` is what stands in its field."""

    transaction: int
    acquired: datetime
    amount: Decimal
    cost: Decimal
    taken: Decimal  # as things are, before this choice
    told: str

    @property
    def unit_cost(self) -> Decimal | None:
        return money.divide(self.cost, self.amount) if self.amount else None


@dataclass(frozen=True, slots=True)
class Section:
    """What a transaction gave of one coin, and the lots that it may come from."""

    asset: str
    account: str  # "" where accounts do not matter
    amount: Decimal
    proceeds: Decimal | None
    lots: Sequence[Lot]
    more: int  # lots beyond those that are offered
    chosen: Sequence[Choice]

    @property
    def total(self) -> Decimal:
        return money.total(choice.amount for choice in self.chosen)

    @property
    def rest(self) -> Decimal:
        return money.add(self.amount, money.negate(self.total))

    @property
    def chosen_at(self) -> datetime | None:
        return self.chosen[0].chosen_at if self.chosen else None

    @property
    def is_late(self) -> bool:
        return any(choice.is_late for choice in self.chosen)

    @property
    def gone(self) -> list[Choice]:
        """What was chosen and is not offered any more."""
        held = {lot.transaction for lot in self.lots}
        return [] if self.more else [choice for choice in self.chosen if choice.lot not in held]


def offer(user: User, transaction: Transaction) -> LotOffer | None:
    """What a worker found, or looks for; None where nobody asked."""
    return LotOffer.objects.filter(owner=user, transaction=transaction).first()


def sections(
    user: User, profile: TaxProfile, found: LotOffer, typed: Mapping[Key, str] | None = None
) -> list[Section]:
    """An offer with what was chosen; ``typed`` is what stands in the fields of a refused form."""
    chosen = by_disposal(profile)
    accounts = {str(row.pk): str(row) for row in Connection.objects.of(user)}
    return [_section(told, found, chosen, accounts, typed) for told in found.offers]


def _section(
    told: Mapping[str, Any],
    found: LotOffer,
    chosen: Mapping[Key, list[Choice]],
    accounts: Mapping[str, str],
    typed: Mapping[Key, str] | None,
) -> Section:
    asset = told["asset"]
    mine = chosen.get((found.transaction_id, asset), [])
    kept = {(choice.lot, asset): money.plain(choice.amount) for choice in mine}
    fields = kept if typed is None else typed
    return Section(
        asset=asset,
        account=accounts.get(told["account"], ""),
        amount=Decimal(told["amount"]),
        proceeds=None if told["proceeds"] is None else Decimal(told["proceeds"]),
        lots=[
            Lot(
                row["lot"],
                datetime.fromisoformat(row["acquired"]),
                Decimal(row["amount"]),
                Decimal(row["cost"]),
                Decimal(row["taken"]),
                fields.get((row["lot"], asset), ""),
            )
            for row in told["lots"]
        ],
        more=told["more"],
        chosen=mine,
    )


def by_disposal(profile: TaxProfile) -> dict[Key, list[Choice]]:
    """All that was chosen, by transaction and coin."""
    found: dict[Key, list[Choice]] = {}
    for choice in choosing.read(profile.picks):
        found.setdefault((choice.sold, choice.asset), []).append(choice)
    return found


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for one disposal; ``transaction`` is None where it is gone."""

    sold: int
    asset: str
    amount: Decimal
    lots: int
    sold_at: datetime | None
    chosen_at: datetime | None
    is_late: bool
    transaction: Transaction | None


def all_chosen(user: User, profile: TaxProfile) -> list[Chosen]:
    """All that was chosen, the newest disposal first; one query."""
    found = by_disposal(profile)
    rows = Transaction.objects.of(user).current().select_related("connection")
    known = rows.in_bulk([sold for sold, _asset in found])
    told = [
        Chosen(
            *(sold, asset, money.total(choice.amount for choice in choices), len(choices)),
            *(choices[0].sold_at, choices[0].chosen_at),
            any(choice.is_late for choice in choices),
            known.get(sold),
        )
        for (sold, asset), choices in found.items()
    ]
    return sorted(told, key=lambda row: (str(row.sold_at), row.asset), reverse=True)
