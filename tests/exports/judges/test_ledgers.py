"""hledger and ledger read the journals, and hold what Coffer's ledger holds."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry, writing
from tests.exports.judges import programs
from tests.exports.judges.lives import everything, held, random_life
from tests.exports.judges.programs import Outcome

DOLLARS = ExportContext("USD")
NAMES = {
    "k": "kraken Main",
    "k2": "kraken Main 2",
    "b": "bybit Main",
    "c": "manual Cold store no. 1 x",
}


def written(ident: str, transactions: list[ExportTransaction], context: ExportContext) -> str:
    return b"".join(writing.single(registry.by_id(ident), transactions, context)).decode()


def judged(ident: str, home: Path, text: str, *words: str) -> Outcome:
    (home / "file").write_text(text)
    tool = programs.debian_tool(ident)
    if ident == "hledger":
        return programs.run(
            home, tool, "-f", "file", *(words or ("check", "--strict", "ordereddates", "payees"))
        )
    return programs.run(
        home,
        tool,
        "--init-file",
        "/dev/null",
        "-f",
        "file",
        "--strict",
        "--pedantic",
        *(words or ("bal",)),
    )


def told_balances(ident: str, home: Path, text: str) -> dict[tuple[str, str], Decimal]:
    """What the program says each wallet holds, by account and commodity."""
    if ident == "hledger":
        answer = judged(
            ident, home, text, "bal", "--layout=bare", "-O", "csv", "--no-total", "^Assets"
        )
        rows = list(csv.reader(io.StringIO(answer.said)))[1:]
        found = {(account, asset): Decimal(amount) for account, asset, amount in rows}
    else:
        one_by_one = "%(account)\\t%(quantity(scrub(amount)))\\t%(commodity(scrub(amount)))\\n"
        answer = judged(ident, home, text, "reg", "--no-pager", "--format", one_by_one, "^Assets")
        found = {}
        for line in answer.said.splitlines():
            account, amount, asset = line.split("\t")
            place = (account, asset.strip('"'))
            found[place] = found.get(place, Decimal(0)) + Decimal(amount)
    assert answer.status == 0, answer.all_said
    return {
        place: amount for place, amount in found.items() if amount and "Under way" not in place[0]
    }


def expected(transactions: list[ExportTransaction]) -> dict[tuple[str, str], Decimal]:
    return {
        (f"Assets:{NAMES[account]}:{wallet}", asset): amount
        for (account, wallet, asset), amount in held(transactions).items()
    }


@pytest.mark.parametrize("ident", ["hledger", "ledger"])
class TestEverything:
    def test_it_is_accepted_strictly(self, ident: str, tmp_path: Path) -> None:
        answer = judged(ident, tmp_path, written(ident, everything(), DOLLARS))
        assert answer.status == 0, answer.all_said

    def test_the_balances_are_the_ledgers(self, ident: str, tmp_path: Path) -> None:
        text = written(ident, everything(), DOLLARS)
        assert told_balances(ident, tmp_path, text) == expected(everything())

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("= 1.993456788888888889 ETH", "= 1.993456788888888888 ETH"),  # the last digit
            ("account Assets:kraken Main:spot\n", ""),
            ('commodity "1INCH"\n', ""),
            ("2 BTC @@ 80000 USD", "2 BTC @@ 80001 USD"),
            ('5 "1INCH"', "5 1INCH"),
        ],
    )
    def test_a_broken_file_is_refused(
        self, ident: str, right: str, wrong: str, tmp_path: Path
    ) -> None:
        text = written(ident, everything(), DOLLARS)
        assert right in text
        answer = judged(ident, tmp_path, text.replace(right, wrong, 1))
        assert answer.status != 0

    @settings(
        max_examples=15, deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    @given(seed=st.integers(0, 2**32))
    def test_whatever_happened_it_is_accepted_and_the_balances_agree(
        self, ident: str, tmp_path: Path, seed: int
    ) -> None:
        life = random_life(seed)
        text = written(ident, life, DOLLARS)
        answer = judged(ident, tmp_path, text)
        assert answer.status == 0, answer.all_said
        assert told_balances(ident, tmp_path, text) == expected(life)
