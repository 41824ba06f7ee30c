"""Bytes of a text file as lines: by its byte order mark, as UTF-8, or else as Windows-1252."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from portfolio.imports.format import NotUnderstood
from portfolio.imports.limits import Limits

DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 64 * 1024
_LAST_RESORT = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Line = tuple[int, list[str]]  # its number in the file, from 1, and its cells


def encoding(file: BinaryIO) -> str:
    """The encoding of the whole file. May raise NotUnderstood for what is no text."""
    file.seek(0)
    start = file.read(_CHUNK)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if b"\x00" in start:
        raise NotUnderstood("this is not a text file: it holds bytes that no text has")
    return "utf-8" if _is_utf8(file) else _LAST_RESORT


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def lines(file: BinaryIO, name: str, delimiter: str, limits: Limits) -> Iterator[Line]:
    """The rows of a text file with the lines they begin in; empty ones too.

    Quotes are read strictly: one that is never closed would swallow the rest of the file. May raise
    NotUnderstood.
    """
    plain = physical(file, name, limits)
    reader = csv.reader(plain, delimiter=delimiter, strict=True)
    begin = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotUnderstood(_words(error), line=begin) from None
        limits.check_columns(len(cells), begin)
        for cell in cells:
            limits.check_cell(cell, begin)
        yield begin, cells
        begin = reader.line_num + 1


def _words(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text or "field larger" in text:
        return "a quote is opened here and never closed"
    if "expected after" in text:
        return "a quoted cell goes on after its closing quote"
    return f"not a row of cells ({text})"


def physical(file: BinaryIO, name: str, limits: Limits) -> Iterator[str]:
    """The lines of the file with their ends, each of bounded length."""
    file.seek(0)
    longest = limits.cell * 8
    stream = io.TextIOWrapper(file, encoding=name, newline="", errors=_errors(name))
    number = 0
    try:
        while line := stream.readline(longest):
            number += 1
            if len(line) == longest and line[-1] not in "\r\n":
                raise NotUnderstood(f"a line of more than {longest:,} characters", line=number)
            if "\x00" in line:
                raise NotUnderstood("a character that no text has (NUL)", line=number)
            yield line
    except UnicodeError:
        raise NotUnderstood("the text breaks off or is damaged", line=number + 1) from None
    finally:
        if not file.closed:  # one that was read in part may outlive its file
            stream.detach()


def _errors(name: str) -> str:
    # Five bytes mean nothing in Windows-1252; a cell that has one reads oddly, and is kept.
    return "replace" if name == _LAST_RESORT else "strict"


def is_cut(file: BinaryIO) -> bool:
    """Whether the last line has no end: a file that was cut off has none."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 4))
    return not file.read().replace(b"\x00", b"").endswith((b"\n", b"\r"))
