"""Own transfers as formats want them.

``without_own_transfers`` leaves out what only moved between own wallets of one connection, for
formats that know an account as one pot. An exchange tells such a move as one transaction whose
amounts cancel out, or as two, out of one wallet and into the other; both ways are recognised. A
half whose other half is not there (before the first record, after the last) stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportLeg, ExportTransaction, TransferPiece
from portfolio.engine.pricing import rounded
from portfolio.engine.types import PostingRole, TransactionKind

# The two halves of one move lie this close together.
WINDOW = timedelta(days=1)


@dataclass(slots=True, eq=False)
class _Waiting:
    transaction: ExportTransaction
    half: ExportLeg | None
    is_gone: bool = False


_Place = tuple[str, str, Decimal]  # account, asset, amount
_Open = dict[_Place, list[_Waiting]]


def without_own_transfers(
    transactions: Iterable[ExportTransaction],
) -> Iterator[ExportTransaction]:
    """The transactions, oldest first, without moves between the wallets of one connection.

    Holds back at most the transactions of one window of time.
    """
    waiting: deque[_Waiting] = deque()
    open_halves: _Open = {}
    for transaction in transactions:
        yield from _released(waiting, open_halves, transaction)
        entry = _Waiting(transaction, _half(transaction))
        other = _other_half(entry, open_halves)
        if other is not None:
            other.is_gone = True
        elif entry.half is not None:
            open_halves.setdefault(_place(transaction, entry.half), []).append(entry)
            waiting.append(entry)
        elif waiting:
            waiting.append(entry)
        else:
            yield transaction
    yield from (entry.transaction for entry in waiting if not entry.is_gone)


def _half(transaction: ExportTransaction) -> ExportLeg | None:
    """The one amount of a move whose other half is told apart; None for everything else."""
    if not _is_own_move(transaction) or len(transaction.legs) != 1:
        return None
    leg = transaction.legs[0]
    return leg if leg.role == PostingRole.PRINCIPAL and leg.amount else None


def _is_own_move(transaction: ExportTransaction) -> bool:
    """Whether a half has its other half, if any, in the same connection."""
    if transaction.counterpart is not None:
        return transaction.counterpart.account == transaction.account
    return transaction.kind == TransactionKind.TRANSFER


def _place(transaction: ExportTransaction, half: ExportLeg) -> _Place:
    return (transaction.account, half.asset, half.amount)


def _other_half(entry: _Waiting, open_halves: _Open) -> _Waiting | None:
    """Takes the oldest open half that this one completes: the same amount, another wallet.

    What is known as one transfer goes together only.
    """
    if entry.half is None:
        return None
    account, asset, amount = _place(entry.transaction, entry.half)
    for candidate in open_halves.get((account, asset, amount.copy_negate()), []):
        same = candidate.transaction.transfer == entry.transaction.transfer
        if same and candidate.half is not None and candidate.half.wallet != entry.half.wallet:
            _close(candidate, open_halves)
            return candidate
    return None


def _close(entry: _Waiting, open_halves: _Open) -> None:
    """Forgets an open half, and its place when it was the last there."""
    if entry.half is None:
        return
    place = _place(entry.transaction, entry.half)
    open_halves[place].remove(entry)
    if not open_halves[place]:
        del open_halves[place]


def _released(
    waiting: deque[_Waiting],
    open_halves: _Open,
    newest: ExportTransaction,
) -> Iterator[ExportTransaction]:
    """What need not wait any longer: all before the first half that may still find its other."""
    while waiting and (first := waiting[0]):
        is_open = first.half is not None and not first.is_gone
        if is_open and newest.occurred_at - first.transaction.occurred_at <= WINDOW:
            return
        waiting.popleft()
        if is_open:
            _close(first, open_halves)
        if not first.is_gone:
            yield first.transaction


def by_transfer(transactions: Iterable[ExportTransaction]) -> Iterator[ExportTransaction]:
    """Cuts what arrived in several parts into a transaction for each; nothing of it is lost.

    They keep the number and the time; fees go with the first. What is of no transfer comes last, as
    a transaction without one.
    """
    for transaction in transactions:
        if transaction.pieces:
            yield from _cut(transaction)
        else:
            yield transaction


def _cut(transaction: ExportTransaction) -> Iterator[ExportTransaction]:
    rest = [leg for leg in transaction.legs if leg.role == PostingRole.PRINCIPAL]
    fees = [leg for leg in transaction.legs if leg.role != PostingRole.PRINCIPAL]
    for piece in transaction.pieces:
        yield replace(
            transaction,
            legs=(*_taken(rest, piece), *fees),
            transfer=piece.transfer,
            counterpart=piece.counterpart,
            pieces=(),
        )
        fees = []
    if rest:
        yield replace(transaction, legs=tuple(rest), transfer=None, counterpart=None, pieces=())


def _taken(rest: list[ExportLeg], piece: TransferPiece) -> list[ExportLeg]:
    """Takes what went one way out of ``rest``: a leg, or as much of it."""
    places = (n for n, leg in enumerate(rest) if leg.asset == piece.asset and leg.amount)
    place = next(places, None)
    if place is None:
        return []
    leg = rest.pop(place)
    if piece.amount >= leg.amount.copy_abs():
        return [leg]
    part, remainder = _parted(leg, piece.amount.copy_sign(leg.amount))
    rest.insert(place, remainder)
    return [part]


def _parted(leg: ExportLeg, amount: Decimal) -> tuple[ExportLeg, ExportLeg]:
    """A leg in two, with its value in proportion."""
    value = left = None
    if leg.value is not None:
        value = rounded(money.divide(money.multiply(leg.value, amount), leg.amount))
        left = money.add(leg.value, money.negate(value))
    remainder = money.add(leg.amount, money.negate(amount))
    return replace(leg, amount=amount, value=value), replace(leg, amount=remainder, value=left)
