"""Prices that are far from what exchanges ask for the asset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.engine import money
from portfolio.selectors.assets import source_title
from portfolio.selectors.finder import Found
from portfolio.selectors.price_gaps import PriceGap, price_gaps

CAUSE = "price_gap"
TITLE = gettext_lazy("A price is far from other prices")
WORDS = gettext_lazy(
    "The price shown is more than 20 % away from what other exchanges, or the exchange that holds "
    "the asset, ask at the same time. The code may name another coin there."
)
FIX = gettext_lazy("See which codes it has")
WEIGHT = Decimal(1)

_PERCENT = Decimal(100)


def find(user: User) -> Iterable[Found]:
    """One finding per asset and exchange; at risk is the difference in worth."""
    return [_found(gap, user.reporting_currency) for gap in price_gaps(user)]


def _found(gap: PriceGap, currency: str) -> Found:
    return Found(
        subject=f"{gap.source}:{gap.asset}",
        url=reverse("portfolio:asset-codes", args=[gap.asset]),
        asset=gap.asset,
        quantity=gap.quantity,
        value=gap.at_risk,
        data={
            "shown": _short(gap.shown),
            "compared": _short(gap.compared),
            "percent": money.plain(
                money.multiply(gap.ratio, _PERCENT).quantize(Decimal(1), ROUND_HALF_EVEN)
            ),
            "currency": currency,
            "at": source_title(gap.source),
            "against": ", ".join(source_title(source) for source in gap.against),
        },
    )


def _short(price: Decimal) -> str:
    """A price to six digits, for a sentence."""
    step = Decimal(1).scaleb(min(0, price.adjusted() - 5))
    return money.plain(price.quantize(step, ROUND_HALF_EVEN, context=money.EXACT))


def line(data: Mapping[str, str]) -> str:
    """Both prices and how far they are apart."""
    return _(
        "Held at {at}: shown with {shown} {currency}, {against} asks {compared} {currency} "
        "({percent} %)."
    ).format(
        **{
            **data,
            "percent": formats.number_format(
                Decimal(data["percent"]), use_l10n=True, force_grouping=True
            ),
        }
    )
