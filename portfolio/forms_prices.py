"""The shape of a price that a user gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.engine import money
from portfolio.forms_days import DayField
from portfolio.models import OwnPrice
from portfolio.models.own_price import MINUTE
from portfolio.services.own_prices import Told

DAY = timedelta(days=1)
_CODE = forms.TextInput(
    attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
)


class OwnPriceForm(forms.Form):
    """What one unit of an asset was worth, on days or in one minute; days and times are UTC."""

    asset = forms.CharField(label=_("Asset"), max_length=40, widget=_CODE)
    price = forms.DecimalField(
        label=_("Price of one"),
        min_value=0,
        max_digits=100,
        decimal_places=50,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=_("In"),
        max_length=40,
        help_text=_("A currency or another asset, such as EUR or BTC."),
        widget=_CODE,
    )
    first_day = DayField(
        label=_("From day"),
        help_text=_("Days and times are in UTC, as the daily values are."),
    )
    last_day = DayField(
        label=_("To day"),
        required=False,
        help_text=_("Included. Left empty: from then on."),
    )
    minute = forms.TimeField(
        label=_("Only at this minute"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("For one transaction, on the first of these days."),
    )
    is_first = forms.BooleanField(
        label=_("Use it even where a market has a price"),
        required=False,
        help_text=_("Else it is used where no market has one."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        help_text=_("Where the price is from."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @classmethod
    def shown(cls, price: OwnPrice) -> dict[str, Any]:
        """A stored price as the form has it."""
        since, last = price.since.astimezone(UTC), price.last_moment
        return {
            "asset": price.asset,
            "price": money.plain(price.price),
            "currency": price.currency,
            "first_day": since.date(),
            "minute": since.time() if price.is_moment else None,
            "last_day": None if last is None or price.is_moment else last.astimezone(UTC).date(),
            "is_first": price.is_first,
            "note": price.note,
        }

    def clean_asset(self) -> str:
        return str(self.cleaned_data["asset"]).strip().upper()

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).strip().upper()

    def told(self) -> Told:
        """What was entered."""
        asked = self.cleaned_data
        since, until = _span(asked["first_day"], asked["last_day"], asked["minute"])
        return Told(
            asset=asked["asset"],
            currency=asked["currency"],
            price=asked["price"],
            since=since,
            until=until,
            is_first=asked["is_first"],
            note=asked["note"].strip(),
        )


def _span(first: date, last: date | None, minute: time | None) -> tuple[datetime, datetime | None]:
    if minute is not None:
        since = datetime.combine(first, minute.replace(second=0, microsecond=0), UTC)
        return since, since + MINUTE
    since = datetime.combine(first, time.min, UTC)
    return since, None if last is None else datetime.combine(last, time.min, UTC) + DAY
