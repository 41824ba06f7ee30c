"""Reads a complete archive without believing it: names, sizes and checksums before any row."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from portfolio.engine.archive import MANIFEST, ArchiveProblem, Manifest, Member, read

PIECE = 1024 * 1024
LARGEST_MANIFEST = 64 * 1024
LARGEST_MEMBER = 64 * 1024**3  # bytes before packing
LONGEST_LINE = 16 * 1024**2
# Rows of a ledger pack to a tenth or so; what packs to a thousandth is no ledger.
MOST_PACKED = 250
SMALL = 4 * 1024**2  # bytes that may be packed as they like
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Archive:
    """An open archive whose manifest is read and whose members are there as it says."""

    def __init__(self, file: IO[bytes], names: tuple[str, ...]) -> None:
        """May raise ArchiveProblem."""
        try:
            self._packed = zipfile.ZipFile(file)
        except (*_BROKEN, ValueError, OSError):
            raise ArchiveProblem("This is not a ZIP file, or it is cut off.") from None
        found = self._packed.infolist()
        expected = [*(f"{name}.jsonl" for name in names), MANIFEST]
        if [info.filename for info in found] != expected:
            raise ArchiveProblem("This is not an archive of Coffer.")
        self.manifest: Manifest = read(self._small(found[-1]), names)
        for info, member in zip(found, self.manifest.members, strict=False):
            _require_size(info, member)

    def _small(self, info: zipfile.ZipInfo) -> bytes:
        if info.file_size > LARGEST_MANIFEST:
            raise ArchiveProblem("This is not an archive of Coffer.")
        try:
            with self._packed.open(info) as file:
                return file.read(LARGEST_MANIFEST)
        except _BROKEN:
            raise _changed(MANIFEST) from None

    def check(self) -> None:
        """Reads all of it and holds it against the manifest. May raise ArchiveProblem."""
        for member in self.manifest.members:
            self._check(member)

    def _check(self, member: Member) -> None:
        rows = size = 0
        found = hashlib.sha256()
        for piece in self._pieces(member):
            rows += piece.count(b"\n")
            size += len(piece)
            found.update(piece)
        if (rows, size, found.hexdigest()) != (member.rows, member.size, member.sha256):
            raise _changed(member.name)

    def lines(self, name: str) -> Iterator[str]:
        """The rows of one table as they are written. May raise ArchiveProblem."""
        member = next(each for each in self.manifest.members if each.name == name)
        rest = b""
        for piece in self._pieces(member):
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise ArchiveProblem("A line of {member} is too long.", member=name)
            for line in whole:
                yield _text(line, name)
        if rest:
            raise _changed(name)

    def _pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member, never more than it is said to have."""
        left = member.size
        try:
            with self._packed.open(f"{member.name}.jsonl") as file:
                while piece := file.read(min(PIECE, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise _changed(member.name)
                    yield piece
        except _BROKEN:
            raise _changed(member.name) from None

    def close(self) -> None:
        self._packed.close()


def _require_size(info: zipfile.ZipInfo, member: Member) -> None:
    if info.file_size != member.size:
        raise _changed(member.name)
    is_bomb = member.size > max(SMALL, info.compress_size * MOST_PACKED)
    if is_bomb or member.size > LARGEST_MEMBER:
        raise ArchiveProblem(
            "{member} is said to have {size} bytes, which no ledger has.",
            member=member.name,
            size=str(member.size),
        )


def _text(line: bytes, name: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise _changed(name) from None


def _changed(name: str) -> ArchiveProblem:
    return ArchiveProblem(
        "The archive was changed or damaged: {member} is not as it was written.", member=name
    )
