"""Plain CSV: everything the ledger says, one row per posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import plain
from portfolio.exports.format import Check, ExportFormat, free_text, gettext_noop, own_word, utc
from portfolio.exports.tables import csv_table

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
)


def rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    """One row per amount that moved; rows with the same transaction number belong together."""
    for transaction in transactions:
        detail = transaction.detail
        about = [detail.get(name, "") for name in _CODES]
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
            ]


FORMAT = ExportFormat(
    id="csv",
    title=gettext_noop("CSV"),
    description=gettext_noop(
        "Everything in the ledger, for spreadsheets and for keeping: one row per amount that "
        "moved, with its sign (in is positive, out and fees are negative). The amounts of an "
        "asset add up to what is held."
    ),
    write=csv_table(HEADER, rows),
    check=Check.OWN,
)
