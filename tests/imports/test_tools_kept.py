"""What is kept of tools' files in records: enough to read them again, nothing private."""

from __future__ import annotations

from contextlib import suppress

import pytest

from portfolio.imports import bodies, registry
from portfolio.imports.format import NotUnderstood
from tests.imports import golden
from tests.imports.test_tools import TOOLS


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_a_record_alone_tells_the_same_event(name: str) -> None:
    for sheet in golden.sheets(name):
        for entry in sheet.entries():
            with suppress(NotUnderstood):
                event = sheet.known.event(entry, sheet.reading)
                body = bodies.encoded(sheet.known, entry, sheet.reading)
                assert registry.normalise(body) == event


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_ids_and_parts_name_one_entry_each(name: str) -> None:
    for sheet in golden.sheets(name):
        named = [(e.account, e.ident, e.part) for e in sheet.entries() if e.ident]
        assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("name", "secrets"),
    [
        ("ledger_live/operations.csv", ("xpubSECRET", "0xown")),
        ("ledger_live/older.csv", ("xpubSECRET",)),
        ("localbitcoins/trades.csv", ("someone", "somebody")),
    ],
)
def test_what_is_private_is_not_kept(name: str, secrets: tuple[str, ...]) -> None:
    text = golden.path(name).read_text(encoding="utf-8")
    (sheet,) = golden.sheets(name)
    kept = [bodies.encoded(sheet.known, entry, sheet.reading) for entry in sheet.entries()]
    assert kept
    for secret in secrets:
        assert secret in text
        assert not any(secret in body for body in kept)


def test_twins_have_one_content_and_are_two_entries() -> None:
    (sheet,) = golden.sheets("cointracking/spanish.csv")
    contents = [bodies.fingerprint(sheet.known, entry) for entry in sheet.entries()]
    assert len(contents) == 3
    assert len(set(contents)) == 2
