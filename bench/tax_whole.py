"""A whole process from a file, or a ledger in PostgreSQL, to every part of every disposal.

python -m bench.tax_whole file CASE.json OUT.csv    (a case as `manage.py tax_case` reads it)
python -m bench.tax_whole ledger EMAIL OUT.csv      (in the environment of the product)
"""

from __future__ import annotations

import gc

gc.disable()  # nothing that is made here, modules among it, is thrown away before the end

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from portfolio.engine.tax import Outcome, compute  # noqa: E402
from portfolio.engine.tax.case import read  # noqa: E402
from portfolio.engine.tax.rows import Rows  # noqa: E402


def of_file(path: str) -> Outcome:
    """What comes of the case in a file."""
    with open(path, "rb") as file:  # noqa: PTH123  pathlib takes a while to load
        case = read(json.loads(file.read()) | {"name": path, "expected": {}})
    return compute(case.settings, case.history)


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
    outcome = of_file(name) if source == "file" else of_ledger(name)
    with open(target, "w", newline="") as file:  # noqa: PTH123
        lines = outcome.disposals.lines() if isinstance(outcome.disposals, Rows) else None
        if lines is None:
            import csv

            csv.writer(file).writerows(outcome.disposals)
        else:
            file.writelines(lines)
    sys.stdout.flush()
    os._exit(0)  # the memory goes as a whole: taking each row down takes a tenth of the time


if __name__ == "__main__":
    main()
