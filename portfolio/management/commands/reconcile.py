"""manage.py reconcile: every wallet and asset held against what its exchange reports."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portfolio.engine import money
from portfolio.engine.causes import Cause
from portfolio.engine.locating import Step
from portfolio.exchanges import catalogue
from portfolio.management.base import OperatorCommand, connection_with, user_named
from portfolio.models import Connection, Holding
from portfolio.selectors import locating, reconciliation
from portfolio.selectors.locating import Finding
from portfolio.selectors.reconciliation import ProofRow

COLUMNS = ("exchange", "wallet", "asset", "ledger", "reported", "discrepancy")


class Command(OperatorCommand):
    help = "Holds the ledger against what the exchanges report; says where differences arose."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("--connection", metavar="ID", help="one connection of the user only")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        connections = Connection.objects.of(user)
        if options["connection"]:
            connections = connections.filter(pk=connection_with(options["connection"]).pk)
        rows = [
            _row(connection, row)
            for connection in connections
            for row in reconciliation.proof(user, connection.pk).rows
        ]
        if options["json"]:
            self.print_json(rows)
            return
        for row in rows:
            self.stdout.write("  ".join(str(row[name] or "unknown") for name in COLUMNS))
            for step in row["located"]:
                self.stdout.write(f"    {_in_words(step)}")


def _row(connection: Connection, row: ProofRow) -> dict[str, Any]:
    return {
        "connection": str(connection.pk),
        "exchange": connection.exchange,
        "wallet": row.wallet,
        "asset": row.asset,
        "opening": money.plain(row.opening),
        "sums": {part.kind: money.plain(part.amount) for part in row.sums},
        "ledger": money.plain(row.ledger),
        "reported": None if row.reported is None else money.plain(row.reported),
        "discrepancy": None if row.difference is None else money.plain(row.difference),
        "located": [] if row.agrees is not False else _located(connection, row),
    }


def _located(connection: Connection, row: ProofRow) -> list[dict[str, Any]]:
    holding = Holding.objects.select_related("connection").get(
        connection=connection, wallet=row.wallet, asset=row.asset
    )
    unserved = catalogue.unserved(connection.exchange)
    return [_finding(f) for f in locating.explained(holding, unserved=unserved).findings]


def _finding(finding: Finding) -> dict[str, Any]:
    step: Step = finding.step
    return {
        "amount": money.plain(step.amount),
        "after": step.after.isoformat() if step.after else None,
        "until": step.until.isoformat(),
        "passed": step.back is not None,
        "recent": step.is_fresh,
        "causes": [_cause(cause) for cause in finding.causes],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": str(cause.kind),
        "likelihood": cause.likelihood,
        "record_kind": cause.record_kind or None,
        "transaction": cause.entry.ref if cause.entry else None,
        "wallet": cause.wallet or None,
    }


def _in_words(step: dict[str, Any]) -> str:
    kinds = ", ".join(cause["kind"] for cause in step["causes"])
    after = step["after"] or "the beginning"
    return f"{step['amount']} between {after} and {step['until']}: {kinds}"
