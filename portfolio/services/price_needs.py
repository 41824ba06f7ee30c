"""Which prices people's holdings need: per exchange, the assets and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date

from django.db import connection as database
from django.utils import timezone

from portfolio.engine.identities import EVERYWHERE, Place, RuleKind, known
from portfolio.models import AssetRule
from portfolio.selectors.assets import source_name


@dataclass(frozen=True, slots=True)
class Need:
    """What one exchange is asked to price: assets, each from the day on it was first held."""

    exchange: str
    environment: str
    since: dict[str, date]
    currencies: frozenset[str]

    @property
    def source(self) -> str:
        return source_name(self.exchange, self.environment)


def find(owner_id: int | None) -> list[Need]:
    """Per exchange and environment: which assets are or were held there, and since when.

    A code that stands for another asset is asked for by both names: some exchange may have either.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.exchange, c.environment, h.asset,
                   MIN(first.occurred_at), ARRAY_AGG(DISTINCT u.reporting_currency)
            FROM portfolio_holding h
            JOIN portfolio_connection c ON c.id = h.connection_id
            JOIN accounts_user u ON u.id = h.owner_id
            LEFT JOIN LATERAL (
                SELECT p.occurred_at FROM portfolio_posting p
                WHERE p.owner_id = h.owner_id AND p.asset = h.asset AND p.counts
                ORDER BY p.occurred_at LIMIT 1
            ) first ON TRUE
            WHERE %(owner)s::bigint IS NULL OR h.owner_id = %(owner)s
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,
            {"owner": owner_id},
        )
        rows = cursor.fetchall()
    today = timezone.now().astimezone(UTC).date()
    stands_for = _stands_for(owner_id, {(source_name(*row[:2]), row[2]) for row in rows})
    since: dict[tuple[str, str], dict[str, date]] = {}
    currencies: dict[tuple[str, str], set[str]] = {}
    for exchange, environment, asset, first, reporting in rows:
        place = (exchange, environment)
        day = first.astimezone(UTC).date() if first else today
        for code in (asset, *stands_for.get((source_name(*place), asset), ())):
            held = since.setdefault(place, {})
            held[code] = min(day, held.get(code, day))
        currencies.setdefault(place, set()).update(reporting)
    return [
        Need(*place, since=assets, currencies=frozenset(currencies[place]))
        for place, assets in since.items()
    ]


def _stands_for(owner_id: int | None, held: set[Place]) -> dict[Place, set[str]]:
    """Which assets the codes held are known to be, or are taken for by those who hold them."""
    rules = AssetRule.objects.in_force().filter(kind=RuleKind.ALIAS.value)
    if owner_id is not None:
        rules = rules.filter(owner_id=owner_id)
    decided: dict[Place, set[str]] = {}
    for source, code, asset in rules.values_list("source", "code", "asset").distinct():
        decided.setdefault((source, code), set()).add(asset)
    found: dict[Place, set[str]] = {}
    for source, code in held:
        standing = known(source, code)
        assets = {standing.asset} if standing else set()
        assets |= decided.get((source, code), set()) | decided.get((EVERYWHERE, code), set())
        found[source, code] = assets - {code}
    return found


def elsewhere(own: list[Need], missing: list[dict[str, date]]) -> list[Need]:
    """Asks the environment's other exchanges for what an asset's own could not give."""
    sought: dict[str, date] = {}
    for assets in missing:
        for asset, day in assets.items():
            sought[asset] = min(day, sought.get(asset, day))
    currencies = frozenset[str]().union(*(need.currencies for need in own))
    needs = []
    for need in own:
        others = {asset: day for asset, day in sought.items() if asset not in need.since}
        if others:
            needs.append(Need(need.exchange, need.environment, others, currencies))
    return needs
