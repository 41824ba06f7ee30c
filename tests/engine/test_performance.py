"""Tables over a range: rows and columns add up as shown, and what is unknown stays so."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money, performance
from portfolio.engine.average_cost import Books, Leg, Nature, Place, Pool, Sums
from portfolio.engine.performance import Cell, Line
from tests.engine.test_average_cost import PRICES, history

D = Decimal
CENT = D("0.01")
BTC, ETH = Place("kraken", "BTC"), Place("binance", "ETH")


def cell(
    place: Place,
    opening: Pool,
    closing: Pool,
    *,
    start: str | None = "10",
    end: str | None = "20",
    **sums: object,
) -> Cell:
    prices = [None if price is None else D(price) for price in (start, end)]
    return Cell(place, opening, closing, Sums(**sums), *prices)  # type: ignore[arg-type]


def adds_up(line: Line) -> bool:
    known = [amount for amount in (line.start, line.flows, line.gain) if amount is not None]
    return len(known) == 3 and money.total(known) == line.end


def test_a_line_says_what_became_of_the_worth() -> None:
    one = cell(BTC, Pool(D(2), D(18)), Pool(D(1), D(9)), traded=D(-15), realised=D(6))
    (line,) = performance.lines([one], CENT).values()
    # 20 at the start, 15 sold for, 20 at the end: 6 realised, unrealised from 2 to 11.
    told = [line.start, line.flows, line.realised, line.unrealised, line.end]
    assert told == [D(20), D(-15), D(6), D(9), D(20)]
    assert adds_up(line)
    assert not line.is_partial


def test_an_unknown_price_or_cost_makes_the_gain_unknown_not_zero() -> None:
    held = Pool(D(1), D(10))
    for one in (
        cell(BTC, held, held, end=None),
        cell(BTC, held, held, start=None),
        cell(BTC, held, Pool(D(1), None)),
        cell(BTC, held, held, gaps=1),
    ):
        line = performance.lines([one], CENT)[BTC]
        assert line.unrealised is None
        assert line.gain is None
        assert line.is_partial


def test_what_is_not_held_has_no_price_to_miss() -> None:
    one = cell(BTC, Pool(), Pool(), start=None, end=None, put_in=D(5), taken_out=D(5))
    assert performance.lines([one], CENT)[BTC].gain == 0


def test_a_total_leaves_out_what_is_unknown_and_says_so() -> None:
    known = cell(BTC, Pool(D(1), D(10)), Pool(D(1), D(10)))
    unknown = cell(ETH, Pool(D(1), D(10)), Pool(D(1), D(10)), end=None)
    made = performance.lines([known, unknown], CENT)
    total = performance.total(made.values())
    assert [total.end, total.unrealised] == [D(20), D(10)]
    assert total.is_partial
    assert performance.grouped(made, lambda place: place.asset)["ETH"].end is None


def test_a_quantity_below_zero_is_said() -> None:
    made = performance.lines([cell(BTC, Pool(), Pool(D(-1), D(-10)))], CENT)
    assert performance.grouped(made, lambda place: place.source)["kraken"].is_short


@given(st.integers(0, 10**9), st.integers(0, 50))
def test_rows_and_columns_add_up_as_shown(seed: int, cut: int) -> None:
    """Random lives, from any event on: by asset, by exchange and in total."""
    events, books = history(seed, has_debts=True), Books({})
    for event in events[:cut]:
        books.book(event)
    opening = {place: Pool(pool.quantity, pool.cost) for place, pool in books.pools.items()}
    books.close()
    for event in events[cut:]:
        books.book(event)
    cells = [
        Cell(
            place,
            opening.get(place, Pool()),
            pool,
            books.sums.get(place, Sums()),
            PRICES[place.asset] / 3,
            PRICES[place.asset] / 7,
        )
        for place, pool in books.pools.items()
    ]
    made = performance.lines(cells, CENT)
    total = performance.total(made.values())
    assert all(adds_up(line) for line in made.values())
    for key in (lambda place: place.asset, lambda place: place.source):
        groups = performance.grouped(made, key)
        assert all(adds_up(line) for line in groups.values())
        assert performance.total(groups.values()) == total


def test_a_flow_is_no_gain() -> None:
    books = Books({})
    books.book([Leg(BTC, Nature.FLOW, D(1), D(20))])
    one = Cell(BTC, Pool(), books.pools[BTC], books.sums[BTC], None, D(20))
    line = performance.lines([one], CENT)[BTC]
    assert [line.flows, line.gain, line.end] == [D(20), D(0), D(20)]
