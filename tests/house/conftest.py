"""A data directory of its own for each test; nothing that used it may outlive the test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.programs import gone, left_over


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Below the system's temporary directory: pytest's own is closed to PostgreSQL's account."""
    directory = Path(tempfile.mkdtemp(prefix="coffer-house-")).resolve()
    yield directory / "data"
    survivors = [] if gone(directory / "data") else left_over(directory / "data")
    shutil.rmtree(directory, ignore_errors=True)
    assert not survivors, survivors
