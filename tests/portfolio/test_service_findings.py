"""Findings: opened, told anew, closed when mended, dismissed and back, whatever one finder does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from portfolio.models import DataGrade, Finding
from portfolio.selectors import finder as finding_finder
from portfolio.selectors.finder import Finder, Found
from portfolio.services import findings, grading
from tests import factories

D = Decimal


class World:
    """What two finders find; the second may fail."""

    def __init__(self) -> None:
        self.gaps: list[Found] = []
        self.risks: list[Found] = []
        self.fails = False

    def finders(self) -> tuple[Finder, ...]:
        return (self._made("gap", self._gaps), self._made("risk", lambda user: self.risks))

    def _gaps(self, user: User) -> Iterable[Found]:
        if self.fails:
            yield from self.gaps[:1]
            raise RuntimeError("the gaps cannot be read")
        yield from self.gaps

    def _made(self, cause: str, find: Any) -> Finder:
        def line(data: Mapping[str, str]) -> str:
            return cause

        word = gettext_lazy("Cause")
        return Finder(cause, word, word, word, D("0.5"), line, find)


class Watched(list[Found]):
    """Does something when it is looked through."""

    def __init__(self, act: Callable[[], object], found: Iterable[Found] = ()) -> None:
        super().__init__(found)
        self._act = act

    def __iter__(self) -> Iterator[Found]:
        self._act()
        return super().__iter__()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for module in (findings, grading):
        monkeypatch.setattr(module, "finders", made.finders)
    monkeypatch.setattr(finding_finder, "finders", made.finders)
    return made


def found(subject: str = "one", **fields: Any) -> Found:
    values: dict[str, Any] = {"asset": "BTC", "quantity": D(2), "value": D(10)}
    return Found(subject, "/there/", **{**values, **fields})


def stored(owner: User, subject: str = "one") -> Finding:
    return Finding.objects.get(owner=owner, subject=subject)


def test_what_is_found_is_opened_once(owner: User, world: World) -> None:
    world.gaps = [found(), found("two", value=None)]
    assert findings.refresh(owner.pk) == findings.Refreshed(opened=2)
    assert findings.refresh(owner.pk) == findings.Refreshed()
    row = stored(owner)
    assert (row.cause, row.asset, row.quantity, row.value) == ("gap", "BTC", D(2), D(10))
    assert row.seen_at > row.found_at
    assert (row.closed_at, row.dismissed_at, row.reopened) == (None, None, 0)


def test_figures_follow(owner: User, world: World) -> None:
    world.gaps = [found(), found("two")]
    findings.refresh(owner.pk)
    before = stored(owner, "two")
    world.gaps = [found(value=D("12.123456789"), data={"a": "b"}), found("two")]
    assert findings.refresh(owner.pk) == findings.Refreshed()
    assert (stored(owner).value, stored(owner).data) == (D("12.12345679"), {"a": "b"})
    assert stored(owner, "two").found_at == before.found_at


def test_what_is_mended_closes_and_nothing_else_changes(owner: User, world: World) -> None:
    world.gaps = [found("one"), found("two")]
    findings.refresh(owner.pk)
    world.gaps.pop(0)
    assert findings.refresh(owner.pk) == findings.Refreshed(closed=1)
    row = stored(owner)
    assert row.closed_by == Finding.ClosedBy.MENDED
    assert row.closed_at is not None
    assert list(Finding.objects.of(owner).open()) == [stored(owner, "two")]


def test_a_closed_one_is_left_alone_while_another_cause_has_its_subject(
    owner: User, world: World
) -> None:
    world.gaps = [found()]
    findings.refresh(owner.pk)
    world.gaps, world.risks = [], [found()]
    assert findings.refresh(owner.pk) == findings.Refreshed(opened=1, closed=1)
    before = Finding.objects.get(owner=owner, cause="gap").closed_at
    assert findings.refresh(owner.pk) == findings.Refreshed()
    assert Finding.objects.get(owner=owner, cause="gap").closed_at == before


def test_what_comes_back_is_opened_again(owner: User, world: World) -> None:
    world.gaps = [found()]
    findings.refresh(owner.pk)
    world.gaps = []
    findings.refresh(owner.pk)
    world.gaps = [found()]
    assert findings.refresh(owner.pk) == findings.Refreshed(reopened=1)
    row = stored(owner)
    assert (row.closed_at, row.closed_by, row.reopened) == (None, "", 1)


def test_a_finder_that_fails_closes_nothing_and_stops_no_other(owner: User, world: World) -> None:
    world.gaps = [found("one"), found("two")]
    findings.refresh(owner.pk)
    world.fails, world.risks = True, [found("three")]
    assert findings.refresh(owner.pk) == findings.Refreshed(opened=1, failing=("gap",))
    assert Finding.objects.of(owner).open().count() == 3
    (told,) = DataGrade.objects.get(owner=owner).failing
    assert told["cause"] == "gap"
    findings.refresh(owner.pk)
    assert DataGrade.objects.get(owner=owner).failing == [told]  # since when it fails
    world.fails = False
    findings.refresh(owner.pk)
    assert DataGrade.objects.get(owner=owner).failing == []


def test_a_subject_twice_is_a_fault_of_the_finder(owner: User, world: World) -> None:
    world.gaps = [found(), found()]
    assert findings.refresh(owner.pk).failing == ("gap",)
    assert not Finding.objects.exists()


def test_a_cause_that_is_looked_for_no_more_is_closed_so(owner: User, world: World) -> None:
    world.gaps = [found()]
    findings.refresh(owner.pk)
    Finding.objects.update(cause="former")
    world.gaps = []
    findings.refresh(owner.pk)
    assert stored(owner).closed_by == Finding.ClosedBy.RETIRED


def test_whoever_waited_for_a_later_look_has_nothing_to_do(owner: User, world: World) -> None:
    asked = timezone.now()
    findings.refresh(owner.pk)
    world.gaps = [found()]
    assert findings.refresh(owner.pk, asked_at=asked) == findings.Refreshed()
    assert findings.refresh(owner.pk, asked_at=timezone.now()) == findings.Refreshed(opened=1)


def test_one_looks_at_a_time(owner: User, world: World) -> None:
    def locks() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
                " AND classid = 4208 AND granted",
                [owner.pk],
            )
            return int(cursor.fetchone()[0])

    seen = []
    world.gaps = Watched(lambda: seen.append(locks()))
    findings.refresh(owner.pk)
    assert seen == [1]


def test_what_is_dismissed_during_a_look_stays_so(owner: User, world: World) -> None:
    world.gaps = [found()]
    findings.refresh(owner.pk)
    ident = stored(owner).pk
    world.gaps = Watched(
        lambda: findings.dismiss(user=owner, ids=[ident], reason="small"), [found(value=D(11))]
    )
    assert findings.refresh(owner.pk) == findings.Refreshed()
    row = stored(owner)
    assert (row.dismissed_reason, row.value) == ("small", D(11))


def test_a_user_who_is_gone_has_no_findings(world: World, db: None) -> None:
    world.gaps = [found()]
    assert findings.refresh(12345) == findings.Refreshed()


# --- Dismissed --------------------------------------------------------------------------------


def dismissed(owner: User, world: World, **fields: Any) -> Finding:
    world.gaps = [found(**fields)]
    findings.refresh(owner.pk)
    assert findings.dismiss(user=owner, ids=[stored(owner).pk], reason="small") == 1
    return stored(owner)


def test_dismissed_with_a_reason(owner: User, world: World) -> None:
    row = dismissed(owner, world)
    assert (row.dismissed_reason, row.dismissed_by) == ("small", owner)
    assert not Finding.objects.of(owner).open().exists()
    grade = DataGrade.objects.get(owner=owner)
    assert (grade.open_count, grade.dismissed_count, grade.at_risk) == (0, 1, D(0))
    event = AuditEvent.objects.get(user=owner)
    assert event.detail == {"number": "1", "reason": "small"}
    assert findings.dismiss(user=owner, ids=[row.pk], reason="again") == 0


@pytest.mark.parametrize(
    ("before", "now", "opens"),
    [
        ({}, {}, False),
        ({}, {"value": D(1000)}, False),  # the price rose, not what is wrong
        ({}, {"quantity": D("2.02")}, False),
        ({}, {"quantity": D("2.03")}, True),
        ({}, {"quantity": D("0.5")}, False),
        ({}, {"quantity": D("-2")}, True),
        ({"quantity": None}, {"quantity": None, "value": D("11")}, False),
        ({"quantity": None}, {"quantity": None, "value": D("11.1")}, True),
        ({"quantity": None, "value": None}, {"quantity": None, "value": D("0.1")}, True),
        ({"quantity": None, "value": None}, {"quantity": None, "value": None}, False),
    ],
)
def test_dismissed_until_it_is_more(
    owner: User, world: World, before: dict[str, Any], now: dict[str, Any], opens: bool
) -> None:
    dismissed(owner, world, **before)
    world.gaps = [found(**now)]
    assert findings.refresh(owner.pk) == findings.Refreshed(reopened=int(opens))
    row = stored(owner)
    assert (row.dismissed_at is None) is opens
    assert row.reopened == int(opens)


def test_small_steps_add_up(owner: User, world: World) -> None:
    dismissed(owner, world)
    for quantity, opens in ((D("2.01"), 0), (D("2.02"), 0), (D("2.03"), 1)):
        world.gaps = [found(quantity=quantity)]
        assert findings.refresh(owner.pk).reopened == opens


def test_a_dismissal_ends_when_it_is_mended(owner: User, world: World) -> None:
    dismissed(owner, world)
    world.gaps = []
    assert findings.refresh(owner.pk).closed == 1
    world.gaps = [found()]
    assert findings.refresh(owner.pk).reopened == 1
    assert stored(owner).dismissed_at is None


def test_a_dismissal_is_taken_back(owner: User, world: World) -> None:
    row = dismissed(owner, world)
    assert findings.restore(user=owner, ids=[row.pk]) == 1
    assert findings.restore(user=owner, ids=[row.pk]) == 0
    assert DataGrade.objects.get(owner=owner).open_count == 1


def test_nothing_of_another_is_touched(owner: User, other: User, world: World) -> None:
    row = dismissed(owner, world)
    findings.refresh(other.pk)
    theirs = Finding.objects.get(owner=other)
    assert findings.dismiss(user=owner, ids=[theirs.pk], reason="x") == 0
    assert findings.restore(user=other, ids=[row.pk]) == 0
    world.gaps = []
    findings.refresh(other.pk)
    assert stored(owner).closed_at is None


# --- The grade, and the cost ------------------------------------------------------------------


def test_the_grade_and_what_it_is_made_of(owner: User, world: World) -> None:
    factories.holding(factories.connection(owner), "EUR", "1000")
    world.gaps = [found("one", value=D(10)), found("two", value=D(30))]
    world.risks = [found("three", value=None)]
    findings.refresh(owner.pk)
    grade = DataGrade.objects.get(owner=owner)
    # 0.5 x 40 / 1000 + 0.5 x 0.01
    assert (grade.letter, grade.doubt) == ("C", D("0.025"))
    assert (grade.open_count, grade.unknown_count, grade.at_risk) == (3, 1, D(40))
    assert (grade.worth, grade.currency) == (D(1000), "EUR")
    assert grade.parts[0] == {
        "cause": "gap",
        "number": "2",
        "unknown": "0",
        "value": "40",
        "weight": "0.5",
        "share": "0.04",
    }


def test_without_a_connection_there_is_nothing_to_grade(owner: User, world: World) -> None:
    findings.refresh(owner.pk)
    grade = DataGrade.objects.get(owner=owner)
    assert grade.letter == ""
    assert grade.doubt is None
    assert grade.as_of is not None


def test_many_cost_no_more_queries_than_few(
    owner: User, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.gaps = [found(str(number)) for number in range(2000)]
    with django_assert_max_num_queries(30):
        findings.refresh(owner.pk)
    world.gaps = [found(str(number), value=D(7)) for number in range(10, 2000)]
    with django_assert_max_num_queries(35):
        findings.refresh(owner.pk)
    assert Finding.objects.of(owner).open().filter(value=D(7)).count() == 1990
    assert Finding.objects.of(owner).closed().count() == 10
