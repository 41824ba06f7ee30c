"""A file and a stronger source that contradict each other: nobody but their owner can know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.engine import money
from portfolio.models import WitnessConflict
from portfolio.selectors.finder import Found, in_time
from portfolio.selectors.risk import Risk

CAUSE = "source_conflict"
TITLE = gettext_lazy("Two sources contradict each other")
WORDS = gettext_lazy(
    "A file tells of what may be the same event as another source, but not alike. Until you say "
    "whether it is one event or two, the file’s telling counts nowhere."
)
FIX = gettext_lazy("Decide")
WEIGHT = Decimal("0.5")


def find(user: User) -> Iterable[Found]:
    """One finding per conflict that waits for a decision."""
    rows = list(
        WitnessConflict.objects.of(user)
        .open()
        .select_related("connection", "raw_record")
        .defer("raw_record__body")
    )
    if not rows:
        return []
    risk = Risk(user, {asset for row in rows for asset in row.difference})
    return [_found(row, risk) for row in rows]


def _found(row: WitnessConflict, risk: Risk) -> Found:
    """Of several assets the one that most money is in."""
    of = row.connection
    valued = [
        (risk.value(asset, amount, exchange=of.exchange, environment=of.environment), asset, amount)
        for asset, amount in ((name, money.parse(text)) for name, text in row.difference.items())
    ]
    value, asset, amount = max(
        valued, key=lambda each: each[0] or money.ZERO, default=(None, "", None)
    )
    return Found(
        subject=str(row.pk),
        url=reverse("portfolio:conflict-list"),
        asset=asset,
        quantity=amount,
        value=value,
        connection_id=row.connection_id,
        data={
            "at": row.raw_record.occurred_at.isoformat(),
            "why": row.why,
            "file": row.raw_record.endpoint.removeprefix("file: "),
        },
    )


def line(data: Mapping[str, str]) -> str:
    """In what they contradict each other, when, and which file it is."""
    return _("{why}: {at}, in {file}.").format(
        why=WitnessConflict.Why(data["why"]).label, at=in_time(data["at"]), file=data["file"]
    )
