"""Makes stored objects for tests, with sensible values for all that a test does not name."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from portfolio.models import (
    Connection,
    Coverage,
    DailyPrice,
    DailyValue,
    Edit,
    Finding,
    Holding,
    Import,
    ImportFile,
    ImportProfile,
    LatestPrice,
    ManualEntry,
    Notice,
    OwnPrice,
    PermissionAudit,
    Posting,
    RawRecord,
    RawRevision,
    Restoration,
    SavedFilter,
    Stream,
    SyncRun,
    Transaction,
    TransferLink,
    WitnessConflict,
)

_numbers = itertools.count(1)
PASSWORD = "correct-horse-battery"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY_AFTER = NOW + timedelta(hours=30)
TODAY = DAY_AFTER.date()  # as tests/portfolio have it


def user(email: str = "", **fields: Any) -> User:
    """A user who signs in with ``PASSWORD``; the address is verified."""
    from allauth.account.models import EmailAddress

    made = User.objects.create_user(
        email or f"person{next(_numbers)}@example.org", PASSWORD, **fields
    )
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def connection(owner: User, **fields: Any) -> Connection:
    """An active connection that was synced a little while ago."""
    values: dict[str, Any] = {
        "exchange": "kraken",
        "environment": "sandbox",
        "label": "Kraken",
        "status": Connection.Status.ACTIVE,
        "account_uid": f"account-{next(_numbers)}",
        "sealed_credentials": b"sealed",
        "checked_at": NOW,
        "last_synced_at": NOW,
        "backfilled_at": NOW,
        "balances_at": NOW,
        "next_sync_at": NOW + timedelta(minutes=15),
    }
    return Connection.objects.create(owner=owner, **(values | fields))


def audit(of: Connection, **fields: Any) -> PermissionAudit:
    """A permission audit that found a read-only key."""
    values: dict[str, Any] = {
        "at": NOW,
        "verdict": PermissionAudit.Verdict.READ_ONLY,
        "permissions": ["Query Funds", "Query Ledger Entries"],
        "ip_restricted": False,
    }
    return PermissionAudit.objects.create(connection=of, **(values | fields))


def stream(of: Connection, key: str = "ledger", **fields: Any) -> Stream:
    """A stream that is up to date."""
    values: dict[str, Any] = {
        "kind": key.partition(":")[0],
        "state": Stream.State.CAUGHT_UP,
        "record_count": 12,
        "fetched_at": NOW,
        "caught_up_at": NOW,
    }
    return Stream.objects.create(connection=of, key=key, **(values | fields))


def coverage(of: Stream, start: datetime, end: datetime, state: str = "fetched") -> Coverage:
    """One stretch of time of a stream."""
    return Coverage.objects.create(stream=of, start_at=start, end_at=end, state=state)


def sync_run(of: Connection, **fields: Any) -> SyncRun:
    """A sync run that went well."""
    values: dict[str, Any] = {
        "started_at": NOW - timedelta(minutes=2),
        "finished_at": NOW,
        "outcome": SyncRun.Outcome.DONE,
        "pages": 4,
        "new_records": 12,
    }
    return SyncRun.objects.create(connection=of, **(values | fields))


def restoration(owner: User, **fields: Any) -> Restoration:
    """An archive that was brought, checked, and waits to be restored."""
    values: dict[str, Any] = {
        "created_at": NOW,
        "worked_at": NOW,
        "state": Restoration.State.READY,
        "name": "coffer-archive.zip",
        "size": 4,
        "content": b"none",
        "summary": {"connections": ["Kraken"], "rows": {"transactions": 3}, "currency": "EUR"},
    }
    return Restoration.objects.create(owner=owner, **(values | fields))


def notice(of: Connection, **fields: Any) -> Notice:
    """An unread notice that is not to be mailed."""
    values: dict[str, Any] = {
        "kind": Notice.Kind.EXPIRES,
        "message": f"The key of {of} expires soon.",
        "key": f"test:{next(_numbers)}",
    }
    return Notice.objects.create(owner=of.owner, connection=of, **(values | fields))


def finding(of: Connection, **fields: Any) -> Finding:
    """An open discrepancy of a connection."""
    values: dict[str, Any] = {
        "cause": "discrepancy",
        "subject": f"test:{next(_numbers)}",
        "asset": "BTC",
        "quantity": Decimal("0.1"),
        "value": Decimal(10),
        "currency": "EUR",
        "data": {"wallet": "spot", "wallets": "1", "from": "Here", "to": "There"},
        "url": f"/connections/{of.pk}/",
        "found_at": NOW,
        "seen_at": NOW,
    }
    return Finding.objects.create(owner=of.owner, connection=of, **(values | fields))


def import_draft(owner: User, **fields: Any) -> Import:
    """A draft that waits to be confirmed, with one file."""
    values: dict[str, Any] = {"state": Import.State.READY, "created_at": NOW, "worked_at": NOW}
    job = Import.objects.create(owner=owner, **(values | fields))
    layout = {"line": 1, "delimiter": ",", "heading": ["Date", "Amount", "Coin"]}
    ImportFile.objects.create(job=job, name="a.csv", format="generic", layout=layout, read_at=NOW)
    return job


def import_profile(owner: User, **fields: Any) -> ImportProfile:
    """What the columns of some file mean."""
    values: dict[str, Any] = {
        "name": "My table",
        "heading": ["Date", "Amount", "Coin"],
        "fingerprint": f"{next(_numbers):064}",
        "settings": {"date": "Date", "amount": "Amount", "code": "Coin"},
    }
    return ImportProfile.objects.create(owner=owner, **(values | fields))


def raw_record(of: Stream, body: Any = None, **fields: Any) -> RawRecord:
    """A raw record; ``body`` is text as received, or anything that JSON can write."""
    number = next(_numbers)
    text = body if isinstance(body, str) else json.dumps(body or {"id": str(number)})
    values: dict[str, Any] = {
        "external_id": f"L{number:06d}",
        "occurred_at": NOW,
        "endpoint": "POST /0/private/Ledgers",
        "fetched_at": NOW,
    }
    return RawRecord.objects.create(
        connection=of.connection, stream=of, body=text, **(values | fields)
    )


def raw_revision(of: RawRecord, body: str = '{"status": "pending"}') -> RawRevision:
    """A former text of a raw record."""
    return RawRevision.objects.create(
        raw_record=of, body=body, fetched_at=NOW - timedelta(days=2), replaced_at=NOW
    )


def transaction(
    of: Stream,
    *movements: tuple[str, str] | tuple[str, str, str],
    kind: str = "trade",
    at: datetime = NOW,
    wallet: str = "spot",
    **fields: Any,
) -> Transaction:
    """A transaction with its raw record and postings, given as ("-0.5", "BTC"[, "fee"])."""
    owner = of.connection.owner
    values: dict[str, Any] = {"key": f"T{next(_numbers):06d}", "detail": {}}
    made = Transaction.objects.create(
        owner=owner, connection=of.connection, kind=kind, occurred_at=at, **(values | fields)
    )
    raw = raw_record(of, transaction=made, occurred_at=at)
    for position, (amount, asset, *role) in enumerate(movements):
        posting(
            made, raw, position, amount, asset, role=role[0] if role else "principal", wallet=wallet
        )
    return made


def posting(
    of: Transaction,
    raw: RawRecord,
    position: int,
    amount: str,
    asset: str,
    *,
    role: str = "principal",
    wallet: str = "spot",
) -> Posting:
    """One signed amount of a transaction."""
    return Posting.objects.create(
        owner=of.owner,
        connection=of.connection,
        transaction=of,
        raw_record=raw,
        position=position,
        wallet=wallet,
        asset=asset,
        amount=Decimal(amount),
        role=role,
        occurred_at=of.occurred_at,
    )


def transfer(outgoing: Transaction, incoming: Transaction, **fields: Any) -> TransferLink:
    """A proposed transfer between two transactions, of the first amount that left."""
    left = outgoing.postings.filter(amount__lt=0, role="principal").first()
    assert left is not None, "nothing left"
    values: dict[str, Any] = {
        "asset": left.asset,
        "sent": left.amount.copy_abs(),
        "received": left.amount.copy_abs(),
        "level": TransferLink.Level.LIKELY,
        "occurred_at": outgoing.occurred_at,
        "decided_at": NOW if fields.get("status", "proposed") != "proposed" else None,
    }
    return TransferLink.objects.create(
        owner=outgoing.owner, outgoing=outgoing, incoming=incoming, **(values | fields)
    )


def holding(
    of: Connection,
    asset: str = "BTC",
    quantity: str = "0.5",
    *,
    wallet: str = "spot",
    reported: str | None = "same",
) -> Holding:
    """A holding; the exchange reports the same unless told otherwise (None: not asked yet)."""
    said = None if reported is None else Decimal(quantity if reported == "same" else reported)
    return Holding.objects.create(
        owner=of.owner,
        connection=of,
        wallet=wallet,
        asset=asset,
        quantity=Decimal(quantity),
        reported=said,  # type: ignore[misc]  # the field may be null
    )


def manual_entry(of: Connection, **fields: Any) -> ManualEntry:
    """An opening balance that was entered by hand, and withdrawn: it books nothing."""
    values: dict[str, Any] = {
        "kind": ManualEntry.Kind.OPENING,
        "wallet": "spot",
        "asset": "BTC",
        "amount": Decimal("0.5"),
        "occurred_at": NOW,
        "made_at": NOW,
        "withdrawn_at": NOW,
    }
    return ManualEntry.objects.create(owner=of.owner, connection=of, **(values | fields))


def edit(of: Connection, batch: UUID | None = None, **fields: Any) -> Edit:
    """An edit that hid nothing."""
    values: dict[str, Any] = {"kind": Edit.Kind.HIDE, "made_by": of.owner, "made_at": NOW}
    return Edit.objects.create(owner=of.owner, connection=of, batch=batch, **(values | fields))


def conflict(of: RawRecord, against: Transaction, **fields: Any) -> WitnessConflict:
    """An open conflict: a file tells of half a Bitcoin more."""
    legs = [["spot", "BTC", "1.5", "principal"]]
    values: dict[str, Any] = {
        "key": against.key,
        "why": WitnessConflict.Why.AMOUNTS,
        "told": {"kind": "deposit", "at": NOW.isoformat(), "legs": legs},
        "difference": {"BTC": "0.5"},
        "found_at": NOW,
    }
    return WitnessConflict.objects.create(
        owner=of.connection.owner, connection=of.connection, raw_record=of, **(values | fields)
    )


def saved_filter(
    owner: User, name: str = "", query: str = "asset=DOT", **fields: Any
) -> SavedFilter:
    """A saved filter that is not the default."""
    made = name or f"Filter of DOT {next(_numbers)}"
    return SavedFilter.objects.create(owner=owner, name=made, query=query, **fields)


def price(asset: str, amount: str, *, currency: str = "EUR", at: datetime = NOW) -> LatestPrice:
    """The newest price of an asset."""
    return LatestPrice.objects.create(
        asset=asset, currency=currency, price=Decimal(amount), at=at, source="kraken:sandbox"
    )


def own_price(owner: User, asset: str, amount: str = "4", **fields: Any) -> OwnPrice:
    """A price that a user gave, of one day on."""
    values: dict[str, Any] = {
        "currency": "EUR",
        "since": NOW - timedelta(days=100),
        "made_at": NOW,
    }
    return OwnPrice.objects.create(
        owner=owner, asset=asset, price=Decimal(amount), **(values | fields)
    )


def daily_price(asset: str, amount: str, on: date, *, currency: str = "EUR") -> DailyPrice:
    """The closing price of an asset on one day."""
    return DailyPrice.objects.create(
        asset=asset, currency=currency, on=on, price=Decimal(amount), source="kraken:sandbox"
    )


def daily_values(
    owner: User, values: Iterable[tuple[date, str]], *, currency: str = "EUR"
) -> list[DailyValue]:
    """What a user's holdings were worth at the end of each of these days."""
    return DailyValue.objects.bulk_create(
        DailyValue(owner=owner, currency=currency, on=on, value=Decimal(value))
        for on, value in values
    )


def full_account(owner: User, *, now: datetime = NOW, days: int = 400) -> dict[str, Any]:
    """Two connections with history, holdings, prices and daily values; one holding differs.

    Returns the objects by name: kraken, binance, ledger (a stream), trade (a transaction).
    """
    kraken = connection(owner, last_synced_at=now, balances_at=now)
    binance = connection(
        owner, exchange="binance", label="Binance", last_synced_at=now, balances_at=now
    )
    since = now - timedelta(days=days)
    for made in (kraken, binance):
        audit(made, at=now)
        sync_run(made, started_at=now - timedelta(minutes=2), finished_at=now)
    ledger = stream(kraken, "ledger", record_count=1200)
    pairs = [stream(binance, f"trades:{pair}", priority=n) for n, pair in enumerate(_PAIRS)]
    broken = stream(binance, "deposits", state=Stream.State.FAILED, message="HTTP 502 five times")
    for part in (ledger, *pairs):
        coverage(part, since, now)
    coverage(broken, since, now - timedelta(days=days // 4))
    coverage(broken, now - timedelta(days=days // 4), now, "failed")
    trades = [_trade(ledger if n % 3 else pairs[n % 4], n, now) for n in range(70)]
    _hold_and_price(kraken, binance, now)
    daily_values(owner, _course(now, days))
    return {"kraken": kraken, "binance": binance, "ledger": ledger, "trade": trades[0]}


_PAIRS = ("BTCUSDT", "ETHUSDT", "BNBBTC", "SHIBUSDT")


def _trade(of: Stream, number: int, now: datetime) -> Transaction:
    at = now - timedelta(hours=7 * number)
    if number % 5 == 4:
        moved = ("0.00012345", "DOT")
        return transaction(of, moved, kind="reward", at=at, wallet="staking")
    moves = (f"-{number * 37 + 125}.55", "EUR"), (f"0.0{number + 11}345678", "BTC")
    fee = ("-0.00075", "BNB", "fee")
    detail = {"symbol": "BTC/EUR", "side": "buy", "price": "61234.5", "order": f"O-{number}"}
    return transaction(of, *moves, fee, at=at, detail=detail)


def _hold_and_price(kraken: Connection, binance: Connection, now: datetime) -> None:
    holding(kraken, "BTC", "0.512345678901234567")
    holding(kraken, "EUR", "1520.4")
    holding(kraken, "DOT", "120.0000451", wallet="staking")
    holding(binance, "BTC", "0.0250075")
    holding(binance, "SHIB", "12500000")
    holding(binance, "BNB", "3.21", reported="3.2")
    holding(binance, "NEWCOIN", "1000")
    for asset, amount in _PRICES.items():
        LatestPrice.objects.create(
            asset=asset, currency="EUR", price=Decimal(amount), at=now, source="kraken:sandbox"
        )


_PRICES = {"BTC": "61234.5", "DOT": "4.32", "SHIB": "0.00000812", "BNB": "540.25"}


def _course(now: datetime, days: int) -> Iterable[tuple[date, str]]:
    """A worth that climbs with a wave in it, in whole cents."""
    for day in range(days + 1):
        wave = (day * 37) % 900 - (day % 50) * 20
        yield (now - timedelta(days=days - day)).date(), str(6000 + day * 30000 // days + wave)
