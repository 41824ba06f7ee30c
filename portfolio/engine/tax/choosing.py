"""Lots chosen by hand: what was told of transactions, as the engine's picks, and what came of it.

A choice is told by the transactions of the disposal and of the lot, which may be gone or changed
when it is computed; then it is not met, and said so (``unmet``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from portfolio.engine import money
from portfolio.engine.money import ZERO
from portfolio.engine.tax.history import BASE, History
from portfolio.engine.tax.place import Place
from portfolio.engine.tax.settings import Picks, Settings
from portfolio.engine.tax.types import Disposal, EventKind, Remaining

Told = Mapping[str, Iterable[Sequence[Any]]]


class Choice(NamedTuple):
    """So much of one lot, by transactions; ``asset`` is "" where the lot alone tells it."""

    sold: int
    lot: int
    amount: Decimal
    asset: str = ""
    sold_at: datetime | None = None
    chosen_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was chosen after the disposal."""
        return bool(self.sold_at and self.chosen_at and self.chosen_at > self.sold_at)


def told(choices: Iterable[Choice]) -> dict[str, list[list[Any]]]:
    """Choices as JSON: ``{sold: [[lot, amount, asset, sold at, chosen at], ...]}``."""
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for choice in choices:
        moments = [at and at.isoformat() for at in (choice.sold_at, choice.chosen_at)]
        row = [choice.lot, money.plain(choice.amount), choice.asset, *moments]
        found[str(choice.sold)].append(row)
    return dict(found)


def read(told: Told) -> list[Choice]:
    """The choices that JSON tells; lot and amount must be there."""
    found = []
    for sold, rows in told.items():
        for lot, amount, *more in rows:
            asset, *moments = more or [""]
            at = [datetime.fromisoformat(text) if text else None for text in moments]
            found.append(Choice(int(sold), int(lot), Decimal(amount), asset, *at))
    return found


class Matched(NamedTuple):
    """A choice with its events; None where the ledger has none that fit."""

    choice: Choice
    asset: str
    sold: int | None
    lot: int | None


def matched(choices: Sequence[Choice], sources: Sequence[int], history: History) -> list[Matched]:
    """The events of choices: ``sources`` has the transaction of each event."""
    wanted = {choice.sold for choice in choices} | {choice.lot for choice in choices}
    if not wanted:
        return []
    gave, got = _moved({n for n, source in enumerate(sources) if source in wanted}, history)
    found = []
    for choice in choices:
        sold = _by_asset(gave, choice.sold, sources)
        lot = _by_asset(got, choice.lot, sources)
        assets = [choice.asset] if choice.asset else [name for name in lot if name in sold]
        asset = assets[0] if assets else ""
        found.append(Matched(choice, asset, sold.get(asset), lot.get(asset)))
    return found


_Moved = dict[int, list[str]]


def _moved(wanted: set[int], history: History) -> tuple[_Moved, _Moved]:
    """The coins that events gave and got, by event."""
    gave: _Moved = defaultdict(list)
    got: _Moved = defaultdict(list)
    for event, side, coin in zip(history.events, history.sides, history.coins, strict=True):
        if event in wanted:
            (got if side > 0 else gave)[event].append(history.assets[coin])
    for row in history.others:
        if row.number in wanted:
            legs = [row.out, row.fee]
            gave[row.number] += [history.assets[x.asset] for x in legs if x and x.asset != BASE]
            if row.into and row.into.asset != BASE and row.kind is not EventKind.TRANSFER:
                got[row.number].append(history.assets[row.into.asset])
    return gave, got


def _by_asset(moved: _Moved, source: int, sources: Sequence[int]) -> dict[str, int]:
    """The first event of a transaction by coin."""
    found: dict[str, int] = {}
    for event in sorted(moved):
        if sources[event] == source:
            for asset in moved[event]:
                found.setdefault(asset, event)
    return found


def picks(rows: Iterable[Matched]) -> Picks:
    """What the engine is told: the lots of each disposal, in the order chosen."""
    found: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for row in rows:
        if row.sold is not None and row.lot is not None:
            found[row.sold].append((row.lot, row.choice.amount))
    return {event: tuple(lots) for event, lots in found.items()}


class Unmet(NamedTuple):
    """What of a choice the ledger of now did not allow; ``value`` is what it was sold for."""

    choice: Choice
    event: int | None
    missing: Decimal
    value: Decimal | None


def unmet(rows: Iterable[Matched], disposals: Iterable[Disposal]) -> Iterator[Unmet]:
    """The choices that were not followed in full, with what is missing."""
    rows = list(rows)
    wanted = {row.sold for row in rows}
    taken: dict[tuple[int, int | None], Decimal] = defaultdict(lambda: ZERO)
    sums: dict[tuple[int | None, str], tuple[Decimal, Decimal]] = {}  # of those with a price
    for part in disposals:
        if part.event in wanted:
            key = (part.event, part.lot)
            taken[key] = money.add(taken[key], part.amount)
            of = (part.event, part.asset)
            if part.proceeds is None:
                continue
            amount, proceeds = sums.get(of, (ZERO, ZERO))
            sums[of] = money.add(amount, part.amount), money.add(proceeds, part.proceeds)
    for row in rows:
        had = ZERO
        if row.sold is not None and row.lot is not None:
            had = min(taken[row.sold, row.lot], row.choice.amount)
            taken[row.sold, row.lot] = money.add(taken[row.sold, row.lot], money.negate(had))
        missing = money.add(row.choice.amount, money.negate(had))
        if missing:
            value = _share(missing, sums.get((row.sold, row.asset)))
            yield Unmet(row.choice, row.sold, missing, value)


def _share(amount: Decimal, whole: tuple[Decimal, Decimal] | None) -> Decimal | None:
    if whole is None or not whole[0]:
        return None
    return money.divide(money.multiply(whole[1], min(amount, whole[0])), whole[0])


# --- What there is to choose from -------------------------------------------------------------


class Offered(NamedTuple):
    """A lot that was held just before a disposal, and what of it would be taken as things are."""

    lot: int  # the event it came of
    acquired: datetime
    amount: Decimal
    cost: Decimal
    taken: Decimal


class Offer(NamedTuple):
    """What one event disposes of one coin, and the lots of the wallet it may come from."""

    event: int
    asset: str
    wallet: str  # "" where wallets do not matter
    amount: Decimal
    proceeds: Decimal | None
    lots: Sequence[Offered]


def offers(
    place: Place, settings: Settings, history: History, events: Iterable[int]
) -> list[Offer]:
    """What each of some events gives, by coin, of a history that ends with them.

    May raise what ``compute`` may.
    """
    given: dict[tuple[int, str, str], list[Disposal]] = defaultdict(list)
    wanted = set(events)
    for part in place.compute(settings, history).disposals:
        if part.event in wanted:
            given[part.event, part.asset, part.wallet].append(part)
    found = []
    for (event, asset, wallet), parts in given.items():
        before = place.compute(settings, history.until(event)).remaining
        held = [row for row in before if (row.asset, row.wallet) == (asset, wallet)]
        amount = money.total(part.amount for part in parts)
        known = [part.proceeds for part in parts if part.proceeds is not None]
        proceeds = money.total(known) if len(known) == len(parts) else None
        found.append(Offer(event, asset, wallet, amount, proceeds, _lots(held, parts)))
    return found


def _lots(held: Iterable[Remaining], parts: Sequence[Disposal]) -> list[Offered]:
    """The lots by the purchase they came of, the oldest first."""
    lots: dict[tuple[datetime, int], list[Remaining]] = defaultdict(list)
    for row in held:
        if row.lot is not None and row.acquired is not None:
            lots[row.acquired, row.lot].append(row)
    return [
        Offered(
            lot,
            acquired,
            money.total(row.amount for row in rows),
            money.total(row.cost_basis for row in rows),
            money.total(part.amount for part in parts if part.lot == lot),
        )
        for (acquired, lot), rows in sorted(lots.items())
    ]
