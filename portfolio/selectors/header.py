"""What the header of every page tells, in one query."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from accounts.models import User
from portfolio.models import DataGrade, Notice
from portfolio.selectors.notices import MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Header:
    """Notices that wait (counted to a little over MOST_COUNTED), and the grade of the data."""

    unread: int
    grade: DataGrade


def header(user: User) -> Header:
    """Of this user; the grade is an empty one before the first look."""
    unread = Notice.objects.filter(owner=OuterRef("pk"), read_at__isnull=True)
    row = (
        User.objects.select_related("data_grade")
        .annotate(unread=ArraySubquery(unread.order_by().values("pk")[: MOST_COUNTED + 1]))
        .get(pk=user.pk)
    )
    grade = getattr(row, "data_grade", None) or DataGrade(owner=user)
    return Header(unread=len(row.unread), grade=grade)
