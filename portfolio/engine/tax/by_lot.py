"""Methods that take lots one after the other; they differ in the order alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.lots import PART, Book, Lot, Order
from portfolio.engine.tax.operations import Acquire, Dispose, Move, Operation, Vanish
from portfolio.engine.tax.settings import HifoKey, LongTerm, Oversell, Scope, Settings, anniversary
from portfolio.engine.tax.types import (
    Disposal,
    InsufficientHoldings,
    Match,
    Outcome,
    Remaining,
    Shortfall,
    Term,
)

_ZERO = Decimal(0)
Orders = Callable[[date], Callable[[], Order]]
Taking = Iterator[tuple[Lot, Decimal]]


class LotRun:
    """One pass over the operations. ``order_of`` gives the order for a disposal's local date."""

    def __init__(
        self,
        settings: Settings,
        order_of: Orders,
        *,
        varies: bool = False,
        needs_price: bool = False,
    ) -> None:
        self._settings = settings
        self._order_of = order_of
        self._varies = varies
        self._needs_price = needs_price
        self._wallets = settings.scope is Scope.PER_WALLET
        self._books: dict[tuple[str, str], Book] = {}
        self._rows: list[Disposal] = []
        self._short: list[Shortfall] = []
        self._first_order = order_of(date.min)

    def run(self, operations: Sequence[Operation]) -> Outcome:
        """Return what comes of them. May raise InsufficientHoldings."""
        for row in operations:
            if type(row) is Acquire:
                self._acquire(row)
            elif type(row) is Dispose:
                self._dispose(row)
            elif type(row) is Move:
                self._move(row)
            elif type(row) is Vanish:
                self._vanish(row)
        return Outcome(tuple(self._rows), (), tuple(self._remaining()), tuple(self._short))

    def _book(self, asset: str, wallet: str) -> Book:
        place = (asset, wallet if self._wallets else "")
        book = self._books.get(place)
        if book is None:
            book = self._books[place] = Book(self._first_order, moves=self._wallets)
        return book

    def _acquire(self, row: Acquire) -> None:
        key = None
        if self._needs_price:
            by_cost = self._settings.hifo_key is HifoKey.COST
            key = PART.divide(row.cost if by_cost else row.value, row.amount)
        if row.amount:
            lot = Lot(row.event, row.time, row.amount, row.cost, key)
            self._book(row.asset, row.wallet).push(lot)

    def _dispose(self, row: Dispose) -> None:
        on = self._settings.local_date(row.time)
        book = self._book(row.asset, row.wallet)
        if self._varies:
            make = self._order_of(on)
            if make is not book.make:
                book.reorder(make)
        left, proceeds, more_cost = row.amount, row.proceeds, row.more_cost
        for lot, part in self.taking(book, row, on):
            price, extra = proceeds, more_cost
            if part != left:
                price = PART.divide(EXACT.multiply(proceeds, part), left)
                proceeds = EXACT.subtract(proceeds, price)
                if more_cost:
                    extra = PART.divide(EXACT.multiply(more_cost, part), left)
                    more_cost = EXACT.subtract(more_cost, extra)
            left = EXACT.subtract(left, part)
            cost = lot.take(part)
            self._rows.append(
                Disposal(
                    row.event,
                    row.time,
                    on,
                    row.asset,
                    row.wallet if self._wallets else "",
                    part,
                    price,
                    EXACT.add(cost, extra) if extra else cost,
                    Match.LOT,
                    lot.acquired,
                    self._term(lot, row, on),
                    _ZERO,
                    lot.event,
                )
            )
        if left:
            self._missing(row, on, left, proceeds, more_cost)

    def taking(self, book: Book, row: Dispose, on: date) -> Taking:
        """Yield lots and how much to take of each, until the disposal is met or nothing is left."""
        left = row.amount
        while left:
            lot = book.order.first()
            if lot is None:
                return
            part = left if left <= lot.amount else lot.amount
            left = EXACT.subtract(left, part)
            yield lot, part

    def _term(self, lot: Lot, row: Dispose, on: date) -> Term | None:
        settings = self._settings
        if settings.long_term is not LongTerm.CALENDAR_YEAR:
            return settings.term(lot.acquired, row.time, on)
        if lot.long_from is None:
            lot.long_from = anniversary(settings.local_date(lot.acquired))
        return Term.LONG if on > lot.long_from else Term.SHORT

    def _missing(
        self, row: Dispose, on: date, missing: Decimal, proceeds: Decimal, more_cost: Decimal
    ) -> None:
        if self._settings.oversell is Oversell.ERROR:
            raise InsufficientHoldings(row.event, row.asset, missing)
        self._short.append(Shortfall(row.event, row.asset, missing))
        wallet = row.wallet if self._wallets else ""
        self._rows.append(
            Disposal(
                *(row.event, row.time, on, row.asset, wallet),
                *(missing, proceeds, more_cost, Match.NONE),
            )
        )

    def _move(self, row: Move) -> None:
        """The oldest units go over; those that were never held arrive at no cost, if allowed."""
        source, target = self._book(row.asset, row.wallet), self._book(row.asset, row.to_wallet)
        left = row.amount
        while left:
            lot = source.oldest()
            if lot is None:
                self._moved_unheld(row, target, left)
                return
            part = min(left, lot.amount)
            left = EXACT.subtract(left, part)
            target.push(Lot(lot.event, lot.acquired, part, lot.take(part), lot.key))

    def _moved_unheld(self, row: Move, target: Book, missing: Decimal) -> None:
        if self._settings.oversell is Oversell.ERROR:
            raise InsufficientHoldings(row.event, row.asset, missing)
        self._short.append(Shortfall(row.event, row.asset, missing))
        target.push(Lot(row.event, row.time, missing, _ZERO, _ZERO))

    def _vanish(self, row: Vanish) -> None:
        book, cost = self._book(row.asset, row.wallet), _ZERO
        left = row.amount
        while left:
            lot = book.oldest()
            if lot is None:
                raise InsufficientHoldings(row.event, row.asset, left)
            part = min(left, lot.amount)
            left = EXACT.subtract(left, part)
            if part == lot.amount:  # used up: its cost goes to the oldest that is left
                cost = EXACT.add(cost, lot.take(part))
            else:
                lot.amount = EXACT.subtract(lot.amount, part)
        heir = book.oldest()
        if cost and heir is not None:
            heir.cost = EXACT.add(heir.cost, cost)

    def _remaining(self) -> Iterator[Remaining]:
        for (asset, wallet), book in sorted(self._books.items()):
            for lot in book.left():
                yield Remaining(asset, lot.amount, lot.cost, lot.acquired, wallet, lot.event)
