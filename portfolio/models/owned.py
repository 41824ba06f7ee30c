"""Rows that belong to one user, and what is made for one by a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model, covariant=True)
W = TypeVar("W", bound="Work", covariant=True)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows with a column ``owner``; every page and command starts at ``of``."""

    def of(self, user: User) -> Self:
        """Only what this user owns."""
        return self.filter(owner=user)


class WorkQuerySet(OwnedQuerySet[W]):
    """Rows of something that a worker makes."""

    def unfinished(self) -> Self:
        """Those that wait for a worker or have one."""
        return self.filter(state__in=Work.UNFINISHED)


class Work(models.Model):
    """Asked for by its owner and made by a worker: waiting -> running -> done, or failed."""

    UNFINISHED = ("waiting", "running")

    state: models.CharField[str, str]

    class Meta:
        abstract = True

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED
