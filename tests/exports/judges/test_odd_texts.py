"""Words of people and exchanges are words in every file, whatever signs are in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portfolio.engine.export import ExportTransaction
from tests.exports.judges import test_beancount, test_bittytax, test_ledgers, test_rp2
from tests.exports.judges.lives import tell

# What has a meaning in one of the files, beside anything at all.
SIGNS = st.sampled_from(list("\"'\\;:,|{}[]()@#^*!=%~&<>\n\r\t -_./$0aZé\u2028\x00\x1b"))
TEXTS = st.text(SIGNS | st.characters(exclude_categories=["Cs"]), max_size=12)
WICKED = [
    "include /etc/passwd",
    '"\nplugin "x"',
    "\n; include x",
    "=cmd()",
    "a  1 USD",
    "[2024-13-45]",
]

few = settings(
    max_examples=2,
    phases=[Phase.generate],  # to make it smaller would take minutes
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
several = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=25, max_size=25)


def said(texts: list[tuple[str, str, str, str]]) -> list[ExportTransaction]:
    told = [*texts, *((wicked, wicked, wicked, wicked) for wicked in WICKED)]
    return [
        replace(
            tell(f"2024-01-{number % 28 + 1:02} 00:00:{number:02}", "airdrop", "1.5 X", note=note),
            account=label,
            account_label=label or "exchange",
            key=key,
            tags=(note, key),
            detail={"symbol": key, "txid": key, "type": note},
            legs=(replace(tell("2024-01-01", "airdrop", "1.5 BTC").legs[0], asset=asset or "A"),),
        )
        for number, (label, asset, note, key) in enumerate(sorted(told), start=1)
    ]


def by_time(life: list[ExportTransaction]) -> list[ExportTransaction]:
    return sorted(life, key=lambda one: one.occurred_at)


@few
@given(texts=several)
def test_journals_take_any_words(tmp_path: Path, texts: list[tuple[str, str, str, str]]) -> None:
    life = by_time(said(texts))
    for ident in ("hledger", "ledger"):
        content = test_ledgers.written(ident, life, test_ledgers.DOLLARS)
        answer = test_ledgers.judged(ident, tmp_path, content)
        assert answer.status == 0, answer.all_said
    content = test_ledgers.written("beancount", life, test_ledgers.DOLLARS)
    answer = test_beancount.checked(tmp_path, content)
    assert (answer.status, answer.all_said) == (0, "")


@settings(few, max_examples=1)
@given(texts=several)
def test_tables_take_any_words(tmp_path: Path, texts: list[tuple[str, str, str, str]]) -> None:
    life = by_time(said(texts))
    content = test_ledgers.written("bittytax", life, test_bittytax.POUNDS)
    answer = test_bittytax.bittytax(tmp_path, content, "--audit")
    assert test_bittytax.counts(answer) == ("successful", len(life), 0)
    (judged,) = test_rp2.judged(tmp_path, [test_rp2.unpacked("rp2", life, tmp_path / "rp2")])
    assert judged["error"] == ""
    assert test_rp2.dali_us(test_rp2.unpacked("dali", life, tmp_path / "dali"))
