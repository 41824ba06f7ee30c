"""Names from outside fit where they are kept, and different ones stay different."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.names import fit


@given(st.text(max_size=120), st.integers(20, 60))
def test_a_name_fits_and_a_short_one_stays(text: str, limit: int) -> None:
    made = fit(text, limit)
    assert len(made) <= limit
    assert "\x00" not in made
    if len(text) <= limit and "\x00" not in text:
        assert made == text


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert fit("a" * 300, 40) != fit("a" * 301, 40)
    assert fit("a" * 300, 40) == fit("a" * 300, 40)
