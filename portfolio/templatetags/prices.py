"""How prices read on pages: where they came from, and from when to when they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portfolio.engine.moments import Width
from portfolio.models import OwnPrice

register = template.Library()


@register.filter
def holds_when(price: OwnPrice) -> str:
    """The stretch of UTC time for which a user's price holds."""
    since, last = price.since.astimezone(UTC), price.last_moment
    first = date_format(since, "j M Y")
    if price.is_moment:
        return f"{first}, {since:%H:%M}"
    if last is None:
        return _("from %(day)s on") % {"day": first}
    until = date_format(last.astimezone(UTC), "j M Y")
    return first if first == until else f"{first} – {until}"


@register.filter
def width_words(width: Width) -> str:
    """How near to its moment a price is."""
    return {
        Width.TRADE: _("by the trade itself"),
        Width.OWN: _("your own price"),
        Width.MINUTE: _("close of the minute"),
        Width.HOUR: _("close of the hour"),
        Width.DAY: _("close of the day"),
    }[width]


@register.simple_tag
def give_price_url(asset: str, moment: datetime | None = None) -> str:
    """Where a price can be given for an asset, filled in for a moment."""
    asked = {"asset": asset}
    if moment is not None:
        at = moment.astimezone(UTC)
        asked |= {"first_day": f"{at:%Y-%m-%d}", "minute": f"{at:%H:%M}"}
    return f"{reverse('portfolio:own-price-create')}?{urlencode(asked)}"
