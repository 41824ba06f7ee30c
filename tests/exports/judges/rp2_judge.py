"""Run by RP2's own Python: what it makes of each folder's rp2.ini and rp2.ods, as JSON."""

import json
import sys
from importlib import import_module

from prezzemolo.avl_tree import AVLTree  # type: ignore[import-not-found]  # in its own environment
from rp2.accounting_engine import AccountingEngine  # type: ignore[import-not-found]
from rp2.configuration import MIN_DATE, Configuration  # type: ignore[import-not-found]
from rp2.ods_parser import open_ods, parse_ods  # type: ignore[import-not-found]
from rp2.plugin.country.us import US  # type: ignore[import-not-found]
from rp2.rp2_error import RP2Error  # type: ignore[import-not-found]
from rp2.tax_engine import compute_tax  # type: ignore[import-not-found]


def judged(method: str, folder: str) -> dict[str, object]:
    """What is held of each asset in each place, and each gain, or why it is refused."""
    held, gains = [], []
    try:
        known = Configuration(configuration_path=f"{folder}/rp2.ini", country=US())
        book = open_ods(configuration=known, input_file_path=f"{folder}/rp2.ods")
        for asset in sorted(known.assets):
            found = compute_tax(
                configuration=known,
                accounting_engine=_engine(method),
                input_data=parse_ods(configuration=known, asset=asset, input_file_handle=book),
            )
            held += [[asset, b.exchange, str(b.final_balance)] for b in found.balance_set]
            gains += [
                [asset, gain.timestamp.isoformat(), str(gain.crypto_amount), str(gain.fiat_gain)]
                for gain in found.gain_loss_set
                if gain.acquired_lot  # what is earned has none
            ]
    except RP2Error as refusal:
        return {"error": str(refusal), "held": [], "gains": []}
    return {"error": "", "held": held, "gains": gains}


def _engine(method: str) -> object:
    methods = AVLTree()
    module = import_module(f"rp2.plugin.accounting_method.{method}")
    methods.insert_node(MIN_DATE.year, module.AccountingMethod())
    return AccountingEngine(years_2_methods=methods)


if __name__ == "__main__":
    answers = [judged(sys.argv[1], folder) for folder in sys.argv[2:]]
    # It may have printed before.
    print("\n" + json.dumps(answers))  # noqa: T201
