"""Gains that other programs compute from exports, beside those of the tax engine.

The same history goes to RP2 as its own workbook and to the engine as the ledger tells it. Where the
law lets fees be told in several ways, the settings say RP2's.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from portfolio.engine.export import ExportTransaction
from portfolio.engine.tax import Settings, compute, from_ledger
from portfolio.engine.tax.settings import CryptoFee, TradeFee, TransferFee
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
