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
    assert quantities(connection) == told["balances"]
    counted = sync_report.records_by_kind(connection)
    assert counted == {kind: count for kind, count in told["records"].items() if count}
    assert not RawRecord.objects.filter(connection=connection).exclude(problem="").exists()
    for holding in Holding.objects.filter(connection=connection):
        assert holding.reported is not None
        assert holding.quantity == holding.reported, (holding.wallet, holding.asset)


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
                p.raw_record.external_id,
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
