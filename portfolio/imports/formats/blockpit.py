"""Blockpit: its template and export of today, and the export with a semicolon of older accounts.

Times are UTC. Outgoing amounts are without the fee, incoming ones as they arrived. The older file's
numbers of transactions were spoilt by spreadsheets and name nothing.
"""

from __future__ import annotations

from portfolio.engine.types import TransactionKind
from portfolio.imports import kinds, two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import having
from portfolio.imports.two_sided import Layout

_OWN: kinds.Own = {"derivative_fee": TransactionKind.FEE, "margin_trading_fee": TransactionKind.FEE}
_NEW = (
    *("Date (UTC)", "Integration Name", "Label", "Outgoing Asset", "Outgoing Amount"),
    *("Incoming Asset", "Incoming Amount", "Fee Asset (optional)", "Fee Amount (optional)"),
    *("Comment (optional)", "Trx. ID (optional)"),
)
_LAYOUT = Layout(
    date=("date (utc)|timestamp",),
    words=("label|transaction type",),
    sent=("outgoing amount", "outgoing asset"),
    received=("incoming amount", "incoming asset"),
    fee=("fee amount", "fee asset"),
    account="integration name|source name|integration",
    detail={"description": "comment|note", "txid": "trx. id|transaction id"},
    own=_OWN,
)

FORMATS: tuple[ImportFormat, ...] = (
    two_sided.reader(
        _LAYOUT,
        id="blockpit",
        title="Blockpit",
        description="Blockpit's template and its export, with the name of each integration.",
        headings=(
            _NEW,
            (*_NEW, "Source Type", "Source Name"),
            tuple(name.replace(" (optional)", "") for name in _NEW),
        ),
        recognise=having("date (utc)", "integration name", "label", "outgoing asset"),
    ),
    two_sided.reader(
        _LAYOUT,
        id="blockpit-older",
        title="Blockpit: older export",
        description="The export of accounts of about 2023, to the minute.",
        headings=(
            (
                *("Blockpit ID", "Timestamp", "Source Type", "Source Name", "Integration"),
                *("Transaction Type", "Outgoing Asset", "Outgoing Amount"),
                *("Incoming Asset", "Incoming Amount", "Fee Asset", "Fee Amount"),
                *("Transaction ID", "Note", "Merge ID"),
            ),
        ),
        recognise=having("blockpit id", "timestamp", "transaction type", "outgoing asset"),
    ),
)
