"""The tables in the documentation are those of the profiles as they are now."""

from __future__ import annotations

from portfolio.exchanges import catalogue, tables
from portfolio.exchanges.profiles import PROFILES


def test_the_page_is_up_to_date() -> None:
    text = tables.PAGE.read_text(encoding="utf-8")
    assert text == tables.written(text), "run python -m portfolio.exchanges.tables"


def test_every_exchange_and_every_stream_is_in_it() -> None:
    section = tables.section()
    for info in catalogue.all_exchanges():
        assert f"(`{info.id}`)" in section
    for profile in PROFILES.values():
        for rule in profile.streams:
            assert f"`{rule.call.endpoint}`" in section


def test_what_stood_before_stays() -> None:
    once = tables.written("# Page\n\nwords\n")
    assert once.startswith("# Page\n\nwords\n\n")
    assert tables.written(once) == once
