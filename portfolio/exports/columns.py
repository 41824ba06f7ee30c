"""A target's table as data: what stands under each heading of its rows.

Rows are oldest first; within one second what came in stands before what was given for another, and
that before what went out, so that nothing is spent before it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.rounding import rounded
from portfolio.exports.format import Rows, free_text, half_alone, own_word
from portfolio.exports.meanings import Way, Words
from portfolio.exports.transfers import without_own_transfers
from portfolio.exports.two_sided import Amount, Fees, Row, split, to_places

Column = Callable[[Row, ExportContext], str]
_ORDER = {Way.CAME: 0, Way.BOTH: 1, Way.WENT: 2}
_WORTH = Decimal("0.00000001")


def _all(row: Row) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Layout:
    """How transactions become the rows of one target.

    ``places``: decimals that the target takes at most. ``keeps``: whether a row belongs into the
    file; what does not has to be named among what the format lacks.
    """

    columns: Mapping[str, Column]
    fees: Fees = Fees.OUTSIDE
    places: int | None = None
    keeps: Callable[[Row], bool] = _all

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def split(self, transaction: ExportTransaction) -> list[Row]:
        """The rows of one transaction that are written."""
        found = [row for row in split(transaction, self.fees) if self.keeps(row)]
        if self.places is not None:
            found = [to_places(row, self.places) for row in found]
        return [row for row in found if row.sent or row.received]


def rows(layout: Layout) -> Rows:
    """The rows of a layout; moves between the wallets of one connection are left out."""
    columns = tuple(layout.columns.values())

    def write(
        transactions: Iterable[ExportTransaction], context: ExportContext
    ) -> Iterator[list[str]]:
        second: datetime | None = None
        waiting: list[Row] = []
        for transaction in without_own_transfers(transactions):
            moment = transaction.occurred_at.replace(microsecond=0)
            if moment != second:
                yield from _cells(waiting, columns, context)
                waiting, second = [], moment
            waiting += layout.split(transaction)
        yield from _cells(waiting, columns, context)

    return write


def _cells(
    waiting: list[Row], columns: tuple[Column, ...], context: ExportContext
) -> Iterator[list[str]]:
    for row in sorted(waiting, key=lambda row: _ORDER[row.way]):
        yield [column(row, context) for column in columns]


def dated(layout: str) -> Column:
    """The time in UTC, to the second."""
    return lambda row, context: row.transaction.occurred_at.astimezone(UTC).strftime(layout)


def word(words: Words) -> Column:
    """The target's word for what happened."""
    return lambda row, context: words.of(row.way, row.meanings)


def blank(row: Row, context: ExportContext) -> str:
    """Nothing: the target does not need it, or Coffer does not know it."""
    return ""


def sent_amount(row: Row, context: ExportContext) -> str:
    return _quantity(row.sent)


def sent_asset(row: Row, context: ExportContext) -> str:
    return _asset(row.sent, context)


def received_amount(row: Row, context: ExportContext) -> str:
    return _quantity(row.received)


def received_asset(row: Row, context: ExportContext) -> str:
    return _asset(row.received, context)


def fee_amount(row: Row, context: ExportContext) -> str:
    return _quantity(row.fee)


def fee_asset(row: Row, context: ExportContext) -> str:
    return _asset(row.fee, context)


def account(row: Row, context: ExportContext) -> str:
    """The connection, as its owner calls it."""
    return free_text(row.transaction.account_label)


def key(row: Row, context: ExportContext) -> str:
    """The exchange's identity of the event, with the number of the part where there are several."""
    part = f".{row.number}" if row.of > 1 else ""
    return f"{row.transaction.key}{part}"


def chain_id(row: Row, context: ExportContext) -> str:
    """The transaction on the chain; both halves of an own transfer have the same.

    A target finds the halves by it, so one is made up where neither tells any. Where they spell it
    differently it is as the sending side does.
    """
    transaction = row.transaction
    own = transaction.detail.get("txid", "")
    if transaction.transfer is None or row.is_fee:
        return own
    other = transaction.counterpart.txid if transaction.counterpart else ""
    first, second = (own, other) if row.way is Way.WENT else (other, own)
    return first or second or f"transfer-{transaction.transfer}"


def note(row: Row, context: ExportContext) -> str:
    """What happened in Coffer's words, and the owner's note."""
    transaction = row.transaction
    words = (
        transaction.kind.value,
        own_word(transaction),
        transaction.detail.get("symbol", ""),
        transaction.key,
        f"{row.number}/{row.of}" if row.of > 1 else "",
        transaction.note,
        half_alone(transaction),
    )
    return free_text(" ".join(" ".join(words).split()))


def worth_amount(row: Row, context: ExportContext) -> str:
    """What the row was worth, fee apart, in the currency of the export."""
    return money_text(worth(row, context))


def worth_currency(row: Row, context: ExportContext) -> str:
    return context.currency if worth_amount(row, context) else ""


def worth(row: Row, context: ExportContext) -> Decimal | None:
    """What a row was worth: money is worth itself, and a trade what was got for it."""
    for amount in (row.sent, row.received):
        if amount and amount.asset == context.currency:
            return amount.quantity
    known = (amount.value for amount in (row.received, row.sent) if amount)
    return next((value for value in known if value is not None), None)


def money_text(value: Decimal | None) -> str:
    """A worth to eight decimals; empty where it is not known, or is something less than that."""
    if value is None:
        return ""
    shown = rounded(value, _WORTH)
    return money.plain(shown) if shown or not value else ""


def _quantity(amount: Amount | None) -> str:
    return money.plain(amount.quantity) if amount else ""


def _asset(amount: Amount | None, context: ExportContext) -> str:
    return context.symbol(amount.asset) if amount else ""
