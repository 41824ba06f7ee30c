"""Assets that are held and have no known price: left out of every total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from portfolio.engine import money
from portfolio.selectors import valuation
from portfolio.selectors.asset_list import quoted
from portfolio.selectors.assets import identities
from portfolio.selectors.finder import Found

CAUSE = "unpriced"
TITLE = gettext_lazy("No price is known")
WORDS = gettext_lazy(
    "These assets are held, but no market of yours names a price. Totals lack them."
)
FIX = gettext_lazy("Open the asset")
WEIGHT = Decimal(1)


def find(user: User) -> Iterable[Found]:
    """One finding per asset, over all wallets.

    What no exchange has ever quoted is another matter: see ``unknown_asset``.
    """
    quantities: dict[str, list[Decimal]] = defaultdict(list)
    known = identities(user)
    for row in valuation.holdings_valued(user, known).rows:
        if row.price is None:
            quantities[row.asset].append(row.quantity)
    seen = quoted(quantities, known, user.reporting_currency)
    return [
        Found(
            subject=asset,
            url=reverse("portfolio:asset-detail", args=[asset]),
            asset=asset,
            quantity=money.total(held),
            data={"wallets": str(len(held))},
        )
        for asset, held in sorted(quantities.items())
        if asset in seen
    ]


def line(data: Mapping[str, str]) -> str:
    """In how many wallets it is held."""
    number = int(data["wallets"])
    return ngettext("Held in {number} wallet.", "Held in {number} wallets.", number).format(
        number=number
    )
