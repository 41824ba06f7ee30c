"""A whole process from a file, or a ledger in PostgreSQL, to every part of every disposal.

python -m bench.tax_whole file CASE.json OUT.csv    (a case as `manage.py tax_case` reads it)
python -m bench.tax_whole ledger EMAIL OUT.csv      (in the environment of the product)
"""

from __future__ import annotations

import csv
import gc
import json
import sys
from pathlib import Path

from portfolio.engine.tax import History, Outcome, compute
from portfolio.engine.tax.case import read


def of_file(path: str) -> Outcome:
    """What comes of the case in a file."""
    case = read(json.loads(Path(path).read_bytes()) | {"name": path, "expected": {}})
    return compute(case.settings, History(case.events, case.settings.base_currency))


def of_ledger(email: str) -> Outcome:
    """What comes of all that a person has booked, read and valued as for a report."""
    import django

    django.setup()
    from django.utils import timezone

    from accounts.models import User
    from portfolio.engine.tax import place as places
    from portfolio.selectors import tax_events
    from portfolio.services import tax_ledger

    user = User.objects.get(email=email)
    place = places.by_id("neutral")
    settings = place.settings_for("fifo", "EUR")
    environment = tax_events.environment(user)
    chosen = tax_ledger.selection(user, environment, timezone.now())
    return compute(settings, tax_ledger.read(user, place, settings, chosen).history)


def main() -> None:
    """Writes what came of it as CSV."""
    source, name, target = sys.argv[1:]
    gc.disable()  # nothing that is made here is thrown away before the end
    outcome = of_file(name) if source == "file" else of_ledger(name)
    with Path(target).open("w") as file:
        csv.writer(file).writerows(outcome.disposals)


if __name__ == "__main__":
    main()
