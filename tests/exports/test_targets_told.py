"""The page of documentation on targets says what the formats say."""

from __future__ import annotations

from pathlib import Path

from bench import targets
from portfolio.exports import registry
from portfolio.exports.format import Check

PAGE = Path(__file__).parent.parent.parent / "docs" / "export-limits.md"


def test_the_page_is_what_the_formats_say() -> None:
    told = PAGE.read_text()
    assert told == targets.document(), "python -m bench.targets > docs/export-limits.md"


def test_what_is_checked_by_running_says_by_what() -> None:
    for known in registry.formats():
        assert bool(known.checked_by) == (known.check is Check.RUN), known.id


def test_ids_do_not_stand_in_the_way_of_pages() -> None:
    ids = [known.id for known in registry.formats()]
    assert len(set(ids)) == len(ids)
    assert not {"made", "symbols"} & set(ids)
