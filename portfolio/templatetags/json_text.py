"""Lays JSON text out in lines without reading its values: every digit and escape stays as sent."""

from __future__ import annotations

import json
import re

_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_INDENT = "  "


def laid_out(text: str) -> str:
    """The same pieces in indented lines; the text itself where it is not JSON."""
    try:
        json.loads(text)
    except ValueError:
        return text
    pieces = _PIECES.findall(text)
    lines: list[str] = []
    depth = 0
    for index, piece in enumerate(pieces):
        if piece in "}]":
            depth -= 1
        if _breaks_line(pieces, index):
            lines.append("\n" + _INDENT * depth)
        lines.append(": " if piece == ":" else piece)
        if piece in "{[":
            depth += 1
    return "".join(lines)


def _breaks_line(pieces: list[str], index: int) -> bool:
    """Whether a new line comes before this piece; empty objects and lists stay on one."""
    if index == 0:
        return False
    before, piece = pieces[index - 1], pieces[index]
    if piece in "}]":
        return before not in "{["
    return before in "{[,"
