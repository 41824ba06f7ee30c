"""How much of a file is read at most, so that no file takes a worker's memory or time."""

from __future__ import annotations

from dataclasses import dataclass

from portfolio.imports.format import NotUnderstood

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are in bytes; ``ratio`` is how often larger a packed file may be than its package."""

    file: int = 50 * MEGABYTE
    unpacked: int = 200 * MEGABYTE
    ratio: int = 200
    files: int = 50
    rows: int = 200_000
    columns: int = 1_000
    cell: int = 32_767  # characters, as a spreadsheet's cell holds at most

    def check_cell(self, text: str, line: int) -> None:
        """May raise NotUnderstood."""
        if len(text) > self.cell:
            message = f"a cell of more than {self.cell:,} characters; a quote may not be closed"
            raise NotUnderstood(message, line=line)

    def check_columns(self, number: int, line: int) -> None:
        """May raise NotUnderstood."""
        if number > self.columns:
            raise NotUnderstood(f"more than {self.columns:,} columns", line=line)

    def check_rows(self, number: int) -> None:
        """May raise NotUnderstood."""
        if number > self.rows:
            raise NotUnderstood(f"more than {self.rows:,} rows; split it by year")
