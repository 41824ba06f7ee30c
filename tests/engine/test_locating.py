"""Errors are located: by hand-made cases, and on simulated lives of accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portfolio.engine.causes import CauseKind, Gap, Surroundings, causes, rounding
from portfolio.engine.checkpoints import Seen, replaces
from portfolio.engine.judging import Checkpoint, Entry, judge
from portfolio.engine.locating import Located, Way, locate, transitions
from tests.engine import lives
from tests.engine.trials import false_alarms, try_fault

D = Decimal
DAY0 = datetime(2025, 6, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return DAY0 + timedelta(days=number)


def points(*reported: str) -> list[Checkpoint]:
    """One checkpoint a day."""
    return [Checkpoint(day(number), D(amount)) for number, amount in enumerate(reported)]


def located(checkpoints: list[Checkpoint], entries: list[Entry]) -> Located:
    found = locate(judge(checkpoints, entries), entries)
    assert found is not None
    return found


def kinds(found: Located, entries: list[Entry], around: Surroundings) -> list[CauseKind]:
    (step,) = found.steps
    return [cause.kind for cause in causes(step, entries, found, around)]


NOTHING = Surroundings()


def test_without_checkpoints_nothing_is_said() -> None:
    assert locate(judge([], [Entry(day(1), D(1))]), []) is None


def test_what_agrees_has_no_steps() -> None:
    found = located(points("1", "1", "3"), [Entry(day(-1), D(1)), Entry(day(1.5), D(2))])
    assert found.difference == 0
    assert not found.steps
    assert found.agreed_at == day(2)


def test_a_missing_record_is_between_the_last_that_agrees_and_the_first_that_does_not() -> None:
    found = located(points("1", "1", "3", "3"), [Entry(day(-1), D(1))])
    (step,) = found.alarms
    assert (step.amount, step.after, step.until) == (D(2), day(1), day(2))
    assert (found.difference, found.agreed_at) == (D(2), day(1))


def test_late_records_mend_old_checkpoints() -> None:
    entries = [Entry(day(-1), D(1))]
    assert located(points("1", "3", "3"), entries).alarms
    assert not located(points("1", "3", "3"), [*entries, Entry(day(0.5), D(2))]).steps


def test_two_errors_are_two_stretches() -> None:
    found = located(points("0", "2", "2", "1", "1"), [])
    assert [(s.amount, s.after, s.until) for s in found.steps] == [
        (D(2), day(0), day(1)),
        (D(-1), day(2), day(3)),
    ]


def test_a_difference_from_the_first_checkpoint_on_is_from_before_it() -> None:
    found = located(points("5", "5", "6"), [Entry(day(1.5), D(1))])
    (step,) = found.alarms
    assert (step.amount, step.after, step.until) == (D(5), None, day(0))
    assert kinds(found, [], NOTHING)[0] == CauseKind.BEGINNING


def test_a_balance_asked_for_while_a_record_happens_may_be_from_before_or_after() -> None:
    at = day(1)
    entries = [Entry(at + timedelta(seconds=20), D(1)), Entry(at - timedelta(seconds=20), D(2))]
    for reported in ("0", "2", "3"):
        told = [Checkpoint(day(0), D(0)), Checkpoint(at, D(reported)), Checkpoint(day(2), D(3))]
        assert not located(told, entries).steps
    told = [Checkpoint(day(0), D(0)), Checkpoint(at, D(7)), Checkpoint(day(2), D(10))]
    assert located(told, entries).difference == 7


def test_hours_between_a_record_and_its_effect_are_no_alarm_days_are() -> None:
    def told(until: float) -> list[Checkpoint]:
        return [
            Checkpoint(day(0), D(0)),
            Checkpoint(day(until - 0.02), D(0)),
            Checkpoint(day(until), D(4)),
            Checkpoint(day(9), D(4)),
        ]

    entries = [Entry(day(1), D(4))]
    assert not located(told(1.2), entries).steps
    found = located(told(3), entries)
    (step,) = found.alarms
    assert step.way == Way.PASSING
    assert step.holds(day(1))
    assert step.back == (day(2.98), day(3))
    (cause,) = causes(step, entries, found, NOTHING)
    assert (cause.kind, cause.entry) == (CauseKind.MISDATED, entries[0])


def test_a_delay_in_the_same_stretch_does_not_split_an_error() -> None:
    entries = [Entry(day(1.0), D(4))]  # in the balance some hours later; 7 are missing
    told = [
        Checkpoint(day(0.9), D(0)),
        Checkpoint(day(1.1), D(7)),
        Checkpoint(day(1.2), D(11)),
        Checkpoint(day(3), D(11)),
    ]
    (step,) = located(told, entries).steps
    assert (step.amount, step.after, step.until) == (D(7), day(0.9), day(1.2))


def test_records_alike_around_the_first_checkpoint_do_not_hide_that_it_agreed() -> None:
    entries = [Entry(day(0) + timedelta(seconds=n), D(5)) for n in (-1, 1)]  # a third is missing
    told = [Checkpoint(day(0), D(0)), Checkpoint(day(0.01), D(15))]
    (step,) = located(told, entries).steps
    assert (step.amount, step.after, step.until) == (D(5), day(0), day(0.01))


def test_what_is_new_may_settle() -> None:
    told = [Checkpoint(day(0), D(0)), Checkpoint(day(0.9), D(1)), Checkpoint(day(1), D(1))]
    found = located(told, [])
    assert found.steps
    assert not found.alarms
    assert CauseKind.LATE in kinds(found, [], NOTHING)


def test_rounding_is_no_alarm_and_is_named() -> None:
    entries = [Entry(day(-1), D("1.123456789123")), Entry(day(0.5), D("1.00000000987"))]
    found = located(points("1.12345678", "2.12345679"), entries)
    assert not found.steps
    assert found.is_dust
    assert [cause.kind for cause in rounding(found)] == [CauseKind.ROUNDING]
    assert not rounding(located(points("1"), [Entry(day(-1), D(1))]))


def test_balances_shown_in_two_places_are_rounded_those_that_happen_to_be_round_are_not() -> None:
    shown = [Entry(day(-1), D("1000.128")), Entry(day(0.5), D("3.377"))]
    assert not located(points("1000.12", "1003.50"), shown).steps
    # A hundredth of a coin is missing, and no digit was ever cut off.
    assert located(points("1.25", "1.26"), [Entry(day(-1), D("1.25"))]).steps


def test_transitions_name_the_stretches_whose_records_matter() -> None:
    judged = judge(points("0", "0", "2", "2"), [])
    assert transitions(judged) == ((day(1), day(2)),)
    assert transitions(judge(points("2", "2"), [])) == ((None, day(0)),)
    assert transitions(judge(points("0", "0"), [])) == ()


# --- Causes -----------------------------------------------------------------------------------

BEFORE = Entry(day(-1), D(10), "deposit", "deposits", 1)


def of_one(reported: str, *entries: Entry, around: Surroundings = NOTHING) -> list[CauseKind]:
    """The causes where 10 agreed on day 0 and another balance is reported from day 1 on."""
    known = [BEFORE, *entries]
    return kinds(located(points("10", reported, reported), known), known, around)


def trade(amount: str, *, ref: int = 2, has_fee: bool = True) -> Entry:
    return Entry(day(0.5), D(amount), "trade", "trades", ref, has_fee)


@pytest.mark.parametrize(
    ("reported", "entries", "kind"),
    [
        ("13", [trade("3"), trade("3", ref=3)], CauseKind.DOUBLED),
        ("10", [trade("3")], CauseKind.DOUBLED),
        ("7", [trade("3")], CauseKind.SIGN),
        ("13", [trade("3000")], CauseKind.FACTOR),
        ("9.997", [trade("-0.003"), trade("-0.003", ref=3)], CauseKind.DOUBLED),
        ("12.997", [trade("3", has_fee=False)], CauseKind.FEE),
        ("12.5", [], CauseKind.MISSING),
    ],
)
def test_the_likeliest_cause_comes_first(
    reported: str, entries: list[Entry], kind: CauseKind
) -> None:
    assert of_one(reported, *entries)[0] == kind


def test_a_transaction_may_be_doubled_as_a_whole() -> None:
    whole = [trade("3"), trade("-0.003")]
    again = [trade("3", ref=3), trade("-0.003", ref=3)]
    assert of_one("12.997", *whole, *again)[0] == CauseKind.DOUBLED


def test_the_same_amount_missing_in_another_wallet_is_a_movement_between_them() -> None:
    (other,) = located(points("0", "-2", "-2"), []).steps
    around = Surroundings(others=[("earn", other)])
    assert of_one("12", around=around)[0] == CauseKind.OTHER_WALLET
    assert of_one("13", around=around)[0] != CauseKind.OTHER_WALLET


def test_holes_and_failures_of_the_stretch_are_named_others_are_not() -> None:
    failed = Gap("deposits", "failed", day(0.2), day(0.4))
    hole = Gap("trades", "never", day(0.2), day(0.4))
    horizon = Gap("trades", "unavailable", day(-9), day(0.1))
    elsewhere = Gap("trades", "failed", day(5), day(6))
    around = Surroundings(gaps=[failed, hole, horizon, elsewhere])
    found = of_one("12", around=around)
    assert found[:3] == [CauseKind.FAILED, CauseKind.HORIZON, CauseKind.HOLE]
    assert found.count(CauseKind.FAILED) == 1


def test_records_that_could_not_be_read_and_kinds_not_served_are_named() -> None:
    around = Surroundings(unreadable=[(day(0.5), "trades"), (day(4), "trades")])
    assert of_one("12", around=around)[0] == CauseKind.UNREADABLE
    served = Surroundings(unserved=frozenset({"rewards"}))
    assert of_one("12", around=served)[0] == CauseKind.NOT_SERVED
    # Rewards take nothing away.
    assert of_one("9", around=served)[0] == CauseKind.MISSING


# --- What is kept -----------------------------------------------------------------------------


def seen(hours: float, reported: int, difference: int = 0) -> Seen:
    return Seen(DAY0 + timedelta(hours=hours), D(reported), D(difference))


@pytest.mark.parametrize(
    ("before", "last", "now", "replaced"),
    [
        (None, None, seen(0, 1), False),
        (None, seen(0, 1), seen(1, 1), False),
        (seen(0, 1), seen(1, 1), seen(24, 1), True),
        (seen(0, 1), seen(1, 1), seen(25, 1), False),
        (seen(0, 1), seen(0.5, 2), seen(1, 3), True),
        (seen(0, 1), seen(0.5, 2), seen(1.5, 3), False),
        # The last that agreed and the first that did not stay.
        (seen(0, 1), seen(0.1, 1), seen(0.2, 2, 1), False),
        (seen(0, 1), seen(0.1, 2, 1), seen(0.2, 2, 1), False),
    ],
)
def test_checkpoints_are_kept_where_they_tell_something(
    before: Seen | None, last: Seen | None, now: Seen, replaced: bool
) -> None:
    assert replaces(before, last, now) is replaced


# --- Lives ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", lives.FAULTS)
def test_one_wrong_record_is_located(kind: str) -> None:
    trials = [
        try_fault(told, lives.fault(told, kind, seed))
        for seed in range(1, 13)
        for told in [lives.life(seed)]
    ]
    assert all(trial.is_right_place for trial in trials)
    assert sum(trial.is_right_stretch for trial in trials) >= 0.95 * len(trials)


def short_life(seed: int) -> lives.Life:
    return lives.life(seed, days=30, number=120)


def test_a_life_in_which_nothing_went_wrong_raises_no_alarm() -> None:
    days = [alarm for seed in range(1, 12) for alarm in false_alarms(short_life(seed))]
    assert len(days) >= 300
    assert sum(days) < len(days) / 1000
