"""Keeps each user's daily holdings and their daily worth, from the first record to today.

Both are computed again from the earliest changed day only. Whoever books postings marks that day in
the same database transaction, and waits for nobody: a mark that is set while days are computed
outlives the computation, and those days are computed once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from accounts.models import User
from portfolio.engine import valuation
from portfolio.engine.identities import Identities
from portfolio.engine.own_prices import OwnPrices
from portfolio.engine.valuation import DayValue, Quantity
from portfolio.models import DailyHolding, DailySum, DailyValue, Holding, Posting, ValuationState
from portfolio.selectors import closes, own_prices
from portfolio.selectors.assets import identities_of
from portfolio.selectors.closes import Held, today
from portfolio.selectors.under_way import under_way
from portfolio.services import daily_sums, daily_totals, locks

BATCH = 1000
BITCOIN = "BTC"


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


ROUNDS = 3  # what changes again and again meanwhile is left to the next time


def recompute(owner_id: int, *, wait: bool = False) -> None:
    """Brings one user's daily holdings and values up to date; doing it again changes nothing.

    Leaves it to whoever is at it already, unless told to ``wait``.
    """
    with locks.valuing(owner_id, wait=wait) as is_mine:
        for _ in range(ROUNDS if is_mine else 0):
            _compute(_begun(owner_id), timezone.now())
            if not ValuationState.objects.filter(owner=owner_id, stale_from__isnull=False).exists():
                break


@transaction.atomic
def _begun(owner_id: int) -> ValuationState:
    """What is to be done now; marks that come from here on are kept apart."""
    state, _ = ValuationState.objects.select_for_update().get_or_create(owner_id=owner_id)
    ValuationState.objects.filter(pk=state.pk).update(marked_from=None)
    return state


@transaction.atomic
def _compute(state: ValuationState, began: datetime) -> None:
    owner_id = state.owner_id
    currency = User.objects.values_list("reporting_currency", flat=True).get(pk=owner_id)
    start = date.min if state.computed_at is None else state.stale_from
    if start is not None:
        _store_holdings(owner_id, start)
        daily_totals.store(owner_id, start)
    changed = _values_from(state, currency)
    known = identities_of(owner_id)
    daily_sums.store(owner_id, currency, changed, known)
    _store_values(owner_id, currency, changed, known)
    ValuationState.objects.filter(pk=state.pk).update(
        stale_from=F("marked_from"), currency=currency, computed_at=began
    )


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


def _store_values(owner_id: int, currency: str, start: date, known: Identities) -> None:
    """Values each day from ``start`` to today; removes days before the first record."""
    first = _first_day(owner_id)
    values = DailyValue.objects.filter(owner_id=owner_id)
    if first is None:
        values.delete()
        return
    start = max(start, first)
    values.filter(Q(on__gte=start) | Q(on__lt=first) | ~Q(currency=currency)).delete()
    own = own_prices.of_owner(owner_id)
    held = closes.held(owner_id, known)
    places = [*held, *_under_way(owner_id, held)]
    series = [_series(owner_id, place, known, own, currency, start) for place in places]
    bitcoin = _bitcoin(held[0].environment, known, currency, start)
    days = zip(valuation.combine(series), bitcoin, strict=True)
    rows = _rows(owner_id, currency, days, _sums(owner_id, start))
    DailyValue.objects.bulk_create(rows, batch_size=BATCH)


def _rows(
    owner_id: int,
    currency: str,
    days: Iterable[tuple[DayValue, Decimal | None]],
    sums: Mapping[date, dict[str, Any]],
) -> Iterator[DailyValue]:
    for value, bitcoin in days:
        yield DailyValue(
            owner_id=owner_id,
            currency=currency,
            on=value.on,
            value=value.value,
            unpriced=list(value.unpriced),
            bitcoin=bitcoin,  # type: ignore[misc]  # the field may be null
            **sums.get(value.on, {}),
        )


def _sums(owner_id: int, start: date) -> dict[date, dict[str, Any]]:
    """What happened to all that is held, by day."""
    names = ("put_in", "taken_out", "income", "fees", "gaps", "flow_gaps")
    days = DailySum.objects.filter(owner_id=owner_id, on__gte=start).order_by().values("on")
    rows = days.annotate(**{f"all_{name}": Sum(name) for name in names})
    told = rows.values_list("on", *(f"all_{name}" for name in names))
    return {on: dict(zip(names, sums, strict=True)) for on, *sums in told}


def _bitcoin(
    environment: str, known: Identities, currency: str, start: date
) -> Iterator[Decimal | None]:
    """What one bitcoin was worth at the end of each day; None where that is not known."""
    one = [Quantity(BITCOIN, date.min, Decimal(1))]
    prices = closes.streamed({BITCOIN, currency}, known, environment, start)
    for value in valuation.daily_values(one, prices, currency=currency, first=start, last=today()):
        yield None if value.unpriced else value.value


def _under_way(owner_id: int, held: Sequence[Held]) -> Iterator[Held]:
    """What had left one account and not reached the other: it is still the owner's."""
    for environment in sorted({place.environment for place in held}):
        source = under_way(environment)
        rows = DailySum.objects.filter(owner_id=owner_id, source=source).order_by()
        assets = rows.values_list("asset", flat=True).distinct()
        own = next(place.trusted[-1] for place in held if place.environment == environment)
        if assets:
            yield Held(source, environment, {asset: asset for asset in assets}, (own,))


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
    is_under_way = held.source == under_way(held.environment)
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.asset, h."on", h.quantity FROM UNNEST(%(assets)s::text[]) AS a(asset)
            CROSS JOIN LATERAL (
                (SELECT "on", quantity FROM portfolio_dailyholding
                 WHERE owner_id = %(owner)s AND source = %(source)s
                   AND asset = a.asset AND "on" < %(start)s
                 ORDER BY "on" DESC LIMIT 1)
                UNION ALL
                (SELECT "on", quantity FROM portfolio_dailysum
                 WHERE %(is_under_way)s AND owner_id = %(owner)s AND source = %(source)s
                   AND asset = a.asset AND "on" < %(start)s
                 ORDER BY "on" DESC LIMIT 1)
            ) h ORDER BY h."on"
            """,
            {
                "owner": owner_id,
                "source": held.source,
                "assets": sorted(held.assets),
                "start": start,
                "is_under_way": is_under_way,
            },
        )
        opening = cursor.fetchall()
    yield from opening
    table = DailySum.objects if is_under_way else DailyHolding.objects
    changes = table.filter(
        owner_id=owner_id, source=held.source, asset__in=held.assets, on__gte=start
    )
    rows = changes.order_by("on", "asset").values_list("asset", "on", "quantity")
    yield from rows.iterator(BATCH)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, tzinfo=UTC)
