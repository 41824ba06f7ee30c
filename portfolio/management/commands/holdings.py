"""manage.py holdings: what a user holds by the ledger, beside what the exchanges report."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from portfolio.engine import money
from portfolio.engine.reconcile import discrepancy
from portfolio.management.base import OperatorCommand, user_named
from portfolio.models import Holding

COLUMNS = ("exchange", "wallet", "asset", "quantity", "reported", "discrepancy")


class Command(OperatorCommand):
    help = "Lists holdings per connection, wallet and asset, in full precision."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the owner's e-mail address")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        holdings = Holding.objects.filter(owner=user_named(options["user"]))
        rows = [_row(holding) for holding in holdings.select_related("connection")]
        shown = [
            row for row in rows if row["quantity"] != "0" or row["reported"] not in ("0", None)
        ]
        if options["json"]:
            self.print_json(shown)
            return
        for row in shown:
            self.stdout.write("  ".join(str(row[name] or "unknown") for name in COLUMNS))


def _row(holding: Holding) -> dict[str, str | None]:
    difference = discrepancy(holding.quantity, holding.reported)
    return {
        "connection": str(holding.connection_id),
        "exchange": holding.connection.exchange,
        "wallet": holding.wallet,
        "asset": holding.asset,
        "quantity": money.plain(holding.quantity),
        "reported": None if holding.reported is None else money.plain(holding.reported),
        "discrepancy": None if difference is None else money.plain(difference),
    }
