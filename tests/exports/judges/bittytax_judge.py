"""Run by BittyTax's own Python: the gain of each disposal in a file, as JSON in its last line."""

import json
import sys

from bittytax import bittytax  # type: ignore[import-not-found]  # in its own environment
from bittytax.bt_types import TaxRules  # type: ignore[import-not-found]
from bittytax.tax_event import TaxEventCapitalGains  # type: ignore[import-not-found]


def gains(path: str) -> list[list[str]]:
    """Asset, date and gain of each part of a disposal, in its own rounding."""
    records = bittytax._do_import(path)
    tax, _ = bittytax._do_tax(records, TaxRules.UK_INDIVIDUAL, skip_integrity_check=False)
    found = [event for of_year in tax.tax_events.values() for event in of_year]
    return [
        [event.asset, event.date.isoformat(), str(event.gain)]
        for event in found
        if isinstance(event, TaxEventCapitalGains)
    ]


if __name__ == "__main__":
    print("\n" + json.dumps([gains(path) for path in sys.argv[1:]]))  # noqa: T201
