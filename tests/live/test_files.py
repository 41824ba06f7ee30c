"""One life told by the exchange, by its files, and by both: the ledger is the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import pytest
from django.db import transaction

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.types import RecordKind
from portfolio.exchanges.types import FetchedRecord
from portfolio.imports import bodies, registry
from portfolio.imports.format import Entry, Reading, Row
from portfolio.models import (
    Connection,
    Holding,
    Posting,
    RawRecord,
    Stream,
    Transaction,
    WitnessConflict,
)
from portfolio.services import by_hand, ledger
from sandbox import files
from sandbox.options import Options
from tests import factories
from tests.live.conftest import Connect
from tests.live.test_sync import finish

UTC_FILE = Reading()
# The demo key, the account behind it, and its files: layout and reader.
LIVES = {
    "kraken": ("read-only-small", "kraken-small", (("ledgers", "kraken-ledgers"),)),
    "kraken, trades too": (
        "read-only-small",
        "kraken-small",
        (("trades", "kraken-trades"), ("ledgers", "kraken-ledgers")),
    ),
    "binance": ("read-only-spot", "binance-spot", (("statement", "binance-statement"),)),
    "okx": (
        "read-only-small",
        "okx-small",
        (("trading", "okx-trading"), ("funding", "okx-funding")),
    ),
    "bybit": (
        "read-only-small",
        "bybit-small",
        (("unified", "bybit-log-local"), ("funding", "bybit-funding")),
    ),
}
# What no file of these tells: what is lent or saved, and its interest.
UNTOLD = {"okx": {"earn"}, "bybit": {"earn"}}
Amounts = dict[tuple[str, str], Decimal]


@cache
def _rows(account: str, layout: str) -> tuple[tuple[str, ...], ...]:
    return tuple(files.rows(account, layout, Options()))


def _records(account: str, layout: str, reader: str) -> Iterator[FetchedRecord]:
    heading, *lines = _rows(account, layout)
    known = registry.by_id(reader)
    rows = [Row(n, dict(zip(heading, line, strict=True))) for n, line in enumerate(lines, 2)]
    seen: dict[str, int] = defaultdict(int)
    for entry in known.entries(rows, UTC_FILE):
        assert isinstance(entry, Entry), entry
        mark = entry.ident or bodies.fingerprint(known, entry)
        seen[mark] += 1
        at = known.event(entry, UTC_FILE).occurred_at
        yield FetchedRecord(f"{mark} {seen[mark]}", at, bodies.encoded(known, entry, UTC_FILE))


def bring(of: Connection, life: str) -> None:
    """Imports the files of a life, in batches as an import does."""
    _, account, layouts = LIVES[life]
    for layout, reader in layouts:
        key = f"import:{reader}"
        into, _ = Stream.objects.get_or_create(
            connection=of,
            key=key,
            defaults={"kind": RecordKind.IMPORT.value, "state": Stream.State.CAUGHT_UP},
        )
        into.connection = of
        records = list(_records(account, layout, reader))
        for start in range(0, len(records), 10):
            with transaction.atomic():
                batch = records[start : start + 10]
                ledger.store(into, batch, endpoint=f"file: {layout}.csv", now=factories.NOW)


def held(of: Connection, *, without: frozenset[str] = frozenset()) -> Amounts:
    rows = Holding.objects.filter(connection=of).exclude(quantity=0)
    return {
        (row.wallet, row.asset): money.parse(money.plain(row.quantity))
        for row in rows
        if row.wallet not in without
    }


def booked(of: Connection) -> list[tuple[object, ...]]:
    """Every transaction with its postings, to the last digit."""
    rows = Posting.objects.filter(connection=of).select_related("transaction")
    return sorted(
        (p.transaction.key, p.transaction.kind, p.occurred_at, p.wallet, p.asset, p.amount, p.role)
        for p in rows
    )


def by_second(of: Connection, *, without: frozenset[str] = frozenset()) -> dict[object, Decimal]:
    """What moved, by kind and second: a file may tell several fills as one."""
    sums: dict[object, Decimal] = defaultdict(lambda: money.ZERO)
    for p in Posting.objects.filter(connection=of).select_related("transaction"):
        if p.wallet not in without:
            at = p.occurred_at.replace(microsecond=0)
            place = (p.transaction.kind, at, p.wallet, p.asset)
            sums[place] = money.add(sums[place], p.amount)
    return {place: amount for place, amount in sums.items() if amount}


@pytest.fixture(params=LIVES)
def life(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _exchange(life: str) -> str:
    return life.partition(",")[0]


def test_files_alone_tell_what_the_exchange_does(life: str, connect: Connect, owner: User) -> None:
    exchange = _exchange(life)
    asked = connect(exchange, LIVES[life][0])
    finish(asked)
    alone = by_hand.create(user=owner, label="by file", exchange=exchange, wallets=["spot"])
    bring(alone, life)
    without = frozenset(UNTOLD.get(exchange, ()))
    assert not RawRecord.objects.filter(connection=alone).exclude(problem="").exists()
    assert held(alone, without=without) == held(asked, without=without)
    assert by_second(alone, without=without) == by_second(asked, without=without)
    assert not WitnessConflict.objects.exists()


@pytest.mark.parametrize("order", ["exchange first", "files first and again"])
def test_both_together_make_the_ledger_of_the_exchange(
    life: str, order: str, connect: Connect, owner: User
) -> None:
    exchange, purpose = _exchange(life), LIVES[life][0]
    asked = connect(exchange, purpose)
    if order != "exchange first":
        bring(asked, life)
    finish(asked)
    bring(asked, life)
    told = RawRecord.objects.filter(connection=asked, stream__kind="import")
    assert not told.filter(same_as="").exists(), list(told.filter(same_as="").values("body"))
    assert not WitnessConflict.objects.exists()
    before = booked(asked), held(asked)
    with transaction.atomic():
        told.delete()
        Transaction.objects.filter(connection=asked, raw_records=None).delete()
    assert (booked(asked), held(asked)) == before
    for holding in Holding.objects.filter(connection=asked):
        assert holding.quantity == holding.reported, (holding.wallet, holding.asset)
