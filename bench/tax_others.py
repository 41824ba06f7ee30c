"""RP2 and BittyTax as whole processes on the history of ``bench.tax``, where they are installed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.tax.types import Leg, TaxEvent
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports import registry, writing

ROOT = Path(__file__).parents[1]
JUDGES = ROOT / ".venv-judges"
NEEDED = {("rp2", 100_000): 8 << 30}  # bytes of memory
LONGEST = {"rp2": 100_000, "bittytax": 10_000}  # BittyTax grows with the square
# Without the last line a loss would be bought back, and with other sources it would ask for prices.
_BITTYTAX = """
local_currency: 'GBP'
fiat_list: ['GBP']
crypto_list: ['BTC']
data_source_select: {}
data_source_fiat: []
data_source_crypto: []
lost_buyback: False
"""


class Ran(NamedTuple):
    """What a process took: seconds of the clock and of a processor, and bytes of memory."""

    seconds: float
    cpu: float
    memory: int


def run(command: list[str], home: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Runs a process to its end. May raise RuntimeError."""
    start = time.perf_counter()
    with (home / "said").open("wb") as said:
        child = subprocess.Popen(
            command, cwd=home, env=environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL
        )
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        words = (home / "said").read_text(errors="replace")[-500:]
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {words}")
    taken = time.perf_counter() - start
    return Ran(taken, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def refused(name: str, number: int) -> str:
    """Why a program is not run on so many events; "" where it is."""
    if not (JUDGES / name / "bin" / "python").exists():
        return f"not installed (make .venv-judges/{name}/.installed)"
    if number > LONGEST[name]:
        return "would take hours"
    memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if memory < NEEDED.get((name, number), 0):
        return "not enough memory is free"
    return ""


def measured(name: str, events: Iterable[TaxEvent], home: Path) -> Ran:
    """The program from its own file to its own report."""
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    programs = JUDGES / name / "bin"
    if name == "rp2":
        book = _written("rp2", events, "USD")
        zipfile.ZipFile(io.BytesIO(book)).extractall(home)
        words = [str(programs / "rp2_us"), "-m", "fifo", "-o", "reports", "rp2.ini", "rp2.ods"]
    else:
        (home / ".bittytax").mkdir()
        (home / ".bittytax" / "bittytax.conf").write_text(_BITTYTAX)
        (home / "file.csv").write_bytes(_written("bittytax", events, "GBP"))
        words = [str(programs / "bittytax"), "file.csv", "--nopdf"]
    return run(words, home, environment)


def coffer(case: Path, home: Path) -> Ran:
    """Coffer from a file to every part of every disposal; its modules compiled, as installed."""
    home.mkdir()
    words = ["-S", "-m", "bench.tax_whole", "file", str(case), str(home / "out.csv")]
    kept = {name: told for name, told in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(case.parent / "compiled")}
    return run([sys.executable, *words], home, kept | compiled)


def _written(ident: str, events: Iterable[TaxEvent], currency: str) -> bytes:
    told = _transactions(events, currency)
    return b"".join(writing.single(registry.by_id(ident), told, ExportContext(currency)))


def _transactions(events: Iterable[TaxEvent], currency: str) -> Iterator[ExportTransaction]:
    for number, event in enumerate(events, 1):
        legs = [
            _leg(leg, sign, role, currency)
            for leg, sign, role in (
                (event.into, 1, PostingRole.PRINCIPAL),
                (event.out, -1, PostingRole.PRINCIPAL),
                (event.fee, -1, PostingRole.FEE),
            )
            if leg is not None
        ]
        yield ExportTransaction(
            *(number, event.time, TransactionKind.TRADE, "A", "A", "kraken", str(number)),
            tuple(legs),
        )


def _leg(leg: Leg, sign: int, role: PostingRole, currency: str) -> ExportLeg:
    asset = leg.asset if leg.asset.startswith("COIN") else currency
    return ExportLeg("spot", asset, leg.amount.copy_sign(sign), role, leg.value)
