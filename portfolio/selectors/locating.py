"""Reads where the difference of one wallet and asset arose, and what may have made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from django.db import connection as database
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value

from accounts.models import User
from portfolio.engine import causes as engine
from portfolio.engine import money, openings
from portfolio.engine.causes import Cause, Gap, Surroundings
from portfolio.engine.coverage import without
from portfolio.engine.judging import SLACK, Checkpoint, Entry, Judged, judge_summed
from portfolio.engine.locating import Located, Step, locate, transitions
from portfolio.engine.openings import Proposal
from portfolio.models import Coverage, Holding, ManualEntry, Posting
from portfolio.selectors import reconciliation
from portfolio.selectors.reconciliation import ProofRow

# The entries of stretches that are looked at, newest first; more tell a reader nothing.
MOST_ENTRIES = 2000
SHOWN_CAUSES = 5
SHOWN_CHECKPOINTS = 30
# Streams are not asked to the very second: less than this is no hole.
SMALLEST_HOLE = timedelta(hours=1)
_LONG_AGO = timedelta(days=365 * 30)
Span = tuple[datetime | None, datetime]
Sums = list[tuple[Checkpoint, Decimal]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the difference with its likeliest causes."""

    step: Step
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One wallet and asset: the sheet, and where its difference arose."""

    holding: Holding
    row: ProofRow
    located: Located | None  # None while there is no checkpoint
    findings: tuple[Finding, ...]
    rounding: tuple[Cause, ...]
    proposal: Proposal | None
    checkpoints: tuple[Judged, ...]  # the latest, newest first
    entries: tuple[ManualEntry, ...]  # latest versions of what was entered by hand


def place(
    user: User, connection_id: UUID, wallet: str, asset: str, *, unserved: frozenset[str]
) -> Place:
    """One wallet and asset, in a fixed number of queries. May raise Holding.DoesNotExist.

    ``unserved`` are the kinds of record that the exchange does not serve.
    """
    holding = (
        Holding.objects.filter(owner=user)
        .select_related("connection")
        .get(connection=connection_id, wallet=wallet, asset=asset)
    )
    return explained(holding, unserved=unserved)


def explained(holding: Holding, *, unserved: frozenset[str]) -> Place:
    """The same of a holding whose connection is loaded."""
    judged = _judged(holding)
    here = judged.pop(holding.wallet, ())
    spans = transitions(here)
    entries = _entries(holding, spans, here)
    located = locate(here, entries)
    gaps = _gaps(holding, spans)
    around = Surroundings(
        gaps=gaps,
        unserved=unserved,
        unreadable=_unreadable(holding, spans),
        others=_others(judged),
    )
    return Place(
        holding=holding,
        row=reconciliation.proof_row(holding),
        located=located,
        findings=_findings(located, entries, around),
        rounding=engine.rounding(located) if located and located.is_dust else (),
        proposal=openings.propose(located, gaps) if located else None,
        checkpoints=here[: -SHOWN_CHECKPOINTS - 1 : -1],
        entries=_by_hand(holding),
    )


def _findings(
    located: Located | None, entries: Sequence[Entry], around: Surroundings
) -> tuple[Finding, ...]:
    if located is None:
        return ()
    return tuple(
        Finding(step, engine.causes(step, entries, located, around)[:SHOWN_CAUSES])
        for step in located.steps
    )


def _others(judged: Mapping[str, Sequence[Judged]]) -> list[tuple[str, Step]]:
    """Where the other wallets of the asset came apart."""
    found = [(wallet, locate(points, ())) for wallet, points in judged.items()]
    return [(wallet, step) for wallet, result in found if result for step in result.steps]


# --- Checkpoints and what the ledger says of them ---------------------------------------------


def _judged(holding: Holding) -> dict[str, tuple[Judged, ...]]:
    """The checkpoints of all wallets of the asset, judged by the ledger of today."""
    summed = _summed(holding)
    near = _near(holding, summed)
    return {wallet: judge_summed(sums, near.get(wallet, ())) for wallet, sums in summed.items()}


def _summed(holding: Holding) -> dict[str, Sums]:
    """Each checkpoint with the sum of the postings up to its moment, oldest first."""
    found: dict[str, Sums] = defaultdict(list)
    with database.cursor() as cursor:
        cursor.execute(
            _SUMS,
            {
                "owner": holding.owner_id,
                "connection": holding.connection_id,
                "asset": holding.asset,
            },
        )
        for wallet, at, reported, ledger in cursor.fetchall():
            found[wallet].append((Checkpoint(at, reported), ledger))
    return found


_SUMS = """
    SELECT wallet, at, reported, ledger FROM (
        SELECT wallet, at, reported, SUM(amount) OVER (
            PARTITION BY wallet ORDER BY at, reported NULLS FIRST ROWS UNBOUNDED PRECEDING
        ) AS ledger
        FROM (
            SELECT wallet, occurred_at AS at, amount, NULL::numeric AS reported
            FROM portfolio_posting
            WHERE owner_id = %(owner)s AND connection_id = %(connection)s AND asset = %(asset)s
              AND counts
            UNION ALL
            SELECT holding.wallet, checkpoint.at, 0, checkpoint.reported
            FROM portfolio_checkpoint checkpoint
            JOIN portfolio_holding holding ON holding.id = checkpoint.holding_id
            WHERE holding.connection_id = %(connection)s AND holding.asset = %(asset)s
        ) moments
    ) summed
    WHERE reported IS NOT NULL
    ORDER BY wallet, at
"""


def _near(holding: Holding, summed: Mapping[str, Sums]) -> dict[str, list[Entry]]:
    """The postings around the checkpoints at which the difference changes, by wallet."""
    moments = [at for sums in summed.values() for at in _changes(sums)]
    if not moments:
        return {}
    found: dict[str, list[Entry]] = defaultdict(list)
    rows = _postings(holding).filter(_within([(at, at) for at in moments]))
    for wallet, at, amount in rows.values_list("wallet", "occurred_at", "amount"):
        found[wallet].append(Entry(at, amount))
    return found


def _changes(sums: Sums) -> Iterable[datetime]:
    for (one, before), (two, after) in pairwise(sums):
        left = money.add(one.reported, money.negate(before))
        if left != money.add(two.reported, money.negate(after)):
            yield one.at
            yield two.at


def _postings(holding: Holding) -> QuerySet[Posting]:
    return (
        Posting.objects.counted()
        .order_by()
        .filter(owner=holding.owner_id, connection=holding.connection_id, asset=holding.asset)
    )


def _within(spans: Iterable[tuple[datetime, datetime]]) -> Q:
    """Inside any of the stretches, the clocks' slack included: one condition for all of them."""
    parts = joined(spans)
    if not parts:
        return Q(pk__in=[])
    listed = ",".join(f"[{start.isoformat()},{end.isoformat()}]" for start, end in parts)
    inside = Func(
        F("occurred_at"),
        Value(f"{{{listed}}}"),
        template="%(expressions)s::tstzmultirange",
        arg_joiner=" <@ ",
        output_field=BooleanField(),
    )
    return Q(occurred_at__gte=parts[0][0], occurred_at__lte=parts[-1][1]) & Q(inside)


def joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The stretches with the clocks' slack, overlapping ones made one."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if result and start - SLACK <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end + SLACK))
        else:
            result.append((start - SLACK, end + SLACK))
    return result


# --- What is in the stretches -----------------------------------------------------------------


def _entries(holding: Holding, spans: Sequence[Span], judged: Sequence[Judged]) -> list[Entry]:
    """The postings of the wallet in the stretches in which its difference changed.

    Of the time before the first checkpoint, which may be years, only those of telling amounts.
    """
    closed = [(start, end) for start, end in spans if start is not None]
    wanted = _within(closed)
    if len(closed) < len(spans):
        first = judged[0]
        wanted |= Q(
            occurred_at__lte=first.at + SLACK, amount__in=engine.telling_amounts(first.difference)
        )
    fees = Posting.objects.filter(transaction=OuterRef("transaction"), role="fee")
    rows = (
        _postings(holding)
        .filter(wanted, wallet=holding.wallet)
        .annotate(has_fee=Exists(fees), kind=F("transaction__kind"))
        .order_by("-occurred_at", "-id")
        .values_list(
            "occurred_at", "amount", "kind", "raw_record__stream__kind", "transaction_id", "has_fee"
        )
    )
    return [
        Entry(at, amount, kind, stream or "", ref, has_fee)
        for at, amount, kind, stream, ref, has_fee in rows[:MOST_ENTRIES]
    ]


def _bounds(spans: Sequence[Span]) -> tuple[datetime, datetime] | None:
    if not spans:
        return None
    last = max(end for _, end in spans)
    return min(start or end - _LONG_AGO for start, end in spans), last


def _gaps(holding: Holding, spans: Sequence[Span]) -> list[Gap]:
    """What was not fetched in the stretches, one gap per kind of record and state."""
    bounds = _bounds(spans)
    if bounds is None:
        return []
    rows = Coverage.objects.filter(
        Q(stream__is_hot=True) | Q(stream__record_count__gt=0),
        stream__connection=holding.connection_id,
    )
    known: dict[tuple[int, str], list[tuple[str, datetime, datetime]]] = defaultdict(list)
    told = rows.values_list("stream_id", "stream__kind", "state", "start_at", "end_at")
    for stream, kind, state, start, end in told:
        known[stream, kind].append((state, start, end))
    found: dict[tuple[str, str], Gap] = {}
    for (_, kind), parts in known.items():
        for gap in _of_stream(kind, parts, spans):
            wider = found.setdefault((gap.kind, gap.state), gap)
            if gap.end - gap.start > wider.end - wider.start:
                found[gap.kind, gap.state] = gap
    return list(found.values())


def _of_stream(
    kind: str, parts: Sequence[tuple[str, datetime, datetime]], spans: Sequence[Span]
) -> Iterable[Gap]:
    for state, start, end in parts:
        if state != Coverage.State.FETCHED and any(_meets(s, start, end) for s in spans):
            yield Gap(kind, state, start, end)
    covered = [(start, end) for _, start, end in parts]
    first = min(start for start, _ in covered)
    # What is before the first stretch may not have been there to be asked for.
    asked = [(max(start or first, first), end) for start, end in spans if end > first]
    for start, end in without(asked, covered):
        if end - start >= SMALLEST_HOLE:
            yield Gap(kind, "never", start, end)


def _meets(span: Span, start: datetime, end: datetime) -> bool:
    return (span[0] is None or end > span[0]) and start <= span[1]


def _unreadable(holding: Holding, spans: Sequence[Span]) -> list[tuple[datetime, str]]:
    bounds = _bounds(spans)
    if bounds is None:
        return []
    rows = holding.connection.raw_records.exclude(problem="").filter(
        occurred_at__gte=bounds[0] - SLACK, occurred_at__lte=bounds[1] + SLACK
    )
    return list(rows.order_by("-id").values_list("occurred_at", "stream__kind")[:MOST_ENTRIES])


def _by_hand(holding: Holding) -> tuple[ManualEntry, ...]:
    rows = ManualEntry.objects.filter(
        connection=holding.connection_id,
        wallet=holding.wallet,
        asset=holding.asset,
        replaced_by__isnull=True,
    )
    return tuple(rows.select_related("replaces", "transaction"))
