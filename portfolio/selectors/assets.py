"""Reads which asset the codes of a user's exchanges stand for."""

from __future__ import annotations

from accounts.models import User
from portfolio.engine.identities import Identities, Place
from portfolio.models import AssetRule, Connection, Holding


def source_name(exchange: str, environment: str) -> str:
    """The name of an exchange as a source of prices: the sandbox's prices are not the market's."""
    is_live = environment == Connection.Environment.LIVE
    return exchange if is_live else f"{exchange}:{environment}"


def identities(user: User) -> Identities:
    """What this user's codes stand for, by the user's decisions and what is known; one query."""
    return identities_of(user.pk)


def identities_of(owner_id: int) -> Identities:
    """The same by the owner's id."""
    rows = AssetRule.objects.filter(owner_id=owner_id).in_force()
    return Identities(row.rule for row in rows)


def sources(user: User) -> frozenset[Place]:
    """Every code that this user ever held, with the source that has it; one query."""
    rows = Holding.objects.filter(owner=user).values_list(
        "connection__exchange", "connection__environment", "asset"
    )
    return frozenset((source_name(*place), code) for *place, code in rows.order_by().distinct())
