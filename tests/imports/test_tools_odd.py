"""Cells that are not what their headings say: understood, or refused with words, never a crash."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from portfolio.engine import money
from portfolio.imports.format import Entry, NotUnderstood, Row
from tests.imports import golden
from tests.imports.test_tools import TOOLS

ODD = (
    *("", "-", "0", "-1", "1e30", "1e-30", "1e999", "NaN", "Infinity", "=1+1", "0x10", "1,5", "٣"),
    *("99999999999999999999999999999999999999999999999999999", "null", ";", ";7", "a;b;c", "\x00"),
    *("9999-12-31", "0001-01-01", "2024-02-30 25:61", "31/31/2031", "1e400000", "'", '"', "{}"),
    *("BTC", "x" * 5000, "Trade", "transfer", "\u202e", "eip155:1/erc20:0x0", "123456789012345678"),
)


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_odd_cells_are_read_or_refused(name: str) -> None:
    for sheet in golden.sheets(name):
        rng = random.Random(name)
        rows = [_bent(rng.choice(sheet.rows), number, rng) for number in range(2, 202)]
        for entry in _read(replace(sheet, rows=rows)):
            with suppress(NotUnderstood):
                event = sheet.known.event(entry, sheet.reading)
                assert all(money.fits(moved.amount) for moved in event.movements)
                assert all(moved.asset.strip() for moved in event.movements)
                assert all(isinstance(text, str) for text in event.detail.values())
                assert 2009 <= event.occurred_at.year <= 2200


def _bent(row: Row, line: int, rng: random.Random) -> Row:
    cells = dict(row.cells)
    for place in rng.sample(sorted(cells), k=min(len(cells), rng.randint(1, 3))):
        cells[place] = rng.choice(ODD)
    return Row(line, cells)


def _read(sheet: golden.Sheet) -> list[Entry]:
    """The entries; all of them may be refused at once."""
    with suppress(NotUnderstood):
        return sheet.entries()
    return []
