"""The matrix of faults: each of them somewhere, each exchange with its share; all of it on demand.

``python -m bench.faults`` runs every fault at every exchange and prints the table.
"""

from __future__ import annotations

import pytest

from accounts.models import User
from sandbox import exchanges as simulated
from tests.live.faults.cells import Subject
from tests.live.faults.matrix import MATRIX
from tests.live.faults.places import PLACES
from tests.sandbox_server import control

# Those with a short first fetch; the others take their turn in the whole matrix.
QUICK = ["kraken", "okx", "bitget", "coinbase"]


def test_the_matrix_is_as_large_as_promised() -> None:
    assert len({fault.name for fault in MATRIX}) == len(MATRIX) >= 40
    for fault in MATRIX:
        assert len([name for name in PLACES if fault.expected(name)]) >= 2, fault.name
    assert set(PLACES) <= set(simulated.ids())


@pytest.mark.parametrize("exchange", QUICK)
def test_each_fault_ends_as_it_must(exchange: str, sandbox: str, owner: User) -> None:
    faults = [f for number, f in enumerate(MATRIX) if _whose(number) == exchange]
    control(sandbox, "requests", "DELETE")
    subject = Subject(exchange, sandbox, owner)
    cells = [cell for fault in faults if (cell := subject.strike(fault)) is not None]
    assert len(cells) >= 10
    assert [(cell.fault.name, cell.problem) for cell in cells if cell.problem] == []
    assert control(sandbox, "requests")["writes"] == 0


def _whose(number: int) -> str:
    """The exchange that a fault strikes here: the first, from its own place on, where it can be."""
    among = QUICK[:2] if MATRIX[number].many else QUICK
    turn = [among[(number + step) % len(among)] for step in range(len(among))]
    able = [name for name in turn if MATRIX[number].expected(name) is not None]
    return able[0] if able else ""
