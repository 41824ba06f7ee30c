"""Edits under which a record changed: what the user saw is not what the exchange tells now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.engine import money
from portfolio.models import Edit, Transaction
from portfolio.selectors import edits
from portfolio.selectors.edit_layers import layer, written
from portfolio.selectors.finder import Found, in_time
from portfolio.selectors.risk import Risk

CAUSE = "edited_record_changed"
TITLE = gettext_lazy("Changed under an edit of yours")
WORDS = gettext_lazy(
    "The exchange tells of these otherwise than when you edited them. Your edit still counts. Take "
    "it back, edit anew, or keep it as it is."
)
FIX = gettext_lazy("See the edits")
WEIGHT = Decimal("0.5")
_Moved = dict[str, Decimal]  # more or less than the user saw, by asset


def find(user: User) -> Iterable[Found]:
    """One finding per edit."""
    changed = [(edit, _moved(edit)) for edit in edits.changed(user)]
    if not changed:
        return []
    risk = Risk(user, {asset for _edit, moved in changed for asset in moved})
    return [_found(edit, moved, risk) for edit, moved in changed]


def _moved(edit: Edit) -> _Moved:
    now = [written(layer(row)) for row in edits.replaced_rows(edit)]
    sums: _Moved = {}
    for sign, told in ((1, now), (-1, edit.data["before"])):
        for _wallet, asset, amount, _role in (leg for each in told for leg in each["legs"]):
            signed = money.multiply(money.parse(amount), Decimal(sign))
            sums[asset] = money.add(sums.get(asset, money.ZERO), signed)
    return {asset: amount for asset, amount in sorted(sums.items()) if amount}


def _found(edit: Edit, moved: _Moved, risk: Risk) -> Found:
    """Of several assets the one that most money is in; none where no amount differs."""
    of = edit.connection
    valued = [
        (risk.value(asset, amount, exchange=of.exchange, environment=of.environment), asset)
        for asset, amount in moved.items()
    ]
    value, asset = max(valued, key=lambda pair: pair[0] or money.ZERO, default=(None, ""))
    return Found(
        subject=str(edit.pk),
        url=reverse("portfolio:edit-list") + "?state=changed",
        asset=asset,
        quantity=moved.get(asset),
        value=value,
        connection_id=edit.connection_id,
        data={"at": _iso(edit), "kind": edit.kind, "of": _about(edit)},
    )


def _iso(edit: Edit) -> str:
    return edit.record_changed_at.isoformat() if edit.record_changed_at else ""


def _about(edit: Edit) -> str:
    rows: list[Transaction] = edits.replaced_rows(edit)
    return min(row.occurred_at for row in rows).isoformat() if rows else ""


def line(data: Mapping[str, str]) -> str:
    """What was edited, and when its record changed."""
    return _("{kind}: a transaction of {of}; its record changed on {at}.").format(
        kind=dict(Edit.Kind.choices).get(data["kind"], data["kind"]),
        of=in_time(data["of"]),
        at=in_time(data["at"]),
    )
