"""Methods that take lots one after the other; they differ in the order alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count, repeat

from portfolio.engine.tax.lines import Lines
from portfolio.engine.tax.lots import NONE, Book, Make, Stock
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.settings import Scope
from portfolio.engine.tax.telling import Part, Teller
from portfolio.engine.tax.types import Disposal, Outcome, Remaining, Shortfall

OrderOn = Callable[[int], Make]


class LotRun:
    """One pass over the operations. ``order_on`` gives the order for an operation, by number."""

    def __init__(self, operations: Operations, make: Make, order_on: OrderOn | None = None) -> None:
        self.operations = operations
        self.settings = operations.settings
        self.stock = Stock(operations.units, operations.money)
        self.tell = Teller(operations)
        self.parts: list[Part] = []
        self._make = make
        self._order_on = order_on
        self._wallets = self.settings.scope is Scope.PER_WALLET
        self._books: dict[tuple[int, int], Book] = {}
        self._short: list[Shortfall] = []

    def run(self) -> Outcome:
        """Return what comes of them. May raise InsufficientHoldings."""
        operations, wallets = self.operations, self._wallets
        books, special = self._books, operations.special
        columns = (operations.kinds, operations.coins, operations.units, operations.money)
        places = operations.wallets if wallets else repeat(0)
        rows = zip(count(), places, *columns, strict=False)
        for number, wallet, kind, coin, units, money in rows:
            book = books.get((coin, wallet)) or self._book(coin, wallet)
            if kind == ACQUIRE:
                if units:
                    book.push(number)
            elif kind == DISPOSE:
                if self._order_on is not None:
                    self._reorder(number, book)
                more = special[number].more_cost if number in special else 0
                self.place(number, book, units, money, more)
            elif kind == MOVE:
                self._move(number, book)
            else:
                self._vanish(number, book)
        return self.outcome()

    def outcome(self) -> Outcome:
        """Tell what was found, and the lots that are left."""
        disposals: Rows[Disposal] = Rows(
            self.parts, self._disposal, self.tell.day_of_part, self._lines
        )
        remaining: Rows[Remaining] = Rows(list(self.lots_left()), self._remaining)
        return Outcome(disposals, (), remaining, tuple(self._short))

    def _disposal(self, part: Part) -> Disposal:
        return self.tell.lot_part(self._of_origin(part))

    def _lines(self, parts: Iterable[Part]) -> Iterator[str]:
        return Lines(self.tell).of_lots(map(self._of_origin, parts))

    def _of_origin(self, part: Part) -> Part:
        """Lots that moved are told as what they came of."""
        lot = part[1]
        origin = lot if lot == NONE else self.stock.origins[lot]
        return part if origin == lot else (part[0], origin, *part[2:])

    def _remaining(self, place: tuple[int, int]) -> Remaining:
        lot, wallet = place
        stock = self.stock
        return self.tell.lot(stock.origins[lot], stock.units[lot], stock.costs[lot], wallet)

    def _book(self, coin: int, wallet: int) -> Book:
        book = self._books.get((coin, wallet))
        if book is None:
            book = self._books[coin, wallet] = Book(self.stock, self._make)
        return book

    def _reorder(self, number: int, book: Book) -> None:
        make = self._order_on(number) if self._order_on is not None else book.make
        if make is not book.make:
            book.reorder(make)

    def chooser(self, number: int, book: Book) -> Callable[[], int]:
        """Return what tells the next lot to take for an operation; NONE where nothing is left."""
        return book.order.first

    def place(self, number: int, book: Book, units: int, price: int, more: int) -> None:
        """Take units from lots until all are met; each gets its share of price and costs."""
        held, costs, add = self.stock.units, self.stock.costs, self.parts.append
        next_lot = self.chooser(number, book)
        while units:
            lot = next_lot()
            if lot == NONE:
                self.miss(number, units, price, more)
                return
            have, cost = held[lot], costs[lot]
            if have >= units:
                spent = cost if have == units else cost * units // have
                held[lot], costs[lot] = have - units, cost - spent
                add((number, lot, units, price, spent + more))
                return
            own, extra = price * have // units, more * have // units if more else 0
            held[lot] = costs[lot] = 0
            add((number, lot, have, own, cost + extra))
            units, price, more = units - have, price - own, more - extra

    def take(
        self, number: int, lot: int, part: int, whole: tuple[int, int, int]
    ) -> tuple[int, int]:
        """Take a part from a lot; return what of the ``whole``'s price and costs is the part's."""
        units, price, more = whole
        if part != units:
            price = price * part // units
            more = more * part // units
        self.parts.append((number, lot, part, price, self.stock.take(lot, part) + more))
        return price, more

    def miss(self, number: int, units: int, price: int, more: int) -> None:
        """Tell of units that were never held. May raise InsufficientHoldings."""
        self._short.append(self.tell.shortfall(number, units))
        self.parts.append((number, NONE, units, price, more))

    def _move(self, number: int, source: Book) -> None:
        """The oldest units go over; those that were never held arrive at no cost, if allowed."""
        operations, held = self.operations, self.stock.units
        target = self._book(operations.coins[number], operations.of_event(number).to_wallet)
        left = operations.units[number]
        while left:
            lot = source.oldest()
            if lot == NONE:
                self._short.append(self.tell.shortfall(number, left))
                target.push(self.stock.make(number, left))
                return
            part = min(left, held[lot])
            left -= part
            target.push(self.stock.move(lot, part))

    def _vanish(self, number: int, book: Book) -> None:
        """The units go; the cost of lots used up goes to the oldest left, there or where it went.

        May raise InsufficientHoldings.
        """
        stock, cost, left = self.stock, 0, self.operations.units[number]
        while left and (lot := book.oldest()) != NONE:
            part = min(left, stock.units[lot])
            left -= part
            if part == stock.units[lot]:
                cost += stock.take(lot, part)
            else:
                stock.units[lot] -= part
        if left:
            self._short.append(self.tell.shortfall(number, left))
        heir = book.oldest()
        if heir == NONE and self._wallets:
            coin = self.operations.coins[number]
            heir = self._book(coin, self.operations.of_event(number).to_wallet).oldest()
        if cost and heir != NONE:
            stock.costs[heir] += cost

    def lots_left(self) -> Iterator[tuple[int, int]]:
        """The lots with something left, and the wallet where they are."""
        names = self.operations.history
        by_name = sorted(
            (names.assets[coin], names.wallets[wallet] if self._wallets else "", wallet, book)
            for (coin, wallet), book in self._books.items()
        )
        for *_, wallet, book in by_name:
            yield from ((lot, wallet) for lot in book.lots if self.stock.units[lot])
