"""Coffer's own layouts, which say what moved as it is."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

from tests.exports.meaning import Reader, Told
from tests.exports.meaning.two_sided import change_of, table_of


def _postings(content: bytes) -> list[Told]:
    """A row per amount, signed."""
    return [
        Told(_moment(row["time"]), {row["asset"]: Decimal(row["amount"])})
        for row in table_of(content)
    ]


def _lines(content: bytes) -> list[Told]:
    """A transaction a line, after one about the file."""
    _, *told = (json.loads(line) for line in content.splitlines())
    return [
        Told(_moment(one["time"]), change_of(*((1, _leg(leg)) for leg in one.get("legs", ()))))
        for one in told
    ]


def _leg(leg: dict[str, str]) -> tuple[str, Decimal]:
    return leg["asset"], Decimal(leg["amount"])


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="microseconds")


READERS = {
    "csv": Reader(_postings),
    "xlsx": Reader(_postings),
    "jsonl": Reader(_lines),
}
