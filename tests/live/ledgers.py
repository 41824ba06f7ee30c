"""What the ledger says, in forms that can be compared."""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.models import Connection, Holding, Posting, RawRecord, Transaction
from portfolio.selectors import sync_report

Balances = dict[str, dict[str, str]]


def quantities(connection: Connection) -> Balances:
    """Non-zero quantities by wallet and asset, as the sandbox's statement writes them."""
    found: Balances = {}
    for holding in Holding.objects.filter(connection=connection):
        if holding.quantity:
            found.setdefault(holding.wallet, {})[holding.asset] = money.plain(holding.quantity)
    return found


def assert_equals_statement(connection: Connection, told: dict[str, Any]) -> None:
    """Every wallet and asset digit for digit, and every kind of record by count."""
    held = quantities(connection)
    assert held == told["balances"], f"balances: {_apart(held, told['balances'])}"
    counted = sync_report.records_by_kind(connection)
    expected = {kind: count for kind, count in told["records"].items() if count}
    assert counted == expected, f"records: {counted}, not {expected}"
    unread = RawRecord.objects.filter(connection=connection).exclude(problem="")
    assert not unread.exists(), f"{unread.count()} unreadable records"
    for holding in Holding.objects.filter(connection=connection):
        assert holding.reported is not None
        assert holding.quantity == holding.reported, (holding.wallet, holding.asset)


def _apart(one: Balances, other: Balances) -> list[str]:
    """Where two statements differ."""
    places = {(wallet, asset) for told in (one, other) for wallet in told for asset in told[wallet]}
    sides = [(at, one.get(at[0], {}).get(at[1]), other.get(at[0], {}).get(at[1])) for at in places]
    return [f"{wallet} {asset} {a}, not {b}" for (wallet, asset), a, b in sorted(sides) if a != b]


def dump(connection: Connection) -> dict[str, list[Any]]:
    """All that is stored of a connection but for times of fetching and row numbers."""
    raws = RawRecord.objects.filter(connection=connection)
    transactions = Transaction.objects.filter(connection=connection)
    postings = Posting.objects.filter(connection=connection)
    return {
        "raw": sorted(raws.values_list("stream__key", "external_id", "body", "transaction__key")),
        "transactions": sorted(
            (row.key, row.kind, row.occurred_at, sorted(row.detail.items())) for row in transactions
        ),
        "postings": sorted(
            (
                p.transaction.key,
                p.raw_record.external_id if p.raw_record else "",
                p.position,
                p.wallet,
                p.asset,
                money.plain(p.amount),
                p.role,
                p.occurred_at,
            )
            for p in postings.select_related("transaction", "raw_record")
        ),
        "holdings": sorted(
            (wallet, asset, quantity)
            for wallet, assets in quantities(connection).items()
            for asset, quantity in assets.items()
        ),
    }
