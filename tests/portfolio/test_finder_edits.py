"""Edits under which a record changed are findings, until they are kept or taken back."""

from __future__ import annotations

from decimal import Decimal

from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Edit, Posting, Stream, Transaction
from portfolio.selectors.finders import edited_record_changed as finder
from portfolio.services import edit_reverts, edit_upkeep, edits
from tests import factories

D = Decimal


def _changed(stream: Stream, owner: User, was: str, now: str) -> Edit:
    """An edit of a deposit whose record says another amount now."""
    row = factories.transaction(stream, (was, "BTC"), kind="deposit")
    (edit,) = edits.hide(user=owner, ids=[row.pk]).edits
    Posting.objects.filter(transaction=row).update(amount=D(now))
    edit_upkeep.compare([Transaction.objects.get(pk=row.pk)])
    return edit


def test_one_finding_per_edit_with_what_is_at_risk(owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    factories.price("BTC", "50000")
    edit = _changed(stream, owner, "1.5", "2")
    (found,) = finder.find(owner)
    assert (found.subject, found.asset) == (str(edit.pk), "BTC")
    assert (found.quantity, found.value) == (D("0.5"), D(25000))
    assert found.url == reverse("portfolio:edit-list") + "?state=changed"
    assert "Hidden" in finder.line(found.data)
    edit_reverts.keep(user=owner, edit_id=edit.pk)
    assert list(finder.find(owner)) == []


def test_a_record_that_is_as_it_was_is_none(owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    _changed(stream, owner, "1.5", "1.50")
    assert list(finder.find(owner)) == []


def test_nothing_of_another_and_no_query_per_edit(
    owner: User, other: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    stream = factories.stream(factories.connection(owner))
    for number in range(5):
        _changed(stream, owner, "1", f"1.{number + 1}")
    assert list(finder.find(other)) == []
    with django_assert_max_num_queries(8):
        assert len(list(finder.find(owner))) == 5
