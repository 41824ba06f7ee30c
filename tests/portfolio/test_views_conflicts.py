"""Where two sources contradict each other both are shown, and a decision can be taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from portfolio.models import Connection, Holding, RawRecord, WitnessConflict
from portfolio.selectors.finders import source_conflict as finder
from tests import factories
from tests.portfolio import files
from tests.portfolio.conftest import Sent
from tests.portfolio.files import bring, line
from tests.portfolio.test_service_witnesses import entry, page

LIST = "portfolio:conflict-list"


@pytest.fixture
def kraken(owner: User, monkeypatch: pytest.MonkeyPatch) -> Connection:
    files.known(monkeypatch)
    made = factories.connection(owner)
    page(factories.stream(made, "ledger", record_count=0), entry("L1", "2"))
    bring(made, line("2.01 BTC", "deposit"), name="history.csv")
    return made


def held(of: Connection) -> Decimal:
    return Holding.objects.get(connection=of, asset="BTC").quantity


def test_both_tellings_are_shown_and_the_money_is_named(
    client: Client, owner: User, kraken: Connection
) -> None:
    client.force_login(owner)
    text = client.get(reverse(LIST)).content.decode()
    for told in ("history.csv", "2.01", "0.01", "One event", "Two events"):
        assert told in text
    factories.price("BTC", "50000")
    (found,) = finder.find(owner)
    assert (found.value, found.quantity) == (Decimal(500), Decimal("0.01"))
    assert "history.csv" in finder.line(found.data)


@pytest.mark.parametrize(("decision", "amount"), [("same", "2"), ("apart", "4.01")])
def test_a_decision_counts_and_comes_off(
    client: Client, owner: User, kraken: Connection, sent: Sent, decision: str, amount: str
) -> None:
    client.force_login(owner)
    conflict = WitnessConflict.objects.get()
    client.post(reverse("portfolio:conflict-decide", args=[conflict.pk]), {"decision": decision})
    assert held(kraken) == Decimal(amount)
    assert list(finder.find(owner)) == []
    client.post(reverse("portfolio:conflict-undo", args=[conflict.pk]))
    assert held(kraken) == Decimal(2)
    assert len(list(finder.find(owner))) == 1
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert any("conflict" in action for action in actions)


def test_a_decision_outlives_what_comes_later(
    client: Client, owner: User, kraken: Connection, sent: Sent
) -> None:
    client.force_login(owner)
    conflict = WitnessConflict.objects.get()
    client.post(reverse("portfolio:conflict-decide", args=[conflict.pk]), {"decision": "apart"})
    page(kraken.streams.get(key="ledger"), entry("L2", "1", second=1))
    assert held(kraken) == Decimal("5.01")


@pytest.mark.parametrize("decision", ["", "both"])
def test_nonsense_decides_nothing(
    client: Client, owner: User, kraken: Connection, decision: str
) -> None:
    client.force_login(owner)
    conflict = WitnessConflict.objects.get()
    client.post(reverse("portfolio:conflict-decide", args=[conflict.pk]), {"decision": decision})
    conflict.refresh_from_db()
    assert conflict.decision == ""


def test_pages_of_a_transaction_tell_of_its_witnesses(
    client: Client, owner: User, kraken: Connection
) -> None:
    client.force_login(owner)
    bring(kraken, line("2 BTC", "deposit"), ident="tool", name="tool.csv")
    witness = RawRecord.objects.get(endpoint="file: tool.csv")
    assert witness.transaction_id is not None
    url = reverse("portfolio:transaction-detail", args=[witness.transaction_id])
    text = client.get(url).content.decode()
    assert "2 more sources tell of it." in text
    assert "A witness" in text
    assert "counts nowhere until you decide" in text
    record = client.get(reverse("portfolio:record-detail", args=[witness.pk]))
    assert "A witness" in record.content.decode()


def test_no_query_per_conflict(
    client: Client,
    owner: User,
    kraken: Connection,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(owner)
    into = kraken.streams.get(key="ledger")
    page(into, *(entry(f"M{n}", "2", second=100 * n) for n in range(1, 9)))
    bring(kraken, *(line("2.01 BTC", "deposit", second=100 * n) for n in range(1, 9)), name="b")
    assert WitnessConflict.objects.count() == 9
    with django_assert_max_num_queries(15):
        client.get(reverse(LIST))
    with django_assert_max_num_queries(8):
        assert len(list(finder.find(owner))) == 9
