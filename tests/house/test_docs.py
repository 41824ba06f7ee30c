"""The documents name only what is there: files, functions, commands, targets, settings."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parents[2]
_FOLDERS = "bench|bin|config|docs|portfolio|sandbox|templates|tests"
_ROOMS = "accounts|engine|exchanges|exports|imports|models|selectors|services|views"
_PATH = re.compile(rf"(?<![\w./-])(?:{_FOLDERS}|{_ROOMS})/[\w./-]*\w")


def _documents() -> list[Path]:
    told = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in told.stdout.split() if not name.startswith("tests/data/")]
    return [ROOT / name for name in names if name != "CHANGELOG.md"]


@pytest.fixture(scope="module", params=_documents(), ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _is_there(name: str, document: Path) -> bool:
    """Whether it is a file or folder, a module, or what a module has (``services/sync.run``)."""
    for base in (ROOT, ROOT / "portfolio", document.parent):
        if (base / name).exists() or (base / f"{name}.py").exists():
            return True
        module, _dot, member = name.rpartition(".")
        source = base / f"{module}.py"
        if source.is_file() and re.search(rf"^(?:def|class) {member}\b", source.read_text(), re.M):
            return True
    return False


def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_paths_are_there(document: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", document.read_text())
    named = {path for span in spans for path in _PATH.findall(span)}
    # ``accounts/ledgers`` may be an exchange's address: such folders count with a file only.
    ours = {name for name in named if "." in name or re.match(rf"(?:{_FOLDERS})/", name)}
    assert sorted(name for name in ours if not _is_there(name, document)) == []


def test_commands_are_there(document: Path) -> None:
    text = document.read_text()
    commands = set(re.findall(r"manage\.py ([a-z]\w*)", text))
    assert sorted(commands - set(get_commands())) == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert sorted(set(re.findall(r"`make ([a-z][a-z-]*)", text)) - targets) == []
    modules = set(re.findall(r"python -m ([a-z][\w.]*)", text))
    assert sorted(name for name in modules if importlib.util.find_spec(name) is None) == []


def test_settings_are_read() -> None:
    """Each variable that the operator's page names is read somewhere."""
    page = (ROOT / "docs/operating.md").read_text()
    named = set(re.findall(r"^\| `([A-Z][A-Z_]+)`", page, re.M))
    assert len(named) > 20
    folders = [ROOT / name for name in ("accounts", "config", "portfolio", "sandbox")]
    sources = [path for folder in folders for path in folder.rglob("*.py")]
    code = "\n".join(path.read_text() for path in [*sources, ROOT / "docker-compose.yml"])
    assert sorted(name for name in named if not re.search(rf"\b{name}\b", code)) == []
