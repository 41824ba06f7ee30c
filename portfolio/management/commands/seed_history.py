"""manage.py seed_history: fills an account with synthetic transactions, for load tests."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from portfolio.management.base import OperatorCommand, WrongArgument, user_named
from portfolio.services import seeding, valuation


class Command(OperatorCommand):
    help = (
        "Adds synthetic transactions to a user's account, on a sandbox connection named "
        f"'{seeding.LABEL}'. Run again, it adds more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--transactions", required=True, metavar="N")
        parser.add_argument("--seed", type=int, default=1, help="another seed, another history")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        text = str(options["transactions"])
        if not text.isdecimal() or not 0 < int(text) < 10**9:
            raise WrongArgument(f"{text} is not a number of transactions.")
        started = time.monotonic()
        added = seeding.seed_history(user, transactions=int(text), seed=options["seed"])
        valuation.recompute(user.pk, wait=True)
        answer = {
            "connection": str(added.connection.pk),
            "transactions": added.transactions,
            "postings": added.postings,
            "seconds": round(time.monotonic() - started, 1),
        }
        if options["json"]:
            self.print_json(answer)
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in answer.items()))
