"""What the same flows would be worth elsewhere."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from portfolio.engine.comparison import CourseDay, in_bitcoin, untouched

D = Decimal


def days(*told: tuple[str, str, str, str | None]) -> list[CourseDay]:
    return [
        CourseDay(
            date(2026, 1, 1) + timedelta(days=number),
            D(value),
            D(put_in),
            D(out),
            None if bitcoin is None else D(bitcoin),
        )
        for number, (value, put_in, out, bitcoin) in enumerate(told)
    ]


def test_money_left_alone_is_the_start_and_the_flows() -> None:
    course = days(("100", "7", "0", None), ("500", "50", "0", None), ("0", "0", "20", None))
    assert untouched(course) == [D(100), D(150), D(130)]
    assert untouched([]) == []


def test_in_bitcoin_flows_are_exchanged_on_their_day() -> None:
    course = days(
        ("100", "7", "0", "50"),  # two of them; the first day's flows are in its worth
        ("0", "0", "0", "80"),
        ("0", "80", "0", "80"),  # a third
        ("0", "0", "40", "40"),  # one taken out
    )
    assert in_bitcoin(course) == [D(100), D(160), D(240), D(80)]


def test_a_day_without_a_price_is_unknown_and_a_flow_without_one_ends_the_line() -> None:
    quiet = days(("100", "0", "0", "50"), ("0", "0", "0", None), ("0", "0", "0", "60"))
    assert in_bitcoin(quiet) == [D(100), None, D(120)]
    flow = days(("100", "0", "0", "50"), ("0", "5", "0", None), ("0", "0", "0", "60"))
    assert in_bitcoin(flow) == [D(100), None, None]


def test_nothing_is_nothing_whatever_a_bitcoin_costs() -> None:
    assert in_bitcoin(days(("0", "0", "0", None), ("0", "10", "0", "5"))) == [D(0), D(10)]
