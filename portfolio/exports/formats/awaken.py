"""Awaken's standard CSV: no negative numbers, eight decimals, no results of contracts.

Those belong into a file of their own (``awaken_futures``), never mixed with this one.
"""

from __future__ import annotations

from portfolio.engine.export import ExportContext
from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.formats.awaken_futures import is_of_contracts
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words
from portfolio.exports.two_sided import Amount, Row

WORDS = Words(
    came={M.AIRDROP: "airdrop"},
    both={M.BUY: "coin_buy", M.SELL: "coin_sell"},
    other_both="swap",
)


def received_worth(row: Row, context: ExportContext) -> str:
    return _dollars(row.received, context)


def sent_worth(row: Row, context: ExportContext) -> str:
    return _dollars(row.sent, context)


def _dollars(amount: Amount | None, context: ExportContext) -> str:
    """Nothing in another currency: there is no column to say which it is."""
    return c.money_text(amount.value) if amount and context.currency == "USD" else ""


LAYOUT = c.Layout(
    {
        "Date": c.dated("%m/%d/%Y %H:%M:%S"),
        "Received Quantity": c.received_amount,
        "Received Currency": c.received_asset,
        "Received Fiat Amount": received_worth,
        "Sent Quantity": c.sent_amount,
        "Sent Currency": c.sent_asset,
        "Sent Fiat Amount": sent_worth,
        "Fee Amount": c.fee_amount,
        "Fee Currency": c.fee_asset,
        "Transaction Hash": c.chain_id,
        "Notes": c.note,
        "Tag": c.word(WORDS),
    },
    places=8,
    keeps=lambda row: not is_of_contracts(row),
)
FORMAT = hosted(
    "awaken",
    gettext_noop("Awaken"),
    gettext_noop(
        "Awaken's standard CSV: all but the results of contracts, which go into the futures file. "
        "Each connection is a file of its own. Worths are told where they are in dollars. Awaken "
        "takes what is imported twice for two: remove the former import first."
    ),
    LAYOUT,
    WORDS,
    own={
        "elsewhere": gettext_noop(
            "Results and funding of contracts and liquidations are not in this file: they are in "
            "Awaken's futures file."
        ),
    },
    is_per_connection=True,
)
