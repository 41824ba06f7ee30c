"""Koinly's universal template: twelve columns, one row per transaction, one file per wallet.

The change of a balance is received less sent less fee, so amounts are written without the fee.
A transaction with more amounts than a row can hold is split over several rows; none is lost. The
template knows no wallets inside an account: what only moved between own wallets of one connection
is left out, since it would look like a sale and a purchase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports.format import ExportFormat, free_text, gettext_noop, own_word
from portfolio.exports.tables import csv_table
from portfolio.exports.transfers import without_own_transfers

HEADER = (
    "Date",
    "Sent Amount",
    "Sent Currency",
    "Received Amount",
    "Received Currency",
    "Fee Amount",
    "Fee Currency",
    "Net Worth Amount",
    "Net Worth Currency",
    "Label",
    "Description",
    "TxHash",
)

# Labels tell what came in for nothing, or went for nothing; a trade, a deposit or a withdrawal
# needs none, and Koinly matches transfers between the files itself. What is not understood has none
# either: it is left to a person, with the exchange's own word in the description.
_LABELS_IN = {
    TransactionKind.REWARD: "reward",
    TransactionKind.INTEREST: "lending interest",
    TransactionKind.AIRDROP: "airdrop",
    TransactionKind.FEE: "fee refund",
    TransactionKind.FUNDING: "realized gain",
    TransactionKind.REALISED_PNL: "realized gain",
    TransactionKind.LIQUIDATION: "realized gain",
}
_LABELS_OUT = {
    TransactionKind.FEE: "cost",
    TransactionKind.INTEREST: "loan fee",
    TransactionKind.FUNDING: "realized gain",
    TransactionKind.REALISED_PNL: "realized gain",
    TransactionKind.LIQUIDATION: "realized gain",
}
_FEE_LABEL, _REBATE_LABEL = "cost", "fee refund"

Leg = tuple[str, Decimal]


@dataclass(slots=True)
class _Row:
    sent: Leg | None = None
    received: Leg | None = None
    fee: Leg | None = None
    label: str = ""


def rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    """Rows oldest first; within a second what comes in before what goes out."""
    pending: list[tuple[int, list[str]]] = []
    second = ""
    for transaction in without_own_transfers(transactions):
        date = _date(transaction.occurred_at)
        if date != second:
            yield from _in_order(pending)
            pending, second = [], date
        split = _split(transaction)
        for number, row in enumerate(split, start=1):
            place = 0 if row.sent is None else 1 if row.received else 2
            part = f"{number}/{len(split)}" if len(split) > 1 else ""
            pending.append((place, _cells(transaction, row, part, context)))
    yield from _in_order(pending)


def _in_order(pending: list[tuple[int, list[str]]]) -> Iterator[list[str]]:
    return (cells for _, cells in sorted(pending, key=lambda entry: entry[0]))


def _split(transaction: ExportTransaction) -> list[_Row]:
    """The rows that hold every amount of a transaction."""
    net = _net(m for m in transaction.legs if m.role == PostingRole.PRINCIPAL)
    fees = _net(m for m in transaction.legs if m.role == PostingRole.FEE)
    sent = [(asset, money.negate(amount)) for asset, amount in net if amount < 0]
    received = [(asset, amount) for asset, amount in net if amount > 0]
    split = [_Row(sent=out, received=into) for out, into in zip_longest(sent, received)]
    for row in split:
        row.label = _label(transaction.kind, row)
    paid = [(asset, money.negate(amount)) for asset, amount in fees if amount < 0]
    if split and paid:
        split[0].fee = paid.pop(0)
    split += [_Row(sent=leg, label=_FEE_LABEL) for leg in paid]
    split += [_Row(received=(a, n), label=_REBATE_LABEL) for a, n in fees if n > 0]
    return split


def _net(legs: Iterable[ExportLeg]) -> list[Leg]:
    """The sum per asset over all wallets, in the order of first mention, zeros left out."""
    sums: dict[str, Decimal] = {}
    for leg in legs:
        sums[leg.asset] = money.add(sums.get(leg.asset, money.ZERO), leg.amount)
    return [(asset, amount) for asset, amount in sums.items() if amount]


def _label(kind: TransactionKind, row: _Row) -> str:
    if row.sent is None:
        return _LABELS_IN.get(kind, "")
    return _LABELS_OUT.get(kind, "") if row.received is None else ""


def _cells(
    transaction: ExportTransaction, row: _Row, part: str, context: ExportContext
) -> list[str]:
    words = [
        transaction.kind.value,
        own_word(transaction),
        transaction.detail.get("symbol", ""),
        transaction.key,
        part,
    ]
    return [
        _date(transaction.occurred_at),
        *_leg(row.sent, context),
        *_leg(row.received, context),
        *_leg(row.fee, context),
        "",
        "",
        row.label,
        free_text(" ".join(word for word in words if word)),
        transaction.detail.get("txid", ""),
    ]


def _leg(leg: Leg | None, context: ExportContext) -> tuple[str, str]:
    return ("", "") if leg is None else (money.plain(leg[1]), context.symbol(leg[0]))


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


FORMAT = ExportFormat(
    id="koinly",
    title=gettext_noop("Koinly"),
    description=gettext_noop(
        "Koinly's universal template. It has no column for the account, so each connection is a "
        "file of its own, to be imported into a wallet of its own; several come as one ZIP. Moves "
        "between wallets of the same connection are left out: they change nothing in that account."
    ),
    write=csv_table(HEADER, rows),
    is_per_connection=True,
)
