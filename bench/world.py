"""Two users in a database of its own: one with a short history, one with a long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection as database
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import Connection, LatestPrice, Posting, Transaction
from portfolio.services import ledger, seeding, synthetic, valuation

SOURCE = "binance:sandbox"


@dataclass(frozen=True, slots=True)
class Subject:
    """A user to measure with, and how long the history is."""

    user: User
    connection: Connection
    transactions: int


POSTINGS_EACH = 2.935  # of a transaction of the synthetic histories, on average


def subject(name: str, postings: int) -> Subject:
    """Makes a user with about that many postings, valued up to today."""
    transactions = round(postings / POSTINGS_EACH)
    user = User.objects.create_user(f"{name}@example.org", "bench")
    added = seeding.seed_history(user, transactions=transactions)
    valuation.recompute(user.pk)
    return Subject(user, added.connection, transactions)


def settle() -> None:
    """Lets PostgreSQL learn what the tables hold, as it does in time by itself."""
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def add_prices() -> None:
    """A price for every asset and day of the synthetic histories."""
    pairs = [(stream.scope["base"], "USDT") for stream in synthetic.STREAMS if stream.scope]
    pairs.append(("EUR", "USDT"))
    with database.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO portfolio_dailyprice (asset, currency, "on", price, source)
            SELECT %s, %s, CURRENT_DATE - age, 100 + age %% 50, %s FROM generate_series(1, %s) age
            """,
            [(asset, currency, SOURCE, synthetic.YEARS.days) for asset, currency in pairs],
        )
    LatestPrice.objects.bulk_create(
        LatestPrice(
            asset=asset,
            currency=currency,
            price=Decimal("123.45"),
            at=timezone.now(),
            source=SOURCE,
        )
        for asset, currency in pairs
    )


def add_trade(of: Subject) -> None:
    """Books one new trade, as syncing does."""
    stream = of.connection.streams.get(key="trades:BTCUSDT")
    number = Transaction.objects.order_by("-pk").values_list("pk", flat=True)[0] + 10**12
    now = datetime.now(UTC)
    body = (
        f'{{"symbol":"BTCUSDT","id":{number},"orderId":1,"price":"65000","qty":"0.001",'
        f'"quoteQty":"65","commission":"0.00001","commissionAsset":"BNB",'
        f'"time":{int(now.timestamp() * 1000)},"isBuyer":true,"isMaker":false}}'
    )
    record = FetchedRecord(external_id=str(number), occurred_at=now, body=body)
    ledger.store(stream, [record], endpoint="bench", now=now)


def postings(of: Subject) -> int:
    return Posting.objects.filter(owner=of.user).count()
