"""Reads where one asset is or was held, and by what code each place calls it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.identities import Identities
from portfolio.models import Holding
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.valuation import all_holdings


@dataclass(frozen=True, slots=True)
class Group:
    """The connections that call the asset by one code; one of it is ``factor`` of the asset."""

    code: str
    factor: Decimal
    connections: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AssetPlaces:
    """One asset of one user, over all exchanges."""

    owner_id: int
    asset: str
    name: str
    known: Identities
    holdings: tuple[Holding, ...]  # of this asset, with their connections
    everything: tuple[Holding, ...]  # of all assets
    groups: tuple[Group, ...]

    @property
    def held(self) -> Decimal:
        """How much is held in all wallets, in the asset."""
        return money.total(
            self.known.amount(_source(row), row.asset, row.quantity) for row in self.holdings
        )

    @property
    def pairs(self) -> frozenset[tuple[UUID, str]]:
        """Connection and code of each place."""
        return frozenset((row.connection_id, row.asset) for row in self.holdings)

    @property
    def codes(self) -> tuple[str, ...]:
        """What it is called, each code once."""
        return tuple({group.code: None for group in self.groups})

    @property
    def is_spam(self) -> bool:
        """Whether its owner marked it as spam, wherever it is or was held."""
        return bool(self.holdings) and all(
            self.known.is_spam(_source(row), row.asset) for row in self.holdings
        )

    def arrays(self) -> dict[str, Any]:
        """For SQL: ``connections``, ``codes`` and ``factors`` of the pairs, in one order."""
        pairs = [(pk, group) for group in self.groups for pk in group.connections]
        return {
            "owner": self.owner_id,
            "connections": [pk for pk, _ in pairs],
            "codes": [group.code for _, group in pairs],
            "factors": [group.factor for _, group in pairs],
        }


def asset_places(user: User, code: str) -> AssetPlaces:
    """An asset by its own code or by one that stands for it, in two queries.

    May raise Holding.DoesNotExist where the ledger never knew it.
    """
    known = identities(user)
    rows = all_holdings(user)
    asset = _asset(code, rows, known)
    own = tuple(row for row in rows if known.of(_source(row), row.asset) == asset)
    return AssetPlaces(
        owner_id=user.pk,
        asset=asset,
        name=known.name(asset),
        known=known,
        holdings=own,
        everything=tuple(rows),
        groups=_groups(own, known),
    )


def _source(row: Holding) -> str:
    return source_name(row.connection.exchange, row.connection.environment)


def _asset(code: str, rows: Sequence[Holding], known: Identities) -> str:
    """What is held under a code: an asset's own, else one that an exchange has for it."""
    standing = {(known.of(_source(row), row.asset), row.asset) for row in rows}
    if any(asset == code for asset, _ in standing):
        return code
    found = sorted(asset for asset, held in standing if held == code)
    if not found:
        raise Holding.DoesNotExist
    return found[0]


def _groups(rows: Sequence[Holding], known: Identities) -> tuple[Group, ...]:
    found: dict[tuple[str, Decimal], set[UUID]] = defaultdict(set)
    for row in rows:
        factor = known.standing(_source(row), row.asset).factor
        found[row.asset, factor].add(row.connection_id)
    return tuple(
        Group(code, factor, tuple(sorted(connections)))
        for (code, factor), connections in sorted(found.items())
    )
