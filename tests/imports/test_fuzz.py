"""Damaged files of every format: refused with a message or read whole, never worse."""

from __future__ import annotations

import random

import pytest

from tests.imports import fuzzing

NUMBER, ROUNDS = 1000, 2
SLOWEST = 5.0  # seconds, on a machine that does much else


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damaged_files_are_refused_with_a_message(seed: int) -> None:
    seen = fuzzing.run(NUMBER, seed)
    assert sum(seen.outcomes.values()) == NUMBER
    # The damage is neither so heavy that nothing gets through nor so light that all does.
    assert min(seen.outcomes[name] for name in ("read", "refused whole")) > NUMBER // 50
    assert seen.outcomes["refused with its lines"] > NUMBER // 50
    assert seen.slowest < SLOWEST, seen.slowest_name


def test_the_samples_themselves_are_of_a_format() -> None:
    for sample in fuzzing.samples_at_hand():
        if sample.name.endswith(".csv"):
            assert fuzzing.judge(sample.data, random.Random(1)) != "of no format", sample.name


def test_a_crash_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("date")

    monkeypatch.setattr("portfolio.imports.reading.read", fail)
    with pytest.raises(KeyError) as caught:
        fuzzing.run(200, 0)
    assert "of seed 0" in caught.value.__notes__[0]
