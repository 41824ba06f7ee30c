"""Each finder: what it finds, what it leaves, and that a fix closes that finding alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.functional import Promise
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import (
    Checkpoint,
    Connection,
    DailyTotal,
    DataGrade,
    Finding,
    Holding,
    PriceSeries,
    Stream,
    Transaction,
    TransferLink,
)
from portfolio.selectors import finder as registry
from portfolio.selectors import locating
from portfolio.selectors.finder import Found
from portfolio.selectors.finders import (
    connections,
    discrepancies,
    duplicates,
    negative,
    one_sided,
    transfers,
    unpriced,
)
from portfolio.services import findings, ledger, manual_entries, valuation
from portfolio.services import transfers as transfer_service
from portfolio.services.manual_entries import Told
from tests import factories
from tests.factories import NOW
from tests.portfolio.conftest import Browser

D = Decimal
DAY = timedelta(days=1)


def quoted_once(asset: str) -> None:
    """Some exchange had a price of it once."""
    PriceSeries.objects.create(
        asset=asset, currency="EUR", source="kraken:sandbox", fetched_from=NOW.date()
    )


@pytest.fixture
def here(owner: User) -> Connection:
    factories.price("BTC", "50000")
    factories.price("USD", "0.9")
    quoted_once("NEWCOIN")
    return factories.connection(owner, exchange="binance", label="Binance")


@pytest.fixture
def there(owner: User) -> Connection:
    return factories.connection(owner, label="Kraken")


def one(found: object) -> Found:
    (only,) = list(found)  # type: ignore[call-overload]
    assert isinstance(only, Found)
    return only


def test_every_finder_has_all_that_it_needs() -> None:
    known = registry.finders()
    assert len({finder.cause for finder in known}) == len(known) >= 7
    for finder in known:
        assert 0 < len(finder.cause) <= 30
        assert 0 <= finder.weight <= 1
        for text in (finder.title, finder.words, finder.fix):
            assert isinstance(text, Promise)
            assert str(text)


def test_a_new_account_has_nothing_to_review(owner: User) -> None:
    assert findings.refresh(owner.pk) == findings.Refreshed()


# --- Discrepancies ----------------------------------------------------------------------------


def test_a_discrepancy_with_its_stretch_and_money(owner: User, here: Connection) -> None:
    stream = factories.stream(here, "trades:BTCEUR")
    factories.coverage(stream, NOW - 90 * DAY, NOW)
    factories.transaction(stream, ("10", "BTC"), at=NOW - 20 * DAY, kind="deposit")
    holding = factories.holding(here, "BTC", "10", reported="12")
    for day in range(10, 0, -1):
        reported = D(10) if day > 5 else D(12)
        Checkpoint.objects.create(
            holding=holding, at=NOW - day * DAY, reported=reported, ledger=D(10)
        )
    found = one(discrepancies.find(owner))
    assert (found.asset, found.quantity, found.value) == ("BTC", D(2), D(100000))
    assert found.data["likeliest"] == "missing"
    words = discrepancies.line(found.data)
    assert "14 Nov 2026" in words
    assert "15 Nov 2026" in words
    assert "a record is missing" in words


def test_what_is_explained_is_explained_once_a_day(
    owner: User, here: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = factories.holding(here, "BTC", "10", reported="12")
    Checkpoint.objects.create(holding=holding, at=NOW, reported=D(12), ledger=D(10))
    explained = []
    explain = locating.explained

    def counted(of: Holding, *, unserved: frozenset[str]) -> locating.Place:
        explained.append(of)
        return explain(of, unserved=unserved)

    monkeypatch.setattr(locating, "explained", counted)
    findings.refresh(owner.pk)
    first = Finding.objects.get(owner=owner, cause="discrepancy").data
    assert first["until"]
    findings.refresh(owner.pk)
    assert Finding.objects.get(owner=owner, cause="discrepancy").data == first
    assert len(explained) == 1
    Holding.objects.update(reported=D(13))  # another difference is explained anew
    findings.refresh(owner.pk)
    assert len(explained) == 2
    DataGrade.objects.update(as_of=timezone.now() - DAY)
    findings.refresh(owner.pk)
    assert len(explained) == 3


def test_rounding_and_what_is_not_known_yet_are_no_discrepancies(
    owner: User, here: Connection
) -> None:
    factories.holding(here, "BTC", "1", reported="1.00000001")
    factories.holding(here, "SHIB", "12345678901", reported="12345678902")
    factories.holding(here, "ETH", "1", reported=None)
    fresh = factories.connection(owner, backfilled_at=None)
    factories.holding(fresh, "BTC", "1", reported="2")
    assert list(discrepancies.find(owner)) == []


def test_many_discrepancies_cost_no_query_each(
    owner: User,
    here: Connection,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(60):
        factories.holding(here, f"C{number}", "1", reported="2")
    factories.holding(here, "BTC", "1", reported="2")
    monkeypatch.setattr(discrepancies, "EXPLAINED", 2)
    with django_assert_max_num_queries(25):
        found = list(discrepancies.find(owner))
    assert len(found) == 61
    assert found[-1].asset == "BTC"  # unknown money comes first


# --- Transfers --------------------------------------------------------------------------------


@pytest.fixture
def sides(here: Connection, there: Connection) -> tuple[Stream, Stream]:
    return factories.stream(here), factories.stream(there)


def proposed(sides: tuple[Stream, Stream], **fields: object) -> TransferLink:
    out = factories.transaction(sides[0], ("-0.5", "BTC"), kind="withdrawal", at=NOW - DAY)
    into = factories.transaction(sides[1], ("0.5", "BTC"), kind="deposit", at=NOW - DAY)
    return factories.transfer(out, into, **fields)


def test_a_proposal_waits(owner: User, sides: tuple[Stream, Stream]) -> None:
    proposed(sides)
    found = one(transfers.find(owner))
    assert (found.quantity, found.value) == (D("0.5"), D(25000))
    assert transfers.line(found.data) == "From Binance to Kraken."
    assert list(one_sided.find(owner)) == []


def test_unlikely_proposals_are_not_told_as_transfers(
    owner: User, sides: tuple[Stream, Stream]
) -> None:
    proposed(sides, level=TransferLink.Level.WEAK)
    assert list(transfers.find(owner)) == []
    assert len(list(one_sided.find(owner))) == 2


def test_a_large_movement_with_one_side(owner: User, sides: tuple[Stream, Stream]) -> None:
    factories.holding(sides[1].connection, "BTC", "10")
    out = factories.transaction(sides[0], ("-0.2", "BTC"), kind="withdrawal")
    found = one(one_sided.find(owner))
    assert (found.quantity, found.value) == (D("-0.2"), D(10000))
    assert found.url == f"/transactions/{out.pk}/"
    assert "Left on 20 Nov 2026" in one_sided.line(found.data)


def test_small_movements_and_money_of_states_are_left(
    owner: User, sides: tuple[Stream, Stream]
) -> None:
    factories.holding(sides[1].connection, "BTC", "10")
    factories.transaction(sides[0], ("0.0999", "BTC"), kind="deposit")  # under a hundredth
    price = factories.price("EUR", "1.1", currency="USD")
    price.source = "ecb"
    price.save()
    factories.transaction(sides[0], ("900000", "EUR"), kind="deposit")
    assert list(one_sided.find(owner)) == []


# --- Connections, prices ----------------------------------------------------------------------


def test_what_is_wrong_with_connections(owner: User) -> None:
    factories.connection(owner, label="B", status="broken", status_reason="Invalid signature.")
    slow = factories.connection(owner, label="S", backfilled_at=None)
    factories.stream(slow, state=Stream.State.FAILED)
    factories.audit(slow, missing=["Query Ledger"])
    factories.connection(owner, status="removed", backfilled_at=None)
    factories.connection(owner, status="refused", backfilled_at=None)
    factories.connection(owner)
    told = [connections.line(found.data) for found in connections.find(owner)]
    assert told == [
        "The key does not work. Invalid signature.",
        "The history is not in yet: all figures are provisional.",
        "1 kind of record could not be fetched; it is tried again by itself.",
        "The key lacks a permission to read: Query Ledger.",
    ]
    assert all(found.value is None for found in connections.find(owner))


def test_an_asset_without_a_price(owner: User, here: Connection, there: Connection) -> None:
    factories.holding(here, "BTC", "1")
    factories.holding(here, "NEWCOIN", "1.5")
    factories.holding(there, "NEWCOIN", "2")
    found = one(unpriced.find(owner))
    assert (found.asset, found.quantity, found.value) == ("NEWCOIN", D("3.5"), None)
    assert unpriced.line(found.data) == "Held in 2 wallets."


def test_an_asset_without_a_price_is_ranked_by_its_last_known_worth(
    owner: User, here: Connection
) -> None:
    factories.holding(here, "NEWCOIN", "2")
    factories.daily_price("NEWCOIN", "3", date(2020, 1, 1), currency="ETH")
    factories.daily_price("NEWCOIN", "5", date(2021, 1, 1), currency="ETH")
    factories.price("ETH", "1000", at=timezone.now())
    found = one(unpriced.find(owner))
    assert found.value == 10_000


# --- Less than nothing ------------------------------------------------------------------------


def test_more_went_out_than_had_come_in(owner: User, here: Connection) -> None:
    stream = factories.stream(here)
    for days, amount in ((9, "1"), (8, "-1.5"), (7, "-0.5"), (6, "3")):
        factories.transaction(stream, (amount, "BTC"), at=NOW - days * DAY)
    found = one(negative.find(owner))
    assert (found.quantity, found.value) == (D(-1), D(50000))
    assert negative.line(found.data) == "Wallet spot, lowest at the end of 13 Nov 2026."


def test_stored_days_and_the_postings_since_are_one_history(owner: User, here: Connection) -> None:
    stream = factories.stream(here)
    for days, amount in ((9, "1"), (8, "-1.5"), (7, "-0.5"), (6, "3")):
        factories.transaction(stream, (amount, "BTC"), at=NOW - days * DAY)
    factories.holding(here, "BTC", "2")
    before = list(negative.find(owner))
    valuation.recompute(owner.pk)
    assert DailyTotal.objects.filter(owner=owner).count() == 4
    assert list(negative.find(owner)) == before
    factories.transaction(stream, ("-9", "BTC"), at=NOW - 7 * DAY)
    ledger.mark_stale(owner.pk, (NOW - 7 * DAY).date())
    assert one(negative.find(owner)).quantity == D(-10)


def test_one_day_rounding_loans_and_what_does_not_count_are_not_negative(
    owner: User, here: Connection
) -> None:
    stream = factories.stream(here)
    factories.transaction(stream, ("-1", "BTC"), at=NOW - timedelta(hours=3))  # one day
    factories.transaction(stream, ("2", "BTC"), at=NOW)
    factories.transaction(stream, ("-0.00000001", "ETH"))
    factories.transaction(stream, ("-5", "EUR"), wallet="cross margin")
    replaced = factories.transaction(stream, ("-5", "DOT"))
    replaced.postings.update(counts=False)
    fresh = factories.connection(owner, backfilled_at=None)
    factories.transaction(factories.stream(fresh), ("-7", "BTC"))
    assert list(negative.find(owner)) == []


# --- Twins ------------------------------------------------------------------------------------


def trade(stream: Stream, *, seconds: int = 0, paid: str = "-100", fee: str = "-0.1") -> None:
    at = NOW - DAY + timedelta(seconds=seconds)
    factories.transaction(stream, ("0.002", "BTC"), (paid, "EUR"), (fee, "EUR", "fee"), at=at)


def test_two_connections_tell_of_the_same(owner: User, sides: tuple[Stream, Stream]) -> None:
    trade(sides[0])
    trade(sides[1], seconds=5, fee="-0.11")  # fees are told in many ways
    found = one(duplicates.find(owner))
    assert (found.asset, found.quantity, found.value) == ("BTC", D("0.002"), D(100))
    assert duplicates.line(found.data) == "19 Nov 2026, 12:00; Binance tells of the same."


@pytest.mark.parametrize("which", ["later", "paid", "same connection", "way", "alone"])
def test_what_is_only_alike_in_part_is_no_twin(
    owner: User, sides: tuple[Stream, Stream], which: str
) -> None:
    trade(sides[0])
    if which == "later":
        trade(sides[1], seconds=6)
    elif which == "paid":
        trade(sides[1], paid="-100.01")
    elif which == "same connection":
        trade(sides[0])
    elif which == "way":
        factories.transaction(sides[1], ("-0.002", "BTC"), ("100", "EUR"), at=NOW - DAY)
    assert list(duplicates.find(owner)) == []


def test_the_first_look_of_a_day_reads_all_and_the_others_the_last_weeks(
    owner: User, sides: tuple[Stream, Stream]
) -> None:
    findings.refresh(owner.pk)
    old = timezone.now() - 60 * DAY
    Connection.objects.update(backfilled_at=old)
    for side in sides:
        factories.transaction(side, ("0.002", "BTC"), at=old)
    assert list(duplicates.find(owner)) == []
    for side in sides:
        factories.transaction(side, ("0.003", "BTC"), at=timezone.now())
    assert one(duplicates.find(owner)).quantity == D("0.003")
    DataGrade.objects.update(as_of=timezone.now() - DAY)
    findings.refresh(owner.pk)
    assert Finding.objects.of(owner).open().filter(cause="duplicate").count() == 2
    # What is known is looked at each time, and closes when one of the two is gone.
    assert len(list(duplicates.find(owner))) == 2
    Transaction.objects.filter(occurred_at=old).last().delete()  # type: ignore[union-attr]
    assert one(duplicates.find(owner)).quantity == D("0.003")


def test_a_history_that_has_just_come_is_read_whole(
    owner: User, sides: tuple[Stream, Stream]
) -> None:
    findings.refresh(owner.pk)
    for side in sides:
        factories.transaction(side, ("0.002", "BTC"), at=timezone.now() - 60 * DAY)
    Connection.objects.filter(pk=sides[0].connection_id).update(backfilled_at=timezone.now())
    assert one(duplicates.find(owner)).asset == "BTC"


def test_play_money_is_no_twin_of_real(owner: User, here: Connection) -> None:
    live = factories.connection(owner, environment="live")
    trade(factories.stream(here))
    trade(factories.stream(live))
    assert list(duplicates.find(owner)) == []


# --- A fix closes that finding, and nothing else changes --------------------------------------


def adjust(owner: User) -> None:
    holding = Holding.objects.get(owner=owner, asset="DOT", wallet="spot")
    told = Told("adjustment", D("0.5"), NOW, note="Found.")
    manual_entries.enter(
        user=owner, connection=holding.connection, wallet="spot", asset="DOT", told=told
    )


def accept(owner: User) -> None:
    transfer_service.accept(user=owner, link_id=TransferLink.objects.get(owner=owner).pk)


def give_a_price(owner: User) -> None:
    factories.price("NEWCOIN", "2")


def fetch(owner: User) -> None:
    Stream.objects.filter(connection__owner=owner).update(state=Stream.State.CAUGHT_UP)


def come_in(owner: User) -> None:
    stream = Stream.objects.filter(connection__owner=owner).first()
    assert stream is not None
    factories.transaction(stream, ("5", "ETH"), at=NOW - 40 * DAY, kind="reward")


FIXES: dict[str, Callable[[User], None]] = {
    "discrepancy": adjust,
    "transfer": accept,
    "unpriced": give_a_price,
    "connection": fetch,
    "negative": come_in,
}


@pytest.fixture
def troubled(owner: User, sides: tuple[Stream, Stream]) -> User:
    """One finding of each of five causes."""
    factories.price("DOT", "4")
    factories.price("ETH", "2000")
    factories.holding(sides[0].connection, "DOT", "1", reported="1.5")
    factories.holding(sides[0].connection, "NEWCOIN", "7")
    factories.transaction(sides[0], ("-5", "ETH"), at=NOW - 30 * DAY)
    factories.holding(sides[0].connection, "ETH", "0")
    factories.transaction(sides[0], ("0.7", "BTC"), at=NOW - 30 * DAY)
    factories.stream(sides[0].connection, "deposits", state=Stream.State.FAILED)
    proposed(sides)
    findings.refresh(owner.pk)
    return owner


Row = tuple[str, str, Decimal | None, Decimal | None]


def seen(owner: User) -> set[Row]:
    rows = Finding.objects.of(owner).open()
    return set(rows.values_list("cause", "subject", "quantity", "value"))


@pytest.mark.parametrize("cause", FIXES)
def test_a_fix_closes_its_finding_and_changes_nothing_else(troubled: User, cause: str) -> None:
    before = seen(troubled)
    assert {row[0] for row in before} == set(FIXES)
    FIXES[cause](troubled)
    assert findings.refresh(troubled.pk) == findings.Refreshed(closed=1)
    assert before - seen(troubled) == {row for row in before if row[0] == cause}
    assert seen(troubled) < before


def test_the_page_of_each_fix_is_there_for_its_owner_alone(
    troubled: User, other: User, browser: Browser
) -> None:
    mine: Client = browser(troubled)
    theirs = browser(other)
    for row in Finding.objects.of(troubled):
        assert mine.get(row.url).status_code == 200, row
        if row.cause != "transfer":  # a list, theirs is empty
            assert theirs.get(row.url).status_code == 404, row
