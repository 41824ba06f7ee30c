"""What several sources tell of one event is found; twins and strangers stay apart."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.engine.tellings import STRONGEST, Strength, Telling
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.engine.witnesses import Verdict, judge

START = datetime(2024, 3, 1, 12, 0, 7, tzinfo=UTC)
MILLI = timedelta(milliseconds=1)
Kind = TransactionKind
Leg = tuple[str, str] | tuple[str, str, str]
_numbers = itertools.count(1)


def event(
    *legs: Leg, kind: Kind = Kind.TRADE, at: datetime = START, key: str = "", **detail: str
) -> Event:
    moved = tuple(
        Movement("spot", asset, Decimal(amount), PostingRole(*role or ["principal"]))
        for amount, asset, *role in legs
    )
    return Event(key or f"K{next(_numbers)}", kind, at, moved, detail)


def api(told: Event) -> Telling:
    return Telling(f"t{told.key}", told.key, STRONGEST, told, frozenset({"exchange"}))


def row(told: Event, file: str = "a", rank: int = 50, **more: object) -> Telling:
    strength: Strength = (rank, 0, file)
    ref = f"{file}{told.key}"
    made = Telling(ref, f"import:{ref}", strength, told, frozenset({file}))
    return replace(made, **more)  # type: ignore[arg-type]


def same(told: Event, **more: object) -> Event:
    """The same event in words of another source: another key, and what is named."""
    return replace(told, key=f"K{next(_numbers)}", **more)  # type: ignore[arg-type]


BOUGHT = (("0.5", "BTC"), ("-30000.25", "USDT"), ("-0.0123", "BNB", "fee"))


def test_the_same_amounts_in_the_same_second_are_one_event() -> None:
    known = event(*BOUGHT, at=START + 812 * MILLI)
    told = row(same(known, occurred_at=START))
    assert judge([api(known), told]) == {told.ref: Verdict(known.key)}


def test_what_nobody_else_tells_stands_for_itself() -> None:
    known, other = event(*BOUGHT), event(("1", "ETH"), ("-3000", "USDT"))
    assert judge([api(known), row(other)]) == {}


def test_three_twins_and_two_rows_are_three_events() -> None:
    twins = [api(event(*BOUGHT)) for _ in range(3)]
    rows = [row(event(*BOUGHT)) for _ in range(2)]
    found = judge([*twins, *rows])
    assert len(found) == 2
    assert len({verdict.key for verdict in found.values()}) == 2


def test_two_twins_and_three_rows_are_three_events() -> None:
    twins = [api(event(*BOUGHT)) for _ in range(2)]
    rows = [row(event(*BOUGHT)) for _ in range(3)]
    assert len(judge([*twins, *rows])) == 2


def test_rows_of_one_file_are_never_each_others_witness() -> None:
    assert judge([row(event(*BOUGHT)), row(event(*BOUGHT))]) == {}


def test_a_row_that_is_in_both_files_is_no_witness_of_its_twin_in_one() -> None:
    first = replace(row(event(*BOUGHT), "a"), sources=frozenset({"a", "b"}))
    assert judge([first, row(event(*BOUGHT), "b")]) == {}


def test_rows_alike_to_the_letter_are_twins_in_whatever_files() -> None:
    one, two = row(event(*BOUGHT), "a", content="x"), row(event(*BOUGHT), "b", content="x")
    assert judge([one, two]) == {}


def test_of_two_files_the_lower_rank_is_booked_whichever_came_first() -> None:
    one, two = row(event(*BOUGHT), "a", rank=60), row(event(*BOUGHT), "b", rank=40)
    assert judge([one, two]) == judge([two, one]) == {one.ref: Verdict(two.key)}


def test_all_files_are_witnesses_of_what_the_exchange_tells() -> None:
    known = api(event(*BOUGHT))
    rows = [row(event(*BOUGHT), file) for file in "abc"]
    assert judge([*rows, known]) == {each.ref: Verdict(known.key) for each in rows}


@pytest.mark.parametrize(
    "legs",
    [
        (("0.5", "BTC"), ("-30000.25", "USDT")),  # the fee is not told
        (("0.5", "BTC"), ("-30000.3", "USDT"), ("-0.0123", "BNB", "fee")),  # rounded
    ],
)
def test_a_file_that_knows_less_is_a_witness(legs: tuple[Leg, ...]) -> None:
    known, told = api(event(*BOUGHT)), row(event(*legs))
    assert judge([known, told]) == {told.ref: Verdict(known.key)}


def test_a_fee_inside_the_amount_is_the_same_amount() -> None:
    known = api(event(("1", "BTC"), ("-0.001", "BTC", "fee"), ("-500", "EUR")))
    told = row(event(("0.999", "BTC"), ("-500", "EUR")))
    assert judge([known, told]) == {told.ref: Verdict(known.key)}


def test_a_fee_in_a_row_of_its_own_is_not_paid_twice() -> None:
    known = api(event(*BOUGHT))
    told = row(event(*BOUGHT[:2]))
    fee = row(event(("-0.0123", "BNB"), kind=Kind.FEE))
    assert judge([known, told, fee]) == {told.ref: Verdict(known.key), fee.ref: Verdict(known.key)}


def test_a_fee_of_something_else_is_booked() -> None:
    known = api(event(*BOUGHT))
    told, fee = row(event(*BOUGHT[:2])), row(event(("-0.5", "BNB"), kind=Kind.FEE))
    assert judge([known, told, fee]) == {told.ref: Verdict(known.key)}


def test_a_fee_that_only_the_file_tells_of_is_asked_about() -> None:
    known, told = api(event(*BOUGHT[:2])), row(event(*BOUGHT))
    assert judge([known, told]) == {told.ref: Verdict(known.key, "fee")}


def test_fills_add_up_to_the_row_of_their_order() -> None:
    fills = [
        api(event((amount, "BTC"), (cost, "USDT"), order="O1", at=START + n * timedelta(minutes=3)))
        for n, (amount, cost) in enumerate((("0.2", "-100"), ("0.3", "-150.5")))
    ]
    told = row(event(("0.5", "BTC"), ("-250.5", "USDT"), order="O1"))
    assert judge([*fills, told]) == {told.ref: Verdict(fills[0].key)}


def test_rows_of_a_second_add_up_to_one_event() -> None:
    known = api(event(("0.5", "BTC"), ("-250.5", "USDT")))
    rows = [
        row(event(("0.2", "BTC"), ("-100", "USDT"))),
        row(event(("0.3", "BTC"), ("-150.5", "USDT"))),
    ]
    assert judge([known, *rows]) == {each.ref: Verdict(known.key) for each in rows}


def test_two_trades_of_one_second_that_a_file_tells_as_one() -> None:
    one = api(event(("0.2", "BTC"), ("-100", "USDT"), at=START + 100 * MILLI))
    two = api(event(("1", "ETH"), ("-30", "USDT"), at=START + 300 * MILLI))
    told = row(event(("0.2", "BTC"), ("1", "ETH"), ("-130", "USDT"), kind=Kind.UNCLASSIFIED))
    assert set(judge([one, two, told])) == {told.ref}


def test_the_same_id_with_another_amount_is_asked_about() -> None:
    known = api(event(("1", "BTC"), kind=Kind.DEPOSIT, txid="0x" + "AB" * 32))
    told = row(event(("1.5", "BTC"), kind=Kind.DEPOSIT, txid="ab" * 32))
    assert judge([known, told]) == {told.ref: Verdict(known.key, "amounts")}


def test_nearly_the_same_amount_in_the_same_second_is_asked_about() -> None:
    known, told = (
        api(event(("1", "BTC"), ("-500", "EUR"))),
        row(event(("1", "BTC"), ("-499", "EUR"))),
    )
    assert judge([known, told]) == {told.ref: Verdict(known.key, "near")}


def test_the_same_deposit_hours_apart_is_asked_about() -> None:
    known = api(event(("1.25", "BTC"), kind=Kind.DEPOSIT))
    told = row(event(("1.25", "BTC"), kind=Kind.DEPOSIT, at=START + timedelta(hours=8)))
    assert judge([known, told]) == {told.ref: Verdict(known.key, "time")}


def test_different_transactions_of_a_chain_are_two_events() -> None:
    known = api(event(("1", "BTC"), kind=Kind.DEPOSIT, txid="0x" + "ab" * 32))
    told = row(event(("1", "BTC"), kind=Kind.DEPOSIT, txid="0x" + "cd" * 32))
    assert judge([known, told]) == {}


def test_a_decision_holds() -> None:
    known = api(event(("1", "BTC"), ("-500", "EUR")))
    told = row(event(("1", "BTC"), ("-499", "EUR")))
    assert judge([known, replace(told, apart=frozenset({known.key}))]) == {}
    assert judge([known, replace(told, same_as=known.key)]) == {told.ref: Verdict(known.key)}


def test_a_trade_is_never_a_deposit() -> None:
    assert judge([api(event(("1", "BTC"))), row(event(("1", "BTC"), kind=Kind.DEPOSIT))]) == {}


def test_one_side_of_a_move_is_a_witness_of_it() -> None:
    legs = Movement("spot", "BTC", Decimal(-1)), Movement("earn", "BTC", Decimal(1))
    known = api(replace(event(kind=Kind.TRANSFER), movements=legs))
    sides = [
        row(replace(event(kind=Kind.TRANSFER), movements=(leg,)), file)
        for leg, file in zip(legs, "ab", strict=True)
    ]
    assert judge([known, *sides]) == {each.ref: Verdict(known.key) for each in sides}


def test_events_without_a_key_are_not_of_one_key() -> None:
    known = row(replace(event(("-60", "EUR"), ("1", "BTC")), key=""), "a", rank=40)
    told = row(replace(event(("-61", "EUR"), ("3", "ETH")), key=""), "b")
    assert judge([replace(known, key="a1"), replace(told, key="b1")]) == {}


def test_minutes_without_seconds_meet_the_seconds() -> None:
    known = api(event(*BOUGHT, at=START + timedelta(seconds=40)))
    at_minute = event(*BOUGHT, at=START.replace(second=0))
    told = row(at_minute, span=timedelta(minutes=1))
    assert judge([known, told]) == {told.ref: Verdict(known.key)}
    assert judge([known, replace(told, span=timedelta(seconds=1))]) == {}


# --- Any history ------------------------------------------------------------------------------

SECONDS = st.integers(0, 4)
SIZES = st.sampled_from(["1", "2", "2.5"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], list[Event], list[Event]]:
    """What happened, what the exchange tells of it, and what a file does; many are twins."""
    happened = [
        event(
            (size, "BTC"),
            (f"-{size}00", "EUR"),
            at=START + timedelta(seconds=second, milliseconds=draw(st.integers(0, 999))),
        )
        for second, size in draw(st.lists(st.tuples(SECONDS, SIZES), min_size=1, max_size=12))
    ]
    told = [draw(st.sampled_from(["api", "file", "both"])) for _ in happened]
    answers = [each for each, by in zip(happened, told, strict=True) if by != "file"]
    rows = [
        same(each, occurred_at=each.occurred_at.replace(microsecond=0))
        for each, by in zip(happened, told, strict=True)
        if by != "api"
    ]
    return happened, answers, rows


@settings(deadline=None)
@given(histories(), st.randoms())
def test_whole_files_double_nothing_and_lose_nothing(
    history: tuple[list[Event], ...], chance: object
) -> None:
    happened, _, _ = history
    answers = [api(each) for each in happened]
    rows = [
        row(same(each, occurred_at=each.occurred_at.replace(microsecond=0))) for each in happened
    ]
    tellings = [*answers, *rows]
    chance.shuffle(tellings)  # type: ignore[attr-defined]
    found = judge(tellings)
    assert set(found) == {each.ref for each in rows}
    assert not any(verdict.why for verdict in found.values())
    assert max(Counter(verdict.key for verdict in found.values()).values()) == 1


@settings(deadline=None)
@given(histories(), st.randoms())
def test_the_order_makes_no_difference(history: tuple[list[Event], ...], chance: object) -> None:
    _, answers, rows = history
    tellings = [*map(api, answers), *map(row, rows)]
    shuffled = list(tellings)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(tellings) == judge(shuffled)
