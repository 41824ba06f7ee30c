"""Gains that other programs compute from exports, beside those of the tax engine.

The same history goes to RP2 and BittyTax as the exports tell it and to the engine as the ledger
does. Where the law lets fees be told in several ways, the settings say what the program does.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from portfolio.engine.export import ExportTransaction
from portfolio.engine.tax import Settings, compute, from_ledger
from portfolio.engine.tax.settings import CryptoFee, DisposalFee, TradeFee, TransferFee
from tests.exports.judges import programs
from tests.exports.judges.test_bittytax import CONFIGURATION, POUNDS
from tests.exports.judges.test_ledgers import written
from tests.exports.judges.test_rp2 import judged, unpacked
from tests.exports.judges.trading import Trader

Gains = dict[tuple[str, datetime], Decimal]
CENT = Decimal("0.01")
SEEDS = range(6)


def ours(life: list[ExportTransaction], settings: Settings) -> Gains:
    """What the engine makes of each disposal, by asset and moment."""
    made = from_ledger.Translation()
    outcome = compute(settings, list(from_ledger.events(life, settings.base_currency, made)))
    assert not made.assumptions
    gains: Gains = defaultdict(Decimal)
    for disposal in outcome.disposals:
        assert disposal.gain is not None
        gains[disposal.asset, disposal.time] += disposal.gain
    return gains


def theirs(rows: list[list[str]]) -> Gains:
    gains: Gains = defaultdict(Decimal)
    for asset, at, _, gain in rows:
        gains[asset, datetime.fromisoformat(at)] += Decimal(gain)
    return gains


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo"])
def test_rp2_computes_the_same_gains(method: str, tmp_path: Path) -> None:
    # RP2 1.7.2 loses the rest of the dearest lot when an income comes between two sales.
    lives = [Trader(seed, "USD", incomes=method != "hifo").live(90) for seed in SEEDS]
    settings = Settings(
        method,
        "USD",
        trade_fee=TradeFee.ACQUISITION,
        crypto_fee=CryptoFee.DISPOSE,
        transfer_fee=TransferFee.DISPOSE,
    )
    folders = [unpacked("rp2", life, tmp_path / str(n)) for n, life in enumerate(lives)]
    for life, answer in zip(lives, judged(tmp_path, folders, method), strict=True):
        assert answer["error"] == ""
        found, wanted = theirs(answer["gains"]), ours(life, settings)
        assert len(wanted) > 20
        assert found.keys() == wanted.keys()
        for place, gain in wanted.items():
            assert abs(found[place] - gain) < CENT, place


UNITED_KINGDOM = Settings(
    "uk_share_pooling",
    "GBP",
    tax_timezone="Europe/London",
    tax_year_start=(4, 6),
    disposal_fee=DisposalFee.ADD_TO_COST,
    trade_fee=TradeFee.SPLIT,
    crypto_fee=CryptoFee.DISPOSE,
    transfer_fee=TransferFee.DISPOSE,
)
READER = Path(__file__).with_name("bittytax_judge.py")
# It rounds proceeds, cost and fees of each row to a penny, half to even.
PENNY_AND_A_HALF = Decimal("0.015")


def test_bittytax_computes_the_same_gains(tmp_path: Path) -> None:
    lives = [Trader(seed, "GBP").live(90) for seed in SEEDS]
    paths = [tmp_path / f"{number}.csv" for number, _ in enumerate(lives)]
    for path, life in zip(paths, lives, strict=True):
        path.write_bytes(written("bittytax", life, POUNDS).encode())
    for life, rows in zip(lives, bittytax_gains(tmp_path, paths), strict=True):
        found, wanted = by_day(rows), of_days(life)
        counted = Counter((asset, date.fromisoformat(on)) for asset, on, _ in rows)
        assert len(wanted) > 20
        assert found.keys() == wanted.keys()
        for place, gain in wanted.items():
            assert abs(found[place] - gain) <= PENNY_AND_A_HALF * counted[place], place


def bittytax_gains(home: Path, paths: list[Path]) -> list[list[list[str]]]:
    (home / ".bittytax").mkdir()
    (home / ".bittytax" / "bittytax.conf").write_text(CONFIGURATION)
    python = programs.python_tool("bittytax", "python")
    answer = programs.run(home, python, str(READER), *map(str, paths))
    assert answer.status == 0, answer.errors
    found: list[list[list[str]]] = json.loads(answer.said.splitlines()[-1])
    return found


def by_day(rows: list[list[str]]) -> dict[tuple[str, date], Decimal]:
    gains: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for asset, on, gain in rows:
        gains[asset, date.fromisoformat(on)] += Decimal(gain)
    return gains


def of_days(life: list[ExportTransaction]) -> dict[tuple[str, date], Decimal]:
    made = from_ledger.Translation()
    outcome = compute(UNITED_KINGDOM, list(from_ledger.events(life, "GBP", made)))
    gains: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for disposal in outcome.disposals:
        assert disposal.gain is not None
        gains[disposal.asset, disposal.on] += disposal.gain
    return gains
