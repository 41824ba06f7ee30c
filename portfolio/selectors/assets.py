"""Reads which asset the codes of a user's exchanges stand for."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from portfolio.engine.identities import Identities, Place
from portfolio.models import AssetRule, Connection, Holding


def source_name(exchange: str, environment: str) -> str:
    """The name of an exchange as a source of prices: the sandbox's prices are not the market's."""
    is_live = environment == Connection.Environment.LIVE
    return exchange if is_live else f"{exchange}:{environment}"


def source_title(source: str) -> str:
    """A source for a sentence: "Kraken sandbox"."""
    return " ".join(source.split(":")).capitalize()


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


def postings_of(user: User, asset: str) -> Q:
    """What picks the postings of an asset, by whatever codes the exchanges have for it.

    A code that stands for another asset picks its own postings. One query, two where several codes
    may be the asset.
    """
    known = identities(user)
    if known.is_plain(asset):
        return Q(asset=asset)
    rows = Holding.objects.filter(owner=user, asset__in=known.codes([asset])).values_list(
        "connection_id", "connection__exchange", "connection__environment", "asset"
    )
    places: dict[str, list[UUID]] = defaultdict(list)
    for connection, exchange, environment, code in rows.order_by("asset").distinct():
        if known.of(source_name(exchange, environment), code) == asset:
            places[code].append(connection)
    if not places:
        return Q(asset=asset)
    picked = Q()
    for code, held_at in places.items():
        picked |= Q(asset=code, connection_id__in=held_at)
    return picked


def spam_of(user: User) -> tuple[str, ...]:
    """The assets that this user marked as spam, as they are shown; in two queries."""
    known = identities(user)
    found = {known.of(*place) for place in sources(user) if known.is_spam(*place)}
    return tuple(sorted(known.name(asset) for asset in found))
