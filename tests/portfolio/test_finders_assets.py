"""Assets that nobody quotes, and prices that are far from others: what is found, what is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portfolio.models import Connection, LatestPrice
from portfolio.selectors.finder import Found
from portfolio.selectors.finders import price_gap, unknown_asset, unpriced
from portfolio.services import assets
from portfolio.services.assets import Target
from tests import factories

KRAKEN, BINANCE, OKX = "kraken:sandbox", "binance:sandbox", "okx:sandbox"


def quote(
    asset: str, price: str, source: str, *, to: str = "EUR", at: datetime | None = None
) -> None:
    LatestPrice.objects.create(
        asset=asset, currency=to, price=Decimal(price), source=source, at=at or timezone.now()
    )


@pytest.fixture
def kraken(owner: User) -> Connection:
    return factories.connection(owner)


def gaps(owner: User) -> list[Found]:
    return list(price_gap.find(owner))


def test_a_code_that_is_another_coin_at_the_exchange_that_holds_it_is_found(
    owner: User, kraken: Connection
) -> None:
    factories.holding(kraken, "ABC", "10")
    quote("ABC", "5", KRAKEN)
    quote("ABC", "100", BINANCE)
    quote("ABC", "110", OKX)
    (found,) = gaps(owner)
    assert (found.asset, found.quantity, found.value) == ("ABC", Decimal(10), Decimal(950))
    assert found.url == reverse("portfolio:asset-codes", args=["ABC"])
    assert price_gap.line(found.data) == (
        "Held at Kraken sandbox: shown with 5 EUR, Binance sandbox, Okx sandbox asks 100 EUR "
        "(-95 %)."
    )
    assets.merge(user=owner, source=KRAKEN, code="ABC", target=Target("ABC at Kraken"))
    assert not gaps(owner)


@pytest.mark.parametrize(("other", "number"), [("121", 0), ("125", 0), ("126", 1), ("83", 1)])
def test_only_more_than_a_fifth_is_a_gap(
    owner: User, kraken: Connection, other: str, number: int
) -> None:
    factories.holding(kraken, "ABC", "10")
    quote("ABC", "100", KRAKEN)
    quote("ABC", other, BINANCE)
    assert len(gaps(owner)) == number


def test_a_price_from_elsewhere_is_held_against_the_own_ticker(
    owner: User, kraken: Connection
) -> None:
    """The own ticker leads to no price by itself: its quote asset is only known elsewhere."""
    factories.holding(kraken, "ABC", "1")
    quote("ABC", "100", BINANCE)
    quote("ABC", "2", KRAKEN, to="USDT")
    quote("USDT", "0.9", BINANCE)
    assert [(row.data["shown"], row.data["compared"]) for row in gaps(owner)] == [("100", "1.8")]


def test_prices_of_another_day_another_environment_or_of_spam_say_nothing(
    owner: User, kraken: Connection
) -> None:
    for code in ("ABC", "SCAM"):
        factories.holding(kraken, code, "1")
        quote(code, "100", KRAKEN)
    quote("ABC", "1", "binance")
    quote("ABC", "1", OKX, at=timezone.now() - timedelta(days=2))
    quote("SCAM", "1", BINANCE)
    assets.mark_spam(user=owner, source="", code="SCAM")
    assert not gaps(owner)


def test_what_nobody_ever_quoted_is_unknown_and_not_merely_unpriced(
    owner: User, kraken: Connection
) -> None:
    factories.holding(kraken, "ABC", "10")
    factories.holding(kraken, "GONE", "0")
    factories.holding(kraken, "OLD", "1")
    factories.holding(kraken, "EUR", "1")
    factories.holding(kraken, "SEK", "1")  # a currency in which others are quoted
    quote("EUR", "11", "ecb", to="SEK")
    quote("OLD", "1", KRAKEN, at=timezone.now() - timedelta(days=30))
    (found,) = unknown_asset.find(owner)
    assert (found.asset, found.quantity, found.value) == ("ABC", Decimal(10), None)
    assert unknown_asset.line(found.data) == "Held at Kraken sandbox."
    assert [row.asset for row in unpriced.find(owner)] == ["OLD"]
    assets.merge(user=owner, source="", code="ABC", target=Target("OLD"))
    assert not list(unknown_asset.find(owner))
