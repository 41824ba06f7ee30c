"""Tax reports: made of the ledger, kept as they were made, and the same when made again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from portfolio.engine.tax import Settings
from portfolio.models import Stream, TaxLine, TaxReport
from portfolio.services import locks, tax_ledger, tax_lines, tax_reports, tax_settings, tax_store
from portfolio.services.tax_settings import TaxProblem, Told
from tests import factories

pytestmark = pytest.mark.django_db
Part = TaxLine.Part


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def kraken(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, label="One"))


@pytest.fixture
def binance(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, exchange="binance", label="Two"))


def on(month: int, day: int = 1, year: int = 2024) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def lived(kraken: Stream, binance: Stream) -> None:
    """Bought in 2023, moved and sold in 2024, with a reward and coins of unknown origin."""
    kind = {"kind": "trade"}
    factories.transaction(kraken, ("2", "BTC"), ("-200", "EUR"), at=on(5, year=2023), **kind)
    sent = factories.transaction(kraken, ("-1", "BTC"), kind="withdrawal", at=on(2))
    came = factories.transaction(binance, ("0.999", "BTC"), kind="deposit", at=on(2, 2))
    factories.transfer(sent, came, asset="BTC", sent="1", received="0.999", status="accepted")
    factories.transaction(binance, ("-0.5", "BTC"), ("90", "EUR"), at=on(3), **kind)
    factories.transaction(kraken, ("10", "EUR"), kind="reward", at=on(4))
    factories.transaction(kraken, ("0.5", "ETH"), kind="deposit", at=on(5))
    factories.transaction(kraken, ("-0.5", "ETH"), ("70", "EUR"), at=on(6), **kind)
    factories.transaction(kraken, ("-1", "BTC"), ("400", "EUR"), at=on(1, year=2025), **kind)


def made(owner: User, year: int = 2024) -> TaxReport:
    report = tax_reports.ask(user=owner, year=year)
    assert tax_reports.make(report.pk)
    report.refresh_from_db()
    assert not report.failure
    return report


def told(report: TaxReport, part: TaxLine.Part) -> list[tuple[object, ...]]:
    rows = TaxLine.objects.filter(report=report, part=part)
    return [(line.asset, line.amount, line.proceeds, line.cost) for line in rows]


def test_a_year_is_computed_from_the_ledger(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    report = made(owner)
    assert (report.state, report.year_name, report.currency) == ("done", "2024", "EUR")
    assert told(report, Part.DISPOSAL)[1:] == [
        ("BTC", Decimal("0.5"), Decimal(90), Decimal(50)),
        ("ETH", Decimal("0.5"), Decimal(70), Decimal(0)),
    ]
    assert told(report, Part.OPENING) == [("BTC", Decimal(2), None, Decimal(200))]
    assert told(report, Part.CLOSING) == [("BTC", Decimal("1.499"), None, Decimal("149.9"))]
    assumed = TaxLine.objects.filter(report=report, part=Part.ASSUMED)
    assert {(line.subkind, line.asset) for line in assumed} >= {("unknown_origin", "ETH")}
    figures = {title: amount for _, title, amount, *_ in report.figures}
    assert figures["Gain"] == "110"
    # What the network kept of the transfer has no price: it is in no sum, and said so.
    assert told(report, Part.DISPOSAL)[0] == ("BTC", Decimal("0.001"), None, Decimal("0.1"))
    (gain,) = (row for row in report.figures if row[1] == "Gain")
    assert gain[6] == [1, "0.1", 0, 0]
    assert {(line.subkind, line.asset) for line in assumed} >= {("unpriced", "BTC")}
    assert report.counts["disposal"] == 3


def test_a_place_of_another_currency_has_its_rates(owner: User, kraken: Stream) -> None:
    factories.transaction(kraken, ("1", "BTC"), ("-100", "EUR"), kind="trade", at=on(5))
    factories.transaction(kraken, ("-1", "BTC"), ("1000", "EUR"), kind="trade", at=on(6))
    tax_settings.choose(user=owner, told=Told("uk", "uk_share_pooling"))
    report = made(owner)
    line = TaxLine.objects.get(report=report, part=Part.DISPOSAL)
    assert line.proceeds is not None
    assert 800 < line.proceeds < 900  # pounds
    assert report.counts["assumed"] == 0


def test_a_place_that_asks_for_the_value_of_all_coins_gets_it(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    """200 paid; 0.5 of 1.999 sold for 90 at 80 apiece, then coins that cost nothing for 70."""
    lived(kraken, binance)
    factories.own_price(owner, "BTC", "80", since=on(1, year=2023))
    tax_settings.choose(user=owner, told=Told(place="france", method="fr_portfolio"))
    report = made(owner)
    first, second = told(report, Part.DISPOSAL)
    all_coins = Decimal(90) + Decimal("1.499") * 80
    assert first[:3] == ("BTC", Decimal("0.5"), Decimal(90))
    assert first[3] == pytest.approx(200 * 90 / all_coins)
    assert second[:3] == ("ETH", Decimal("0.5"), Decimal(70))


def test_other_methods_and_what_it_stood_on_are_kept_with_it(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    factories.transaction(kraken, ("1", "BTC"), ("-300", "EUR"), kind="trade", at=on(2, 20))
    report = made(owner)
    gains = {row["method"]: row["gain"] for row in report.comparison}
    assert gains["fifo"] == dict((f[1], f[2]) for f in report.figures)["Gain"]
    assert set(gains) == {"fifo", "lifo", "hifo", "lofo", "average"}
    assert Decimal(gains["hifo"]) < Decimal(gains["fifo"])
    told = {row["label"]: row for row in report.evidence["connections"]}
    assert set(told) == {"One", "Two"}
    assert told["One"] == told["Two"] | {"id": told["One"]["id"], "label": "One"}


def test_each_line_leads_to_its_transaction_and_its_lot(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    report = made(owner)
    line = TaxLine.objects.get(report=report, part=Part.DISPOSAL, proceeds=90)
    assert line.transaction == binance.connection.transactions.get(occurred_at=on(3)).pk
    bought = kraken.connection.transactions.get(occurred_at=on(5, year=2023))
    assert (line.lot_transaction, line.acquired_at) == (bought.pk, on(5, year=2023))


def test_made_again_it_is_the_same_and_a_change_shows(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    one, other = made(owner), made(owner)
    assert one.pk != other.pk
    assert (one.sha256, one.fingerprint) == (other.sha256, other.fingerprint)
    factories.transaction(kraken, ("-0.1", "BTC"), ("30", "EUR"), kind="trade", at=on(7))
    third = made(owner)
    assert third.fingerprint != one.fingerprint
    assert third.sha256 != one.sha256


def test_the_settings_are_those_of_when_it_was_asked_for(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    factories.transaction(kraken, ("1", "BTC"), ("-300", "EUR"), kind="trade", at=on(2, 20))
    report = tax_reports.ask(user=owner, year=2024)
    tax_settings.choose(user=owner, told=Told("neutral", "lifo"))
    assert tax_reports.ask(user=owner, year=2024).pk != report.pk
    tax_reports.make(report.pk)
    costs = [cost for asset, _, _, cost in told(report, Part.DISPOSAL) if asset == "BTC"]
    assert costs[-1] == 50  # by first in, first out


def test_asked_twice_it_is_one_report(owner: User) -> None:
    report = tax_reports.ask(user=owner, year=2024)
    assert tax_reports.ask(user=owner, year=2024).pk == report.pk
    assert tax_reports.make(report.pk)
    assert not tax_reports.make(report.pk)
    report.refresh_from_db()
    assert report.state == "done"
    assert set(report.counts.values()) == {0}


def test_settings_are_told_in_one_order_by_all_processes() -> None:
    settings = Settings("fifo", "EUR", exempt=frozenset("zyxabc"))
    assert tax_ledger.settings_told(settings)["exempt"] == list("abcxyz")


def test_one_report_is_made_at_a_time(owner: User) -> None:
    """Another worker, with a connection of its own, makes one."""
    report = tax_reports.ask(user=owner, year=2024)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [locks._REPORTS, 0])
        assert not tax_reports.make(report.pk)
        report.refresh_from_db()
        assert (report.state, report.attempt) == ("waiting", 0)
        assert tax_reports.next_waiting() == report.pk
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [locks._REPORTS, 0])
    finally:
        other.close()
    assert tax_reports.make(report.pk)
    assert tax_reports.next_waiting() is None


def test_lines_of_a_worker_that_died_are_dropped(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    whole = made(owner)
    report = tax_reports.ask(user=owner, year=2024)
    TaxReport.objects.filter(pk=report.pk).update(state="running", attempt=1, stage="store")
    TaxLine.objects.create(report=report, part=Part.DISPOSAL, position=0, asset="BTC", amount="1")
    TaxLine.objects.create(report=report, part=Part.DISPOSAL, position=99, asset="BTC", amount="1")
    assert tax_reports.make(report.pk)
    report.refresh_from_db()
    assert (report.sha256, report.counts) == (whole.sha256, whole.counts)
    assert TaxLine.objects.filter(report=report).count() == sum(whole.counts.values())


def test_who_is_overtaken_stores_nothing_more(
    owner: User, kraken: Stream, binance: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(kraken, binance)
    report = tax_reports.ask(user=owner, year=2024)
    add = tax_store.Store.add

    def add_and_lose(store: tax_store.Store, batch: list[tax_lines.Columns]) -> None:
        add(store, batch)
        TaxReport.objects.filter(pk=report.pk).update(attempt=2)

    monkeypatch.setattr(tax_reports, "LINES_AT_ONCE", 2)
    monkeypatch.setattr(tax_store.Store, "add", add_and_lose)
    assert not tax_reports.make(report.pk)
    assert TaxLine.objects.filter(report=report).count() == 2
    report.refresh_from_db()
    assert (report.state, report.stage, report.done) == ("running", "store", 0)


def test_a_worker_that_died_is_followed_by_another(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    report = tax_reports.ask(user=owner, year=2024)
    now = timezone.now()
    assert tax_reports.left_alone(now) == []
    TaxReport.objects.update(state="running", attempt=1, worked_at=now - timedelta(minutes=11))
    assert tax_reports.left_alone(now) == [report.pk]
    assert tax_reports.make(report.pk)
    assert TaxLine.objects.filter(report=report, part=Part.DISPOSAL).count() == 3


def test_what_is_locked_is_kept(owner: User) -> None:
    report = made(owner)
    tax_reports.lock(user=owner, report_id=report.pk, is_locked=True)
    with pytest.raises(TaxProblem, match="locked"):
        tax_reports.delete(user=owner, report_id=report.pk)
    tax_reports.lock(user=owner, report_id=report.pk, is_locked=False)
    tax_reports.delete(user=owner, report_id=report.pk)
    assert not TaxReport.objects.exists()


def test_it_is_nobody_elses(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    report, other = made(owner), factories.user()
    with pytest.raises(TaxReport.DoesNotExist):
        tax_reports.delete(user=other, report_id=report.pk)
    assert set(made(other).counts.values()) == {0}


def test_a_choice_the_law_does_not_know_changes_nothing(owner: User) -> None:
    with pytest.raises(TaxProblem, match="does not know this method"):
        tax_settings.choose(user=owner, told=Told("neutral", "uk_share_pooling"))
    with pytest.raises(TaxProblem, match="no such place"):
        tax_settings.choose(user=owner, told=Told("atlantis", "fifo"))
    assert tax_settings.profile_of(owner).pk is None
