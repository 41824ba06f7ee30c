"""A record that goes missing is located, by what simulated exchanges report; nothing else is."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from portfolio.engine import money
from portfolio.exchanges import catalogue
from portfolio.models import Checkpoint, Connection, Transaction
from portfolio.selectors import locating, reconciliation
from portfolio.selectors.finders import coverage_hole
from portfolio.services import ledger, refetch
from tests.live.conftest import Connect
from tests.live.test_sync import EXCHANGES, SOME, finish
from tests.sandbox_server import advance

SMALL = "read-only-small"
Place = tuple[str, str]


def findings(connection: Connection) -> dict[Place, tuple[locating.Finding, ...]]:
    """Where each wallet and asset came apart; those that agree are left out."""
    unserved = catalogue.unserved(connection.exchange)
    found = {}
    for holding in connection.holdings.select_related("connection"):
        place = locating.explained(holding, unserved=unserved)
        if place.findings:
            found[holding.wallet, holding.asset] = place.findings
    return found


def lose(transaction: Transaction) -> dict[Place, Decimal]:
    """Takes a transaction out of the product's tables; returns what it had moved."""
    sums: dict[Place, Decimal] = defaultdict(lambda: money.ZERO)
    postings = list(transaction.postings.all())
    for posting in postings:
        place = (posting.wallet, posting.asset)
        sums[place] = money.add(sums[place], posting.amount)
    ledger.add_to_holdings(transaction.connection, postings, sign=-1)
    transaction.raw_records.all().delete()
    transaction.delete()
    return sums


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_life_that_goes_on_agrees_at_every_checkpoint(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    finish(connection)
    advance(sandbox, exchange, SMALL, records=12)
    finish(connection)
    assert Checkpoint.objects.filter(holding__connection=connection).exists()
    assert findings(connection) == {}
    assert list(coverage_hole.find(connection.owner)) == []
    proof = reconciliation.proof(connection.owner, connection.pk)
    assert proof.differing == 0
    for row in proof.rows:
        assert money.add(row.opening, row.records) == row.ledger, row.asset


@pytest.mark.parametrize("exchange", SOME)
def test_a_lost_record_is_located_and_fetched_again(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    finish(connection)
    before, known = connection.balances_at, set(connection.transactions.values_list("pk"))
    advance(sandbox, exchange, SMALL, records=12)
    finish(connection)
    after = connection.balances_at
    lost = connection.transactions.filter(kind="deposit").order_by("-occurred_at", "-id")[0]
    assert (lost.pk,) not in known
    at, moved = lost.occurred_at, lose(lost)
    found = findings(connection)
    assert found.keys() == moved.keys()
    for place, amount in moved.items():
        (finding,) = found[place]
        step = finding.step
        assert (step.amount, step.after, step.until) == (amount, before, after)
        assert step.holds(at)
        assert finding.causes
    refetch.fetch_again(connection=connection, since=at - timedelta(days=1))
    finish(connection)
    assert findings(connection) == {}
