"""Files as they were brought: kept packed beside the draft, never in the ledger."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, Protocol, cast

from django.conf import settings
from django.utils.translation import gettext as _

from portfolio.imports.limits import MEGABYTE, Limits
from portfolio.models import Import, ImportUpload

_IN_MEMORY = 4 * MEGABYTE
_CHUNK = 256 * 1024


class ImportProblem(Exception):
    """What was asked cannot be done; the text says why, for a person."""


class Brought(Protocol):
    """A file that a person brings."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def chunks(self) -> Iterable[bytes]: ...


def limits() -> Limits:
    """How much is read of a file, as the operator allows."""
    return Limits(
        file=settings.IMPORT_MAX_MB * MEGABYTE,
        unpacked=settings.IMPORT_MAX_UNPACKED_MB * MEGABYTE,
        files=settings.IMPORT_MAX_FILES,
        rows=settings.IMPORT_MAX_ROWS,
    )


def check(files: list[Brought]) -> None:
    """May raise ImportProblem: none, too many, or too large ones."""
    allowed = limits()
    if not files:
        raise ImportProblem(_("Choose a file."))
    if len(files) > allowed.files:
        text = _("At most {number} files at a time.").format(number=allowed.files)
        raise ImportProblem(text)
    for file in files:
        if (file.size or 0) > allowed.file:
            text = _("{name} has {size} MB; at most {most} MB are read. Split it by year.")
            megabytes = -(-(file.size or 0) // MEGABYTE)
            raise ImportProblem(
                text.format(name=file.name, size=megabytes, most=allowed.file // MEGABYTE)
            )
    if sum(file.size or 0 for file in files) > 2 * allowed.file:
        raise ImportProblem(_("Together they are too large; bring them one after the other."))


def keep(job: Import, files: Iterable[Brought]) -> None:
    """Stores the bytes of files."""
    for file in files:
        digest, packer = hashlib.sha256(), zlib.compressobj(6)
        packed = bytearray()
        for chunk in file.chunks():
            digest.update(chunk)
            packed += packer.compress(chunk)
        packed += packer.flush()
        ImportUpload.objects.create(
            job=job,
            name=plain_name(file.name or ""),
            size=file.size or 0,
            fingerprint=digest.hexdigest(),
            content=bytes(packed),
        )


def plain_name(name: str) -> str:
    """A file's name as shown: without folders and what cannot be printed."""
    last = PurePath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable())
    return plain[-200:] or _("file")


@contextmanager
def opened(upload: ImportUpload) -> Iterator[BinaryIO]:
    """The bytes of an upload, where they can be read to and fro."""
    unpacker = zlib.decompressobj()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        packed = memoryview(upload.content)
        for start in range(0, len(packed), _CHUNK):
            file.write(unpacker.decompress(packed[start : start + _CHUNK]))
        file.write(unpacker.flush())
        file.seek(0)
        yield cast(BinaryIO, file)
