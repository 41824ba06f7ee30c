"""manage.py holdings: what a user holds by the ledger, beside what the exchanges report."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portfolio.engine import money
from portfolio.engine.identities import Identities
from portfolio.engine.reconcile import discrepancy
from portfolio.management.base import OperatorCommand, user_named
from portfolio.models import Holding
from portfolio.selectors.assets import identities, source_name

COLUMNS = ("exchange", "wallet", "asset", "quantity", "reported", "discrepancy")


class Command(OperatorCommand):
    help = "Lists holdings per connection, wallet and asset, in full precision."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        known = identities(user)
        holdings = Holding.objects.filter(owner=user).select_related("connection")
        rows = [_row(holding, known) for holding in holdings]
        shown = [
            row for row in rows if row["quantity"] != "0" or row["reported"] not in ("0", None)
        ]
        if options["json"]:
            self.print_json(shown)
            return
        for row in shown:
            line = "  ".join(str(row[name] or "unknown") for name in COLUMNS)
            self.stdout.write(f"{line}  {_remark(row)}".rstrip())


def _remark(row: dict[str, Any]) -> str:
    """What is said of an asset that is not what its code says."""
    if row["is_spam"]:
        return "spam"
    return "" if row["identity"] == row["asset"] else f"is {row['identity']}"


def _row(holding: Holding, known: Identities) -> dict[str, Any]:
    source = source_name(holding.connection.exchange, holding.connection.environment)
    difference = discrepancy(holding.quantity, holding.reported)
    return {
        "connection": str(holding.connection_id),
        "exchange": holding.connection.exchange,
        "wallet": holding.wallet,
        "asset": holding.asset,
        "quantity": money.plain(holding.quantity),
        "reported": None if holding.reported is None else money.plain(holding.reported),
        "discrepancy": None if difference is None else money.plain(difference),
        "identity": known.of(source, holding.asset),
        "is_spam": known.is_spam(source, holding.asset),
    }
