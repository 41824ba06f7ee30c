"""Saved filters: a name for what the list is asked for, and which of them it begins with."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.models import SavedFilter
from portfolio.services import saved_filters
from tests import factories

LIST = reverse("portfolio:transaction-list")
SAVE = reverse("portfolio:filter-save")
MANAGE = reverse("portfolio:filter-list")


def act(page: Client, what: str, kept: SavedFilter, **data: Any) -> None:
    answer = page.post(reverse(f"portfolio:filter-{what}", args=[kept.pk]), data)
    assert answer.headers["Location"] == MANAGE


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_filter_is_saved_without_its_place_in_the_list(page: Client, owner: User) -> None:
    query = "q=BTC&kind=&asset=DOT&older=2026-01-01T00:00:00~1&evil=1"
    answer = page.post(SAVE, {"name": " Dots ", "query": query})
    assert answer.headers["Location"] == f"{LIST}?q=BTC&asset=DOT"
    kept = SavedFilter.objects.of(owner).get()
    assert (kept.name, kept.query, kept.is_default) == ("Dots", "q=BTC&asset=DOT", False)
    text = page.get(LIST, {"q": "BTC", "asset": "DOT"}).content.decode()
    assert f'href="{LIST}?q=BTC&amp;asset=DOT" aria-current="true">Dots</a>' in text


def test_saving_under_a_known_name_replaces_it(page: Client, owner: User) -> None:
    for query in ("kind=trade", "kind=reward"):
        page.post(SAVE, {"name": "Mine", "query": query})
    assert [kept.query for kept in SavedFilter.objects.of(owner)] == ["kind=reward"]


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "query": "kind=trade"},
        {"name": "x", "query": "older=1"},
        {"name": "x", "query": ""},
        {"name": "x" * 61, "query": "kind=trade"},
        {"name": "x", "query": "q=" + "x" * 2000},
        {"name": "x\x00", "query": "kind=trade"},
    ],
)
def test_what_cannot_be_saved(page: Client, owner: User, data: dict[str, str]) -> None:
    answer = page.post(SAVE, data, follow=True)
    assert "Give the filter a name" in said(answer)
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_saving(page: Client, owner: User) -> None:
    for number in range(saved_filters.MOST):
        factories.saved_filter(owner, f"F{number}")
    assert "enough" in said(page.post(SAVE, {"name": "More", "query": "q=1"}, follow=True))
    page.post(SAVE, {"name": "F1", "query": "q=1"})
    assert SavedFilter.objects.count() == saved_filters.MOST
    assert SavedFilter.objects.get(name="F1").query == "q=1"


def test_the_default_is_what_the_list_begins_with(page: Client, owner: User) -> None:
    one, two = (factories.saved_filter(owner, name, f"kind={name}") for name in ("trade", "fee"))
    assert page.get(LIST).status_code == 200
    act(page, "default", one)
    act(page, "default", two)
    assert page.get(LIST).headers["Location"] == f"{LIST}?kind=fee"
    assert page.get(LIST, {"all": "1"}).status_code == 200
    assert page.get(LIST, {"kind": ""}).status_code == 200
    assert SavedFilter.objects.filter(is_default=True).count() == 1
    act(page, "default", two)
    assert page.get(LIST).status_code == 200


def test_names(page: Client, owner: User) -> None:
    one, two = factories.saved_filter(owner, "One"), factories.saved_filter(owner, "Two")
    act(page, "rename", one, name="Uno")
    act(page, "rename", two, name="Uno")
    act(page, "rename", two, name=" ")
    text = page.get(MANAGE)
    assert "Another filter has this name" in said(text)
    assert [kept.name for kept in SavedFilter.objects.of(owner)] == ["Two", "Uno"]
    act(page, "delete", two)
    assert [kept.name for kept in SavedFilter.objects.of(owner)] == ["Uno"]


def test_the_database_lets_one_be_the_default(owner: User, other: User) -> None:
    factories.saved_filter(owner, "One", is_default=True)
    factories.saved_filter(other, "One", is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.saved_filter(owner, "Two", is_default=True)


def test_no_filter_is_saved_yet(page: Client, owner: User) -> None:
    assert "No saved filters" in page.get(MANAGE).content.decode()
