"""Real files of tools, where they are there: no row is lost, or it is refused with its line."""

from __future__ import annotations

import pytest

from tests.imports import reading
from tests.imports.reading import SHARED

# file -> format, rows, events, rows left out, lines refused. A row with both ends of a transfer
# makes two events.
FILES: dict[str, tuple[str, int, int, int, list[int]]] = {
    "bitcoin_tax/bitcoin_tax_spending.csv": ("bitcoin-tax-income", 1, 1, 0, []),
    "cointracking/cointracking_custom_dates.csv": ("cointracking", 2, 2, 0, []),
    "cointracking/cointracking_trades_list.csv": ("cointracking", 12, 12, 0, []),
    "dali/test_manual_intra.csv": ("dali-intra", 5, 8, 0, []),
    "dali/test_manual_out.csv": ("dali-out", 1, 1, 0, []),
    "ghostfolio/ghostfolio_notok_invalid-date-yy.csv": ("ghostfolio", 1, 0, 0, [2]),
    "ghostfolio/ghostfolio_notok_invalid-fee.csv": ("ghostfolio", 1, 0, 0, [2]),
    "localbitcoins/localbitcoins.csv": ("localbitcoins", 3, 3, 0, []),
    "pionex/test_pionex_transfers.csv": ("pionex-transfers", 2, 2, 0, []),
    "rotki/rotki_generic_events.csv": ("rotki-events", 7, 6, 0, [8]),
    "shapeshift/shapeshift-trade-history.csv": ("shapeshift", 3, 2, 1, []),
    "trezor/test_trezor_bob_btc.csv": ("trezor-first", 3, 3, 0, []),
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_whole(name: str) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the real files are not here: they are not part of this repository")
    text = path.read_text(encoding="utf-8")
    ident, rows, events, left_out, refused = FILES[name]
    assert reading.table_of(text)[0].id == ident
    found = reading.told(text)
    assert (found.rows, len(found.events), len(found.left_out)) == (rows, events, left_out)
    assert [line for line, _ in found.problems] == refused
    reading.same_however_sorted(text)
