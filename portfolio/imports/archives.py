"""What a file that was brought holds: itself, or the files of a ZIP, one level deep."""

from __future__ import annotations

import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from portfolio.engine.archive import MANIFEST
from portfolio.imports.format import NotUnderstood
from portfolio.imports.limits import Limits

_CHUNK = 64 * 1024
_IN_MEMORY = 4 * 1024 * 1024
_DIRECTORY = 1024 * 1024  # bytes of a ZIP's list of files; some 10,000 names
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
# What the library raises at damaged files.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, KeyError, ValueError, OverflowError),
)
_FIRST, _NAME_AT = b"settings.jsonl", 30  # the first file of an archive, and where a ZIP names it
_SKIPPED = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


def is_zip(file: BinaryIO) -> bool:
    """Whether it begins as a ZIP does; workbooks do too."""
    file.seek(0)
    return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def is_archive(file: BinaryIO) -> bool:
    """Whether it is an archive that Coffer wrote, by its list of files; cut off, by its first."""
    if not is_zip(file):
        return False
    file.seek(0)
    if file.read(_NAME_AT + len(_FIRST))[_NAME_AT:] == _FIRST:
        return True
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return {MANIFEST, "transactions.jsonl", "postings.jsonl"} <= set(archive.namelist())
    except (NotUnderstood, *BROKEN):
        return False


@contextmanager
def opened(file: BinaryIO, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The ZIP, if its sizes are within the limits. May raise NotUnderstood."""
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN:
        raise NotUnderstood("the ZIP file is damaged, or packed in a way unknown here") from None
    with archive:
        _check_sizes(archive, limits)
        yield archive


def _check_directory(file: BinaryIO) -> None:
    """Looks at the length of the list of files before anything reads that list into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 20:
        raise NotUnderstood("the ZIP file is damaged: its end is missing")
    (length,) = struct.unpack("<L", tail[at + 12 : at + 16])
    at_64 = tail.rfind(_END_64)
    if at_64 >= 0 and len(tail) >= at_64 + 48:
        (length,) = struct.unpack("<Q", tail[at_64 + 40 : at_64 + 48])
    if length > _DIRECTORY:
        raise NotUnderstood("the ZIP file lists too many files")


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    # What is read of a file never exceeds the size that is told here: zipfile stops there.
    told = archive.infolist()
    unpacked = sum(info.file_size for info in told)
    packed = sum(info.compress_size for info in told)
    if unpacked > limits.unpacked:
        raise NotUnderstood(f"unpacked it would have more than {limits.unpacked >> 20} MB")
    if unpacked > _IN_MEMORY and unpacked > packed * limits.ratio:
        raise NotUnderstood("it is packed more tightly than a table of transactions can be")
    if any(info.flag_bits & 1 for info in told):
        raise NotUnderstood("it is protected by a password: unpack it and bring what is in it")


def members(archive: zipfile.ZipFile, limits: Limits) -> list[str]:
    """The names of the files in it that a person put there. May raise NotUnderstood."""
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    names = [name for name in names if not _is_skipped(name)]
    if len(names) > limits.files:
        raise NotUnderstood(f"it holds {len(names):,} files; at most {limits.files} at a time")
    return names


def _is_skipped(name: str) -> bool:
    """Files that operating systems add by themselves."""
    plain = name.lower()
    return plain.startswith(_SKIPPED[0]) or plain.rpartition("/")[2] in _SKIPPED


@contextmanager
def member(archive: zipfile.ZipFile, name: str, limits: Limits) -> Iterator[BinaryIO]:
    """One file of it, unpacked where it can be read to and fro. May raise NotUnderstood."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
        try:
            with archive.open(name) as source:
                _copy(source, spooled, limits)
        except NotUnderstood:
            raise
        except BROKEN:
            raise NotUnderstood(f"{name} in the ZIP file is damaged") from None
        yield cast(BinaryIO, spooled)


def _copy(source: IO[bytes], into: tempfile.SpooledTemporaryFile[bytes], limits: Limits) -> None:
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > limits.unpacked:
            raise NotUnderstood(f"unpacked it would have more than {limits.unpacked >> 20} MB")
        into.write(chunk)
    into.seek(0)
