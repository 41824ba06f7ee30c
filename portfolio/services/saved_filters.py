"""Keeps a user's filters: saved under a name, renamed, made the default, deleted."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.models import SavedFilter
from portfolio.services.locks import lock_filters

MOST = 50


class FilterProblem(Exception):
    """Why a filter was not saved, in words for its user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def save(*, user: User, name: str, query: str) -> SavedFilter:
    """Saves a filter; one of this name takes the new query. May raise FilterProblem."""
    lock_filters(user.pk)
    known = SavedFilter.objects.of(user)
    if not known.filter(name=name).exists() and known.count() >= MOST:
        raise FilterProblem(_("That is enough filters: delete one first."))
    kept, _made = known.update_or_create(owner=user, name=name, defaults={"query": query})
    return kept


@transaction.atomic
def rename(*, kept: SavedFilter, name: str) -> None:
    """Gives a filter another name. May raise FilterProblem."""
    lock_filters(kept.owner_id)
    others = SavedFilter.objects.filter(owner=kept.owner_id, name=name).exclude(pk=kept.pk)
    if others.exists():
        raise FilterProblem(_("Another filter has this name."))
    kept.name = name
    kept.save(update_fields=["name"])


@transaction.atomic
def set_default(*, kept: SavedFilter, is_default: bool) -> None:
    """Makes a filter the one that the list begins with, or no longer."""
    lock_filters(kept.owner_id)
    SavedFilter.objects.filter(owner=kept.owner_id, is_default=True).update(is_default=False)
    SavedFilter.objects.filter(pk=kept.pk).update(is_default=is_default)


def delete(*, kept: SavedFilter) -> None:
    """Forgets a filter."""
    kept.delete()
