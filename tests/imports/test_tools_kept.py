"""What is kept of tools' files in records: enough to read them again, nothing private."""

from __future__ import annotations

import pytest

from portfolio.imports import bodies, registry
from portfolio.imports.format import Entry, LeftOut, NotUnderstood, Reading
from tests.imports import golden, reading
from tests.imports.test_tools import TOOLS


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_a_record_alone_tells_the_same_event(name: str) -> None:
    known, lines, place = reading.known_as(golden.path(name).read_text(encoding="utf-8"))
    given = golden.READINGS.get(name, Reading())
    made = Reading(given.zone, given.day_first, given.decimal_comma, tuple(lines[place]))
    for found in known.entries(reading.rows_of(known, lines, place), made):
        if isinstance(found, LeftOut):
            continue
        try:
            event = known.event(found, made)
        except NotUnderstood:
            continue
        assert registry.normalise(bodies.encoded(known, found, made)) == event


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_ids_and_parts_name_one_entry_each(name: str) -> None:
    known, lines, place = reading.known_as(golden.path(name).read_text(encoding="utf-8"))
    made = Reading(heading=tuple(lines[place]))
    found = known.entries(reading.rows_of(known, lines, place), made)
    named = [(e.account, e.ident, e.part) for e in found if isinstance(e, Entry) and e.ident]
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
    known, lines, place = reading.known_as(text)
    made = Reading(heading=tuple(lines[place]))
    entries = known.entries(reading.rows_of(known, lines, place), made)
    kept = [bodies.encoded(known, entry, made) for entry in entries if isinstance(entry, Entry)]
    assert kept
    for secret in secrets:
        assert secret in text
        assert not any(secret in body for body in kept)


def test_twins_have_one_content_and_are_two_entries() -> None:
    name = "cointracking/spanish.csv"
    known, lines, place = reading.known_as(golden.path(name).read_text(encoding="utf-8"))
    made = Reading(heading=tuple(lines[place]))
    entries = list(known.entries(reading.rows_of(known, lines, place), made))
    contents = [bodies.fingerprint(known, e) for e in entries if isinstance(e, Entry)]
    assert len(contents) == 3
    assert len(set(contents)) == 2
