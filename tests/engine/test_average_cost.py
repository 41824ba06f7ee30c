"""Pools at average cost: worked examples, and the identity on random histories."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money
from portfolio.engine.average_cost import Books, Leg, Nature, Place, Pool, Sums

D = Decimal
BTC, ETH = Place("kraken", "BTC"), Place("kraken", "ETH")
THERE, WAY = Place("binance", "BTC"), Place("under way", "BTC")


def leg(nature: str, amount: str, worth: str | None, place: Place = BTC, **rest: object) -> Leg:
    signed = None if worth is None else D(worth)
    return Leg(place, Nature(nature), D(amount), signed, **rest)  # type: ignore[arg-type]


def booked(*legs: Leg) -> Books:
    books = Books({})
    for one in legs:
        books.book([one])
    return books


def test_a_sale_realises_its_worth_less_the_average_cost() -> None:
    books = booked(leg("trade", "1", "100"), leg("trade", "1", "300"), leg("trade", "-0.5", "-150"))
    assert books.pools[BTC] == Pool(D("1.5"), D(300))
    assert books.sums[BTC].realised == D(50)
    assert books.sums[BTC].traded == D(250)


def test_income_comes_at_its_worth_and_a_fee_goes_at_it() -> None:
    books = booked(leg("income", "2", "20"), leg("fee", "-1", "-30"))
    sums = books.sums[BTC]
    assert (sums.income, sums.fees, sums.realised) == (D(20), D(30), D(20))
    assert books.pools[BTC] == Pool(D(1), D(10))


def test_a_rebate_is_a_fee_below_zero() -> None:
    assert booked(leg("fee", "1", "5")).sums[BTC].fees == D(-5)


def test_a_transfer_keeps_its_cost_and_is_no_gain() -> None:
    books = booked(
        leg("flow", "2", "200"),
        leg("move", "-1", "-500", via=WAY),
        leg("move", "1", "600", THERE, via=WAY, sender=BTC),
    )
    assert books.pools == {
        BTC: Pool(D(1), D(100)),
        WAY: Pool(D(0), D(0)),
        THERE: Pool(D(1), D(100)),
    }
    assert [books.sums[p].moved for p in (BTC, WAY, THERE)] == [D(-100), D(0), D(100)]
    assert all(sums.realised == 0 for sums in books.sums.values())


def test_a_transfer_that_arrives_before_it_left_keeps_its_cost_too() -> None:
    books = booked(
        leg("flow", "2", "200"),
        leg("move", "1", "600", THERE, via=WAY, sender=BTC),
        leg("move", "-1", "-500", via=WAY),
    )
    assert books.pools[THERE] == books.pools[BTC] == Pool(D(1), D(100))
    assert books.pools[WAY] == Pool(D(0), D(0))
    assert all(sums.realised == 0 for sums in books.sums.values())


def test_below_zero_is_a_debt_whose_gain_comes_when_it_is_paid_back() -> None:
    books = booked(leg("trade", "-2", "-200"))
    assert books.pools[BTC] == Pool(D(-2), D(-200))
    assert books.sums[BTC].realised == 0
    books.book([leg("trade", "3", "150")])
    assert books.pools[BTC] == Pool(D(1), D(50))
    assert books.sums[BTC].realised == D(100)


def test_an_unknown_worth_makes_cost_and_gain_unknown_until_the_pool_is_empty() -> None:
    books = booked(leg("income", "1", None), leg("trade", "1", "100"))
    assert books.pools[BTC].cost is None
    assert books.sums[BTC].gaps == 1
    books.book([leg("trade", "-1", "-70")])
    assert books.pools[BTC].cost is None
    assert books.sums[BTC].realised == 0
    assert books.sums[BTC].gaps == 2
    books.book([leg("trade", "-1", "-70")])
    assert books.pools[BTC] == Pool(D(0), D(0))
    assert books.sums[BTC].gaps == 3


def test_an_unknown_worth_of_what_goes_leaves_the_cost_known() -> None:
    books = booked(leg("flow", "2", "200"), leg("flow", "-1", None))
    assert books.pools[BTC] == Pool(D(1), D(100))
    assert (books.sums[BTC].gaps, books.sums[BTC].flow_gaps) == (1, 1)
    assert books.sums[BTC].taken_out == 0


def test_an_opening_balance_may_have_cost_less_than_it_was_worth() -> None:
    books = booked(leg("flow", "1", "500", cost=D(20)))
    assert books.pools[BTC].cost == D(20)
    sums = books.sums[BTC]
    assert (sums.put_in, sums.moved, sums.booked) == (D(500), D(-480), D(20))
    unpriced = booked(leg("flow", "1", None, cost=D(20)))
    assert unpriced.sums[BTC].put_in == D(20)
    assert unpriced.sums[BTC].gaps == 0


def test_within_an_event_what_comes_in_is_booked_first() -> None:
    books = Books({})
    books.book([leg("fee", "-0.1", "-10"), leg("trade", "1", "100")])
    assert books.pools[BTC] == Pool(D("0.9"), D(90))


# --- Random histories -------------------------------------------------------------------------

NATURES = (Nature.FLOW, Nature.INCOME, Nature.FEE, Nature.DERIVATIVE)
PRICES = {"BTC": D("61234.567"), "ETH": D("0.003141592653589793"), "EUR": D(1)}
Event = list[Leg]


def history(seed: int, *, has_debts: bool) -> list[Event]:
    """Events of all natures over two exchanges and three assets; prices jump about."""
    chance = random.Random(seed)
    held: dict[Place, Decimal] = defaultdict(Decimal)
    events: list[Event] = []

    def one(place: Place, nature: Nature, amount: Decimal, **rest: object) -> Leg:
        price = PRICES[place.asset] * D(chance.randrange(1, 9999)) / D(1000)
        held[place] += amount
        return Leg(place, nature, amount, amount * price, **rest)  # type: ignore[arg-type]

    for _ in range(chance.randrange(2, 60)):
        place = Place(chance.choice(("kraken", "binance")), chance.choice(tuple(PRICES)))
        most = held[place] if held[place] > 0 else D(3)
        amount = (most * D(chance.randrange(1, 1000)) / D(999)).quantize(D("1e-8"))
        out = -amount if has_debts or held[place] >= amount else amount
        match chance.randrange(4):
            case 0:
                other = Place(place.source, "EUR")
                worth = amount * PRICES[place.asset]
                sides = (Leg(place, Nature.TRADE, out, worth.copy_sign(out)),)
                events.append([*sides, Leg(other, Nature.TRADE, D(7), -worth.copy_sign(out))])
                held[place] += out
                held[other] += 7
            case 1 if held[place] >= amount > 0:
                way = Place("under way", place.asset)
                there = Place("kraken" if place.source == "binance" else "binance", place.asset)
                pair = [one(place, Nature.MOVE, -amount, via=way)]
                pair.append(one(there, Nature.MOVE, amount, via=way, sender=place))
                if has_debts:
                    chance.shuffle(pair)
                events += [[leg] for leg in pair]
            case _:
                nature = chance.choice(NATURES)
                signed = out if nature in (Nature.FEE, Nature.FLOW, Nature.DERIVATIVE) else amount
                events.append([one(place, nature, chance.choice((signed, amount)))])
    return events


def identity(sums: Sums, pool: Pool, price: Decimal) -> Decimal:
    """What the two sides of the identity differ by."""
    assert pool.cost is not None
    worth = money.multiply(pool.quantity, price)
    unrealised = money.add(worth, -pool.cost)
    right = money.total(
        (
            sums.put_in,
            -sums.taken_out,
            sums.traded,
            sums.moved,
            sums.income,
            -sums.fees,
            sums.derivatives,
            sums.realised,
            unrealised,
        )
    )
    return abs(money.add(worth, -right))


@given(st.integers(0, 10**9), st.booleans())
def test_worth_is_flows_gains_income_and_fees_for_each_pool_each_exchange_and_all(
    seed: int, has_debts: bool
) -> None:
    events = history(seed, has_debts=has_debts)
    random.Random(seed + 1).shuffle(events)  # the order of the same instant
    books = Books({})
    for event in events:
        books.book(event)
    sums = books.close()
    wrong = {p: identity(sums[p], pool, PRICES[p.asset]) for p, pool in books.pools.items()}
    assert max(wrong.values(), default=D(0)) < D("1e-8")
    for key in ("kraken", "binance", "BTC", "ETH", None):
        chosen = [p for p in books.pools if key is None or key in p]
        assert money.total(wrong[p] for p in chosen) < D("1e-8")
    assert money.total(one.moved for one in sums.values()) == 0


@given(st.integers(0, 10**9), st.booleans())
def test_gains_are_worth_less_what_it_was_booked_at_in_any_order(
    seed: int, has_debts: bool
) -> None:
    """Realised and unrealised together do not depend on the order of the same instant."""
    gains = []
    for shuffled in range(3):
        events = [e for e in history(seed, has_debts=has_debts) if e[0].nature is not Nature.MOVE]
        random.Random(shuffled).shuffle(events)
        books = Books({})
        for event in events:
            books.book(event)
        flat = [leg for event in events for leg in event]
        for place, pool in books.pools.items():
            assert pool.cost is not None
            worths = money.total(leg.worth or D(0) for leg in flat if leg.place == place)
            assert abs(money.add(pool.cost, -books.sums[place].realised) - worths) < D("1e-8")
        gains.append({place: pool.quantity for place, pool in books.pools.items()})
    assert gains[0] == gains[1] == gains[2]


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), max_size=30))
def test_realised_gains_are_those_of_exact_fractions(steps: list[tuple[int, int]]) -> None:
    """Buys, each followed by the sale of a third of all that is held, worked out independently."""
    books, held, cost, realised = Books({}), Fraction(0), Fraction(0), Fraction(0)
    for amount, price in steps:
        third = D(amount) * 3
        books.book([Leg(BTC, Nature.TRADE, third, third * price)])
        held, cost = held + 3 * amount, cost + 3 * amount * price
        sold = Fraction(int(books.pools[BTC].quantity) // 3)
        worth = D(int(sold)) * (price + 5)
        books.book([Leg(BTC, Nature.TRADE, D(-int(sold)), -worth)])
        share = cost * sold / held
        held, cost, realised = held - sold, cost - share, realised + Fraction(worth) - share
    if steps:
        assert abs(Fraction(books.sums[BTC].realised) - realised) < Fraction(1, 10**8)


@pytest.mark.parametrize("places", [BTC, ETH])
def test_closing_hands_out_what_happened_and_starts_anew(places: Place) -> None:
    books = booked(leg("flow", "1", "10", places))
    assert books.close()[places].put_in == D(10)
    assert books.close() == {}
    assert books.pools[places].quantity == 1
