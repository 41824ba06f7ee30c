"""Makes one transaction of one event that the exchange and files tell of.

The strongest source is booked; the others are its witnesses and book nothing
(``RawRecord.same_as``). Everything here runs inside the database transaction that stores, which
holds the connection's row, and looks only at what lies near in time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portfolio.engine import witnesses as engine
from portfolio.engine.tellings import MOVED, Telling
from portfolio.engine.types import Event, RecordKind
from portfolio.engine.witnesses import Verdict
from portfolio.models import (
    Connection,
    Edit,
    RawRecord,
    Stream,
    Transaction,
    WitnessConflict,
)
from portfolio.services import bulk, rebooking, witness_conflicts, witness_edits
from portfolio.services.witness_tellings import (
    Reach,
    clock,
    file_records,
    file_streams,
    is_alone,
    is_booked,
    kind_of,
    margin,
    note_days,
    of_files,
    own_answers,
)

BATCH = 1000
_MOVED = {kind.value for kind in MOVED}


def settle_page(
    connection: Connection, raws: Iterable[RawRecord], former: Iterable[datetime]
) -> None:
    """Holds what was just stored against what other sources tell.

    ``former`` are times that changed records had before.
    """
    told = list(raws)
    streams = file_streams(connection) if told else {}
    if not streams:
        return
    if is_alone(connection, streams):  # nobody else tells anything: a first import, as most are
        note_days(streams, of_files(told, {}))
        _take_scopes(told, streams)
        return
    moved = [raw.occurred_at for raw in told if kind_of(raw) in _MOVED]
    near = [*former, *(raw.occurred_at for raw in told)]
    reach = Reach.of(near, moved, margin=margin(streams))
    _settle_all(connection, streams, file_records(connection, streams, reach))
    _take_scopes(told, streams)


def decide_first(stream: Stream) -> bool:
    """Whether new records are best stored alone, and booked as ``settle_page`` decides.

    A file beside other sources would else be booked and, most of it, taken back at once. Edits
    stand upon what is booked, so that where there are any all is booked first.
    """
    connection = stream.connection
    if stream.kind != RecordKind.IMPORT or Edit.objects.filter(connection=connection).exists():
        return False
    return not is_alone(connection, file_streams(connection))


def _take_scopes(told: Iterable[RawRecord], streams: Mapping[int, Stream]) -> None:
    for raw in told:
        if raw.stream_id in streams:  # another object than ours, which may be saved after this
            raw.stream.scope = streams[raw.stream_id].scope


def settle(connection: Connection, since: datetime, until: datetime) -> None:
    """Decides anew on the records of files from ``since`` to ``until``, and near to them.

    For whoever takes records away: what they were the stronger witness of is booked by another.
    """
    streams = file_streams(connection)
    if streams:
        reach = Reach.between(since, until)
        _settle_all(connection, streams, file_records(connection, streams, reach))


def _settle_all(
    connection: Connection, streams: Mapping[int, Stream], raws: Sequence[RawRecord]
) -> None:
    for start in range(0, len(raws), BATCH):
        _settle(connection, streams, raws[start : start + BATCH])


def _settle(
    connection: Connection, streams: Mapping[int, Stream], raws: Sequence[RawRecord]
) -> None:
    decided = witness_conflicts.decided(raws)
    told = of_files(raws, decided)
    note_days(streams, told)
    reach = Reach.round(told.values())
    beside = [raw for raw in file_records(connection, streams, reach) if raw.pk not in told]
    others = of_files(beside, witness_conflicts.decided(beside))
    answers = own_answers(connection, streams, Reach.round((*told.values(), *others.values())))
    verdicts = engine.judge([*answers, *told.values(), *others.values()])
    readable = [raw for raw in raws if raw.pk in told]
    against = {telling.ref: telling for telling in (*answers, *told.values(), *others.values())}
    witness_conflicts.keep(connection, readable, verdicts, against)
    _apply(connection, readable, verdicts, [raw for raw in raws if not is_booked(raw)])


# --- What follows from a verdict ------------------------------------------------------------------


def _apply(
    connection: Connection,
    raws: Sequence[RawRecord],
    verdicts: Mapping[str, Verdict],
    unbooked: Sequence[RawRecord],
) -> None:
    changed = []
    for raw in raws:
        verdict = verdicts.get(str(raw.pk))
        same_as = verdict.key if verdict else ""
        if raw.same_as != same_as:
            raw.same_as = same_as
            changed.append(raw)
    asked = {raw.pk: raw for raw in (*changed, *unbooked)}
    if not asked:
        return
    bulk.update(changed, ["same_as"])
    edited = witness_edits.hand_over(connection, changed)
    theirs = rebooking.with_streams(
        connection, RawRecord.objects.filter(transaction__in=edited.left)
    )
    asked |= {raw.pk: raw for raw in theirs}
    rebooking.rebook(rebooking.reread(connection, list(asked.values())), whole=False)
    witness_edits.confirm(edited.kept)


# --- Before anything is stored --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known already of an event that a file tells: "new", "known" or "conflict"."""

    state: str
    transaction_id: int | None = None
    text: str = ""


def compare(connection: Connection, told: Sequence[Event]) -> list[Known]:
    """Holds the events of one file against what is stored; writes nothing."""
    streams = file_streams(connection)
    tellings = [
        Telling(
            ref=str(place),
            key=f"told {place}",
            strength=(1000, 0, ""),
            event=event,
            sources=frozenset({"told"}),
            span=clock(event.occurred_at),
        )
        for place, event in enumerate(told)
    ]
    reach = Reach.round(tellings)
    stored = file_records(connection, streams, reach) if streams else []
    known = of_files([raw for raw in stored if not raw.same_as], {})
    answers = own_answers(connection, streams, reach)
    verdicts = engine.judge([*answers, *known.values(), *tellings])
    rows = _by_key(connection, {verdict.key for verdict in verdicts.values()})
    return [_known(verdicts.get(telling.ref), rows) for telling in tellings]


def _by_key(connection: Connection, keys: Collection[str]) -> dict[str, Transaction]:
    rows = connection.transactions.filter(edit=None, key__in=keys)
    return {row.key: row for row in rows}


def _known(verdict: Verdict | None, rows: Mapping[str, Transaction]) -> Known:
    row = rows.get(verdict.key) if verdict else None
    if verdict is None or row is None:
        return Known("new")
    if verdict.why:
        return Known("conflict", row.pk, str(WitnessConflict.Why(verdict.why).label))
    return Known("known", row.pk, _("Told already"))
