"""Run by beancount's own Python: each file's errors and what its wallets hold, as JSON."""

import json
import sys

from beancount import loader  # type: ignore[import-not-found]  # in its own environment
from beancount.core import inventory  # type: ignore[import-not-found]


def judged(path: str) -> dict[str, object]:
    """What beancount makes of one file."""
    entries, errors, _ = loader.load_file(path)
    sums: dict[str, inventory.Inventory] = {}
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            sums.setdefault(posting.account, inventory.Inventory()).add_position(posting)
    held = [
        [account, position.units.currency, str(position.units.number)]
        for account, of_account in sums.items()
        for position in of_account
    ]
    return {"errors": [str(error.message) for error in errors], "held": held}


if __name__ == "__main__":
    print(json.dumps([judged(path) for path in sys.argv[1:]]))  # noqa: T201
