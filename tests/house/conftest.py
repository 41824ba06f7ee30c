"""A data directory of its own for each test; nothing that used it may outlive the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.programs import place


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A place for the embedded servers; not made yet."""
    with place() as directory:
        yield directory
