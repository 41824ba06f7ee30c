"""BittyTax imports the file whole, and its audit shows what Coffer's ledger holds."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portfolio.engine.export import ExportContext, ExportTransaction
from tests.exports.judges import programs
from tests.exports.judges.lives import everything, held, random_life, settled, several
from tests.exports.judges.test_ledgers import NAMES, written

POUNDS = ExportContext("GBP")
HEADER = (
    "Type,Buy Quantity,Buy Asset,Buy Value,Sell Quantity,Sell Asset,Sell Value,"
    "Fee Quantity,Fee Asset,Fee Value,Wallet,Timestamp,Note\r\n"
)
# Without the last line a loss would be bought back, and with other sources it would ask for prices.
CONFIGURATION = """
local_currency: 'GBP'
fiat_list: ['GBP', 'EUR', 'USD']
crypto_list: ['BTC', 'ETH']
data_source_select: {}
data_source_fiat: []
data_source_crypto: []
lost_buyback: False
"""
WALLETS = NAMES | {"c": 'manual Cold; "store", {no. 1}: =x'}
Held = dict[tuple[str, str], Decimal]


def bittytax(home: Path, text: str, *words: str) -> programs.Outcome:
    (home / ".bittytax").mkdir(exist_ok=True)
    (home / ".bittytax" / "bittytax.conf").write_text(CONFIGURATION)
    (home / "file.csv").write_bytes(text.encode())
    tool = programs.python_tool("bittytax", "bittytax")
    # It exits with 0 whatever it thinks of a file: only what it says counts.
    return programs.run(home, tool, "file.csv", "--nopdf", *words)


def rows(text: str) -> int:
    return len(list(csv.reader(io.StringIO(text, newline="")))) - 1


def counts(answer: programs.Outcome) -> tuple[str, int, int]:
    """What it says of the import, and how many rows it took and refused."""
    found = re.search(r"import (\w+) \(success=(\d+), failure=(\d+)\)", answer.said)
    assert found, answer.all_said
    return found[1], int(found[2]), int(found[3])


def balances(answer: programs.Outcome) -> Held:
    """What the audit says each wallet holds."""
    section = answer.said.split("Wallet Balances")[1].split("Asset Balances")[0]
    lines = (re.fullmatch(r"(.+?) +(\S+) +(-?[\d,]+(?:\.\d+)?)", x) for x in section.splitlines())
    found = {(line[1], line[2]): Decimal(line[3].replace(",", "")) for line in lines if line}
    return {place: amount for place, amount in found.items() if amount}


def expected(transactions: list[ExportTransaction]) -> Held:
    return {
        (f"{WALLETS[account]} {wallet}", asset): amount
        for (account, wallet, asset), amount in held(transactions).items()
    }


def test_everything_is_imported_and_the_balances_are_the_ledgers(tmp_path: Path) -> None:
    life = everything("GBP")
    text = written("bittytax", life, POUNDS)
    answer = bittytax(tmp_path, text, "--audit")
    assert counts(answer) == ("successful", rows(text), 0)
    assert balances(answer) == expected(life)


def test_the_header_is_its_own() -> None:
    """It drops the first line whatever it holds: without a header a transaction would be lost."""
    assert written("bittytax", everything("GBP"), POUNDS).startswith(HEADER)


def test_a_file_without_a_header_loses_a_row_and_is_called_successful(tmp_path: Path) -> None:
    text = written("bittytax", everything("GBP"), POUNDS)
    answer = bittytax(tmp_path, text.removeprefix(HEADER), "--audit")
    assert counts(answer) == ("successful", rows(text) - 1, 0)


def test_the_tax_report_passes_its_integrity_check(tmp_path: Path) -> None:
    text = written("bittytax", settled(everything("GBP"), {"GBP", "EUR"}), POUNDS)
    answer = bittytax(tmp_path, text, "--summary")
    assert "integrity check: passed" in answer.said, answer.all_said
    assert "is not available" not in answer.all_said  # every price it needs is in the file
    assert answer.status == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("\r\nStaking,", "\r\nStaking-Reward,"),
        ("\r\nTrade,2,BTC", "\r\nTrade,-2,BTC"),
        ("Deposit,200000,GBP,,,,", "Deposit,200000,GBP,,1,BTC,"),
        ("120.01,GBP,,kraken", "120.01,,,kraken"),
    ],
)
def test_a_broken_file_is_refused(right: str, wrong: str, tmp_path: Path) -> None:
    text = written("bittytax", everything("GBP"), POUNDS)
    assert right in text
    said, taken, refused = counts(bittytax(tmp_path, text.replace(right, wrong, 1), "--audit"))
    assert (said, taken, refused) == ("failure", rows(text) - 1, 1)


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=10, max_size=10))
def test_whatever_happened_it_is_imported_and_the_balances_agree(
    seeds: list[int], tmp_path: Path
) -> None:
    life = several([random_life(seed) for seed in seeds])
    text = written("bittytax", life, POUNDS)
    answer = bittytax(tmp_path, text, "--audit")
    assert counts(answer) == ("successful", rows(text), 0)
    told = {
        (f"{exchange} {label} {wallet}", asset): amount
        for (exchange, label, wallet, asset), amount in _by_label(life).items()
    }
    assert balances(answer) == told


def _by_label(life: list[ExportTransaction]) -> dict[tuple[str, str, str, str], Decimal]:
    """What is held, by the label of the account; the second of the same is numbered."""
    labels = {one.account: (one.exchange, one.account_label) for one in life}
    numbered = {
        account: (exchange, f"{label} 2" if account.startswith("k2") else label)
        for account, (exchange, label) in labels.items()
    }
    return {
        (*numbered[account], wallet, asset): amount
        for (account, wallet, asset), amount in held(life).items()
    }
