"""Awaken's CSV for futures: results, funding and liquidations of contracts, and nothing else.

Results are signed and without the fee beside them. The size of the position that a result belongs
to is not told by every exchange; it is left empty then.
"""

from __future__ import annotations

import re

from portfolio.engine import money
from portfolio.engine.export import ExportContext
from portfolio.engine.types import TransactionKind
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import CONTRACTS, Words
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.two_sided import Row

WORDS = Words(
    came={M.FUNDING: "funding_payment", M.REALISED_PNL: "close_position"},
    went={M.FUNDING: "funding_payment", M.REALISED_PNL: "close_position"},
    other_came="close_position",
    other_went="close_position",
)


def is_of_contracts(row: Row) -> bool:
    """Whether a row is a result that this file can hold: one amount, and a fee of the same asset.

    All else of the same transaction (a fee in another asset, one given back) is in the standard
    file, so that both files together hold every amount.
    """
    one = row.received or row.sent
    is_one = one is not None and not (row.received and row.sent)
    is_fee_alike = row.fee is None or (one is not None and row.fee.asset == one.asset)
    return row.transaction.kind in CONTRACTS and is_one and is_fee_alike and not row.is_fee


def asset(row: Row, context: ExportContext) -> str:
    """What the contract is on, by the exchange's own symbol."""
    symbol = row.transaction.detail.get("symbol", "")
    return context.symbol(re.split(r"[/:_-]", symbol)[0]) if symbol else _paid_in(row, context)


def size(row: Row, context: ExportContext) -> str:
    if row.transaction.kind is not TransactionKind.REALISED_PNL:
        return ""
    try:
        told = money.parse(row.transaction.detail.get("quantity", ""))
    except ValueError:
        return ""
    return money.plain(told.copy_abs()) if told else ""


def result(row: Row, context: ExportContext) -> str:
    """With its sign."""
    return c.received_amount(row, context) or f"-{c.sent_amount(row, context)}"


def _paid_in(row: Row, context: ExportContext) -> str:
    return c.received_asset(row, context) or c.sent_asset(row, context)


LAYOUT = c.Layout(
    {
        "Date": c.dated("%m/%d/%Y %H:%M:%S"),
        "Asset": asset,
        "Amount": size,
        "Fee": c.fee_amount,
        "P&L": result,
        "Payment Token": _paid_in,
        "ID": c.key,
        "Notes": c.note,
        "Tag": c.word(WORDS),
        "Transaction Hash": c.chain_id,
    },
    places=8,
    keeps=is_of_contracts,
)
FORMAT = hosted(
    "awaken-futures",
    gettext_noop("Awaken, futures"),
    gettext_noop(
        "Awaken's CSV for futures: results and funding of contracts and liquidations only. Each "
        "connection is a file of its own. Whether Awaken takes a fee off a result is not known: "
        "check one that has a fee."
    ),
    LAYOUT,
    WORDS,
    own={
        "elsewhere": gettext_noop(
            "All that is not a result or funding of a contract is not in this file: it is in "
            "Awaken's standard file. So are fees in another asset."
        ),
        "contracts": gettext_noop(
            "Liquidations are written as closed positions. The size of the position is empty where "
            "the exchange does not tell it."
        ),
    },
    is_per_connection=True,
)
