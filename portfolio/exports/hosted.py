"""Puts a format of two-sided rows together from its layout, its words and what it cannot say."""

from __future__ import annotations

import csv
from collections.abc import Mapping

from portfolio.exports.columns import Layout, rows
from portfolio.exports.format import ExportFormat
from portfolio.exports.meanings import Words
from portfolio.exports.shortfalls import finder, lacks
from portfolio.exports.tables import csv_table

_NONE: Mapping[str, str] = {}


def hosted(
    ident: str,
    title: str,
    description: str,
    layout: Layout,
    words: Words,
    *,
    own: Mapping[str, str] = _NONE,
    symbols: Mapping[str, str] = _NONE,
    is_per_connection: bool = False,
    quoting: int = csv.QUOTE_MINIMAL,
    version: int = 1,
) -> ExportFormat:
    """A format as a CSV file; ``own`` are sentences of its own on what it cannot express."""
    return ExportFormat(
        id=ident,
        title=title,
        description=description,
        write=csv_table(layout.header, rows(layout), quoting=quoting),
        is_per_connection=is_per_connection,
        lacks=lacks(layout, words, own),
        shortfalls=finder(layout, words, own),
        symbols=symbols,
        version=version,
    )
