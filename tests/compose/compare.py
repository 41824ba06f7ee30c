"""Holds ``holdings`` and ``sync`` against the sandbox's statements; says the first differences."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"


def main(work: Path) -> int:
    """0 when all quantities (digit for digit) and counts of records of both exchanges are equal."""
    rows = json.loads((work / "holdings.json").read_text())
    keys = json.loads((work / "keys.json").read_text())
    synced = json.loads((work / "synced.json").read_text())
    differences = []
    for exchange in ("binance", "kraken"):
        key = next(k for k in keys if (k["exchange"], k["purpose"]) == (exchange, "read-only"))
        statement = _statement(key["statement"])
        expected = _flat(statement["balances"])
        report = next(entry for entry in synced if entry["exchange"] == exchange)
        if report["records"] != statement["records"]:
            differences.append(f"{exchange}: {report['records']}, not {statement['records']}")
        ours = {
            (row["wallet"], row["asset"]): Decimal(row["quantity"])
            for row in rows
            if row["exchange"] == exchange and Decimal(row["quantity"])
        }
        differences += [
            f"{exchange} {where}: ours {ours.get(where)}, theirs {expected.get(where)}"
            for where in sorted(ours.keys() | expected.keys())
            if ours.get(where) != expected.get(where)
        ]
    sys.stderr.write("\n".join(differences[:10]) + "\n")
    return 1 if differences else 0


def _statement(address: str) -> dict[str, Any]:
    """Asked from inside: the sandbox is not published."""
    command = ["docker", "exec", _container(), "python", "-c", FETCH, address]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(answer.stdout))


def _container() -> str:
    labels = ("project=coffer-check", "service=sandbox")
    filters = [f"--filter=label=com.docker.compose.{label}" for label in labels]
    listed = subprocess.run(
        ["docker", "ps", "-q", *filters], check=True, capture_output=True, text=True
    )
    return listed.stdout.split()[0]


def _flat(balances: dict[str, dict[str, str]]) -> dict[tuple[str, str], Decimal]:
    return {
        (wallet, asset): Decimal(quantity)
        for wallet, assets in balances.items()
        for asset, quantity in assets.items()
        if Decimal(quantity)
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
