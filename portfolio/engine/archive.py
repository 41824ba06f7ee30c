"""What an archive says of itself: its format, and each member with counts and a checksum."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from portfolio.engine.version import VERSION as APP

FORMAT = "coffer-archive"
VERSION = 1  # raised whenever a member or a column is added
MANIFEST = "manifest.json"


class ArchiveProblem(Exception):
    """An archive cannot be taken; ``template`` says why, to be filled with ``values``."""

    def __init__(self, template: str, **values: str) -> None:
        super().__init__(template.format(**values))
        self.template = template
        self.values = values


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: one row a line; ``size`` in bytes before packing."""

    name: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The members in the order in which they are written, and who wrote them."""

    members: tuple[Member, ...]
    version: int = VERSION
    app: str = APP

    def rows(self, name: str) -> int:
        """How many rows of one table there are."""
        return next((member.rows for member in self.members if member.name == name), 0)


def written(manifest: Manifest) -> bytes:
    """A manifest as a file."""
    told = {"format": FORMAT, **asdict(manifest)}
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()


def read(text: bytes, names: Iterable[str]) -> Manifest:
    """A manifest that names exactly these members, in this order. May raise ArchiveProblem."""
    told = _object(text)
    if told.get("format") != FORMAT:
        raise ArchiveProblem("This is not an archive of Coffer.")
    version = told.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ArchiveProblem("The archive does not say which format it has.")
    if version > VERSION:
        raise ArchiveProblem(
            "The archive is of format {version}, from a newer Coffer ({app}); this one reads up to "
            "{known}. Update it first.",
            version=str(version),
            app=str(told.get("app", ""))[:40],
            known=str(VERSION),
        )
    members = tuple(_member(each) for each in _list(told.get("members")))
    if [member.name for member in members] != list(names):
        raise ArchiveProblem("The archive does not list the tables that its format has.")
    return Manifest(members, version, str(told.get("app", ""))[:40])


def _object(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ArchiveProblem("This is not an archive of Coffer.")
    return told


def _list(told: object) -> list[Any]:
    return told if isinstance(told, list) else []


def _member(told: object) -> Member:
    if isinstance(told, dict) and set(told) == {"name", "rows", "size", "sha256"}:
        name, rows, size, sha256 = (told[key] for key in ("name", "rows", "size", "sha256"))
        if _is_count(rows) and _is_count(size) and isinstance(name, str) and rows <= size:
            return Member(name, rows, size, str(sha256))
    raise ArchiveProblem("The archive does not list the tables that its format has.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
