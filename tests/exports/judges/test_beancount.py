"""Beancount reads the file, and holds what Coffer's ledger holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portfolio.engine.export import ExportTransaction
from tests.exports.judges import programs
from tests.exports.judges.lives import everything, held, random_life, tell
from tests.exports.judges.test_ledgers import DOLLARS, written

READER = Path(__file__).with_name("beancount_judge.py")
NAMES = {
    "k": "Kraken-Main",
    "k2": "Kraken-Main-2",
    "b": "Bybit-Main",
    "c": "Manual-Cold-store-no-1-x",
}
CODES = {"1INCH": "X1INCH", "X1INCH": "X1INCH2", "$WEN": "WEN", "a/b": "A-B", "ΨTOK": "TOK"}
Held = dict[tuple[str, str], Decimal]


def checked(home: Path, text: str) -> programs.Outcome:
    (home / "file.beancount").write_text(text)
    return programs.run(home, programs.python_tool("beancount", "bean-check"), "file.beancount")


def judged(home: Path, texts: Iterable[str]) -> list[tuple[list[str], Held]]:
    """The errors of each text, and what the wallets hold by beancount's sums."""
    paths = [home / f"{number}.beancount" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    python = programs.python_tool("beancount", "python")
    answer = programs.run(home, python, str(READER), *map(str, paths))
    assert answer.status == 0, answer.errors
    return [(one["errors"], _wallets(one["held"])) for one in json.loads(answer.said)]


def _wallets(rows: list[tuple[str, str, str]]) -> Held:
    wallets = ((account, asset, Decimal(amount)) for account, asset, amount in rows)
    return {
        (account, asset): amount
        for account, asset, amount in wallets
        if amount and account.startswith("Assets:") and account != "Assets:Under-way"
    }


def expected(transactions: list[ExportTransaction]) -> Held:
    return {
        (f"Assets:{NAMES[account]}:{wallet.title()}", CODES.get(asset, asset)): amount
        for (account, wallet, asset), amount in held(transactions).items()
    }


def test_everything_is_accepted(tmp_path: Path) -> None:
    answer = checked(tmp_path, written("beancount", everything(), DOLLARS))
    assert (answer.status, answer.all_said) == (0, "")


def test_the_balances_are_the_ledgers(tmp_path: Path) -> None:
    ((errors, found),) = judged(tmp_path, [written("beancount", everything(), DOLLARS)])
    assert not errors
    assert found == expected(everything())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("1.993456788888888889 ~ 0 ETH", "1.993456788888888888 ~ 0 ETH"),  # the last digit
        ("2024-04-10 open Assets:Kraken-Main:Spot\n", ""),
        ("5 X1INCH", "5 1INCH"),
        ("2 BTC @@ 80000 USD", "2 BTC @@ 80001 USD"),
    ],
)
def test_a_broken_file_is_refused(right: str, wrong: str, tmp_path: Path) -> None:
    text = written("beancount", everything(), DOLLARS)
    assert right in text
    answer = checked(tmp_path, text.replace(right, wrong, 1))
    assert answer.status == 1
    assert answer.errors


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=20, max_size=20))
def test_whatever_happened_it_is_accepted_and_the_balances_agree(
    seeds: list[int], tmp_path: Path
) -> None:
    lives = [random_life(seed) for seed in seeds]
    texts = [written("beancount", life, DOLLARS) for life in lives]
    for life, (errors, found) in zip(lives, judged(tmp_path, texts), strict=True):
        assert not errors
        assert found == expected(life)


def test_more_digits_than_beancount_has_are_accepted_as_it_rounds_them(tmp_path: Path) -> None:
    life = [
        tell("2024-01-01", "airdrop", "1234567890123.123456789012345678 PEPE"),
        tell("2024-01-02", "airdrop", "0.000000000000000001 PEPE"),
        tell("2024-01-03", "withdrawal", "-1000000000000.000000000000000001 PEPE"),
    ]
    text = written("beancount", life, DOLLARS)
    assert "balance Assets:Kraken-Main:Spot  234567890123.123456789012345678 ~ 0.000" in text
    assert checked(tmp_path, text).status == 0
