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
FIX = gettext_lazy("Open the asset to give a price")
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
    lost = sorted(quantities.keys() & seen)
    last = valuation.last_known(lost, known, user.reporting_currency)
    return [_found(asset, quantities[asset], last.get(asset)) for asset in lost]


def _found(asset: str, held: list[Decimal], price: Decimal | None) -> Found:
    """The money at risk is what it was worth when a price was last known."""
    quantity = money.total(held)
    return Found(
        subject=asset,
        url=reverse("portfolio:asset-detail", args=[asset]),
        asset=asset,
        quantity=quantity,
        value=None if price is None else money.multiply(quantity, price),
        data={"wallets": str(len(held))},
    )


def line(data: Mapping[str, str]) -> str:
    """In how many wallets it is held."""
    number = int(data["wallets"])
    return ngettext("Held in {number} wallet.", "Held in {number} wallets.", number).format(
        number=number
    )
