"""The text of a raw record that came from a file: its rows, and how they are to be read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import Any

from portfolio.imports.format import Entry, ImportFormat, Reading, Row


def encoded(known: ImportFormat, entry: Entry, reading: Reading) -> str:
    """The record's text; what the format calls private is left out."""
    return json.dumps(
        {
            "format": known.id,
            "account": entry.account,
            "ident": entry.ident,
            "part": entry.part,
            "reading": _plain(reading),
            "rows": [{"line": row.line, "cells": _kept(known, row)} for row in entry.rows],
        },
        ensure_ascii=False,
    )


_READING = tuple(field.name for field in fields(Reading))


def _plain(reading: Reading) -> dict[str, Any]:
    """As ``dataclasses.asdict``, without the copies that it makes for every row."""
    return {name: getattr(reading, name) for name in _READING}


def decoded(body: str) -> tuple[str, Entry, Reading]:
    """The format's id, the entry and the reading of a record's text."""
    told = json.loads(body)
    rows = tuple(Row(row["line"], row["cells"]) for row in told["rows"])
    reading = told["reading"]
    reading["heading"] = tuple(reading["heading"])
    entry = Entry(rows, told["account"], told["ident"], told["part"])
    return told["format"], entry, Reading(**reading)


def fingerprint(known: ImportFormat, entry: Entry) -> str:
    """What identifies an entry without an id of its own: its content, wherever it stands."""
    rows = [sorted(_kept(known, row).items()) for row in entry.rows]
    text = json.dumps([known.id, entry.account, entry.part, sorted(rows)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _kept(known: ImportFormat, row: Row) -> dict[str, str]:
    return {name: cell for name, cell in row.cells.items() if name not in known.private}
