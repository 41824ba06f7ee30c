"""Lives of simulated accounts, their checkpoints, and records that go wrong; all from a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from portfolio.engine import money
from portfolio.engine.checkpoints import Seen, replaces
from portfolio.engine.judging import Checkpoint, Entry

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
Place = tuple[str, str]  # wallet, asset
PRICES = {"BTC": "60000", "ETH": "3000", "SOL": "150", "BNB": "600", "PEPE": "0.00001"}
# What the exchange shows of a balance; it books more.
SHOWN = {"PEPE": Decimal("0.01")}
EIGHT = Decimal("0.00000001")
LEAST = defaultdict(lambda: Decimal("0.00001"), PEPE=Decimal(100), USDT=Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Record:
    """One record, its date, and when the balance and the ledger have it."""

    ref: int
    kind: str
    at: datetime
    effect_at: datetime
    in_at: datetime
    postings: tuple[tuple[Place, Decimal, bool], ...]  # place, amount, whether it is a fee

    @property
    def places(self) -> frozenset[Place]:
        return frozenset(place for place, _, _ in self.postings)


@dataclass(frozen=True, slots=True)
class Life:
    """What happened, and when the exchange was asked."""

    records: tuple[Record, ...]
    runs: tuple[datetime, ...]
    skew: timedelta  # the exchange's clock less ours

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(sorted({place for record in self.records for place in record.places}))


@dataclass(frozen=True, slots=True)
class Fault:
    """One record that the ledger has wrong."""

    kind: str
    record: Record  # as it was
    stored: tuple[Record, ...]  # as the ledger has it
    places: frozenset[Place]  # where that shows


class _Author:
    """Writes a life event by event; no balance falls below zero."""

    def __init__(self, seed: int, days: int, number: int) -> None:
        self.random = random.Random(seed)
        self.days = days
        self.number = number
        self.balances: dict[Place, Decimal] = defaultdict(lambda: money.ZERO)
        self.records: list[Record] = []

    def life(self) -> Life:
        times = sorted(self._times())
        self._add("deposit", times[0], (("spot", "USDT"), Decimal(50_000)))
        self._add("deposit", times[0], (("spot", "BNB"), Decimal(5)))
        for at in times[1:]:
            getattr(self, f"_{self._choice()}")(at)
        return Life(tuple(self.records), tuple(self._runs()), self._seconds(-30, 30))

    def _times(self) -> Iterable[datetime]:
        for _ in range(self.number):
            yield BEGINNING + timedelta(seconds=self.random.randrange(self.days * 86_400))

    def _runs(self) -> Iterable[datetime]:
        at = BEGINNING
        # Every half hour or so; one in four servers is on now and then only.
        pace = self.random.choice([(1_200, 3_600)] * 3 + [(12_000, 40_000)])
        while at < BEGINNING + timedelta(days=self.days + 2):
            yield at
            # Now and then the server sleeps for a night.
            long = self.random.random() < 0.005
            at += self._seconds(*((20_000, 40_000) if long else pace))

    def _choice(self) -> str:
        kinds = ["trade"] * 10 + ["deposit", "withdrawal", "transfer", "transfer", "conversion"]
        return self.random.choice([*kinds, "reward", "reward", "reward", "twins"])

    def _seconds(self, low: int, high: int) -> timedelta:
        return timedelta(seconds=self.random.randint(low, high))

    def _amount(self, low: int, high: int, digits: int = 8) -> Decimal:
        return Decimal(self.random.randint(low * 10**digits, high * 10**digits)).scaleb(-digits)

    def _part(self, place: Place) -> Decimal:
        """Some of what there is, in eight digits."""
        part = Decimal(self.random.randint(5, 400)).scaleb(-3)
        return money.multiply(self.balances[place], part).quantize(EIGHT, rounding=ROUND_DOWN)

    def _add(
        self, kind: str, at: datetime, *moves: tuple[Place, Decimal], fee: int | None = None
    ) -> None:
        moved = [(p, a) for p, a in moves if a]
        after: dict[Place, Decimal] = defaultdict(lambda: money.ZERO)
        for place, amount in moved:
            after[place] = money.add(after[place], amount)
        if any(money.add(self.balances[place], amount) < 0 for place, amount in after.items()):
            return
        # What is below the exchange's rounding shows nowhere.
        if not moved or any(amount.copy_abs() < LEAST[place[1]] for place, amount in moved):
            return
        for place, amount in after.items():
            self.balances[place] = money.add(self.balances[place], amount)
        effect_at = at + self._delay(kind)
        self.records.append(
            Record(
                ref=len(self.records) + 1,
                kind=kind,
                at=at,
                effect_at=effect_at,
                in_at=max(at, effect_at) + self._lateness(),
                postings=tuple((p, a, place == fee) for place, (p, a) in enumerate(moved)),
            )
        )

    def _delay(self, kind: str) -> timedelta:
        """Deposits are dated when they are seen, and booked some hours later."""
        if kind == "deposit" and self.random.random() < 0.3:
            return self._seconds(60, 4 * 3600)
        return self._seconds(-2, 2)

    def _lateness(self) -> timedelta:
        return self._seconds(600, 4 * 3600) if self.random.random() < 0.03 else timedelta(0)

    def _trade(self, at: datetime) -> None:
        asset, price = self.random.choice(list(PRICES.items()))
        rate = money.multiply(Decimal(price), self._amount(0, 1) / 5 + Decimal("0.9"))
        base, quote = ("spot", asset), ("spot", "USDT")
        if self.random.random() < 0.5:
            cost = self._part(quote)
            amount = money.divide(cost, rate).quantize(EIGHT, rounding=ROUND_DOWN)
            moves = [(base, amount), (quote, money.negate(cost))]
        else:
            amount = self._part(base)
            got = money.multiply(amount, rate).quantize(EIGHT, rounding=ROUND_DOWN)
            moves = [(base, money.negate(amount)), (quote, got)]
        self._add("trade", at, *moves, self._fee(moves), fee=2)

    def _fee(self, moves: Sequence[tuple[Place, Decimal]]) -> tuple[Place, Decimal]:
        """A thousandth of what came in, in all its digits, or some BNB."""
        place, amount = next((m for m in moves if m[1] > 0), moves[0])
        if self.random.random() < 0.4:
            return ("spot", "BNB"), money.negate(self._amount(1, 900, 0).scaleb(-8))
        return place, money.negate(money.multiply(amount.copy_abs(), Decimal("0.001")))

    def _twins(self, at: datetime) -> None:
        """Two fills of one order that are alike in all but their ids."""
        before = self.random.getstate()
        for _ in range(2):
            self.random.setstate(before)
            self._trade(at)

    def _deposit(self, at: datetime) -> None:
        asset = self.random.choice(["BTC", "ETH", "USDT"])
        place = ("spot", asset)
        self._add("deposit", at, (place, self._amount(1, 400 if asset == "USDT" else 2)))

    def _withdrawal(self, at: datetime) -> None:
        place = ("spot", self.random.choice(["BTC", "ETH", "USDT"]))
        fee = Decimal("0.0005") if place[1] != "USDT" else Decimal(1)
        moves = (place, money.negate(self._part(place))), (place, money.negate(fee))
        self._add("withdrawal", at, *moves, fee=1)

    def _transfer(self, at: datetime) -> None:
        asset = self.random.choice(["USDT", "ETH", "SOL"])
        here, there = self.random.sample([("spot", asset), ("earn", asset)], 2)
        amount = self._part(here)
        self._add("transfer", at, (here, money.negate(amount)), (there, amount))

    def _reward(self, at: datetime) -> None:
        held = [place for place in self.balances if place[0] == "earn" and self.balances[place]]
        if held:
            place = self.random.choice(held)
            rate = self._amount(1, 900, 0).scaleb(-6)
            self._add("reward", at, (place, money.multiply(self.balances[place], rate)))

    def _conversion(self, at: datetime) -> None:
        place = ("spot", "PEPE")
        part = self._part(place)
        got = money.multiply(part, Decimal("0.0000000166"))
        self._add("conversion", at, (place, money.negate(part)), (("spot", "BNB"), got))


def life(seed: int, *, days: int = 60, number: int = 240) -> Life:
    """A life of about that many records; the same for the same seed."""
    return _Author(seed, days, number).life()


# --- What is kept of it -----------------------------------------------------------------------


def entries(records: Iterable[Record], place: Place, now: datetime | None = None) -> list[Entry]:
    """The postings of one place that the ledger has by ``now``."""
    return [
        Entry(
            at=record.at,
            amount=amount,
            kind=record.kind,
            stream=f"{record.kind}s",
            ref=record.ref,
            has_fee=any(is_fee for _, _, is_fee in record.postings),
        )
        for record in records
        if now is None or record.in_at <= now
        for where, amount, _ in record.postings
        if where == place
    ]


def checkpoints(told: Life, stored: Iterable[Record], place: Place) -> list[Checkpoint]:
    """What is kept of the balances that each run was told, beside the ledger of that time."""
    *_, (_, kept) = keeping(told, stored, place)
    return as_checkpoints(kept)


def as_checkpoints(kept: Iterable[Seen]) -> list[Checkpoint]:
    return [Checkpoint(seen.at, seen.reported) for seen in kept]


def keeping(
    told: Life, stored: Iterable[Record], place: Place
) -> Iterator[tuple[datetime, list[Seen]]]:
    """After each run: its time, and what is kept by then (one list, that changes)."""
    effects = _timeline(
        (r.effect_at, a) for r in told.records for p, a, _ in r.postings if p == place
    )
    booked = _timeline((r.in_at, a) for r in stored for p, a, _ in r.postings if p == place)
    kept: list[Seen] = []
    truth, ledger = money.ZERO, money.ZERO
    for at in told.runs:
        while effects and effects[-1][0] <= at + told.skew:
            truth = money.add(truth, effects.pop()[1])
        while booked and booked[-1][0] <= at:
            ledger = money.add(ledger, booked.pop()[1])
        reported = truth.quantize(SHOWN.get(place[1], EIGHT), ROUND_DOWN, money.EXACT)
        seen = Seen(at, reported, money.add(reported, money.negate(ledger)))
        before, last = ([None, None, *kept])[-2:]
        if replaces(before, last, seen):
            kept.pop()
        kept.append(seen)
        yield at, kept


def _timeline(moves: Iterable[tuple[datetime, Decimal]]) -> list[tuple[datetime, Decimal]]:
    """The latest first, so that the next can be popped."""
    return sorted(moves, reverse=True)


# --- What goes wrong --------------------------------------------------------------------------

FAULTS = ("deleted", "doubled", "shifted", "altered")


def fault(told: Life, kind: str, seed: int) -> Fault:
    """One record of a life gone wrong in one way."""
    chance = random.Random(seed)
    record = chance.choice(told.records[2:])
    rest = tuple(r for r in told.records if r.ref != record.ref)
    if kind == "deleted":
        return Fault(kind, record, rest, record.places)
    if kind == "doubled":
        again = replace(record, ref=len(told.records) + 1)
        return Fault(kind, record, (*told.records, again), record.places)
    if kind == "shifted":
        moved = _shifted(record, told, chance)
        return Fault(kind, record, (*rest, moved), record.places)
    changed, place = _altered(record, chance)
    return Fault(kind, record, (*rest, changed), frozenset({place}))


def _shifted(record: Record, told: Life, chance: random.Random) -> Record:
    """Dated a day to 20 days off, within the life."""
    first, last = told.runs[0], told.runs[-1] - timedelta(days=1)
    while True:
        days = chance.choice([-1, 1]) * 20 ** chance.random()
        at = record.at + timedelta(days=days)
        if first < at < last:
            return replace(record, at=at)


def _altered(record: Record, chance: random.Random) -> tuple[Record, Place]:
    """One amount of it is another: its sign, its decimal point, a digit, or gone if it is a fee."""
    postings = list(record.postings)
    index = chance.randrange(len(postings))
    place, amount, is_fee = postings[index]
    ways = [
        money.negate(amount),
        amount.scaleb(1),
        amount.scaleb(-1),
        money.multiply(amount, Decimal(chance.randint(2, 97)).scaleb(-1)),
    ]
    if is_fee:
        postings.pop(index)
    else:
        postings[index] = (place, chance.choice([w for w in ways if w != amount]), is_fee)
    return replace(record, postings=tuple(postings)), place
