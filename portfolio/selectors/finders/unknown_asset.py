"""Assets that are held and that no exchange here has ever quoted: another's code, or spam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.selectors import asset_list
from portfolio.selectors.asset_list import AssetLine, State
from portfolio.selectors.assets import source_title
from portfolio.selectors.finder import Found

CAUSE = "unknown_asset"
TITLE = gettext_lazy("What is this asset?")
WORDS = gettext_lazy(
    "No exchange here has ever quoted these codes. One may be an exchange's own name for an asset "
    "that you know, or something that strangers sent. The amount is kept, and in no total."
)
FIX = gettext_lazy("Say what it is")
WEIGHT = Decimal(1)


def find(user: User) -> Iterable[Found]:
    """One finding per asset that is held."""
    lines = asset_list.assets_of(user).counted
    return [_found(line) for line in lines if State.UNKNOWN in line.states and line.quantity]


def _found(line: AssetLine) -> Found:
    at = dict.fromkeys(told.source for told in line.codes)
    return Found(
        subject=line.asset,
        url=reverse("portfolio:asset-codes", args=[line.asset]),
        asset=line.asset,
        quantity=line.quantity,
        data={"at": ", ".join(source_title(source) for source in at)},
    )


def line(data: Mapping[str, str]) -> str:
    """Where it is held."""
    return _("Held at {at}.").format(at=data["at"])
