"""Raw records that are kept but could not be read: the ledger lacks what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from portfolio.models import RawRecord
from portfolio.selectors.finder import Found

CAUSE = "unreadable"
TITLE = gettext_lazy("Records that could not be read")
WORDS = gettext_lazy(
    "They are kept as the exchange sent them, but nothing is booked from them. A newer version of "
    "Coffer may know how: then have the stored records read again."
)
FIX = gettext_lazy("See the records")
WEIGHT = Decimal(1)


def find(user: User) -> Iterable[Found]:
    """One finding per connection."""
    rows = RawRecord.objects.filter(connection__owner=user).exclude(problem="").order_by()
    counted = rows.values_list("connection").annotate(count=Count("pk")).order_by("connection")
    return [
        Found(
            subject=str(connection_id),
            url=reverse("portfolio:connection-detail", args=[connection_id]) + "#unreadable",
            connection_id=connection_id,
            data={"count": str(count)},
        )
        for connection_id, count in counted
    ]


def line(data: Mapping[str, str]) -> str:
    """How many there are."""
    number = int(data["count"])
    return ngettext("{number} record.", "{number} records.", number).format(number=number)
