"""One event told by the exchange and by files is one transaction, whoever came first."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import (
    Connection,
    Edit,
    Holding,
    Note,
    Posting,
    RawRecord,
    Stream,
    Transaction,
    TransferLink,
    WitnessConflict,
)
from portfolio.services import bulk, edits, ledger, renormalising, witnesses
from tests import factories
from tests.portfolio import files
from tests.portfolio.files import NOW, START, bring, line

SECOND = int(START.timestamp())
Step = Callable[[], None]


@pytest.fixture(autouse=True)
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    files.known(monkeypatch)


@pytest.fixture
def kraken(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def rows(kraken: Connection) -> Stream:
    return factories.stream(kraken, "ledger", record_count=0)


def entry(
    ident: str, amount: str, asset: str = "XXBT", *, ref: str = "", second: float = 0, **more: str
) -> FetchedRecord:
    """A row of Kraken's ledger."""
    row = {"refid": ref or f"R-{ident}", "time": SECOND + second, "type": "deposit", "fee": "0"}
    row |= {"asset": asset, "amount": amount} | more
    return FetchedRecord(ident, START + timedelta(seconds=second), json.dumps({ident: row}))


def page(into: Stream, *records: FetchedRecord) -> None:
    with transaction.atomic():
        ledger.store(into, records, endpoint="POST /0/private/Ledgers", now=NOW)


def trade(ident: str, *, second: float = 0) -> tuple[FetchedRecord, ...]:
    """Half a Bitcoin for 100 euros."""
    return (
        entry(f"{ident}a", "0.5", ref=ident, second=second, type="trade"),
        entry(f"{ident}b", "-100", "ZEUR", ref=ident, second=second, type="trade", fee="0.26"),
    )


BOUGHT = "0.5 BTC;-100 EUR;-0.26 EUR fee"


def held(of: Connection) -> dict[str, Decimal]:
    rows = Holding.objects.filter(connection=of)
    return {row.asset: row.quantity for row in rows if row.quantity}


def booked(of: Connection) -> list[tuple[object, ...]]:
    """Transactions and postings, whatever keys they have."""
    rows = Posting.objects.filter(connection=of).order_by(
        "transaction__occurred_at", "asset", "amount"
    )
    sums = rows.values_list("transaction__kind", "occurred_at", "asset", "amount", "role")
    return [*sums, (Transaction.objects.filter(connection=of).count(),)]


def settled(of: Connection) -> None:
    """What is stored is what the records say: a rebuild finds nothing to change."""
    before = booked(of), held(of)
    for counts in renormalising.preview(of):
        assert counts.same == counts.read, counts
    job = renormalising.start(connection=of, is_rebuild=True)
    while not renormalising._step(job.pk).is_finished:
        pass
    assert (booked(of), held(of)) == before


def test_a_file_beside_the_exchange_is_decided_before_it_is_booked(
    kraken: Connection, rows: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(rows, *trade("T1"))
    made: list[object] = []
    create = bulk.create

    def note(new: Sequence[Transaction]) -> None:
        made.extend(new)
        create(new)

    monkeypatch.setattr(bulk, "create", note)
    bring(kraken, line(BOUGHT), line("2 BTC", "reward", second=999), line("oops BTC", second=1))
    # Two records that the file alone tells, one of them unreadable; no trade that goes again.
    assert [row.kind for row in made if isinstance(row, Transaction)] == ["reward"]
    stored = files.stream(kraken).raw_records.order_by("occurred_at")
    assert [bool(raw.same_as) for raw in stored] == [True, False, False]
    assert [bool(raw.problem) for raw in stored] == [False, True, False]
    assert stored[1].transaction is None
    settled(kraken)


def test_a_file_after_the_exchange_adds_nothing_but_evidence(
    kraken: Connection, rows: Stream
) -> None:
    page(rows, *trade("T1", second=0.25), entry("L9", "2", second=9))
    before = booked(kraken)
    bring(kraken, line(BOUGHT), line("2 BTC", "deposit", second=9, ident="0xabc"))
    assert booked(kraken) == before
    witness = RawRecord.objects.filter(stream__kind="import").order_by("occurred_at")
    assert [raw.same_as for raw in witness] == ["ledger:T1", "ledger:R-L9"]
    assert [raw.transaction.key for raw in witness if raw.transaction] == [
        "ledger:T1",
        "ledger:R-L9",
    ]
    assert Transaction.objects.get(key="ledger:R-L9").detail["txid"] == "0xabc"
    settled(kraken)


def test_any_order_makes_the_same_ledger(owner: User) -> None:
    ledgers = []
    for number, order in enumerate(itertools.permutations(range(4))):
        made = factories.connection(owner, account_uid=f"number {number}")
        answers = factories.stream(made, "ledger", record_count=0)
        steps: list[Step] = [
            lambda into=answers: page(into, *trade("T1", second=0.25), *trade("T2", second=0.5)),  # type: ignore[misc]
            lambda into=answers: page(into, *trade("T3", second=1.75), entry("L9", "2", second=9)),  # type: ignore[misc]
            lambda of=made: bring(
                of, line(BOUGHT), line(BOUGHT), line(BOUGHT, second=1), line(BOUGHT, second=400)
            ),  # type: ignore[misc]
            lambda of=made: bring(
                of,
                line("0.5 BTC;-100.26 EUR"),
                line("2 BTC", "deposit", second=9),
                line("7 BTC", "deposit", second=9),
                ident="tool",
                name="b.csv",
            ),  # type: ignore[misc]
        ]
        for step in order:
            steps[step]()
        ledgers.append((booked(made), held(made)))
        settled(made)
    assert all(told == ledgers[0] for told in ledgers)
    assert ledgers[0][1] == {"BTC": Decimal("11.0"), "EUR": Decimal("-401.04")}


def test_twins_in_the_file_survive_and_so_do_those_of_the_exchange(
    kraken: Connection, rows: Stream
) -> None:
    bring(kraken, line(BOUGHT), line(BOUGHT), line(BOUGHT))
    assert held(kraken)["BTC"] == Decimal("1.5")
    page(rows, *trade("T1"), *trade("T2"))
    assert held(kraken)["BTC"] == Decimal("1.5")
    page(rows, *trade("T3"), *trade("T4"))
    assert held(kraken)["BTC"] == Decimal(2)
    assert Transaction.objects.filter(connection=kraken).count() == 4


def test_a_key_that_is_the_exchanges_own_is_not_booked_twice(
    kraken: Connection, rows: Stream
) -> None:
    page(rows, *trade("T1"))
    bring(kraken, line(BOUGHT, second=70, key="ledger:T1"))
    assert held(kraken) == {"BTC": Decimal("0.5"), "EUR": Decimal("-100.26")}


def test_of_two_files_the_better_one_is_booked_and_the_other_takes_over(
    kraken: Connection,
) -> None:
    bring(kraken, line("0.5 BTC;-100.26 EUR"), ident="tool", name="b.csv")
    bring(kraken, line(BOUGHT))
    assert Posting.objects.filter(role="fee").count() == 1
    better = RawRecord.objects.get(stream__key="import:statement")
    with transaction.atomic():  # as undoing an import does
        ledger.unbook(kraken, [better])
        better.delete()
        witnesses.settle(kraken, START, START)
    assert held(kraken) == {"BTC": Decimal("0.5"), "EUR": Decimal("-100.26")}
    (left,) = Transaction.objects.filter(connection=kraken)
    assert left.key.startswith("import:tool:")
    settled(kraken)


def test_a_changed_answer_of_the_exchange_lets_the_file_stand_for_itself(
    kraken: Connection, rows: Stream
) -> None:
    page(rows, entry("L1", "1"))
    bring(kraken, line("1 BTC", "deposit"))
    assert held(kraken) == {"BTC": Decimal(1)}
    page(rows, entry("L1", "7", second=9000))
    assert held(kraken) == {"BTC": Decimal(8)}
    page(rows, entry("L1", "1"))
    assert held(kraken) == {"BTC": Decimal(1)}
    settled(kraken)


# --- What a user did ------------------------------------------------------------------------------


def test_an_edit_lives_on_with_the_exchanges_telling(
    owner: User, kraken: Connection, rows: Stream
) -> None:
    bring(kraken, line("2 BTC", "deposit"))
    (told,) = Transaction.objects.filter(connection=kraken)
    edits.reclassify(user=owner, ids=[told.pk], kind=TransactionKind.AIRDROP)
    page(rows, entry("L1", "2", second=0.5))
    (now,) = Transaction.objects.current().filter(connection=kraken)
    assert now.kind == "airdrop"
    assert held(kraken) == {"BTC": Decimal(2)}
    edit = Edit.objects.get()
    assert (edit.is_reverted, edit.record_changed_at) == (False, None)
    assert Transaction.objects.get(is_replaced=True).key == "ledger:R-L1"
    settled(kraken)


def test_an_edit_of_what_becomes_several_is_taken_back_with_words(
    owner: User, kraken: Connection, rows: Stream
) -> None:
    bring(kraken, line("3 BTC", "deposit"))
    edits.hide(user=owner, ids=[Transaction.objects.get(connection=kraken).pk])
    page(rows, entry("L1", "1"), entry("L2", "2"))
    assert held(kraken) == {"BTC": Decimal(3)}
    assert Edit.objects.get().reverted_why


def test_notes_and_transfers_go_to_the_exchanges_telling(
    owner: User, kraken: Connection, rows: Stream
) -> None:
    bring(kraken, line("2 BTC", "deposit"))
    told = Transaction.objects.get(connection=kraken)
    Note.objects.create(transaction=told, text="from the wallet at home")
    other = factories.stream(factories.connection(owner, exchange="binance"), "withdrawals")
    left = factories.transaction(other, ("-2", "BTC"), kind="withdrawal", at=START)
    link = factories.transfer(left, told, status="accepted")
    page(rows, entry("L1", "2", second=0.5))
    answer = Transaction.objects.get(connection=kraken)
    assert answer.key == "ledger:R-L1"
    assert TransferLink.objects.get(pk=link.pk).incoming == answer
    assert Note.objects.get(transaction=answer).text == "from the wallet at home"


# --- Conflicts --------------------------------------------------------------------------------


def test_what_contradicts_books_nothing_until_it_is_decided(
    kraken: Connection, rows: Stream
) -> None:
    page(rows, entry("L1", "2"))
    bring(kraken, line("2.01 BTC", "deposit"))
    assert held(kraken) == {"BTC": Decimal(2)}
    conflict = WitnessConflict.objects.get()
    assert (conflict.key, conflict.why, conflict.decision) == ("ledger:R-L1", "near", "")
    settled(kraken)
    assert WitnessConflict.objects.get() == conflict


def test_a_conflict_that_is_none_any_more_is_not_listed(kraken: Connection, rows: Stream) -> None:
    page(rows, entry("L1", "2"))
    bring(kraken, line("2.01 BTC", "deposit"))
    page(rows, entry("L1", "2.01"))
    assert not WitnessConflict.objects.exists()
    assert held(kraken) == {"BTC": Decimal("2.01")}


# --- Before an import, and its cost ---------------------------------------------------------------


def test_a_preview_says_what_is_known(kraken: Connection, rows: Stream) -> None:
    page(rows, entry("L1", "2"), entry("L2", "5", second=600))
    bring(kraken, line("9 BTC", "deposit", second=1200))

    def deposit(amount: str, second: int) -> Event:
        moved = (Movement("spot", "BTC", Decimal(amount)),)
        return Event("", TransactionKind.DEPOSIT, START + timedelta(seconds=second), moved)

    told = [deposit("2", 0), deposit("5.01", 600), deposit("9", 1200), deposit("9", 1200)]
    states = witnesses.compare(kraken, told)
    assert [each.state for each in states] == ["known", "conflict", "known", "new"]
    assert states[0].transaction_id == Transaction.objects.get(key="ledger:R-L1").pk
    assert Transaction.objects.count() == 3


def test_a_page_of_a_connection_without_files_asks_once_more(
    kraken: Connection, rows: Stream
) -> None:
    page(rows, entry("L0", "1"))
    with CaptureQueriesContext(
        database,
    ) as asked:
        page(rows, entry("L1", "1", second=60))
    about = [q["sql"] for q in asked if "kind\" = 'import'" in q["sql"]]
    assert len(about) == 1


def test_a_page_costs_the_same_with_a_long_history_of_files(
    kraken: Connection, rows: Stream
) -> None:
    bring(kraken, *(line("1 BTC", "deposit", second=-86400 * n) for n in range(10, 40)))
    page(rows, entry("L0", "1", second=5))

    def queries(ident: str, second: int) -> int:
        with CaptureQueriesContext(database) as asked:
            page(rows, entry(ident, "1", second=second))
        return len(asked)

    before = queries("L1", 100)
    bring(kraken, *(line("1 BTC", "deposit", second=-86400 * n) for n in range(40, 400)), name="b")
    assert queries("L2", 200) == before


def test_a_file_of_days_alone_meets_the_exchanges_seconds(owner: User) -> None:
    day = START.replace(hour=0, minute=0, second=0)
    dated = (day.date().isoformat(), "deposit", "1 BTC", "", "")
    for number, turn in enumerate((False, True)):
        of = factories.connection(owner, account_uid=f"number {number}")
        answers = factories.stream(of, "ledger", record_count=0)
        steps = [
            lambda into=answers: page(into, entry("L1", "1"), entry("L2", "3", second=86400)),
            lambda of=of: bring(of, dated),
        ]
        for step in reversed(steps) if turn else steps:
            step()
        assert held(of) == {"BTC": Decimal(4)}
        settled(of)
