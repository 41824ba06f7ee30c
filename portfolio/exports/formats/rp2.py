"""RP2: an ODS workbook with a sheet for each asset, and the configuration that explains it.

Rows are kept in a temporary file until all are told, since a sheet holds an asset and its three
tables stand one below the other. RP2 itself reads the whole workbook into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from decimal import Decimal

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import ZERO, add, plain
from portfolio.exports import ods, rp2_drafts, rp2_rows
from portfolio.exports.format import Check, ExportFormat, gettext_noop
from portfolio.exports.ods import Cell
from portfolio.exports.rp2_drafts import IN, INTRA, OUT
from portfolio.exports.rp2_rows import HOLDER, Row
from portfolio.exports.spools import Spool
from portfolio.exports.tables import csv_table

_WHERE = ("timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price")
HEADERS = {
    IN: (
        *_WHERE,
        *("crypto_in", "crypto_fee", "fiat_in_no_fee", "fiat_in_with_fee", "fiat_fee"),
        *("unique_id", "notes"),
    ),
    OUT: (
        *_WHERE,
        *("crypto_out_no_fee", "crypto_fee", "crypto_out_with_fee", "fiat_out_no_fee"),
        *("fiat_fee", "unique_id", "notes"),
    ),
    INTRA: (
        *("timestamp", "asset", "from_exchange", "from_holder", "to_exchange", "to_holder"),
        *("spot_price", "crypto_sent", "crypto_received", "unique_id", "notes"),
    ),
}
_SECTIONS = {IN: "in_header", OUT: "out_header", INTRA: "intra_header"}
_COLUMNS = 13


class _Workbook:
    """Sheets to be, and the names in them."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._assets: dict[str, None] = {}  # those that have rows, in their order
        self._places: dict[str, None] = {}

    def add(self, row: Row) -> None:
        self._assets[row.asset] = None
        self._places |= dict.fromkeys(place for place in (row.place, row.target) if place)
        self._spool.add(f"{row.asset}\n{row.table}", ods.row(_padded(_cells(row))))

    def sheets(self) -> Iterator[tuple[str, int, Iterator[bytes]]]:
        return ((asset, _COLUMNS, self._sheet(asset)) for asset in self._assets)

    def _sheet(self, asset: str) -> Iterator[bytes]:
        for table, header in HEADERS.items():
            yield ods.row(_padded((table,)))
            yield ods.row(_padded(header))
            yield from self._spool.pieces(f"{asset}\n{table}")
            yield ods.row(_padded(("TABLE END",)))
            yield ods.row(_padded(()))

    def configuration(self) -> str:
        """Which column holds what, and every asset, exchange and holder that occurs."""
        lines = [
            "; rp2_us -m fifo -o OUT rp2.ini rp2.ods    (rp2_generic and others alike)",
            "[general]",
            f"assets = {', '.join(self._assets)}",
            f"exchanges = {', '.join(self._places)}",
            f"holders = {HOLDER}",
        ]
        for table, header in HEADERS.items():
            lines += ["", f"[{_SECTIONS[table]}]"]
            lines += [f"{name} = {place}" for place, name in enumerate(header)]
        return "\n".join([*lines, ""])


def _padded(cells: Iterable[Cell]) -> list[Cell]:
    found = list(cells)
    return found + [None] * (_COLUMNS - len(found))


def _cells(row: Row) -> Iterator[Cell]:
    yield row.at.astimezone(UTC).isoformat(sep=" ")
    yield row.asset
    for place in (row.place, row.target) if row.target else (row.place,):
        yield place
        yield HOLDER
    if row.table == INTRA:
        yield from (row.spot, row.amount, row.amount)
    else:
        yield from (row.kind, row.spot, *_amounts(row))
    yield row.ident
    yield row.note


def _amounts(row: Row) -> tuple[Cell, ...]:
    """Numbers must be numbers, and what would be nothing must not be there."""
    if row.table == IN:
        whole = None if row.fiat is None else add(row.fiat, row.fiat_fee or ZERO)
        return row.amount, None, row.fiat, whole, row.fiat_fee
    if row.kind == "FEE":
        return ZERO, row.amount, row.amount, None, row.fiat
    return row.amount, ZERO, row.amount, row.fiat, None


def _files(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[tuple[str, Iterator[bytes]]]:
    with Spool() as spool:
        book = _Workbook(spool)
        for row in rp2_rows.rows(transactions, context):
            book.add(row)
        yield "rp2.ods", ods.workbook(book.sheets())
        yield "rp2.ini", iter([book.configuration().encode()])


_SHOWN = (
    *("table", "timestamp", "asset", "exchange", "to_exchange", "transaction_type", "spot_price"),
    *("amount", "fiat", "fiat_fee", "unique_id", "notes"),
)


def _shown(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[list[str]]:
    for row in rp2_rows.rows(transactions, context):
        numbers = (row.spot, row.amount, row.fiat, row.fiat_fee)
        spot, amount, fiat, fee = (_text(number) for number in numbers)
        yield [
            *(row.table, row.at.astimezone(UTC).isoformat(sep=" "), row.asset),
            *(row.place, row.target, row.kind, spot, amount, fiat, fee, row.ident, row.note),
        ]


def _text(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


FORMAT = ExportFormat(
    id="rp2",
    title=gettext_noop("RP2"),
    description=gettext_noop(
        "RP2's own input: a workbook with a sheet for each asset, and the configuration that "
        "explains it. RP2 refuses what was never acquired, so give the whole history."
    ),
    write=csv_table(_SHOWN, _shown),
    files=_files,
    shown=csv_table(_SHOWN, _shown),
    extension="zip",
    content_type="application/zip",
    check=Check.RUN,
    checked_by="RP2 1.7.2",
    lacks=rp2_drafts.LACKS,
    shortfalls=rp2_drafts.shortfalls,
)
