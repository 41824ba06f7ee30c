"""Keeps each user's daily holdings and their daily worth, from the first record to today.

Both are computed again from the earliest changed day only. The row in ValuationState is locked
meanwhile: whoever books postings marks it in the same database transaction, so what is read here is
whole, and a mark set meanwhile waits and survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from portfolio.engine import valuation
from portfolio.engine.identities import Identities
from portfolio.engine.own_prices import OwnPrices
from portfolio.engine.valuation import DayValue, Quantity
from portfolio.models import DailyHolding, DailyValue, Holding, Posting, ValuationState
from portfolio.selectors import closes, own_prices
from portfolio.selectors.assets import identities_of
from portfolio.selectors.closes import Held, today
from portfolio.services import daily_totals

BATCH = 1000


def stale_owners() -> list[int]:
    """The users whose daily values are not up to date: by changes, by a new day, by currency."""
    midnight = datetime.combine(today(), time.min, tzinfo=UTC)
    state = ValuationState.objects.filter(owner=OuterRef("pk"))
    fresh = state.filter(
        stale_from__isnull=True, computed_at__gte=midnight, currency=OuterRef("reporting_currency")
    )
    held = Holding.objects.filter(owner=OuterRef("pk"))
    users = User.objects.filter(Exists(held) | Exists(state)).exclude(Exists(fresh))
    return list(users.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def recompute(owner_id: int) -> None:
    """Brings one user's daily holdings and values up to date; doing it again changes nothing."""
    ValuationState.objects.get_or_create(owner_id=owner_id)
    state = ValuationState.objects.select_for_update().get(owner_id=owner_id)
    currency = User.objects.values_list("reporting_currency", flat=True).get(pk=owner_id)
    start = date.min if state.computed_at is None else state.stale_from
    if start is not None:
        _store_holdings(owner_id, start)
        daily_totals.store(owner_id, start)
    _store_values(owner_id, currency, _values_from(state, currency))
    state.stale_from, state.currency, state.computed_at = None, currency, timezone.now()
    state.save()


def _values_from(state: ValuationState, currency: str) -> date:
    """The first day whose value may differ from the stored one."""
    if state.computed_at is None or state.currency != currency:
        return date.min
    # The day of the last computation was not over then.
    return min(state.stale_from or date.max, state.computed_at.astimezone(UTC).date())


# --- Daily holdings ---------------------------------------------------------------------------


def _store_holdings(owner_id: int, start: date) -> None:
    """Adds up the postings from ``start`` on by day, upon the last stored quantity before it."""
    with database.cursor() as cursor:
        cursor.execute(
            'DELETE FROM portfolio_dailyholding WHERE owner_id = %s AND "on" >= %s',
            [owner_id, start],
        )
        cursor.execute(
            """
            WITH changes AS (
                SELECT c.exchange || CASE c.environment WHEN 'live' THEN ''
                                     ELSE ':' || c.environment END AS source, p.asset,
                       (p.occurred_at AT TIME ZONE 'UTC')::date AS day, SUM(p.amount) AS change
                FROM portfolio_posting p JOIN portfolio_connection c ON c.id = p.connection_id
                WHERE p.owner_id = %(owner)s AND p.occurred_at >= %(start)s AND p.counts
                GROUP BY 1, 2, 3
            ), carried AS (
                SELECT a.source, a.asset, h.quantity
                FROM (SELECT DISTINCT source, asset FROM changes) a
                CROSS JOIN LATERAL (
                    SELECT quantity FROM portfolio_dailyholding
                    WHERE owner_id = %(owner)s AND source = a.source AND asset = a.asset
                    ORDER BY "on" DESC LIMIT 1
                ) h
            )
            INSERT INTO portfolio_dailyholding (owner_id, source, asset, "on", quantity)
            SELECT %(owner)s, source, asset, day,
                   COALESCE(carried.quantity, 0) + SUM(change) OVER
                       (PARTITION BY source, asset ORDER BY day)
            FROM changes LEFT JOIN carried USING (source, asset)
            """,
            {"owner": owner_id, "start": _midnight(start)},
        )


# --- Daily values -----------------------------------------------------------------------------


def _store_values(owner_id: int, currency: str, start: date) -> None:
    """Values each day from ``start`` to today; removes days before the first record."""
    first = _first_day(owner_id)
    values = DailyValue.objects.filter(owner_id=owner_id)
    if first is None:
        values.delete()
        return
    start = max(start, first)
    values.filter(Q(on__gte=start) | Q(on__lt=first) | ~Q(currency=currency)).delete()
    known = identities_of(owner_id)
    own = own_prices.of_owner(owner_id)
    series = [
        _series(owner_id, held, known, own, currency, start)
        for held in closes.held(owner_id, known)
    ]
    rows = _rows(owner_id, currency, valuation.combine(series))
    DailyValue.objects.bulk_create(rows, batch_size=BATCH)


def _rows(owner_id: int, currency: str, values: Iterable[DayValue]) -> Iterator[DailyValue]:
    for value in values:
        yield DailyValue(
            owner_id=owner_id,
            currency=currency,
            on=value.on,
            value=value.value,
            unpriced=list(value.unpriced),
        )


def _first_day(owner_id: int) -> date | None:
    first = Posting.objects.counted().filter(owner_id=owner_id).order_by("occurred_at")
    moment = first.values_list("occurred_at", flat=True).first()
    return None if moment is None else moment.astimezone(UTC).date()


def _series(
    owner_id: int, held: Held, known: Identities, own: OwnPrices, currency: str, start: date
) -> Iterator[DayValue]:
    wanted = {*held.assets.values(), currency, *own.currencies}
    return valuation.daily_values(
        _quantities(owner_id, held, known, start),
        closes.streamed(wanted, known, held.environment, start),
        currency=currency,
        first=start,
        last=today(),
        trusted=held.trusted,
        assets=held.assets,
        own=own,
    )


def _quantities(owner_id: int, held: Held, known: Identities, start: date) -> Iterator[Quantity]:
    """What was held as ``start`` began, then each change: amounts of what the codes stand for."""
    for code, on, quantity in _changes(owner_id, held, start):
        yield Quantity(code, on, known.amount(held.source, code, quantity))


def _changes(owner_id: int, held: Held, start: date) -> Iterator[tuple[str, date, Decimal]]:
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.asset, h."on", h.quantity FROM UNNEST(%(assets)s::text[]) AS a(asset)
            CROSS JOIN LATERAL (
                SELECT "on", quantity FROM portfolio_dailyholding
                WHERE owner_id = %(owner)s AND source = %(source)s
                  AND asset = a.asset AND "on" < %(start)s
                ORDER BY "on" DESC LIMIT 1
            ) h ORDER BY h."on"
            """,
            {
                "owner": owner_id,
                "source": held.source,
                "assets": sorted(held.assets),
                "start": start,
            },
        )
        opening = cursor.fetchall()
    yield from opening
    changes = DailyHolding.objects.filter(
        owner_id=owner_id, source=held.source, asset__in=held.assets, on__gte=start
    )
    rows = changes.order_by("on", "asset").values_list("asset", "on", "quantity")
    yield from rows.iterator(BATCH)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, tzinfo=UTC)
