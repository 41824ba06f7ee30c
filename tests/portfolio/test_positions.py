"""Open positions are shown as the exchange tells them, and never as holdings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portfolio.engine.types import ReportedPosition
from portfolio.exchanges.errors import StreamUnavailable
from portfolio.models import Connection, Position
from portfolio.selectors import positions
from portfolio.services import sync
from portfolio.services.credentials import seal
from tests import factories
from tests.portfolio.exchange import Exchange

SHORT = ReportedPosition(
    wallet="usd-m futures",
    symbol="BTCUSDT",
    side="short",
    quantity=Decimal("0.123456789012345678901234567890123"),
    unit="BTC",
    entry_price=Decimal("61234.5"),
    mark_price=None,
    price_asset="USDT",
    unrealised_pnl=Decimal("-1.5"),
    settle_asset="USDT",
)


@pytest.fixture
def active(owner: User) -> Connection:
    made = factories.connection(owner, account_uid="uid-1", next_sync_at=timezone.now())
    made.sealed_credentials = seal({"apiKey": "key", "secret": "c2VjcmV0"}, row=made.pk)
    made.save()
    return made


def run(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(next_sync_at=timezone.now())
    assert sync.run_slice(connection.pk, seconds=60) is sync.Slice.FINISHED
    connection.refresh_from_db()


def test_positions_are_stored_as_told_and_replaced(active: Connection, exchange: Exchange) -> None:
    exchange.open_positions = [SHORT]
    run(active)
    (stored,) = positions.of_connection(active)
    assert (stored.side, stored.quantity, stored.mark_price) == ("short", SHORT.quantity, None)
    assert active.positions_at is not None
    assert not active.holdings.exists()
    exchange.open_positions = []
    run(active)
    assert positions.of_connection(active) == ()
    assert active.positions_at is not None


def test_positions_that_the_key_may_not_see_are_not_known(
    active: Connection, exchange: Exchange
) -> None:
    exchange.open_positions = [SHORT]
    run(active)
    exchange.open_positions = StreamUnavailable("This key may not see positions.")
    run(active)
    assert active.status == Connection.Status.ACTIVE
    assert active.positions_at is None
    assert active.positions_refused == "This key may not see positions."
    assert not Position.objects.exists()


def test_an_exchange_without_contracts_says_nothing_of_them(
    active: Connection, exchange: Exchange, client: Client, owner: User
) -> None:
    run(active)
    client.force_login(owner)
    page = client.get(f"/connections/{active.pk}/")
    assert page.status_code == 200
    assert "Open positions" not in page.text


def test_pages_show_them_beside_the_holdings_to_their_owner_only(
    active: Connection, exchange: Exchange, client: Client, owner: User, other: User
) -> None:
    exchange.open_positions = [SHORT]
    run(active)
    client.force_login(owner)
    for address in (f"/connections/{active.pk}/", "/"):
        text = client.get(address).text
        assert "Open positions" in text
        assert "BTCUSDT" in text
        assert "unknown" in text  # the mark price that was not told
    client.force_login(other)
    assert "BTCUSDT" not in client.get("/").text
    assert positions.of_user(other) == ()
