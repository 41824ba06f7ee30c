"""What a target makes of a file, by the target's own rule and not by the code that wrote it.

Each module here has ``READERS``, by format id. ``ELSEWHERE`` names the formats that have none, with
the reason. Every registered format is in one of the two.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from portfolio.engine.export import ExportTransaction


@dataclass(frozen=True, slots=True)
class Told:
    """One row, or one entry, as the target understands it: what each balance changes by."""

    at: str  # sorts as the time does, within one file
    change: Mapping[str, Decimal]


def _leaves_out_none(transaction: ExportTransaction) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a file back.

    ``places``: decimals that amounts are rounded to. ``rows``: how many rows the target needs for
    one transaction, None where that is not a matter of the transaction alone. ``together``: the
    formats whose files hold everything only together. ``leaves_out``: what its shortfalls say is
    in no file.
    """

    read: Callable[[bytes], Sequence[Told]]
    places: int | None = None
    rows: Callable[[ExportTransaction], int] | None = None
    together: tuple[str, ...] = ()
    leaves_out: Callable[[ExportTransaction], bool] = _leaves_out_none
    symbols: Mapping[str, str] = field(default_factory=dict)  # the target's name by Coffer's


# Formats whose amounts are read back elsewhere, or that have none of the ledger's; with the reason.
ELSEWHERE = {
    "rp2": "RP2 itself tells what it holds: tests/exports/judges/test_rp2.py",
    "dali": "RP2 takes what dali makes of it: tests/exports/judges/test_rp2.py",
    **dict.fromkeys(
        ("form-8949", "turbotax-gains", "txf"), "lots as the tax engine sold them, not the ledger"
    ),
    "archive": "raw records and all else, byte for byte: tests/portfolio/test_archive.py",
    "ghostfolio": "it knows no deposits and transfers, so sums differ: test_ghostfolio.py",
}


@cache
def readers() -> dict[str, Reader]:
    """All readers by the id of their format."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(__path__):
        its_own = importlib.import_module(f"{__name__}.{module.name}").READERS
        assert not found.keys() & its_own.keys()
        found |= its_own
    return found


def summed(told: Iterable[Told]) -> dict[str, Decimal]:
    """The changes by asset, exactly, nothing that cancels out."""
    sums: dict[str, Decimal] = {}
    for entry in told:
        for asset, amount in entry.change.items():
            sums[asset] = sums.get(asset, Decimal(0)) + amount
    return {asset: amount for asset, amount in sums.items() if amount}
