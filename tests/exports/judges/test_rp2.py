"""RP2 and dali-rp2 take the files, and RP2's balances are what Coffer's ledger holds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portfolio.engine.export import ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports import registry, writing
from portfolio.exports.rp2_meter import as_read
from tests.exports.judges import programs
from tests.exports.judges.lives import (
    BYBIT,
    COLD,
    MAIN,
    TWIN,
    everything,
    held,
    random_life,
    tell,
)
from tests.exports.judges.test_ledgers import DOLLARS, NAMES

READER = Path(__file__).with_name("rp2_judge.py")
ASSETS = ["BTC", "ETH", "USDT", "EUR", "1INCH", "ΨTOK", "USD"]
MONEY = {"USD", "EUR"}
Held = dict[tuple[str, str], Decimal]

# RP2 has no type for losses of contracts: they are left out, and say so.
LEFT_OUT = {TransactionKind.REALISED_PNL, TransactionKind.LIQUIDATION}
TAKEN_BACK = {TransactionKind.AIRDROP, TransactionKind.MINING, TransactionKind.FORK}


def priced(life: list[ExportTransaction]) -> list[ExportTransaction]:
    """Without assets that nobody prices: RP2 takes no row without a price."""
    return [
        replace(one, legs=tuple(leg for leg in one.legs if leg.asset not in ("OLD", "NEVER")))
        for one in life
        if not {leg.asset for leg in one.legs if leg.amount < 0} & {"OLD", "NEVER"}
    ]


def unpacked(ident: str, life: list[ExportTransaction], folder: Path) -> Path:
    content = b"".join(writing.single(registry.by_id(ident), life, DOLLARS))
    folder.mkdir(parents=True, exist_ok=True)
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    return folder


def rp2_us(home: Path, configuration: str, book: str, *words: str) -> programs.Outcome:
    tool = programs.python_tool("rp2", "rp2_us")
    return programs.run(home, tool, "-m", "fifo", "-o", "reports", *words, configuration, book)


def dali_us(home: Path) -> bool:
    """Whether dali-rp2 takes the file; it exits with 0 in either case."""
    tool = programs.python_tool("rp2", "dali_us")
    answer = programs.run(home, tool, "-o", "made", "dali.ini")
    made = {path.name for path in (home / "made").iterdir()} if (home / "made").exists() else set()
    is_whole = {"crypto_data.ods", "crypto_data.ini"} <= made
    return is_whole and "Error" not in answer.all_said


def judged(home: Path, folders: list[Path], method: str = "fifo") -> list[dict[str, Any]]:
    python = programs.python_tool("rp2", "python")
    answer = programs.run(home, python, str(READER), method, *map(str, folders))
    assert answer.status == 0, answer.errors
    found: list[dict[str, Any]] = json.loads(answer.said.splitlines()[-1])
    return found


def balances(rows: list[tuple[str, str, str]]) -> Held:
    return {
        (place, asset): Decimal(amount)
        for asset, place, amount in rows
        if not place.endswith(" elsewhere")
    }


def expected(life: list[ExportTransaction]) -> Held:
    """What is held, and with it what the page says is left out."""
    written = [
        replace(one, legs=tuple(g for g in one.legs if not _left_out(one, g))) for one in life
    ]
    return {
        (f"{NAMES[account]} {wallet}", asset): amount
        for (account, wallet, asset), amount in held(written).items()
        if asset not in MONEY
    }


def _left_out(one: ExportTransaction, leg: Any) -> bool:
    return one.kind in LEFT_OUT and leg.amount < 0 and leg.role == "principal"


def assert_same(found: Held, wanted: Held) -> None:
    """To the digits of a float, of which RP2 keeps eleven decimals."""
    for place in found.keys() | wanted.keys():
        amount, other = found.get(place, Decimal(0)), wanted.get(place, Decimal(0))
        assert abs(amount - other) <= max(Decimal("1e-10"), abs(other) * Decimal("1e-15")), place


def test_rp2_takes_everything(tmp_path: Path) -> None:
    home = unpacked("rp2", priced(everything()), tmp_path)
    answer = rp2_us(home, "rp2.ini", "rp2.ods")
    assert answer.status == 0, answer.all_said
    assert list((home / "reports").glob("*.ods"))


def test_its_balances_are_the_ledgers(tmp_path: Path) -> None:
    life = priced(everything())
    (answer,) = judged(tmp_path, [unpacked("rp2", life, tmp_path / "one")])
    assert answer["error"] == ""
    assert_same(balances(answer["held"]), expected(life))


def test_dali_takes_everything_and_rp2_what_it_makes(tmp_path: Path) -> None:
    life = [one for one in priced(everything()) if one.kind is not TransactionKind.LOST]
    home = unpacked("dali", life, tmp_path)
    assert dali_us(home)
    answer = rp2_us(home, "made/crypto_data.ini", "made/crypto_data.ods")
    assert answer.status == 0, answer.all_said


def replaced(name: str, right: str, wrong: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        text = (home / name).read_text()
        assert right in text
        (home / name).write_text(text.replace(right, wrong, 1))

    return change


def in_book(right: str, wrong: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        path = home / "rp2.ods"
        with zipfile.ZipFile(path) as packed:
            parts = {name: packed.read(name).decode() for name in packed.namelist()}
        assert right in parts["content.xml"]
        parts["content.xml"] = parts["content.xml"].replace(right, wrong, 1)
        with zipfile.ZipFile(path, "w") as packed:
            for name, text in parts.items():
                packed.writestr(name, text)

    return change


@pytest.mark.parametrize(
    "broken",
    [
        in_book("<text:p>STAKING<", "<text:p>STAKED<"),
        in_book("2024-04-10 10:00:00+00:00", "2024-04-10 10:00:00"),
        in_book('"float" office:value="2"/>', '"string"><text:p>2</text:p></table:table-cell>'),
        in_book('"float" office:value="2"/>', '"float" office:value="0.2"/>'),  # sold without it
        replaced("rp2.ini", "assets = ", "assets = NONE, "),
        replaced("rp2.ini", "kraken Main spot, ", ""),
    ],
)
def test_rp2_refuses_a_broken_file(broken: Callable[[Path], None], tmp_path: Path) -> None:
    home = unpacked("rp2", priced(everything()), tmp_path)
    broken(home)
    assert rp2_us(home, "rp2.ini", "rp2.ods").status == 1


@pytest.mark.parametrize(
    "broken",
    [
        replaced("in.csv", ",Staking,", ",Staked,"),
        replaced("in.csv", ",Buy,40000,", ",Buy,,"),
        replaced("in.csv", "2024-04-10T10:00:00+00:00", "2024-04-10T10:00:00"),
        replaced("out.csv", ",Sell,", ",Lost,"),
    ],
)
def test_dali_refuses_a_broken_file(broken: Callable[[Path], None], tmp_path: Path) -> None:
    home = unpacked("dali", priced(everything()), tmp_path)
    broken(home)
    assert not dali_us(home)


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=8, max_size=8))
def test_whatever_happened_rp2_takes_it_and_the_balances_agree(
    seeds: list[int], tmp_path: Path
) -> None:
    lives = [provided_for(random_life(seed, assets=ASSETS)) for seed in seeds]
    folders = [unpacked("rp2", life, tmp_path / str(n)) for n, life in enumerate(lives)]
    for life, answer in zip(lives, judged(tmp_path, folders), strict=True):
        assert answer["error"] == ""
        assert_same(balances(answer["held"]), expected(life))


def provided_for(life: list[ExportTransaction]) -> list[ExportTransaction]:
    """With so much of everything bought before that nothing is ever sold that was not there.

    What was taken back of income is left out of the file, and so of the ledger here.
    """
    at = life[0].occurred_at
    enough = [
        tell(at, "deposit", f"1000000000 {asset} in {wallet}", on=on)
        for on in (MAIN, TWIN, BYBIT, COLD)
        for wallet in ("spot", "earn")
        for asset in ASSETS
    ]
    return [*enough, *(one for one in life if one.kind not in TAKEN_BACK | LEFT_OUT)]


def test_floats_never_sell_more_than_there_is(tmp_path: Path) -> None:
    """As a float each part of this coin is a little more, or less, than it was."""
    at = "2024-01-01 00:00"
    bought = Decimal("123456789.023456789")
    parts = [Decimal(f"12345678.02{n}456") for n in range(1, 10)]
    left = bought - sum(parts)
    life = [
        tell(at, "trade", f"{bought} PEPE", "-150 USD"),
        *(tell(at, "trade", f"-{part} PEPE", "1 USD") for part in [*parts, left]),
    ]
    as_floats = sum(as_read(part) for part in [*parts, left])
    assert as_floats - as_read(bought) > Decimal("1e-10")  # RP2 would refuse that
    (answer,) = judged(tmp_path, [unpacked("rp2", life, tmp_path / "one")])
    assert answer["error"] == ""
    (rest,) = balances(answer["held"]).values()
    assert 0 <= rest < Decimal("1e-8")
