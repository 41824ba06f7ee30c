"""Records are kept and booked once, exactly, in any order; a changed one is told anew."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import (
    Connection,
    Holding,
    Posting,
    RawRecord,
    RawRevision,
    Stream,
    Transaction,
    ValuationState,
)
from portfolio.services import ledger
from portfolio.services.ledger import Stored
from tests import factories
from tests.live.ledgers import dump

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = 1_760_000_000


@pytest.fixture
def kraken(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def rows(kraken: Connection) -> Stream:
    return factories.stream(kraken, "ledger", record_count=0)


@pytest.fixture
def deposits(kraken: Connection) -> Stream:
    return factories.stream(kraken, "deposits", record_count=0)


def entry(ident: str, amount: str, asset: str = "XXBT", **more: Any) -> FetchedRecord:
    """A row of Kraken's ledger."""
    row: dict[str, Any] = {"refid": f"R-{ident}", "time": SECOND, "type": "deposit"}
    row |= {"asset": asset, "fee": "0"}
    row |= {"amount": amount} | more
    return FetchedRecord(ident, at(int(row["time"])), json.dumps({ident: row}))


def status(ident: str, word: str, **more: Any) -> FetchedRecord:
    """A row of Kraken's list of deposits, about the ledger row of the same number."""
    row = {"refid": f"R-{ident}", "time": SECOND - 60, "status": word, **more}
    return FetchedRecord(str(row["refid"]), at(SECOND - 60), json.dumps(row))


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def store(stream: Stream, *records: FetchedRecord) -> Stored:
    with transaction.atomic():
        return ledger.store(stream, records, endpoint="POST /0/private/Ledgers", now=NOW)


def held(of: Connection) -> dict[str, Decimal]:
    return {h.asset: h.quantity for h in Holding.objects.filter(connection=of)}


def test_a_page_stored_twice_is_stored_once(kraken: Connection, rows: Stream) -> None:
    page = [entry("L1", "1.5"), entry("L2", "-0.25", type="withdrawal", fee="0.0005")]
    assert store(rows, *page) == Stored(new=2, changed=0)
    before = dump(kraken)
    assert store(rows, *page) == Stored(new=0, changed=0)
    assert dump(kraken) == before
    assert held(kraken) == {"BTC": Decimal("1.2495")}


def test_a_record_twice_in_one_page_counts_once(kraken: Connection, rows: Stream) -> None:
    assert store(rows, entry("L1", "1"), entry("L1", "1")).new == 1
    assert held(kraken) == {"BTC": Decimal(1)}


def test_twins_with_ids_of_their_own_both_count(kraken: Connection, rows: Stream) -> None:
    store(rows, entry("L1", "1"), entry("L2", "1"))
    assert held(kraken) == {"BTC": Decimal(2)}


@pytest.mark.parametrize(
    "amounts",
    [
        ["0.123456789012345678", "1000000000.000000000000000001"],
        ["123456789012345678901234567890.123456789012345678", "0.000000000000000002"],
        ["-12345678901234567890123456789012345.5", "0." + "0" * 49 + "1"],
    ],
)
def test_no_digit_is_lost_on_the_way_through(
    kraken: Connection, rows: Stream, amounts: list[str]
) -> None:
    store(rows, *(entry(f"L{n}", amount) for n, amount in enumerate(amounts)))
    stored = Posting.objects.order_by("raw_record__external_id").values_list("amount", flat=True)
    assert [f"{amount:f}" for amount in stored] == amounts
    assert Fraction(held(kraken)["BTC"]) == sum(Fraction(amount) for amount in amounts)


def test_a_changed_record_is_booked_anew_and_its_former_text_is_kept(
    kraken: Connection, rows: Stream
) -> None:
    first = entry("L1", "1.5")
    store(rows, first, entry("L2", "1", asset="ZEUR"))
    changed = entry("L1", "2", time=SECOND - 86400)
    assert store(rows, changed) == Stored(new=0, changed=1)
    assert held(kraken) == {"BTC": Decimal(2), "EUR": Decimal(1)}
    raw = RawRecord.objects.get(external_id="L1")
    assert (raw.body, raw.occurred_at) == (changed.body, at(SECOND - 86400))
    assert [revision.body for revision in raw.revisions.all()] == [first.body]
    assert Transaction.objects.get(key="ledger:R-L1").occurred_at == at(SECOND - 86400)


def test_a_changed_record_leaves_the_same_as_if_it_had_come_so_at_once(
    owner: User, rows: Stream, deposits: Stream, kraken: Connection
) -> None:
    store(rows, entry("L1", "1.5"))
    store(deposits, status("L1", "Pending", txid="", info="addr"))
    store(deposits, status("L1", "Success", txid="0xfeed"))
    store(rows, entry("L1", "1.75"))
    other = factories.connection(owner)
    for stream in (rows, deposits):
        twin = factories.stream(other, stream.key, record_count=0)
        latest = (
            status("L1", "Success", txid="0xfeed") if stream == deposits else entry("L1", "1.75")
        )
        store(twin, latest)
    assert dump(kraken) == dump(other)
    told = Transaction.objects.get(connection=kraken).detail
    assert (told["status"], told["txid"]) == ("Success", "0xfeed")
    assert "address" not in told


def test_a_changed_record_that_tells_of_another_event_leaves_no_empty_one(
    kraken: Connection, rows: Stream
) -> None:
    store(rows, entry("L1", "1.5"))
    store(rows, entry("L1", "1.5", refid="R-other"))
    assert list(Transaction.objects.values_list("key", flat=True)) == ["ledger:R-other"]
    assert held(kraken) == {"BTC": Decimal("1.5")}


def test_a_transaction_keeps_its_row_when_it_is_told_anew(rows: Stream) -> None:
    store(rows, entry("L1", "1.5"))
    ident = Transaction.objects.get().pk
    store(rows, entry("L1", "2"))
    assert Transaction.objects.get().pk == ident


@pytest.mark.parametrize("evidence_first", [True, False])
def test_two_records_of_one_event_are_one_transaction_in_either_order(
    kraken: Connection, rows: Stream, deposits: Stream, evidence_first: bool
) -> None:
    pages = [(rows, entry("L1", "1.5")), (deposits, status("L1", "Success", txid="0xfeed"))]
    for stream, record in reversed(pages) if evidence_first else pages:
        store(stream, record)
    made = Transaction.objects.get()
    assert (made.kind, made.occurred_at) == ("deposit", at(SECOND))
    expected = {"status": "Success", "txid": "0xfeed", "type": "deposit", "entry": "L1"}
    assert made.detail == expected | {"reference": "R-L1"}
    assert made.raw_records.count() == 2
    assert held(kraken) == {"BTC": Decimal("1.5")}


def test_both_legs_of_a_trade_are_one_transaction_in_either_order(
    owner: User, kraken: Connection, rows: Stream
) -> None:
    legs = [
        entry("L1", "-100", asset="ZEUR", type="trade", refid="T1", fee="0.26"),
        entry("L2", "0.002", type="trade", refid="T1", time=SECOND + 1),
    ]
    store(rows, legs[0])
    store(rows, legs[1])
    other = factories.connection(owner)
    twin = factories.stream(other, "ledger", record_count=0)
    store(twin, legs[1])
    store(twin, legs[0])
    assert dump(kraken) == dump(other)
    assert Transaction.objects.get(connection=kraken).occurred_at == at(SECOND)


def test_a_record_that_cannot_be_read_is_kept_and_the_others_go_on(
    kraken: Connection, rows: Stream
) -> None:
    bad = [
        FetchedRecord("B1", NOW, '{"B1": {"refid": "x"}}'),
        FetchedRecord("B2", NOW, "[1, 2]"),
        FetchedRecord("B3", NOW, "not json"),
        entry("B4", "NaN"),
        entry("B5", "1e999999"),
        entry("B6", "1." + "0" * 60 + "1"),
    ]
    assert store(rows, entry("L1", "1"), *bad, entry("L2", "2")).new == 8
    problems = dict(RawRecord.objects.exclude(problem="").values_list("external_id", "problem"))
    assert sorted(problems) == ["B1", "B2", "B3", "B4", "B5", "B6"]
    assert all(len(problem) > 10 for problem in problems.values())
    assert held(kraken) == {"BTC": Decimal(3)}
    assert Transaction.objects.count() == 2


def test_a_record_that_can_be_read_no_more_gives_back_what_it_had_booked(
    kraken: Connection, rows: Stream
) -> None:
    store(rows, entry("L1", "1"))
    store(rows, entry("L1", "?"))
    raw = RawRecord.objects.get()
    assert raw.problem
    assert raw.transaction is None
    assert held(kraken) == {"BTC": Decimal(0)}
    assert not Transaction.objects.exists()
    store(rows, entry("L1", "1"))
    assert held(kraken) == {"BTC": Decimal(1)}
    assert RawRecord.objects.get().problem == ""
    assert RawRevision.objects.count() == 2


def test_an_unknown_coin_with_an_odd_name_stops_nothing(kraken: Connection, rows: Stream) -> None:
    odd = "VERY" + "LONG" * 40
    store(rows, entry("L1", "3", asset=odd), entry("L2", "1", refid="R" * 400))
    store(rows, entry("X" * 400, "2", type="deposit\x00"))
    names = sorted(held(kraken))
    assert names[0] == "BTC"
    assert names[1].startswith("VERYLONG")
    assert held(kraken)["BTC"] == Decimal(3)
    assert not RawRecord.objects.exclude(problem="").exists()


def test_the_earliest_changed_day_is_stale(owner: User, rows: Stream) -> None:
    store(rows, entry("L1", "1"), entry("L2", "1", time=SECOND - 5 * 86400))
    state = ValuationState.objects.get(owner=owner)
    assert state.stale_from == at(SECOND - 5 * 86400).date()
    ValuationState.objects.update(stale_from=None)
    store(rows, entry("L1", "1", time=SECOND + 3 * 86400))
    state.refresh_from_db()
    assert state.stale_from == at(SECOND).date()  # where it was is stale as well
    ValuationState.objects.update(stale_from=None)
    store(rows, entry("L1", "1", time=SECOND + 3 * 86400))
    state.refresh_from_db()
    assert state.stale_from is None


def test_a_later_mark_does_not_hide_an_earlier_one(owner: User) -> None:
    for day in (date(2025, 3, 1), date(2024, 3, 1), date(2026, 1, 1)):
        ledger.mark_stale(owner.pk, day)
    assert ValuationState.objects.get(owner=owner).stale_from == date(2024, 3, 1)


def test_the_queries_of_a_page_do_not_grow_with_it(rows: Stream, deposits: Stream) -> None:
    def queries(stream: Stream, records: list[FetchedRecord]) -> int:
        with CaptureQueriesContext(database) as found:
            store(stream, *records)
        return len(found)

    few = [entry(f"A{n}", "1") for n in range(30)]
    many = [entry(f"B{n}", "1") for n in range(120)]
    assert queries(rows, few) >= queries(rows, many)
    assert queries(rows, many) <= 4  # all known: savepoints and a look
    changed = [entry(f"A{n}", "2") for n in range(30)], [entry(f"B{n}", "2") for n in range(120)]
    assert queries(rows, changed[0]) >= queries(rows, changed[1])


def test_a_forgotten_history_leaves_nothing_and_touches_no_other(
    owner: User, kraken: Connection, rows: Stream
) -> None:
    other = factories.stream(factories.connection(owner), "ledger", record_count=0)
    for stream in (rows, other):
        store(stream, entry("L1", "1"))
        store(stream, entry("L1", "2"))
    with transaction.atomic():
        ledger.forget(kraken)
        kraken.delete()
    for model in (RawRecord, Transaction, Posting, Holding):
        assert list(model.objects.values_list("connection", flat=True)) == [other.connection_id]
    assert RawRevision.objects.count() == 1


def test_postings_of_a_page_say_when(rows: Stream) -> None:
    store(rows, entry("L1", "1", fee="0.1"))
    roles = Posting.objects.values_list("role", "amount", "occurred_at").order_by("position")
    when = at(SECOND)
    assert list(roles) == [("principal", Decimal(1), when), ("fee", Decimal("-0.1"), when)]
