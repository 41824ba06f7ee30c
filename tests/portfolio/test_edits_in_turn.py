"""Edits and those that book or value at the same time wait for each other, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction

from accounts.models import User
from portfolio.models import Connection, Holding, Posting
from portfolio.services import edit_reverts, edits, holdings, valuation
from tests import factories

D = Decimal


def _at_once(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(60)


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_valuation_both_end() -> None:
    owner = factories.user()
    row = factories.transaction(factories.stream(factories.connection(owner)), ("1", "BTC"))
    holdings.add_to_holdings(row.connection, row.postings.all(), sign=1)

    def value() -> None:
        for _ in range(8):
            holdings.mark_stale(owner.pk, date(2026, 1, 1))
            valuation.recompute(owner.pk)

    def edit() -> None:
        for _ in range(8):
            done = edits.hide(user=User.objects.get(pk=owner.pk), ids=[row.pk])
            edit_reverts.revert(user=owner, edit_id=done.edits[0].pk)

    _at_once(value, edit)
    assert Holding.objects.get().quantity == D(1)


@pytest.mark.django_db(transaction=True)
def test_two_edits_of_one_transaction_are_one(owner: User) -> None:
    row = factories.transaction(factories.stream(factories.connection(owner)), ("1", "BTC"))
    holdings.add_to_holdings(row.connection, row.postings.all(), sign=1)
    refused: list[str] = []

    def edit() -> None:
        try:
            edits.hide(user=owner, ids=[row.pk])
        except edits.EditProblem as problem:
            refused.append(problem.message)

    _at_once(edit, edit)
    assert len(refused) == 1
    assert Holding.objects.get().quantity == D(0)


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_whoever_books(owner: User) -> None:
    row = factories.transaction(factories.stream(factories.connection(owner)), ("1", "BTC"))
    holdings.add_to_holdings(row.connection, row.postings.all(), sign=1)
    begun = Barrier(2)

    def book() -> None:
        with transaction.atomic():
            Connection.objects.filter(pk=row.connection_id).update(lease_holder="worker")
            begun.wait(10)
            Posting.objects.filter(transaction=row).update(amount=D(3))
            holdings.add_to_holdings(row.connection, row.postings.all(), sign=1)

    def edit() -> None:
        begun.wait(10)
        edits.hide(user=owner, ids=[row.pk])

    _at_once(book, edit)
    # What was booked meanwhile is what is taken out: 1 + 3 - 3.
    assert Holding.objects.get().quantity == D(1)
