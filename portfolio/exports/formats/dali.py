"""dali-rp2: the three tables of its manual input, and its configuration.

It skips the first line of each whatever it holds, and maps columns by position.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import chain

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import ZERO, add, plain
from portfolio.exports import rp2_drafts, rp2_rows
from portfolio.exports.format import Check, ExportFormat, free_text, gettext_noop
from portfolio.exports.rp2_drafts import IN, INTRA, OUT
from portfolio.exports.rp2_rows import HOLDER, Row
from portfolio.exports.spools import Spool

# Its columns, in its own order; ``crypto_fee`` is in the code, though not in its documentation.
HEADERS = {
    IN: (
        *("unique_id", "timestamp", "asset", "exchange", "holder", "transaction_type"),
        *("spot_price", "crypto_in", "crypto_fee", "fiat_in_no_fee", "fiat_in_with_fee"),
        *("fiat_fee", "notes"),
    ),
    OUT: (
        *("unique_id", "timestamp", "asset", "exchange", "holder", "transaction_type"),
        *("spot_price", "crypto_out_no_fee", "crypto_fee", "crypto_out_with_fee"),
        *("fiat_out_no_fee", "fiat_fee", "notes"),
    ),
    INTRA: (
        *("unique_id", "timestamp", "asset", "from_exchange", "from_holder", "to_exchange"),
        *("to_holder", "spot_price", "crypto_sent", "crypto_received", "notes"),
    ),
}
FILES = {IN: "in.csv", OUT: "out.csv", INTRA: "intra.csv"}
CONFIGURATION = """\
; dali_us -o OUT dali.ini    (dali_generic and others alike)
; rp2_us -m fifo -o OUT OUT/crypto_data.ini OUT/crypto_data.ods
[dali.plugin.input.csv.manual]
in_csv_file = in.csv
out_csv_file = out.csv
intra_csv_file = intra.csv
native_fiat = {}
"""
# Of RP2's types, those that it does not take.
_LACKING = frozenset({(OUT, "LOST"), (OUT, "STAKING")})
_CURRENCIES = frozenset("AUD CAD CHF CNY EUR GBP HKD ILS INR JPY KRW SEK USD".split())  # noqa: SIM905


def _files(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """To be read in their order: the later ones are kept while the first is written."""
    with Spool() as spool:
        yield FILES[IN], _first(rp2_rows.rows(transactions, context, _LACKING), spool)
        for table in (OUT, INTRA):
            yield FILES[table], chain([_line(HEADERS[table])], spool.pieces(table))
    yield "dali.ini", iter([CONFIGURATION.format(context.currency).encode()])


def _first(rows: Iterable[Row], spool: Spool) -> Iterator[bytes]:
    yield _line(HEADERS[IN])
    for row in rows:
        line = _line(_cells(row))
        if row.table == IN:
            yield line
        else:
            spool.add(row.table, line)


def _shown(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
    """The rows of all three tables as they come, under the headings of the first."""
    yield _line(("table", *HEADERS[IN]))
    for row in rp2_rows.rows(transactions, context, _LACKING):
        yield _line((FILES[row.table], *_cells(row)))


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _cells(row: Row) -> tuple[str, ...]:
    about = (row.ident, row.at.astimezone(UTC).isoformat(), row.asset)
    spot = plain(row.spot or ZERO)
    note = free_text(row.note)
    if row.table == INTRA:
        amount = plain(row.amount)
        return (*about, row.place, HOLDER, row.target, HOLDER, spot, amount, amount, note)
    where = (*about, row.place, HOLDER, row.kind.capitalize(), spot)
    return (*where, *_amounts(row), note)


def _amounts(row: Row) -> tuple[str, ...]:
    amount, fee = plain(row.amount), plain(row.fiat_fee or ZERO)
    fiat = "" if row.fiat is None else plain(row.fiat)
    if row.table == IN:
        whole = "" if row.fiat is None else plain(add(row.fiat, row.fiat_fee or ZERO))
        return amount, "", fiat, whole, fee
    if row.kind == "FEE":
        return "0", amount, amount, "", ""
    return amount, "0", amount, fiat, "0"


LACKS = {
    **rp2_drafts.LACKS,
    "lost": gettext_noop(
        "What was lost or stolen: left out, since there is no type for it, and the balance there "
        "is higher by it. RP2's own layout has one."
    ),
    "staking": gettext_noop(
        "Rewards that were taken back: left out, and the balance there is higher by them."
    ),
    "currency": gettext_noop(
        "This currency is not one of those that dali-rp2 knows: choose another reporting currency."
    ),
}


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    yield from rp2_drafts.shortfalls(transaction, context)
    if context.currency not in _CURRENCIES:
        yield "currency"


FORMAT = ExportFormat(
    id="dali",
    title=gettext_noop("dali-rp2"),
    description=gettext_noop(
        "The manual input of dali-rp2, which makes RP2's: three tables and the configuration that "
        "names them. Give the whole history: what was bought before is needed when it is sold."
    ),
    write=_shown,
    files=_files,
    shown=_shown,
    extension="zip",
    content_type="application/zip",
    check=Check.RUN,
    checked_by="dali-rp2 0.6.11, RP2 1.7.2",
    lacks=LACKS,
    shortfalls=_shortfalls,
)
