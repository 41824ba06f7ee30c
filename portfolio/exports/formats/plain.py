"""Plain tables: everything the ledger says, one row per posting, as CSV or as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import plain
from portfolio.exports.format import (
    HALF,
    Check,
    ExportFormat,
    Group,
    free_text,
    gettext_noop,
    own_word,
    utc,
)
from portfolio.exports.tables import csv_table
from portfolio.exports.workbooks import CONTENT_TYPE, xlsx_table

# What a transaction's detail may say, in the order of the columns.
_CODES = ("symbol", "side", "price", "order", "txid", "network", "address", "status")

HEADER = (
    "transaction",
    "time",
    "kind",
    "exchange",
    "connection",
    "wallet",
    "asset",
    "amount",
    "role",
    "key",
    *_CODES,
    "description",
    "value",
    "currency",
    "transfer",
    "counterpart",
    "note",
    "tags",
)
NUMBERS = frozenset({"amount", "value"})


def rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    """One row per amount that moved; rows with the same transaction number belong together."""
    for transaction in transactions:
        detail = transaction.detail
        about = [detail.get(name, "") for name in _CODES]
        other = transaction.counterpart
        added = [
            "" if transaction.transfer is None else str(transaction.transfer),
            "" if other is None else str(other.transaction),
            free_text(transaction.note),
            free_text(", ".join(transaction.tags)),
        ]
        for leg in transaction.legs:
            yield [
                str(transaction.id),
                utc(transaction.occurred_at),
                transaction.kind.value,
                transaction.exchange,
                free_text(transaction.account_label),
                leg.wallet,
                context.symbol(leg.asset),
                plain(leg.amount),
                leg.role.value,
                transaction.key,
                *about,
                free_text(detail.get("description", "") or own_word(transaction)),
                "" if leg.value is None else plain(leg.value),
                "" if leg.value is None else context.currency,
                *added,
            ]


LACKS = {
    "nothing": gettext_noop("Transactions that moved nothing have no row."),
    HALF: gettext_noop(
        "Own transfers of which only one half is in this file, since the other is outside its "
        "range or was not chosen: written as they are, with the number of the other half, which "
        "has no row."
    ),
}


def shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    """A row is an amount: without one there is no row."""
    if not transaction.legs:
        yield "nothing"


_AS_TEXT = csv_table(HEADER, rows)

FORMATS = (
    ExportFormat(
        id="csv",
        title=gettext_noop("CSV"),
        description=gettext_noop(
            "Everything in the ledger, for spreadsheets and for keeping: one row per amount that "
            "moved, with its sign (in is positive, out and fees are negative). The amounts of an "
            "asset add up to what is held."
        ),
        write=_AS_TEXT,
        check=Check.OWN,
        version=2,
        group=Group.OWN,
        keeps_pieces=True,
        lacks=LACKS,
        shortfalls=shortfalls,
    ),
    ExportFormat(
        id="xlsx",
        title=gettext_noop("Excel workbook"),
        description=gettext_noop(
            "The same table as a workbook. A number of more digits than a spreadsheet keeps is "
            "written as text, so that none of them is lost."
        ),
        write=xlsx_table(HEADER, rows, numbers=NUMBERS),
        content_type=CONTENT_TYPE,
        extension="xlsx",
        check=Check.OWN,
        group=Group.OWN,
        shown=_AS_TEXT,
        keeps_pieces=True,
        lacks=LACKS,
        shortfalls=shortfalls,
    ),
)
