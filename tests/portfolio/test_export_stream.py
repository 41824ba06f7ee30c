"""The neutral stream: values, transfers, notes and tags, selections, and what was there before."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from portfolio.engine.export import ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports.transfers import by_transfer
from portfolio.models import Connection, Note, Posting, Stream, Tag, ValuationState
from portfolio.selectors import export_openings, export_rows, exports
from portfolio.selectors.export_rows import Selection
from portfolio.services import daily_totals
from portfolio.services.export_preview import preview
from portfolio.services.exports import Asked, open_file
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime(2024, 5, 2, 11, 30, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def kraken(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, label="One"))


@pytest.fixture
def binance(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, exchange="binance", label="Two"))


def told(owner: User, selection: Selection | None = None) -> list[ExportTransaction]:
    return list(exports.transactions(owner, selection or Selection(), "EUR"))


# --- Values -----------------------------------------------------------------------------------


def test_each_leg_has_its_value_without_a_sign(owner: User, kraken: Stream) -> None:
    factories.holding(kraken.connection, "BTC")
    factories.transaction(kraken, ("-100.5", "EUR"), ("0.002", "BTC"), at=DAY)
    (trade,) = told(owner)
    assert [(leg.amount, leg.value) for leg in trade.legs] == [
        (Decimal("-100.5"), Decimal("100.5")),
        (Decimal("0.002"), Decimal("100.5")),
    ]


def test_what_is_not_known_is_none(owner: User, kraken: Stream) -> None:
    factories.transaction(kraken, ("5", "OBSCURE"), kind="reward", at=DAY)
    assert told(owner)[0].legs[0].value is None


# --- Transfers --------------------------------------------------------------------------------


def test_both_halves_of_an_accepted_transfer_name_each_other(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    out = factories.transaction(
        kraken, ("-1", "BTC"), ("-0.1", "BTC", "fee"), kind="withdrawal", at=DAY
    )
    into = factories.transaction(
        binance, ("0.9", "BTC"), kind="deposit", at=DAY.replace(hour=12), wallet="funding"
    )
    link = factories.transfer(out, into, status="accepted", received=Decimal("0.9"))
    left, arrived = told(owner)
    assert left.transfer == arrived.transfer == link.pk
    assert left.counterpart is not None
    assert arrived.counterpart is not None
    assert (left.counterpart.transaction, left.counterpart.wallet) == (into.pk, "funding")
    assert (left.counterpart.account_label, left.counterpart.exchange) == ("Two", "binance")
    assert (left.counterpart.amount, arrived.counterpart.amount) == (Decimal("0.9"), Decimal(1))
    assert left.pieces == arrived.pieces == ()


def test_a_half_knows_the_transaction_id_of_the_other(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    out = factories.transaction(
        kraken, ("-1", "BTC"), kind="withdrawal", at=DAY, detail={"txid": "0xcc"}
    )
    into = factories.transaction(binance, ("1", "BTC"), kind="deposit", at=DAY.replace(hour=12))
    factories.transfer(out, into, status="accepted")
    left, arrived = told(owner)
    assert (left.counterpart and left.counterpart.txid) == ""
    assert (arrived.counterpart and arrived.counterpart.txid) == "0xcc"


def test_half_a_transfer_is_told_where_only_one_connection_is_chosen(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    out = factories.transaction(kraken, ("-1", "BTC"), kind="withdrawal", at=DAY)
    into = factories.transaction(binance, ("1", "BTC"), kind="deposit", at=DAY.replace(hour=12))
    factories.transfer(out, into, status="accepted")
    one = Asked("koinly", connections=(kraken.connection.pk,))
    assert preview(owner, one).shortfalls == {"other_half": 1}
    assert preview(owner, Asked("koinly")).shortfalls == {}


def test_a_half_knows_that_the_other_was_not_asked_for(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    out = factories.transaction(kraken, ("-1", "BTC"), kind="withdrawal", at=DAY)
    later = DAY + timedelta(days=1)
    into = factories.transaction(binance, ("1", "BTC"), kind="deposit", at=later, wallet="funding")
    factories.transfer(out, into, status="accepted")
    alone = (
        Selection(before=later),
        Selection(since=later),
        Selection(connections=(binance.connection.pk,)),
        Selection(wallets=("funding",)),
        Selection(kinds=(TransactionKind.DEPOSIT,)),
    )
    for selection in alone:
        streamed = told(owner, selection)
        assert [row.is_half_alone for row in streamed] == [True], selection
        assert exports.first(owner, selection, "EUR", limit=5) == streamed
    both = Selection(since=DAY, before=later + timedelta(days=1), wallets=("spot", "funding"))
    assert [row.is_half_alone for row in told(owner, both)] == [False, False]


def test_a_proposal_is_no_transfer(owner: User, kraken: Stream, binance: Stream) -> None:
    out = factories.transaction(kraken, ("-1", "BTC"), kind="withdrawal", at=DAY)
    factories.transfer(out, factories.transaction(binance, ("1", "BTC"), kind="deposit", at=DAY))
    assert [row.transfer for row in told(owner)] == [None, None]


def test_what_arrived_in_parts_can_be_cut_and_nothing_is_lost(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    out = factories.transaction(
        kraken, ("-3", "BTC"), ("-0.1", "BTC", "fee"), kind="withdrawal", at=DAY
    )
    links = []
    for part in ("1", "1.5"):
        into = factories.transaction(binance, (part, "BTC"), kind="deposit", at=DAY)
        links.append(
            factories.transfer(
                out, into, status="accepted", is_part=True, sent=Decimal(part),
                received=Decimal(part),
            )
        )  # fmt: skip
    whole, *_ = told(owner)
    assert [piece.transfer for piece in whole.pieces] == [link.pk for link in links]
    first, second, rest = by_transfer([whole])
    assert [leg.amount for leg in first.legs] == [Decimal(-1), Decimal("-0.1")]
    assert [leg.amount for leg in second.legs] == [Decimal("-1.5")]
    assert [leg.amount for leg in rest.legs] == [Decimal("-0.5")]
    assert [row.transfer for row in (first, second, rest)] == [links[0].pk, links[1].pk, None]
    assert (first.counterpart and first.counterpart.amount) == Decimal(1)
    assert list(by_transfer([replace(whole, pieces=())])) == [replace(whole, pieces=())]


# --- Notes and tags ---------------------------------------------------------------------------


def test_notes_and_tags_are_told(owner: User, kraken: Stream) -> None:
    row = factories.transaction(kraken, ("1", "BTC"), kind="reward", at=DAY)
    Note.objects.create(transaction=row, text="from a friend")
    for name in ("taxed", "gift"):
        Tag.objects.create(owner=owner, name=name).transactions.add(row)
    (found,) = told(owner)
    assert (found.note, found.tags) == ("from a friend", ("gift", "taxed"))
    assert len(found.legs) == 1


# --- Selections -------------------------------------------------------------------------------


def test_a_selection_picks_connections_wallets_and_kinds(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    one = factories.transaction(kraken, ("1", "BTC"), kind="reward", at=DAY)
    two = factories.transaction(binance, ("2", "BTC"), kind="deposit", at=DAY, wallet="funding")
    moved = factories.transaction(binance, ("-2", "BTC"), kind="transfer", at=DAY)
    Posting.objects.create(
        owner=owner, connection=binance.connection, transaction=moved, position=9, wallet="funding",
        asset="BTC", amount=Decimal(2), role="principal", occurred_at=DAY,
        raw_record=moved.raw_records.get(),
    )  # fmt: skip
    picked = {
        "connections": told(owner, Selection(connections=(kraken.connection_id,))),
        "wallets": told(owner, Selection(wallets=("funding",))),
        "kinds": told(owner, Selection(kinds=(TransactionKind.DEPOSIT, TransactionKind.REWARD))),
    }
    assert {name: [row.id for row in rows] for name, rows in picked.items()} == {
        "connections": [one.pk],
        "wallets": [two.pk, moved.pk],
        "kinds": [one.pk, two.pk],
    }
    assert [leg.amount for leg in picked["wallets"][1].legs] == [Decimal(2)]
    assert export_rows.count(owner, Selection(wallets=("funding",))) == 2
    assert exports.wallets(factories.user()) == []


def test_a_range_of_days_has_both_its_ends(owner: User, kraken: Stream) -> None:
    for day in (1, 2, 3):
        factories.transaction(kraken, ("1", "BTC"), kind="reward", at=DAY.replace(day=day))
    asked = Asked("jsonl", first=date(2024, 5, 2), last=date(2024, 5, 3))
    file = open_file(owner, asked)
    head, *lines = b"".join(file.chunks).splitlines()
    assert [json.loads(line)["time"][:10] for line in lines] == ["2024-05-02", "2024-05-03"]
    assert file.name == "coffer-jsonl-from-2024-05-02-to-2024-05-03.jsonl"
    assert json.loads(head)["since"] == "2024-05-02T00:00:00Z"


def test_the_first_rows_are_those_of_the_whole(owner: User, kraken: Stream) -> None:
    for day in (3, 1, 2):
        factories.transaction(
            kraken, ("-10", "EUR"), ("1", "DOT"), kind="trade", at=DAY.replace(day=day)
        )
    assert exports.first(owner, Selection(), "EUR", limit=2) == told(owner)[:2]


def test_connections_come_one_after_the_other_from_one_statement(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    one = factories.transaction(kraken, ("1", "BTC"), kind="reward", at=DAY.replace(day=9))
    two = factories.transaction(binance, ("2", "BTC"), kind="reward", at=DAY)
    asked = Selection(connections=(kraken.connection_id, binance.connection_id))
    each = exports.by_connection(owner, asked, "EUR")
    found = [(account, [row.id for row in rows]) for account, rows in each]
    assert found == [(kraken.connection_id, [one.pk]), (binance.connection_id, [two.pk])]


# --- Openings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_summed", [True, False], ids=["of stored days", "of postings"])
def test_openings_are_the_sums_before_the_range(
    owner: User, kraken: Stream, binance: Stream, *, is_summed: bool
) -> None:
    factories.transaction(kraken, ("1.5", "BTC"), kind="reward", at=DAY.replace(year=2022))
    factories.transaction(kraken, ("-0.5", "BTC"), kind="withdrawal", at=DAY.replace(day=1))
    factories.transaction(kraken, ("7", "BTC"), kind="reward", at=DAY)
    factories.transaction(binance, ("2", "DOT"), kind="reward", at=DAY.replace(year=2021))
    factories.transaction(binance, ("-2", "DOT"), kind="reward", at=DAY.replace(year=2022))
    if is_summed:
        daily_totals.store(owner.pk, date(2020, 1, 1))
        ValuationState.objects.create(owner=owner, stale_from=None, computed_at=factories.NOW)
    since = DAY.replace(hour=0, minute=0)
    (found,) = export_openings.openings(owner, Selection(since=since))
    assert (found.account_label, found.wallet, found.asset) == ("One", "spot", "BTC")
    assert found.quantity == 1
    assert export_openings.openings(owner, Selection()) == ()


# --- The same bytes ---------------------------------------------------------------------------


@pytest.mark.parametrize("format_id", ["csv", "jsonl", "koinly", "xlsx"])
def test_the_same_request_gives_the_same_bytes(
    owner: User, kraken: Stream, binance: Stream, format_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream in (kraken, binance):
        factories.transaction(stream, ("-10", "EUR"), ("1", "DOT"), kind="trade", at=DAY)
    first = b"".join(open_file(owner, Asked(format_id)).chunks)
    # Whatever the clock says.
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert b"".join(open_file(owner, Asked(format_id)).chunks) == first
    if format_id == "koinly":
        packed = zipfile.ZipFile(io.BytesIO(first))
        assert packed.namelist() == ["one-kraken.csv", "two-binance.csv"]


def test_another_users_connection_gives_nothing(owner: User, kraken: Stream) -> None:
    factories.transaction(kraken, ("1", "BTC"), kind="reward", at=DAY)
    other = factories.user()
    assert told(other, Selection(connections=(kraken.connection_id,))) == []
    assert Connection.objects.of(other).count() == 0
